/* SPDX-License-Identifier: Apache-2.0
 *
 * The operational log: one JSON line per event on standard error (ECS field names). An event has a
 * constant name and typed fields, never a format string with foreign text; values
 * are escaped and cut at 256 bytes. Only boundary functions log (server/, the keeper's and the
 * sequencer's main loops); src/ otherwise returns statuses. The audit record is not this log.
 */
#ifndef SJ_BASE_LOG_H
#define SJ_BASE_LOG_H

#include "sanjeh/base/id.h"
#include "sanjeh/base/status.h"
#include "sanjeh/base/view.h"

struct sj_log_field {
    enum { SJ_LOG_TEXT, SJ_LOG_INT, SJ_LOG_ID, SJ_LOG_STATUS } kind;
    const char *name;
    struct sj_text text;
    int64_t number;
    struct sj_uuid id;
    sj_status status;
};

struct sj_log_field sj_log_text(const char *name, struct sj_text text);
struct sj_log_field sj_log_str(const char *name, const char *string);
struct sj_log_field sj_log_int(const char *name, int64_t number);
struct sj_log_field sj_log_id(const char *name, struct sj_uuid id);
struct sj_log_field sj_log_status(sj_status status); /* error.code and where */

/* event: "area.noun.verb". Thread-safe: one write(2) a line. Repeats of one event above 20 a second
 * are counted and reported once. */
void sj_log(
    enum sj_level level, const char *event, const struct sj_log_field *fields, size_t count);
/* SJ_LOG(WARN, "db.connection.lost", sj_log_status(s), sj_log_int("pid", pid)); */
#define SJ_LOG(LEVEL, event, ...)                                                                  \
    sj_log(SJ_LEVEL_##LEVEL, (event), (const struct sj_log_field[]){__VA_ARGS__},                  \
        sizeof((const struct sj_log_field[]){__VA_ARGS__}) / sizeof(struct sj_log_field))
void sj_log_set_level(enum sj_level level);
/* A name for this process in every line: "front", "keeper". Static string. */
void sj_log_set_process(const char *name);

#endif
