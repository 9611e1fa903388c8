/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration: one file of `key = value` lines in [sections]; every key can be overridden by the
 * environment as SANJEH_SECTION_KEY. Unknown keys are errors. Secrets are never values here, only paths of
 * files that hold them.
 */
#ifndef SJ_SERVER_CONFIG_H
#define SJ_SERVER_CONFIG_H

#include "sanjeh/base/memory.h"
#include "sanjeh/watch/rules.h"

#define SJ_CONFIG_TEXT_MAX 512

/* [sink1] to [sink3]: where the record is carried on to */
#define SJ_SINKS_MAX 3u
struct sj_sink_config {
    char kind[SJ_CONFIG_TEXT_MAX];   /* file, syslog; empty: none */
    char format[SJ_CONFIG_TEXT_MAX]; /* ocsf, cef, plain */
    char path[SJ_CONFIG_TEXT_MAX];   /* of a file */
    char host[SJ_CONFIG_TEXT_MAX];   /* of syslog, and the rest */
    char port[SJ_CONFIG_TEXT_MAX];
    char server_name[SJ_CONFIG_TEXT_MAX]; /* in its certificate; empty: host */
    char ca_file[SJ_CONFIG_TEXT_MAX];
    char cert_file[SJ_CONFIG_TEXT_MAX];
    char key_file[SJ_CONFIG_TEXT_MAX];
};

struct sj_config {
    /* [server] */
    char address[SJ_CONFIG_TEXT_MAX];
    int64_t port;
    char cert_file[SJ_CONFIG_TEXT_MAX];
    char key_file[SJ_CONFIG_TEXT_MAX];
    char server_user[SJ_CONFIG_TEXT_MAX]; /* to become when started as root; empty: stay */
    int64_t loops;       /* event loops; 0: one per core, less one for PostgreSQL */
    int64_t allow_tls12; /* 0 or 1 */
    char pid_file[SJ_CONFIG_TEXT_MAX];
    /* [database] */
    char conninfo[SJ_CONFIG_TEXT_MAX];
    char migrator_conninfo[SJ_CONFIG_TEXT_MAX];
    int64_t read_connections;  /* of each loop */
    int64_t write_connections; /* of each loop */
    int64_t statement_timeout_ms;
    /* [keeper] */
    char root_key_file[SJ_CONFIG_TEXT_MAX];
    char signer_state[SJ_CONFIG_TEXT_MAX];
    char payload_keys[SJ_CONFIG_TEXT_MAX]; /* empty: beside signer_state */
    char keeper_user[SJ_CONFIG_TEXT_MAX];
    /* [audit] */
    char origin[SJ_CONFIG_TEXT_MAX];
    char recorder[SJ_CONFIG_TEXT_MAX]; /* empty: beside signer_state */
    char instance[SJ_CONFIG_TEXT_MAX]; /* which server of the log; empty: the first */
    int64_t heads_s;                   /* between two entries of where the tenants stand */
    int64_t key_epoch_s;               /* of the log's signing key */
    int64_t retention_d;               /* days that entries stay at least */
    int64_t audit_deadline_ms;
    int64_t audit_queue_max;
    int64_t audit_search_reason;    /* 1: a search without a reason is refused */
    int64_t audit_search_four_eyes; /* 1: a search across units needs an approval */
    int64_t scrub_cycle_s;          /* the whole record is hashed again in this time; 0: never */
    /* [alarms] */
    struct sj_alarm_settings alarms;
    int64_t alarms_look_s; /* between two looks at the database's guards */
    struct sj_sink_config sinks[SJ_SINKS_MAX];
    /* [publish] */
    char publish_policy_file
        [SJ_CONFIG_TEXT_MAX]; /* tlog-policy with the witnesses; empty: none are asked */
    char publish_ca_file[SJ_CONFIG_TEXT_MAX]; /* for their certificates; empty: the system's */
    int64_t publish_interval_ms;
    int64_t publish_timeout_ms;
    int64_t publish_alarm_s;
    int64_t publish_block_s;
    /* [timestamp] */
    char timestamp_url[SJ_CONFIG_TEXT_MAX];         /* of the authority; empty: none is asked */
    char timestamp_ca_file[SJ_CONFIG_TEXT_MAX];     /* who vouches for its tokens */
    char timestamp_tls_ca_file[SJ_CONFIG_TEXT_MAX]; /* for its certificate; empty: the system's */
    int64_t timestamp_interval_s;
    /* [authn] */
    int64_t hash_threads; /* 0: cores - 1, at least 1 */
    int64_t idle_s;
    int64_t absolute_s;
    int64_t totp_window_back;
    /* [policy] */
    char policy_folder[SJ_CONFIG_TEXT_MAX];
    /* [evaluation] */
    int64_t test_clock; /* 0 or 1: whether a clock that runs ahead may stand in the database */
    /* [http] */
    int64_t idle_timeout_s;
    int64_t head_deadline_s;
    int64_t body_deadline_s;
    int64_t connection_limit; /* of the whole server */
    int64_t per_ip_limit;
    /* [log] */
    char log_level[SJ_CONFIG_TEXT_MAX];
};

#define SJ_CONFIG_DETAIL_SIZE 256

/* Reads path over the defaults, then the environment. Errors: BAD_CONFIG with the place and the reason in
 * reterr_detail, IO when the file cannot be read. */
SJ_MUST_CHECK sj_status sj_config_load(
    const char *path, struct sj_config *ret_config, char reterr_detail[SJ_CONFIG_DETAIL_SIZE]);

/* Errors of the name were refused by sj_config_load. */
void sj_config_apply_log_level(const struct sj_config *config);
/* Whether two configurations differ in nothing that is bound at start. */
/* The path of the file of payloads' keys. */
void sj_config_payload_keys(const struct sj_config *config, char *ret_path, size_t size);
bool sj_config_equal_but_log_level(const struct sj_config *a, const struct sj_config *b);

#endif
