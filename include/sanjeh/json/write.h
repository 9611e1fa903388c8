/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON written directly into a buffer (RFC 8259), no tree. Commas are placed by the writer; nesting
 * at most 16. Errors of the underlying buffer stick: write on and ask once with sj_json_end.
 */
#ifndef SJ_JSON_WRITE_H
#define SJ_JSON_WRITE_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"
#include "sanjeh/base/time.h"

struct sj_json {
    struct sj_buf *out;
    sj_status status;
    uint8_t depth;
    bool first[16];
};

struct sj_json sj_json_begin(struct sj_buf *out);
/* name NULL inside an array or at the top. */
void sj_json_object(struct sj_json *json, const char *name);
void sj_json_object_end(struct sj_json *json);
void sj_json_array(struct sj_json *json, const char *name);
void sj_json_array_end(struct sj_json *json);
void sj_json_text(struct sj_json *json, const char *name, struct sj_text value);
void sj_json_str(struct sj_json *json, const char *name, const char *value); /* NULL writes null */
void sj_json_int(struct sj_json *json, const char *name, int64_t value);
void sj_json_bool(struct sj_json *json, const char *name, bool value);
void sj_json_null(struct sj_json *json, const char *name);
void sj_json_id(struct sj_json *json, const char *name, struct sj_uuid value);
void sj_json_id_or_null(
    struct sj_json *json, const char *name, struct sj_uuid value); /* nil writes null */
void sj_json_time(struct sj_json *json, const char *name, sj_time_us value);
void sj_json_time_or_null(
    struct sj_json *json, const char *name, sj_time_us value); /* 0 writes null */
void sj_json_text_or_null(
    struct sj_json *json, const char *name, struct sj_text value); /* empty writes null */
/* A decimal number that is already well-formed JSON number text ("7.9", "-23.75"). */
void sj_json_number(struct sj_json *json, const char *name, struct sj_text decimal);
/* Ready-made JSON. */
void sj_json_raw(struct sj_json *json, const char *name, struct sj_text value);
/* The first error, LIMIT_EXCEEDED for depth; asserts that all is closed. */
SJ_MUST_CHECK sj_status sj_json_end(struct sj_json *json);

#endif
