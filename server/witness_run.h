/* SPDX-License-Identifier: Apache-2.0
 *
 * The running sanjeh-witness: one loop, its HTTP, its signals.
 */
#ifndef SJ_SERVER_WITNESS_RUN_H
#define SJ_SERVER_WITNESS_RUN_H

#include "config.h"

struct sj_witness_settings {
    char address[SJ_CONFIG_TEXT_MAX];
    int64_t port;
    char cert_file[SJ_CONFIG_TEXT_MAX];
    char tls_key_file[SJ_CONFIG_TEXT_MAX];
    char key_file[SJ_CONFIG_TEXT_MAX];
    char policy_file[SJ_CONFIG_TEXT_MAX];
    char state[SJ_CONFIG_TEXT_MAX];
    char user[SJ_CONFIG_TEXT_MAX];
    int64_t connection_limit;
    int64_t per_ip_limit;
    int64_t head_deadline_s;
    int64_t body_deadline_s;
};

/* Serves until SIGTERM or SIGINT; SIGHUP reads certificate and policy again. check: opens everything, serves nothing. reterr_detail:
 * why it did not start. Errors: BAD_CONFIG, CONFLICT, LOG_TAMPERED, IO. */
SJ_MUST_CHECK sj_status sj_witness_run(const struct sj_witness_settings *settings, bool check,
    char reterr_detail[SJ_CONFIG_DETAIL_SIZE]);

#endif
