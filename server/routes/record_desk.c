/* SPDX-License-Identifier: Apache-2.0
 *
 * With which right is the record read for a caller, and how does an entry look to him? Shared by all routes of the record.
 */
#include "record_desk.h"

#include "../server.h"

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

void sj_record_desk_write(
    struct sj_json *json, const struct sj_entry *entry, const struct sj_hash *leaf)
{
    const struct sj_draft *draft = &entry->draft;
    sj_json_object(json, NULL);
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
    sj_json_object_end(json);
}
