/* SPDX-License-Identifier: Apache-2.0
 *
 * What does this file of settings say? `key = value` lines in [sections], by the table of the program that reads it. A wrong
 * configuration refuses to start: a silently ignored key of a security setting would be an open door nobody sees.
 */
#include "settings.h"

#include "sanjeh/base/buf.h"
#include "sanjeh/base/parse.h"

#include <ctype.h>
#include <errno.h>

#define CONFIG_FILE_MAX ((size_t)64 * 1024)

sj_status sj_settings_complain(char *detail, const char *place, const char *what)
{
    (void)snprintf(detail, SJ_CONFIG_DETAIL_SIZE, "%s: %s", place, what);
    FAIL(BAD_CONFIG);
}

static sj_status set_value(void *settings, const struct sj_setting *key, struct sj_text value,
    const char *place, char *detail)
{
    char *base = (char *)settings + key->offset;
    if (key->is_text) {
        if (value.len >= SJ_CONFIG_TEXT_MAX || memchr(value.ptr, 0, value.len) != NULL) {
            return sj_settings_complain(detail, place, "the value is too long");
        }
        TRY(sj_copy(base, SJ_CONFIG_TEXT_MAX, value.ptr, value.len));
        base[value.len] = '\0';
        return SJ_DONE;
    }
    int64_t number = 0;
    if (sj_failed(sj_parse_i64(value, key->min, key->max, &number))) {
        char what[96];
        (void)snprintf(what, sizeof what, "must be a number from %lld to %lld", (long long)key->min,
            (long long)key->max);
        return sj_settings_complain(detail, place, what);
    }
    return sj_copy(base, sizeof number, &number, sizeof number);
}

static const struct sj_setting *find_key(
    const struct sj_setting *keys, size_t count, struct sj_text section, struct sj_text name)
{
    for (size_t i = 0; i < count; i++) {
        if (sj_text_is(section, keys[i].section) && sj_text_is(name, keys[i].name)) {
            return &keys[i];
        }
    }
    return NULL;
}

static struct sj_text trim(struct sj_text text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && strchr(" \t\r", text.ptr[text.len - 1]) != NULL) {
        text.len--;
    }
    return text;
}

struct parser {
    void *settings;
    const struct sj_setting *keys;
    size_t count;
    const char *path;
    char *detail;
    struct sj_text section;
    bool seen[SJ_SETTINGS_MAX];
};

static sj_status parse_pair(struct parser *parser, struct sj_text line, const char *place)
{
    struct sj_text value = line;
    struct sj_text name = {NULL, 0};
    if (memchr(line.ptr, '=', line.len) == NULL || !sj_text_split(&value, '=', &name)) {
        return sj_settings_complain(parser->detail, place, "expected 'key = value' or '[section]'");
    }
    const struct sj_setting *key =
        find_key(parser->keys, parser->count, parser->section, trim(name));
    if (key == NULL) {
        return sj_settings_complain(parser->detail, place, "unknown key; see sanjeh.conf(5)");
    }
    if (parser->seen[key - parser->keys]) {
        return sj_settings_complain(parser->detail, place, "the key stands twice");
    }
    parser->seen[key - parser->keys] = true;
    return set_value(parser->settings, key, trim(value), place, parser->detail);
}

static sj_status parse_line(struct parser *parser, struct sj_text line, unsigned number)
{
    char place[SJ_CONFIG_DETAIL_SIZE / 2];
    (void)snprintf(place, sizeof place, "%.100s:%u", parser->path, number);
    line = trim(line);
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';') {
        return SJ_DONE;
    }
    if (line.ptr[0] == '[' && line.ptr[line.len - 1] == ']') {
        parser->section = (struct sj_text){line.ptr + 1, line.len - 2};
        return SJ_DONE;
    }
    return parse_pair(parser, line, place);
}

static sj_status read_file(const char *path, struct sj_buf *buf, char *detail)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(detail, SJ_CONFIG_DETAIL_SIZE, "%.150s: %s", path, strerrordesc_np(errno));
        FAIL(IO);
    }
    sj_status status = sj_buf_reserve(buf, CONFIG_FILE_MAX);
    if (!sj_failed(status)) {
        buf->len = fread(buf->ptr, 1, CONFIG_FILE_MAX, file);
    }
    const bool complete = feof(file) != 0;
    (void)fclose(file);
    TRY(status);
    return complete ? SJ_DONE
                    : sj_settings_complain(detail, path, "the file is larger than 64 KiB");
}

static sj_status apply_environment(
    void *settings, const struct sj_setting *keys, size_t count, char *detail)
{
    for (size_t i = 0; i < count; i++) {
        char name[96];
        const int len = snprintf(name, sizeof name, "SANJEH_%s_%s", keys[i].section, keys[i].name);
        for (int c = 0; c < len; c++) {
            name[c] = (char)toupper((unsigned char)name[c]);
        }
        const char *value = getenv(name);
        if (value != NULL) {
            TRY(set_value(settings, &keys[i], sj_text_of(value), name, detail));
        }
    }
    return SJ_DONE;
}

static sj_status apply_fallbacks(
    void *settings, const struct sj_setting *keys, size_t count, char *detail)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].is_text) {
            const char *text = keys[i].text_fallback == NULL ? "" : keys[i].text_fallback;
            TRY(set_value(settings, &keys[i], sj_text_of(text), keys[i].name, detail));
        } else {
            TRY(sj_copy((char *)settings + keys[i].offset, sizeof(int64_t), &keys[i].fallback,
                sizeof(int64_t)));
        }
    }
    return SJ_DONE;
}

static sj_status check_mandatory(
    const void *settings, const struct sj_setting *keys, size_t count, char *detail)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = (const char *)settings + keys[i].offset;
        if (keys[i].is_text && keys[i].text_fallback == NULL && value[0] == '\0') {
            char place[96];
            (void)snprintf(place, sizeof place, "[%s] %s", keys[i].section, keys[i].name);
            return sj_settings_complain(detail, place, "must be set");
        }
    }
    return SJ_DONE;
}

sj_status sj_settings_load(const char *path, const struct sj_setting *keys, size_t count,
    void *settings, char reterr_detail[SJ_CONFIG_DETAIL_SIZE])
{
    reterr_detail[0] = '\0';
    SJ_ASSERT(count <= SJ_SETTINGS_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(CONFIG_FILE_MAX + 1);
    TRY(apply_fallbacks(settings, keys, count, reterr_detail));
    TRY(read_file(path, &buf, reterr_detail));
    struct sj_text rest = {NULL, 0};
    if (sj_failed(sj_text_check(sj_buf_view(&buf), CONFIG_FILE_MAX, &rest))) {
        return sj_settings_complain(reterr_detail, path, "is not UTF-8 text");
    }
    struct parser parser = {
        .settings = settings, .keys = keys, .count = count, .path = path, .detail = reterr_detail};
    struct sj_text line = {NULL, 0};
    for (unsigned number = 1; sj_text_split(&rest, '\n', &line); number++) {
        TRY(parse_line(&parser, line, number));
    }
    TRY(apply_environment(settings, keys, count, reterr_detail));
    return check_mandatory(settings, keys, count, reterr_detail);
}
