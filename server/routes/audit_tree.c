/* SPDX-License-Identifier: Apache-2.0
 *
 * How do witnesses, monitors and verifiers get the tree? The C2SP paths of a log (tlog-tiles: checkpoint, tiles, bundles of
 * entries), proofs of inclusion as tlog-proof text and of consistency. For whoever may read the whole record; each reading is
 * an entry itself. What these answers hold never changes, so a client may keep them; the checkpoint alone grows old at once.
 */
#include "../server.h"
#include "record_desk.h"
#include "routes.h"

#include "sanjeh/audit/published.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/note.h"

/* Whoever asks next on the same machine is not necessarily the same person. */
#define KEEP_FOR_EVER "private, max-age=31536000, immutable"
#define READING_S     60
#define KEEP_A_MOMENT "private, max-age=1"

static void may_keep(struct sj_exchange *x, const char *how)
{
    x->cache_control = sj_text_of(how);
    x->vary = SJ_TEXT("Authorization, Cookie");
}

/* The tree is everybody's entries: the entries of the own unit are read one by one. */
static sj_status open_tree(struct sj_exchange *x, struct sj_reading **ret_reading)
{
    ENSURE(x->decision.reach == SJ_REACH_ALL, FORBIDDEN);
    return sj_record_desk_open(x, ret_reading);
}

/* The newest one that a quorum of witnesses has cosigned; without witnesses, and before their first answer, the newest one. */
static sj_status newest_checkpoint(struct sj_exchange *x)
{
    struct sj_server *server = x->worker->server;
    uint64_t size = 0;
    int64_t cosigned_s = 0;
    if (server->publisher != NULL) {
        struct sj_context context;
        TRY(sj_record_desk_context(x, READING_S, &context));
        const sj_status status =
            sj_published_newest(x->worker->db, &context, UINT64_MAX, &x->body, &size, &cosigned_s);
        if (status.code != SJ_NOT_FOUND) {
            return status;
        }
    }
    return sj_sequencer_checkpoint(server->sequencer, &x->body);
}

/* For a receipt: the cosigned tree when it has the entry already, else the newest. size 0: not asked for one. */
static sj_status checkpoint_of_proof(struct sj_exchange *x, struct sj_reading *reading,
    uint64_t index, uint64_t *size, struct sj_buf *note)
{
    struct sj_server *server = x->worker->server;
    if (*size == 0 && server->publisher != NULL) {
        struct sj_context context;
        uint64_t published = 0;
        int64_t cosigned_s = 0;
        TRY(sj_record_desk_context(x, READING_S, &context));
        const sj_status status = sj_published_newest(
            x->worker->db, &context, sj_reading_size(reading), note, &published, &cosigned_s);
        if (!sj_failed(status) && index < published) {
            *size = published;
            return SJ_DONE;
        }
        ENSURE(!sj_failed(status) || status.code == SJ_NOT_FOUND, DATABASE_UNAVAILABLE);
        sj_buf_reset(note);
    }
    return sj_reading_checkpoint(reading, *size, note);
}

static sj_status checkpoint(struct sj_exchange *x)
{
    ENSURE(x->decision.reach == SJ_REACH_ALL, FORBIDDEN);
    TRY(newest_checkpoint(x));
    x->content_type = "text/plain; charset=utf-8";
    may_keep(x, KEEP_A_MOMENT);
    return SJ_DONE;
}

static sj_status tile(struct sj_exchange *x)
{
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(256);
    struct sj_tile_name name;
    TRY(open_tree(x, &reading));
    TRY(sj_buf_put_str(&path, "tile/"));
    const struct sj_text rest = sj_request_param(x->request, "name");
    const struct sj_text sent = sj_request_path(x->request);
    ENSURE(rest.len < 200 && memchr(sent.ptr, '%', sent.len) == NULL, BAD_PARAMETER);
    TRY(sj_buf_put_text(&path, rest));
    TRY(sj_tile_name_parse(sj_buf_text(&path), &name));
    const unsigned width = name.width == 0 ? 256 : name.width;
    if (name.level == SJ_TILE_ENTRIES) {
        (void)snprintf(x->draft.detail, sizeof x->draft.detail, "entries=%llu;width=%u",
            (unsigned long long)name.n, width);
    } else {
        (void)snprintf(x->draft.detail, sizeof x->draft.detail, "level=%u;tile=%llu;width=%u",
            name.level, (unsigned long long)name.n, width);
    }
    TRY(sj_reading_tile(reading, &name, &x->body));
    x->content_type = "application/octet-stream";
    may_keep(x, KEEP_FOR_EVER);
    return SJ_DONE;
}

