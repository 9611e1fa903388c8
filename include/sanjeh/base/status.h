/* SPDX-License-Identifier: Apache-2.0
 *
 * How every call in the house says whether it worked. A status is a small struct, so it cannot be
 * mixed with counts or bools, and it travels in registers. Absence and refusal are answers with
 * their own outputs, not statuses.
 */
#ifndef SJ_BASE_STATUS_H
#define SJ_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SJ_MUST_CHECK __attribute__((warn_unused_result))

enum sj_code {
    SJ_OK = 0,
#define SJ_CODE(name, http, title, level, retry) SJ_##name,
#include "sanjeh/base/codes.def"
#undef SJ_CODE
    SJ_CODE_COUNT_
};

enum sj_level { SJ_LEVEL_ERROR = 0, SJ_LEVEL_WARN, SJ_LEVEL_NOTICE, SJ_LEVEL_INFO, SJ_LEVEL_DEBUG };

/* code: SJ_OK or the failure; where: static "file:line" of the first failure, NULL when ok. */
typedef struct sj_status {
    enum sj_code code;
    const char *where;
} sj_status;

#define SJ_DONE          ((sj_status){SJ_OK, NULL})
#define SJ_STR_(x)       #x
#define SJ_STR(x)        SJ_STR_(x)
#define SJ_FAILURE(CODE) ((sj_status){SJ_##CODE, SJ_FILE_ ":" SJ_STR(__LINE__)})
#ifdef __FILE_NAME__
#define SJ_FILE_ __FILE_NAME__
#else
#define SJ_FILE_ __FILE__
#endif

static inline bool sj_failed(sj_status status)
{
    return status.code != SJ_OK;
}

/* The only three control-flow macros of the tree. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        const sj_status try_status_ = (call);                                                      \
        if (sj_failed(try_status_)) {                                                              \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)
#define ENSURE(condition, CODE)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return SJ_FAILURE(CODE);                                                               \
        }                                                                                          \
    } while (0)
#define FAIL(CODE) return SJ_FAILURE(CODE)

/* Says that a status is ignored on purpose; why is for the reader. */
static inline void sj_ignore(sj_status status, const char *why)
{
    (void)status;
    (void)why;
}

/* Guards our own invariants, never input; stays on in release and aborts. */
#define SJ_ASSERT(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            sj_assert_failed(#condition, __FILE__ ":" SJ_STR(__LINE__));                           \
        }                                                                                          \
    } while (0)
_Noreturn void sj_assert_failed(const char *condition, const char *where);

/* "FORBIDDEN" for SJ_FORBIDDEN, "OK" for SJ_OK; static. */
const char *sj_code_name(enum sj_code code);
/* 200 for SJ_OK. */
unsigned sj_code_http(enum sj_code code);
/* The public sentence; static. */
const char *sj_code_title(enum sj_code code);
enum sj_level sj_code_level(enum sj_code code);
bool sj_code_may_retry(enum sj_code code);

#endif
