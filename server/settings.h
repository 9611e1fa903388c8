/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of configuration files, for every program that has one. Each key can be overridden by the environment as
 * SANJEH_SECTION_KEY; unknown keys are errors.
 */
#ifndef SJ_SERVER_SETTINGS_H
#define SJ_SERVER_SETTINGS_H

#include "config.h"

#define SJ_SETTINGS_MAX 128

/* One key: a text of SJ_CONFIG_TEXT_MAX bytes or an int64_t at offset in the program's struct. */
struct sj_setting {
    const char *section;
    const char *name;
    bool is_text;
    size_t offset;
    int64_t min;
    int64_t max;
    int64_t fallback;
    const char *text_fallback; /* NULL: mandatory */
};

/* Defaults, then the file, then the environment. Errors: BAD_CONFIG with the place and the reason in reterr_detail, IO when the
 * file cannot be read. */
SJ_MUST_CHECK sj_status sj_settings_load(const char *path, const struct sj_setting *keys,
    size_t count, void *settings, char reterr_detail[SJ_CONFIG_DETAIL_SIZE]);
/* BAD_CONFIG with "place: what" as the detail. */
SJ_MUST_CHECK sj_status sj_settings_complain(char *detail, const char *place, const char *what);

#endif
