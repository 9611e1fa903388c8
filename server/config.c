/* SPDX-License-Identifier: Apache-2.0
 *
 * Which settings does this program run with? One table names every key with its place, kind, range and
 * default; parsing, the environment and `sanjeh config check` all go by it. A wrong configuration refuses to
 * start: a silently ignored key of a security setting would be an open door nobody sees.
 */
#include "config.h"

#include "sanjeh/base/buf.h"
#include "sanjeh/base/log.h"
#include "sanjeh/base/parse.h"

#include <ctype.h>
#include <errno.h>

#define CONFIG_FILE_MAX ((size_t)64 * 1024)

struct key {
    const char *section;
    const char *name;
    bool is_text;
    size_t offset;
    int64_t min;
    int64_t max;
    int64_t fallback;
    const char *text_fallback; /* NULL: mandatory */
};

#define TEXT(section, name, field, fallback)                                                       \
    {                                                                                              \
        section, name, true, offsetof(struct sj_config, field), 0, 0, 0, fallback                  \
    }
#define NUMBER(section, name, field, min, max, fallback)                                           \
    {                                                                                              \
        section, name, false, offsetof(struct sj_config, field), min, max, fallback, ""            \
    }

static const struct key keys[] = {
    TEXT("server", "address", address, "127.0.0.1"),
    NUMBER("server", "port", port, 1, 65535, 8443),
    TEXT("server", "cert_file", cert_file, NULL),
    TEXT("server", "key_file", key_file, NULL),
    TEXT("server", "user", server_user, ""),
    NUMBER("server", "loops", loops, 0, 64, 0),
    NUMBER("server", "allow_tls12", allow_tls12, 0, 1, 1),
    TEXT("server", "pid_file", pid_file, ""),
    TEXT("database", "conninfo", conninfo, NULL),
    TEXT("database", "migrator_conninfo", migrator_conninfo, ""),
    NUMBER("database", "read_connections", read_connections, 1, 16, 3),
    NUMBER("database", "write_connections", write_connections, 2, 64, 8),
    NUMBER("database", "statement_timeout_ms", statement_timeout_ms, 100, 600000, 10000),
    TEXT("keeper", "root_key_file", root_key_file, NULL),
    TEXT("keeper", "signer_state", signer_state, NULL),
    TEXT("keeper", "user", keeper_user, ""),
    TEXT("audit", "origin", origin, NULL),
    NUMBER("audit", "deadline_ms", audit_deadline_ms, 100, 60000, 2000),
    NUMBER("audit", "queue_max", audit_queue_max, 16, 65536, 4096),
    NUMBER("authn", "hash_threads", hash_threads, 0, 64, 0),
    NUMBER("authn", "idle_s", idle_s, 60, 3600, 900),
    NUMBER("authn", "absolute_s", absolute_s, 300, 86400, 28800),
    NUMBER("authn", "totp_window_back", totp_window_back, 0, 1, 1),
    TEXT("policy", "folder", policy_folder, NULL),
    NUMBER("evaluation", "test_clock", test_clock, 0, 1, 0),
    NUMBER("http", "idle_timeout_s", idle_timeout_s, 1, 600, 60),
    NUMBER("http", "head_deadline_s", head_deadline_s, 1, 600, 30),
    NUMBER("http", "body_deadline_s", body_deadline_s, 1, 600, 60),
    NUMBER("http", "connection_limit", connection_limit, 16, 100000, 12000),
    NUMBER("http", "per_ip_limit", per_ip_limit, 1, 100000, 4096),
    TEXT("log", "level", log_level, "info"),
};

static sj_status complain(char *detail, const char *place, const char *what)
{
    (void)snprintf(detail, SJ_CONFIG_DETAIL_SIZE, "%s: %s", place, what);
    FAIL(BAD_CONFIG);
}

