/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of the record in the languages of others' monitoring: OCSF 1.3.0 as one JSON object, CEF:0, and the message of RFC 5424 around
 * either. Pure. Nothing is left out: what a language has no place for stands under a name of ours.
 */
#ifndef SJ_WATCH_SIEM_H
#define SJ_WATCH_SIEM_H

#include "sanjeh/audit/entry.h"

#define SJ_SIEM_LINE_MAX 16384u /* of one entry in any language */

enum sj_siem_format { SJ_SIEM_OCSF, SJ_SIEM_CEF, SJ_SIEM_PLAIN /* the detail alone; for syslog */ };

struct sj_siem_source {
    const char *origin;   /* of the log */
    const char *hostname; /* of RFC 5424; printable without blanks, at most 255; "-" for none */
    const char *version;  /* of the product */
};

/* One JSON object, no newline. Classes: Authentication 3002 (sign-ins), Account Change 3001 (accounts made and closed), Detection Finding
 * 2004 (alarms), API Activity 6003 (everything else). */
SJ_MUST_CHECK sj_status sj_siem_ocsf(const struct sj_siem_source *source,
    const struct sj_entry *entry, const struct sj_hash *leaf, struct sj_buf *out);
/* "CEF:0|…", no newline. */
SJ_MUST_CHECK sj_status sj_siem_cef(const struct sj_siem_source *source,
    const struct sj_entry *entry, const struct sj_hash *leaf, struct sj_buf *out);
/* A SYSLOG-MSG of RFC 5424, facility 13 (log audit), structured data sanjeh@32473, format as its MSG; no newline. */
SJ_MUST_CHECK sj_status sj_siem_syslog(const struct sj_siem_source *source,
    enum sj_siem_format format, const struct sj_entry *entry, const struct sj_hash *leaf,
    struct sj_buf *out);
/* The same as a frame of RFC 5425: its length in octets, a blank, the message. */
SJ_MUST_CHECK sj_status sj_siem_frame(const struct sj_siem_source *source,
    enum sj_siem_format format, const struct sj_entry *entry, const struct sj_hash *leaf,
    struct sj_buf *out);

/* Escapes of each language, for texts of any bytes. */
SJ_MUST_CHECK sj_status sj_siem_cef_header(struct sj_text text, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_siem_cef_value(struct sj_text text, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_siem_param_value(struct sj_text text, struct sj_buf *out);

#endif
