/* SPDX-License-Identifier: Apache-2.0
 *
 * Which settings does the server run with? One table names every key with its place, kind, range and
 * default; parsing, the environment and `sanjeh config check` all go by it (settings.c).
 */
#include "config.h"

#include "settings.h"

#include "sanjeh/base/log.h"

#define TEXT(section, name, field, fallback)                                                       \
    {                                                                                              \
        section, name, true, offsetof(struct sj_config, field), 0, 0, 0, fallback                  \
    }
#define NUMBER(section, name, field, min, max, fallback)                                           \
    {                                                                                              \
        section, name, false, offsetof(struct sj_config, field), min, max, fallback, ""            \
    }

/* on/off, threshold and window of a rule */
#define RULE(name, rule, most, fallback, window)                                                   \
    NUMBER("alarms", name, alarms.rules[rule].on, 0, 1, 1),                                        \
        NUMBER("alarms", name "_threshold", alarms.rules[rule].threshold, 1, most, fallback),      \
        NUMBER("alarms", name "_window_s", alarms.rules[rule].window_s, 60, 604800, window)
/* told by whoever sees it: on/off and window */
#define EVENT(name, rule, window)                                                                  \
    NUMBER("alarms", name, alarms.rules[rule].on, 0, 1, 1),                                        \
        NUMBER("alarms", name "_window_s", alarms.rules[rule].window_s, 1, 604800, window)

#define SINK(name, number)                                                                         \
    TEXT(name, "kind", sinks[number].kind, ""),                                                    \
        TEXT(name, "format", sinks[number].format, "ocsf"),                                        \
        TEXT(name, "path", sinks[number].path, ""), TEXT(name, "host", sinks[number].host, ""),    \
        TEXT(name, "port", sinks[number].port, "6514"),                                            \
        TEXT(name, "server_name", sinks[number].server_name, ""),                                  \
        TEXT(name, "ca_file", sinks[number].ca_file, ""),                                          \
        TEXT(name, "cert_file", sinks[number].cert_file, ""),                                      \
        TEXT(name, "key_file", sinks[number].key_file, "")

static const struct sj_setting keys[] = {
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
    TEXT("keeper", "payload_keys", payload_keys, ""),
    TEXT("keeper", "user", keeper_user, ""),
    TEXT("audit", "origin", origin, NULL),
    TEXT("audit", "instance", instance, ""),
    TEXT("audit", "recorder", recorder, ""),
    NUMBER("audit", "deadline_ms", audit_deadline_ms, 100, 60000, 2000),
    NUMBER("audit", "queue_max", audit_queue_max, 16, 65536, 4096),
    NUMBER("audit", "heads_s", heads_s, 1, 86400, 60),
    NUMBER("audit", "key_epoch_s", key_epoch_s, 2, 31536000, 86400),
    NUMBER("audit", "search_reason", audit_search_reason, 0, 1, 1),
    NUMBER("audit", "retention_d", retention_d, 0, 36500, 1095),
    NUMBER("audit", "search_four_eyes", audit_search_four_eyes, 0, 1, 0),
    NUMBER("audit", "scrub_cycle_s", scrub_cycle_s, 0, 2592000, 86400),
    RULE("failed_factors", SJ_ALARM_FAILED_FACTORS, 100000, 5, 900),
    RULE("denials", SJ_ALARM_DENIALS, 200, 20, 600),
    RULE("bulk_reads", SJ_ALARM_BULK_READS, 100000000, 2000, 3600),
    RULE("off_hours", SJ_ALARM_OFF_HOURS, 100000, 1, 86400),
    NUMBER("alarms", "day_begins_min", alarms.day_begins_min, 0, 1440, 420),
    NUMBER("alarms", "day_ends_min", alarms.day_ends_min, 0, 1440, 1140),
    EVENT("superuser", SJ_ALARM_SUPERUSER, 3600),
    EVENT("superuser_session", SJ_ALARM_SUPERUSER_SESSION, 3600),
    EVENT("schema", SJ_ALARM_SCHEMA, 3600),
    EVENT("clock", SJ_ALARM_CLOCK, 60),
    NUMBER("alarms", "clock_jump_ms", alarms.rules[SJ_ALARM_CLOCK].threshold, 10, 3600000, 1000),
    EVENT("witness", SJ_ALARM_WITNESS, 3600),
    EVENT("scrub", SJ_ALARM_SCRUB, 86400),
    EVENT("break_glass", SJ_ALARM_BREAK_GLASS, 604800),
    EVENT("sink", SJ_ALARM_SINK, 3600),
    NUMBER("alarms", "sink_lag_s", alarms.rules[SJ_ALARM_SINK].threshold, 1, 86400, 300),
    EVENT("watch", SJ_ALARM_WATCH, 3600),
    NUMBER("alarms", "look_s", alarms_look_s, 1, 3600, 10),
    SINK("sink1", 0),
    SINK("sink2", 1),
    SINK("sink3", 2),
    TEXT("publish", "policy_file", publish_policy_file, ""),
    TEXT("publish", "ca_file", publish_ca_file, ""),
    NUMBER("publish", "interval_ms", publish_interval_ms, 100, 600000, 1000),
    NUMBER("publish", "timeout_ms", publish_timeout_ms, 100, 60000, 1000),
    NUMBER("publish", "alarm_s", publish_alarm_s, 1, 86400, 60),
    NUMBER("publish", "block_s", publish_block_s, 1, 86400, 900),
    TEXT("timestamp", "url", timestamp_url, ""),
    TEXT("timestamp", "ca_file", timestamp_ca_file, ""),
    TEXT("timestamp", "tls_ca_file", timestamp_tls_ca_file, ""),
    NUMBER("timestamp", "interval_s", timestamp_interval_s, 1, 86400, 3600),
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

sj_status sj_config_load(
    const char *path, struct sj_config *ret_config, char reterr_detail[SJ_CONFIG_DETAIL_SIZE])
{
    struct sj_config config = {0};
    TRY(sj_settings_load(path, keys, SJ_COUNT(keys), &config, reterr_detail));
    if (log_level_of(&config) == SJ_COUNT(log_levels)) {
        return sj_settings_complain(
            reterr_detail, "[log] level", "must be error, warn, notice, info or debug");
    }
    *ret_config = config;
    return SJ_DONE;
}

void sj_config_payload_keys(const struct sj_config *config, char *ret_path, size_t size)
{
    const bool named = config->payload_keys[0] != '\0';
    (void)snprintf(ret_path, size, "%s%s", named ? config->payload_keys : config->signer_state,
        named ? "" : ".payload");
}