static sj_status set_value(struct sj_config *config, const struct key *key, struct sj_text value,
    const char *place, char *detail)
{
    char *base = (char *)config + key->offset;
    if (key->is_text) {
        if (value.len >= SJ_CONFIG_TEXT_MAX || memchr(value.ptr, 0, value.len) != NULL) {
            return complain(detail, place, "the value is too long");
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
        return complain(detail, place, what);
    }
    return sj_copy(base, sizeof number, &number, sizeof number);
}

static const struct key *find_key(struct sj_text section, struct sj_text name)
{
    for (size_t i = 0; i < SJ_COUNT(keys); i++) {
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
    struct sj_config *config;
    const char *path;
    char *detail;
    struct sj_text section;
    bool seen[SJ_COUNT(keys)];
};

static sj_status parse_pair(struct parser *parser, struct sj_text line, const char *place)
{
    struct sj_text value = line;
    struct sj_text name = {NULL, 0};
    if (memchr(line.ptr, '=', line.len) == NULL || !sj_text_split(&value, '=', &name)) {
        return complain(parser->detail, place, "expected 'key = value' or '[section]'");
    }
    const struct key *key = find_key(parser->section, trim(name));
    if (key == NULL) {
        return complain(parser->detail, place, "unknown key; see sanjeh.conf(5)");
    }
    if (parser->seen[key - keys]) {
        return complain(parser->detail, place, "the key stands twice");
    }
    parser->seen[key - keys] = true;
    return set_value(parser->config, key, trim(value), place, parser->detail);
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
    return complete ? SJ_DONE : complain(detail, path, "the file is larger than 64 KiB");
}

static sj_status apply_environment(struct sj_config *config, char *detail)
{
    for (size_t i = 0; i < SJ_COUNT(keys); i++) {
        char name[96];
        const int len = snprintf(name, sizeof name, "SANJEH_%s_%s", keys[i].section, keys[i].name);
        for (int c = 0; c < len; c++) {
            name[c] = (char)toupper((unsigned char)name[c]);
        }
        const char *value = getenv(name);
        if (value != NULL) {
            TRY(set_value(config, &keys[i], sj_text_of(value), name, detail));
        }
    }
    return SJ_DONE;
}

static sj_status apply_fallbacks(struct sj_config *config, char *detail)
{
    for (size_t i = 0; i < SJ_COUNT(keys); i++) {
        if (keys[i].is_text) {
            const char *text = keys[i].text_fallback == NULL ? "" : keys[i].text_fallback;
            TRY(set_value(config, &keys[i], sj_text_of(text), keys[i].name, detail));
        } else {
            TRY(sj_copy((char *)config + keys[i].offset, sizeof(int64_t), &keys[i].fallback,
                sizeof(int64_t)));
        }
    }
    return SJ_DONE;
}

static const char *const log_levels[] = {"error", "warn", "notice", "info", "debug"};

static size_t log_level_of(const struct sj_config *config)
{
    size_t level = 0;
    while (level < SJ_COUNT(log_levels) && strcmp(config->log_level, log_levels[level]) != 0) {
        level++;
    }
    return level;
}

void sj_config_apply_log_level(const struct sj_config *config)
{
    const size_t level = log_level_of(config);
    sj_log_set_level((enum sj_level)level);
}

bool sj_config_equal_but_log_level(const struct sj_config *a, const struct sj_config *b)
{
    for (size_t i = 0; i < SJ_COUNT(keys); i++) {
        const char *left = (const char *)a + keys[i].offset;
        const char *right = (const char *)b + keys[i].offset;
        const bool same =
            keys[i].is_text ? strcmp(left, right) == 0 : memcmp(left, right, sizeof(int64_t)) == 0;
        if (!same && keys[i].offset != offsetof(struct sj_config, log_level)) {
            return false;
        }
    }
    return true;
}

static sj_status check_mandatory(const struct sj_config *config, char *detail)
{
    for (size_t i = 0; i < SJ_COUNT(keys); i++) {
        const char *value = (const char *)config + keys[i].offset;
        if (keys[i].is_text && keys[i].text_fallback == NULL && value[0] == '\0') {
            char place[96];
            (void)snprintf(place, sizeof place, "[%s] %s", keys[i].section, keys[i].name);
            return complain(detail, place, "must be set");
        }
    }
    if (log_level_of(config) == SJ_COUNT(log_levels)) {
        return complain(detail, "[log] level", "must be error, warn, notice, info or debug");
    }
    return SJ_DONE;
}

sj_status sj_config_load(
    const char *path, struct sj_config *ret_config, char reterr_detail[SJ_CONFIG_DETAIL_SIZE])
{
    reterr_detail[0] = '\0';
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(CONFIG_FILE_MAX + 1);
    struct sj_config config = {0};
    TRY(apply_fallbacks(&config, reterr_detail));
    TRY(read_file(path, &buf, reterr_detail));
    struct sj_text rest = {NULL, 0};
    if (sj_failed(sj_text_check(sj_buf_view(&buf), CONFIG_FILE_MAX, &rest))) {
        return complain(reterr_detail, path, "is not UTF-8 text");
    }
    struct parser parser = {.config = &config, .path = path, .detail = reterr_detail};
    struct sj_text line = {NULL, 0};
    for (unsigned number = 1; sj_text_split(&rest, '\n', &line); number++) {
        TRY(parse_line(&parser, line, number));
    }
    TRY(apply_environment(&config, reterr_detail));
    TRY(check_mandatory(&config, reterr_detail));
    *ret_config = config;
    return SJ_DONE;
}
