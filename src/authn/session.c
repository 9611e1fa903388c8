/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose session is this token's? The database knows only SHA-256 of it. A request is answered from the cache; the
 * database is asked when the cache has nothing, when the idle clock ran out here (another server may have
 * seen the session), and once a minute to write last_seen, which also bounds how long a server that lost its
 * LISTEN connection could go on with a revoked session. The row-security context of the session names unit,
 * compartment, judge and account of the actor and nothing else. What the database says is believed only under the
 * keeper's seals of account and session: a row of a superuser's is no session. revoked_at is outside the seal, so
 * a superuser can take a revocation back, for the token's holder alone and not beyond the sealed expires_at.
 */
#include "authn_priv.h"

/* Columns of session_find.sql. */
enum {
    COL_SESSION,
    COL_ACCOUNT,
    COL_UNIT,
    COL_COMPARTMENT,
    COL_JUDGE,
    COL_TAG,
    COL_USERNAME,
    COL_UNIT_CODE,
    COL_COMPARTMENT_CODE,
    COL_CREATED_AT,
    COL_LAST_SEEN,
    COL_EXPIRES_AT,
    COL_ACCOUNT_SEAL,
    COL_SESSION_SEAL,
    COL_PERSON,
    COL_FORM,
    COL_CLOCK_AHEAD,
    COL_SEQ,
    COL_GRANT
};

static sj_status take_text(const struct sj_rows *rows, size_t column, char *ret_string, size_t size)
{
    if (sj_row_is_null(rows, 0, column)) {
        ret_string[0] = '\0';
        return SJ_DONE;
    }
    const struct sj_text text = sj_row_text(rows, 0, column);
    ENSURE(text.len < size, LIMIT_EXCEEDED);
    TRY(sj_copy(ret_string, size, text.ptr, text.len));
    ret_string[text.len] = '\0';
    return SJ_DONE;
}

static sj_status take_session(
    const struct sj_rows *rows, struct cached_session *cached, struct grant_seals *seals)
{
    struct sj_session *session = &cached->session;
    session->id = sj_row_id(rows, 0, COL_SESSION);
    session->actor.account = sj_row_id(rows, 0, COL_ACCOUNT);
    session->actor.unit = sj_row_id(rows, 0, COL_UNIT);
    session->actor.compartment = sj_row_id(rows, 0, COL_COMPARTMENT);
    session->actor.judge = sj_row_id(rows, 0, COL_JUDGE);
    session->actor.tenant_tag = sj_row_id(rows, 0, COL_TAG);
    authn_name_person(&session->actor, sj_row_id(rows, 0, COL_PERSON));
    TRY(take_text(rows, COL_USERNAME, session->username, sizeof session->username));
    TRY(take_text(rows, COL_UNIT_CODE, session->unit_code, sizeof session->unit_code));
    TRY(take_text(
        rows, COL_COMPARTMENT_CODE, session->compartment_code, sizeof session->compartment_code));
    session->created_at = sj_row_time(rows, 0, COL_CREATED_AT);
    session->expires_at = sj_row_time(rows, 0, COL_EXPIRES_AT);
    session->clock_ahead = sj_row_i64(rows, 0, COL_CLOCK_AHEAD);
    session->assignments = sj_row_i64(rows, 0, COL_SEQ);
    cached->written = sj_row_time(rows, 0, COL_LAST_SEEN);
    return authn_take_grants(rows, COL_GRANT, session, seals);
}

static sj_status sign_context(struct sj_authn_loop *loop, const struct sj_actor *actor,
    struct sj_context *ret_context, sj_time_us *ret_until)
{
    const struct sj_uuid wanted[] = {actor->unit, actor->compartment, actor->judge, actor->account};
    struct sj_uuid scopes[SJ_COUNT(wanted)];
    size_t count = 0;
    for (size_t i = 0; i < SJ_COUNT(wanted); i++) {
        if (!sj_uuid_is_nil(wanted[i])) {
            scopes[count++] = wanted[i];
        }
    }
    const sj_time_us until = sj_time_now() + CONTEXT_S * SECOND_US;
    TRY(ask_context(loop->channel, scopes, count, until, ret_context));
    *ret_until = until;
    return SJ_DONE;
}

