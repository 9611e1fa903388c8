/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a status mean to the outside? One table, generated from codes.def, answers with name,
 * HTTP status, public sentence, log level and retry advice. Used by http/ to answer and by server/
 * to log. The sentences are all that a client ever learns of a failure: if one told more, an
 * attacker could tell absent from forbidden.
 */
#include "sanjeh/base/status.h"

struct code_row {
    const char *name;
    const char *title;
    unsigned http;
    enum sj_level level;
    bool may_retry;
};

static const struct code_row codes[SJ_CODE_COUNT_] = {
    [SJ_OK] = {"OK", "OK", 200, SJ_LEVEL_DEBUG, false},
#define SJ_CODE(name, http, title, level, retry)                                                   \
    [SJ_##name] = {#name, title, http, SJ_LEVEL_##level, (retry) != 0},
#include "sanjeh/base/codes.def"
#undef SJ_CODE
};

static const struct code_row *row_of(enum sj_code code)
{
    const unsigned index = (unsigned)code;
    SJ_ASSERT(index < SJ_CODE_COUNT_);
    return &codes[index];
}

const char *sj_code_name(enum sj_code code)
{
    return row_of(code)->name;
}

unsigned sj_code_http(enum sj_code code)
{
    return row_of(code)->http;
}

const char *sj_code_title(enum sj_code code)
{
    return row_of(code)->title;
}

enum sj_level sj_code_level(enum sj_code code)
{
    return row_of(code)->level;
}

bool sj_code_may_retry(enum sj_code code)
{
    return row_of(code)->may_retry;
}

/* Our own invariant is broken: state can no longer be trusted, so nothing is cleaned up or sent. */
_Noreturn void sj_assert_failed(const char *condition, const char *where)
{
    dprintf(STDERR_FILENO, "sanjeh: %s: assertion failed: %s\n", where, condition);
    abort();
}
