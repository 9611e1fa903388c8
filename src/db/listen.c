/* SPDX-License-Identifier: Apache-2.0
 *
 * How does one server instance hear at once what another has revoked? LISTEN on a connection that does
 * nothing else and is not in pipeline mode. What was sent while it was down is lost, so each (re)connect
 * calls every listener with the payload "": drop what you cached. Without that a revoked session would
 * live on in the caches of an instance whose line was cut.
 */
#include "db_priv.h"

/* "listen a; listen b": channel names are our own constants, quoted all the same. */
static sj_status format_listen(struct db_conn *conn, struct sj_buf *out)
{
    for (size_t i = 0; i < conn->db->channels_count; i++) {
        const char *name = conn->db->channels[i].name;
        char *quoted = PQescapeIdentifier(conn->pg, name, strlen(name));
        ENSURE(quoted != NULL, OUT_OF_MEMORY);
        sj_status status = sj_buf_put_str(out, sj_admin_statements[SJ_ADMIN_LISTEN].text);
        status = sj_failed(status) ? status : sj_buf_put_byte(out, ' ');
        status = sj_failed(status) ? status : sj_buf_put_str(out, quoted);
        status = sj_failed(status) ? status : sj_buf_put_byte(out, ';');
        PQfreemem(quoted);
        TRY(status);
    }
    return SJ_DONE;
}

sj_status db_listen_setup(struct db_conn *conn)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(2048);
    TRY(format_listen(conn, &text));
    const char *string = NULL;
    TRY(sj_buf_cstr(&text, &string));
    ENSURE(PQsendQuery(conn->pg, string) == 1, DATABASE_UNAVAILABLE);
    return SJ_DONE;
}

static void tell(const struct sj_db *db, const char *channel, struct sj_text payload)
{
    for (size_t i = 0; i < db->channels_count; i++) {
        const struct db_channel *entry = &db->channels[i];
        if (channel == NULL || strcmp(channel, entry->name) == 0) {
            entry->fn(entry->ctx, sj_text_of(entry->name), payload);
        }
    }
}

/* Results of LISTEN; false when one was refused. */
static bool take_results(struct db_conn *conn)
{
    while (conn->state == DB_PREPARING && PQisBusy(conn->pg) == 0) {
        PGresult *result = PQgetResult(conn->pg);
        if (result == NULL) {
            conn->state = DB_READY;
            conn->backoff_ms = DB_BACKOFF_MIN_MS;
            conn->why = SJ_DONE;
            tell(conn->db, NULL, SJ_TEXT(""));
            return true;
        }
        const bool fine = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!fine) {
            return false;
        }
    }
    return true;
}

void db_listen_on_input(struct db_conn *conn)
{
    if (!take_results(conn)) {
        db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
        return;
    }
    PGnotify *notify = NULL;
    while ((notify = PQnotifies(conn->pg)) != NULL) {
        tell(conn->db, notify->relname, sj_text_of(notify->extra));
        PQfreemem(notify);
    }
}

sj_status sj_db_listen(struct sj_db *db, const char *channel, sj_notify_fn *fn, void *ctx)
{
    ENSURE(db->loop != NULL, BAD_CONFIG);
    ENSURE(db->channels_count < DB_CHANNELS_MAX, LIMIT_EXCEEDED);
    struct db_channel *entry = &db->channels[db->channels_count];
    TRY(sj_copy(entry->name, sizeof(entry->name) - 1, channel, strlen(channel)));
    entry->fn = fn;
    entry->ctx = ctx;
    db->channels_count++;
    struct db_conn *conn = &db->conns[db->readers + db->writers];
    if (conn->state != DB_CLOSED) {
        /* Made anew with all channels; the others hear "" once more, which is always safe. */
        db_conn_lost(conn, SJ_DONE);
    }
    return db_conn_open(conn);
}