/* ---- proofs ---- */

static const char *const proof_query[] = {"size", NULL};
static const char *const consistency_query[] = {"old", "new", NULL};

/* A size of the query; *ret_size is left when it is absent. */
static sj_status take_size(struct sj_exchange *x, const char *name, uint64_t *ret_size)
{
    struct sj_text text;
    if (!sj_request_query_find(x->request, name, &text)) {
        return SJ_DONE;
    }
    if (sj_failed(sj_parse_u64(text, 0, INT64_MAX, ret_size))) {
        TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(name), "RANGE",
            SJ_TEXT("the size of a tree: a whole number")));
        FAIL(BAD_PARAMETER);
    }
    return SJ_DONE;
}

static sj_status inclusion(struct sj_exchange *x)
{
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    struct sj_hash leaf;
    struct sj_proof proof;
    uint64_t index = 0;
    uint64_t size = 0;
    TRY(open_tree(x, &reading));
    TRY(sj_exchange_query_only(x, proof_query));
    ENSURE(!sj_failed(sj_parse_u64(sj_request_param(x->request, "index"), 0, INT64_MAX, &index)),
        NOT_FOUND);
    TRY(take_size(x, "size", &size));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "index=%llu;size=%llu",
        (unsigned long long)index, (unsigned long long)size);
    const bool is_fixed = size != 0;
    TRY(checkpoint_of_proof(x, reading, index, &size, &note));
    TRY(sj_reading_inclusion(reading, index, size, &leaf, &proof));
    TRY(sj_proof_format(index, &proof, sj_buf_view(&note), &x->body));
    x->content_type = "text/plain; charset=utf-8";
    if (is_fixed) {
        may_keep(x, KEEP_FOR_EVER);
    }
    return SJ_DONE;
}

static void write_tree(
    struct sj_json *json, const char *name, uint64_t size, const struct sj_hash *root)
{
    sj_json_object(json, name);
    sj_json_int(json, "size", (int64_t)size);
    sj_record_desk_write_hash(json, "root", root);
    sj_json_object_end(json);
}

static sj_status consistency(struct sj_exchange *x)
{
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    struct sj_hash old_root;
    struct sj_hash new_root;
    struct sj_proof proof;
    uint64_t old_size = UINT64_MAX;
    TRY(open_tree(x, &reading));
    TRY(sj_exchange_query_only(x, consistency_query));
    uint64_t new_size = sj_reading_size(reading);
    TRY(take_size(x, "old", &old_size));
    TRY(take_size(x, "new", &new_size));
    if (old_size == UINT64_MAX || old_size > new_size) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("old"), "RANGE",
            SJ_TEXT("the size of the older tree, at most the newer's")));
        FAIL(BAD_PARAMETER);
    }
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "old=%llu;new=%llu",
        (unsigned long long)old_size, (unsigned long long)new_size);
    TRY(sj_reading_consistency(reading, old_size, new_size, &old_root, &new_root, &proof));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_tree(&json, "old", old_size, &old_root);
    write_tree(&json, "new", new_size, &new_root);
    sj_json_array(&json, "proof");
    for (size_t i = 0; i < proof.count; i++) {
        sj_record_desk_write_hash(&json, NULL, &proof.hashes[i]);
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_audit_tree[] = {
    {{SJ_GET, "/audit/checkpoint", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, checkpoint},
    {{SJ_GET, "/audit/tile/{name*}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, tile},
    {{SJ_GET, "/api/v1/audit/proof/{index}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, inclusion},
    {{SJ_GET, "/api/v1/audit/consistency", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, consistency},
};
const size_t sj_routes_audit_tree_count = SJ_COUNT(sj_routes_audit_tree);
