/* SPDX-License-Identifier: Apache-2.0
 *
 * Are these two persons who may begin the record anew? The server does not run, so nobody can be asked for an approval over HTTPS: each
 * signs in here, with password and code, by the same code, the same seals of the keeper and the same throttling in the database as
 * at the server. Two accounts of one person are one person.
 */
#include "cli_incarnation.h"

#include "cli_ask.h"

#include "sanjeh/authn/authn.h"
#include "sanjeh/policy/schema.h"
#include "sanjeh/rbac/active.h"

#include <stdio.h>

#define SESSION_S 60

/* Every attempt here comes from one source: the machine itself. */
static const struct sj_uuid console = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

static bool holds_role(const struct sj_policy *policy, const struct sj_session *session)
{
    struct sj_active_roles active;
    sj_active_roles(policy, session, sj_time_now(), &active);
    for (size_t i = 0; i < active.count; i++) {
        if (active.items[i].state == SJ_GRANT_COUNTS &&
            strcmp(session->grants[i].held.role, SJ_OFFICER_ROLE) == 0) {
            return true;
        }
    }
    return false;
}

static sj_status end_session(struct sj_authn_loop *loop, const struct sj_session *session)
{
    const struct sj_context *context = NULL;
    bool found = false;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_authn_context(loop, &context));
    TRY(sj_tx_begin(loop->db, context, &tx));
    TRY(sj_session_end(tx, session, session->id, &found));
    return sj_tx_commit(&tx);
}

static sj_status factors(struct sj_authn_loop *loop, struct sj_text username,
    const struct sj_cli_answers *answers, struct sj_session *ret_session)
{
    struct sj_login_challenge challenge = {.totp = false};
    struct sj_actor actor = {.roles = 0};
    int64_t retry_s = 0;
    char token[SJ_TOKEN_TEXT_SIZE];
    char device[SJ_TOKEN_TEXT_SIZE];
    TRY(sj_login_password(loop, username, (struct sj_text){answers->line[0], answers->len[0]},
        console, (struct sj_text){"", 0}, &challenge, &actor, &retry_s));
    const sj_status status = sj_login_totp(loop, sj_text_of(challenge.token),
        (struct sj_text){answers->line[1], answers->len[1]}, console, token, device, ret_session,
        &retry_s);
    sj_wipe(token, sizeof token);
    sj_wipe(device, sizeof device);
    TRY(status);
    return end_session(loop, ret_session);
}

static sj_status sign_in(struct sj_authn_loop *loop, const char *name, int credentials_fd,
    struct sj_session *ret_session)
{
    struct sj_text username;
    struct sj_cli_answers answers = {.count = 0};
    TRY(sj_text_check(sj_view_of(name, strlen(name)), 256, &username));
    (void)fprintf(stderr, "%s:\n", name);
    sj_status status = sj_cli_ask(credentials_fd, &answers);
    if (!sj_failed(status)) {
        status = factors(loop, username, &answers, ret_session);
    }
    sj_wipe(&answers, sizeof answers);
    return status;
}

static sj_status both(struct sj_cli_desk *desk, struct sj_authn_loop *loop,
    const struct sj_policy *policy, const char *const names[SJ_INCARNATION_OFFICERS],
    int credentials_fd, struct sj_uuid *ret_officers)
{
    struct sj_uuid persons[SJ_INCARNATION_OFFICERS];
    for (size_t i = 0; i < SJ_INCARNATION_OFFICERS; i++) {
        CLEANUP(sj_freep) void *memory = NULL;
        TRY(sj_alloc(1, sizeof(struct sj_session), &memory));
        struct sj_session *session = memory;
        desk->why = i == 0 ? "the first officer: name, password and code, as at the server"
                           : "the second officer: name, password and code, as at the server";
        TRY(sign_in(loop, names[i], credentials_fd, session));
        desk->why = i == 0 ? "the first officer does not hold the role security-officer"
                           : "the second officer does not hold the role security-officer";
        ENSURE(holds_role(policy, session), FORBIDDEN);
        ret_officers[i] = session->actor.account;
        persons[i] = session->actor.person;
    }
    desk->why = "two persons are needed: both accounts are one person's";
    ENSURE(
        !sj_uuid_equal(persons[0], persons[1]) && !sj_uuid_equal(ret_officers[0], ret_officers[1]),
        GUARD_UNMET);
    desk->why = "";
    return SJ_DONE;
}

sj_status sj_incarnation_officers(struct sj_cli_desk *desk, const struct sj_config *config,
    const char *const names[SJ_INCARNATION_OFFICERS], int credentials_fd,
    struct sj_uuid ret_officers[SJ_INCARNATION_OFFICERS])
{
    const struct sj_authn_config authn_config = {.hash_threads = 1,
        .hash_queue_max = 1,
        .idle_s = SESSION_S,
        .absolute_s = SESSION_S,
        .challenge_s = 300,
        .totp_window_back = (unsigned)config->totp_window_back};
    char detail[256] = "";
    struct sj_policy *policy = NULL;
    struct sj_authn *authn = NULL;
    desk->why = "see [policy] folder";
    sj_status status = sj_policy_load(config->policy_folder, &policy, detail, sizeof detail);
    if (!sj_failed(status)) {
        status = sj_authn_new(&authn_config, &authn);
    }
    if (!sj_failed(status)) {
        struct sj_authn_loop loop = {
            .authn = authn, .db = desk->db, .fields = desk->fields, .channel = desk->channel};
        status = both(desk, &loop, policy, names, credentials_fd, ret_officers);
    }
    sj_authn_free(&authn);
    sj_policy_free(&policy);
    return status;
}