/* Writes last_seen; *ret_alive false when the session has died. */
static sj_status touch(struct sj_authn_loop *loop, struct sj_uuid id, bool *ret_alive)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_SESSION_TOUCH, params, SJ_COUNT(params), &rows));
    TRY(sj_tx_commit(&tx));
    *ret_alive = sj_rows_count(rows) == 1;
    return SJ_DONE;
}

/* One question for the seals of all rows; *ret_genuine false: one of them is not what the product wrote. */
static sj_status check_seals(struct sj_authn_loop *loop, const struct sj_rows *rows,
    const struct sj_hash *hash, const struct sj_session *session, struct grant_seals *grants,
    bool *ret_genuine)
{
    const struct sj_account account = {.id = session->actor.account,
        .unit = session->actor.unit,
        .compartment = session->actor.compartment,
        .judge = session->actor.judge,
        .person_judge = sj_row_id(rows, 0, COL_PERSON),
        .username = sj_text_of(session->username),
        .status = SJ_TEXT("active")}; /* session_find.sql asks for nothing else */
    const struct session_facts facts = {.id = session->id,
        .token = *hash,
        .account = session->actor.account,
        .created_at = session->created_at,
        .expires_at = session->expires_at};
    struct sj_seal_item items[SJ_SEALS_MAX] = {{.purpose = SJ_SEAL_ACCOUNT}};
    struct sj_hash right[SJ_SEALS_MAX];
    struct sj_hash stored[SJ_SEALS_MAX];
    _Static_assert(2 + SJ_COUNT(grants->items) <= SJ_SEALS_MAX, "one question for all");
    TRY(authn_account_hash(rows, COL_GRANT + GRANT_COLUMNS, &account, &items[0].hash));
    TRY(authn_seal_session(&facts, &items[1]));
    authn_stored_seal(sj_row_bytes(rows, 0, COL_ACCOUNT_SEAL), &stored[0]);
    authn_stored_seal(sj_row_bytes(rows, 0, COL_SESSION_SEAL), &stored[1]);
    for (size_t i = 0; i < grants->count; i++) {
        items[2 + i] = grants->items[i];
        stored[2 + i] = grants->stored[i];
    }
    const size_t count = 2 + grants->count;
    TRY(ask_seals(loop->channel, items, count, right));
    *ret_genuine = authn_seals_fit(items, right, stored, count, account.id) &&
                   sj_row_i64(rows, 0, COL_FORM) == 2;
    return SJ_DONE;
}

static sj_status read_session(struct sj_authn_loop *loop, const struct sj_hash *hash,
    bool *ret_found, struct cached_session *cached)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    const struct sj_param params[] = {sj_p_bytes(sj_view_of(hash->bytes, sizeof hash->bytes)),
        sj_p_i64(loop->authn->config.idle_s)};
    const struct sj_query query = {SJ_SQL_SESSION_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(loop->db, context, &query, 1, &rows));
    if (sj_rows_count(rows) == 0) {
        *ret_found = false;
        return SJ_DONE;
    }
    struct grant_seals seals = {.count = 0};
    TRY(take_session(rows, cached, &seals));
    return check_seals(loop, rows, hash, &cached->session, &seals, ret_found);
}

static sj_status load(struct sj_authn_loop *loop, struct sj_text token, const struct sj_hash *hash,
    bool *ret_found, struct cached_session *cached)
{
    const struct sj_authn_config *config = &loop->authn->config;
    const uint64_t epoch = authn_cache_epoch(loop->authn->cache);
    bool alive = false;
    TRY(read_session(loop, hash, &alive, cached));
    const sj_time_us now = sj_time_now();
    if (alive && now >= cached->written + authn_touch_s(config) * SECOND_US) {
        TRY(touch(loop, cached->session.id, &alive));
        cached->written = now;
    }
    *ret_found = alive && now < cached->session.expires_at;
    if (!*ret_found) {
        return SJ_DONE;
    }
    cached->last_seen = now;
    cached->session.idle_expires_at = now + config->idle_s * SECOND_US;
    TRY(authn_csrf_token(token, cached->session.csrf_token));
    TRY(sign_context(
        loop, &cached->session.actor, &cached->session.context, &cached->context_until));
    authn_cache_keep(loop->authn->cache, hash, cached, epoch);
    return SJ_DONE;
}

