/* SPDX-License-Identifier: Apache-2.0
 *
 * With which right is the record read for a caller, and how does an entry look to him? Shared by all routes of the record.
 */
#include "record_desk.h"

#include "../server.h"

#include "sanjeh/audit/payload.h"
#include "sanjeh/audit/record.h"
#include "sanjeh/base/log.h"
#include "sanjeh/keys/scopes.h"

#define READING_S 60

sj_status sj_record_desk_context(
    struct sj_exchange *x, int64_t seconds, struct sj_context *ret_context)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    return ask_context(
        x->worker->channel, &scope, 1, sj_time_now() + seconds * INT64_C(1000000), ret_context);
}

sj_status sj_record_desk_open(struct sj_exchange *x, struct sj_reading **ret_reading)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_context), &memory));
    struct sj_context *context = memory;
    TRY(sj_record_desk_context(x, READING_S, context));
    return sj_reading_open(x->worker->server->sequencer, x->worker->db, context, ret_reading);
}

static const char *const outcome_names[] = {"denied", "permitted", "failed"};

void sj_record_desk_write_hash(struct sj_json *json, const char *name, const struct sj_hash *hash)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(64);
    if (sj_failed(sj_buf_put_base64(&text, sj_view_of(hash->bytes, sizeof hash->bytes)))) {
        sj_json_null(json, name);
        return;
    }
    sj_json_text(json, name, sj_buf_text(&text));
}

static void write_members(
    struct sj_json *json, const struct sj_entry *entry, const struct sj_hash *leaf)
{
    const struct sj_draft *draft = &entry->draft;
    sj_json_int(json, "index", (int64_t)entry->index);
    sj_record_desk_write_hash(json, "leaf", leaf);
    sj_json_time(json, "time", entry->time);
    sj_json_str(json, "kind", sj_entry_kind_name(draft->kind));
    sj_json_str(json, "action", draft->action);
    sj_json_str(json, "outcome", outcome_names[draft->outcome]);
    sj_json_int(json, "status", draft->http_status);
    sj_json_id_or_null(json, "actor", draft->actor);
    sj_json_str(json, "object_type", draft->object_type);
    sj_json_id_or_null(json, "object", draft->object);
    sj_json_id(json, "request_id", draft->request_id);
    sj_json_id_or_null(json, "unit_tag", draft->tenant_tag);
    sj_json_int(json, "unit_sequence", (int64_t)entry->tenant_seq);
    sj_json_id(json, "emitter", draft->emitter);
    sj_json_int(json, "emitter_sequence", (int64_t)draft->emitter_seq);
    sj_json_int(json, "policy_version", draft->policy_version);
    sj_json_str(json, "detail", draft->detail);
}

void sj_record_desk_write_key(
    struct sj_json *json, const char *name, const uint8_t key[SJ_ED25519_PUBLIC])
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(2 * SJ_ED25519_PUBLIC);
    if (sj_failed(sj_buf_put_hex(&text, sj_view_of(key, SJ_ED25519_PUBLIC)))) {
        json->status = SJ_FAILURE(OUT_OF_MEMORY);
        return;
    }
    sj_json_text(json, name, sj_buf_text(&text));
}

void sj_record_desk_write(
    struct sj_json *json, const struct sj_entry *entry, const struct sj_hash *leaf)
{
    sj_json_object(json, NULL);
    write_members(json, entry, leaf);
    sj_json_object_end(json);
}

/* ---- what stands beside an entry ---- */

static sj_status show_payload(struct sj_exchange *x, const struct sj_entry *entry,
    struct sj_view stored, struct sj_record_payload *ret_payload)
{
    struct sj_text text;
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(SJ_PAYLOAD_SALT + SJ_PAYLOAD_MAX);
    const sj_status status = sj_payload_open(x->worker->payload_keys, entry, stored, &salted);
    if (status.code == SJ_DECRYPT) {
        ret_payload->state = "contradicted";
        SJ_LOG(ERROR, "audit.payload.contradicted", sj_log_int("index", (int64_t)entry->index));
        return SJ_DONE;
    }
    if (status.code == SJ_NOT_FOUND) {
        ret_payload->state = "sealed";
        return SJ_DONE;
    }
    TRY(status);
    const struct sj_view plain =
        sj_view_of(salted.ptr + SJ_PAYLOAD_SALT, salted.len - SJ_PAYLOAD_SALT);
    ret_payload->state = "kept";
    return sj_failed(sj_text_check(plain, SJ_PAYLOAD_MAX, &text))
               ? SJ_DONE
               : sj_arena_text(x->arena, text, &ret_payload->text);
}

sj_status sj_record_desk_payload(struct sj_exchange *x, const struct sj_context *context,
    const struct sj_entry *entry, struct sj_record_payload *ret_payload)
{
    const bool may = x->decision.reach == SJ_REACH_ALL ||
                     sj_uuid_equal(entry->draft.actor, x->session.actor.account);
    const struct sj_param param = sj_p_i64((int64_t)entry->index);
    const struct sj_query query = {SJ_SQL_AUDIT_PAYLOAD_GET, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    *ret_payload = (struct sj_record_payload){.state = "none"};
    if (entry->draft.payload_len == 0) {
        return SJ_DONE;
    }
    TRY(sj_record_read(x->worker->db, context, &query, &rows));
    ret_payload->state = sj_rows_count(rows) == 0 ? "gone" : "withheld";
    return sj_rows_count(rows) == 0 || !may
               ? SJ_DONE
               : show_payload(x, entry, sj_row_bytes(rows, 0, 0), ret_payload);
}

void sj_record_desk_write_whole(struct sj_json *json, const struct sj_entry *entry,
    const struct sj_hash *leaf, const struct sj_record_payload *payload)
{
    sj_json_object(json, NULL);
    write_members(json, entry, leaf);
    sj_json_str(json, "payload_state", payload->state);
    sj_json_text_or_null(json, "payload", payload->text);
    sj_json_object_end(json);
}