sj_status authn_session_load(struct sj_authn_loop *loop, struct sj_text token,
    const struct sj_hash *hash, bool *ret_found, struct sj_session *ret_session)
{
    struct cached_session cached = {.written = 0};
    bool found = false;
    const sj_status status = load(loop, token, hash, &found, &cached);
    if (!sj_failed(status)) {
        *ret_found = found;
        if (found) {
            *ret_session = cached.session;
        }
    }
    sj_wipe(&cached, sizeof cached);
    return status;
}

/* What a session from the cache may still need: last_seen in the database, a longer context. */
static sj_status keep_up(struct sj_authn_loop *loop, const struct sj_hash *hash, bool must_touch,
    struct cached_session *cached, bool *ret_alive)
{
    *ret_alive = true;
    if (must_touch) {
        TRY(touch(loop, cached->session.id, ret_alive));
        if (!*ret_alive) {
            authn_cache_drop_session(loop->authn->cache, cached->session.id);
            return SJ_DONE;
        }
    }
    if (cached->context_until < sj_time_now() + CONTEXT_RENEW_S * SECOND_US) {
        TRY(sign_context(
            loop, &cached->session.actor, &cached->session.context, &cached->context_until));
        authn_cache_context(
            loop->authn->cache, hash, &cached->session.context, cached->context_until);
    }
    return SJ_DONE;
}

sj_status sj_session_find(struct sj_authn_loop *loop, struct sj_text token, bool *ret_found,
    struct sj_session *ret_session)
{
    bool valid = false;
    struct sj_hash hash;
    TRY(authn_token_hash(token, &valid, &hash));
    if (!valid) {
        *ret_found = false;
        return SJ_DONE;
    }
    struct cached_session cached = {.written = 0};
    bool must_touch = false;
    if (!authn_cache_find(
            loop->authn->cache, &hash, sj_time_now(), &loop->authn->config, &cached, &must_touch)) {
        return authn_session_load(loop, token, &hash, ret_found, ret_session);
    }
    bool alive = false;
    const sj_status status = keep_up(loop, &hash, must_touch, &cached, &alive);
    if (!sj_failed(status)) {
        *ret_found = alive;
        if (alive) {
            *ret_session = cached.session;
        }
    }
    sj_wipe(&cached, sizeof cached);
    return status;
}

sj_status sj_session_display_name(
    struct sj_authn_loop *loop, const struct sj_session *session, struct sj_buf *ret_name)
{
    return sj_account_display_name(
        loop->db, loop->fields, &session->context, session->actor.account, ret_name);
}

sj_status sj_session_list(struct sj_authn_loop *loop, const struct sj_session *session,
    struct sj_arena *arena, struct sj_session_info **ret_items, size_t *ret_count)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    const struct sj_param params[] = {
        sj_p_id(&session->actor.account), sj_p_i64(loop->authn->config.idle_s)};
    const struct sj_query query = {SJ_SQL_SESSION_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(loop->db, context, &query, 1, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_session_info), &memory));
    struct sj_session_info *items = memory;
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct sj_session_info){.id = sj_row_id(rows, i, 0),
            .created_at = sj_row_time(rows, i, 1),
            .last_seen_at = sj_row_time(rows, i, 2),
            .expires_at = sj_row_time(rows, i, 3)};
        items[i].is_current = sj_uuid_equal(items[i].id, session->id);
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_session_end(
    struct sj_tx *tx, const struct sj_session *session, struct sj_uuid id, bool *ret_found)
{
    const struct sj_param params[] = {sj_p_id(&id), sj_p_id(&session->actor.account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_SESSION_REVOKE, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return SJ_DONE;
}

sj_status sj_session_inspect(
    struct sj_authn_loop *loop, struct sj_uuid id, bool *ret_found, struct sj_session *ret_session)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query query = {SJ_SQL_SESSION_TOKEN, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(loop->db, context, &query, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_hash hash;
    authn_stored_seal(sj_row_bytes(rows, 0, 0), &hash); /* what has another length is nobody's */
    struct cached_session cached = {.written = 0};
    const sj_status status = read_session(loop, &hash, ret_found, &cached);
    if (!sj_failed(status) && *ret_found) {
        *ret_session = cached.session;
    }
    sj_wipe(&cached, sizeof cached);
    return status;
}
