/* SPDX-License-Identifier: Apache-2.0
 *
 * Does this checkpoint continue what was cosigned before? The order of the answers is the protocol's (C2SP tlog-witness): form,
 * origin, signature, size, the recorded size, the proof. From the look at the recorded size to the rename on the disk one
 * lock is held: if it were let go between, a slow request could put back a smaller tree, and two histories would bear our
 * signature. What a log signed and cannot be continued is kept: it may convict the log.
 */
#include "witness_priv.h"

#include "sanjeh/base/log.h"
#include "sanjeh/base/parse.h"

#include <stdio.h>

#define PLAIN "text/plain; charset=utf-8"
#define SIZE  "text/x.tlog.size"

static sj_status answer_text(struct sj_witness_answer *answer, unsigned http, const char *text)
{
    answer->http = http;
    answer->media = PLAIN;
    TRY(sj_buf_put_str(&answer->body, text));
    return sj_buf_put_byte(&answer->body, '\n');
}

static struct origin *find_origin(const struct sj_witness *witness, struct sj_text name)
{
    for (size_t i = 0; i < witness->log_key_count; i++) {
        if (!sj_text_is(name, witness->log_keys[i].name)) {
            continue;
        }
        for (size_t k = 0; k < witness->origin_count; k++) {
            if (sj_text_is(name, witness->origins[k]->name)) {
                return witness->origins[k];
            }
        }
    }
    return NULL;
}

/* The keys of this origin: another log's signature under this name vouches for nothing. */
static size_t keys_of(
    const struct sj_witness *witness, const struct origin *origin, struct sj_note_key *ret_keys)
{
    size_t count = 0;
    for (size_t i = 0; i < witness->log_key_count; i++) {
        if (sj_text_is(sj_text_of(witness->log_keys[i].name), origin->name)) {
            ret_keys[count++] = witness->log_keys[i];
        }
    }
    return count;
}

/* ---- what is stored: the text, the log's own lines, ours ---- */

/* Lines that are not the log's are left out: anybody can hang a hundred of them under a checkpoint. */
static sj_status put_log_lines(struct sj_view note, struct sj_text text,
    const struct sj_note_key *keys, size_t key_count, struct sj_buf *out)
{
    const char *lines = text.ptr + text.len + 1;
    struct sj_text rest = {lines, note.len - text.len - 1};
    struct sj_text line;
    CLEANUP(sj_buf_clear) struct sj_buf single = SJ_BUF(SJ_NOTE_MAX);
    while (sj_text_split(&rest, '\n', &line)) {
        struct sj_note opened;
        sj_buf_reset(&single);
        TRY(sj_buf_put_text(&single, text));
        TRY(sj_buf_put_byte(&single, '\n'));
        TRY(sj_buf_put_text(&single, line));
        TRY(sj_buf_put_byte(&single, '\n'));
        const sj_status status = sj_note_open(sj_buf_view(&single), keys, key_count, &opened);
        if (!sj_failed(status)) {
            TRY(sj_buf_put_text(out, line));
            TRY(sj_buf_put_byte(out, '\n'));
        } else if (status.code != SJ_INVALID) {
            return status;
        }
    }
    return SJ_DONE;
}

struct offer {
    const struct sj_witness_request *request;
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    struct sj_note_key keys[SJ_NOTE_KEYS_MAX];
    size_t key_count;
};

static sj_status make_stored(const struct sj_witness *witness, const struct offer *offer,
    int64_t time_s, struct sj_buf *ret_line, struct sj_buf *ret_stored)
{
    TRY(sj_note_cosign(offer->note.text, &witness->key, witness->secret, time_s, ret_line));
    TRY(sj_buf_put_text(ret_stored, offer->note.text));
    TRY(sj_buf_put_byte(ret_stored, '\n'));
    TRY(put_log_lines(
        offer->request->checkpoint, offer->note.text, offer->keys, offer->key_count, ret_stored));
    return sj_buf_put_view(ret_stored, sj_buf_view(ret_line));
}

/* Under the origin's lock. */
static sj_status record(struct sj_witness *witness, struct origin *origin,
    const struct offer *offer, int64_t now_s, struct sj_witness_answer *answer)
{
    /* a clock that was set back does not let us say an older time about a newer tree */
    const int64_t time_s = now_s > origin->cosigned_s ? now_s : origin->cosigned_s;
    CLEANUP(sj_buf_clear) struct sj_buf line = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf stored = SJ_BUF(SJ_NOTE_MAX + 1024);
    TRY(make_stored(witness, offer, time_s, &line, &stored));
    const sj_status status = witness_store(witness, origin, sj_buf_view(&stored));
    if (sj_failed(status)) {
        (void)atomic_fetch_add(&witness->failures, 1);
        SJ_LOG(ERROR, "witness.store.failed", sj_log_status(status));
        return answer_text(answer, 500, "the checkpoint could not be stored");
    }
    sj_buf_clear(&origin->note);
    origin->note = stored;
    stored = SJ_BUF(0);
    origin->is_recorded = true;
    origin->size = offer->checkpoint.size;
    origin->root = offer->checkpoint.root;
    origin->cosigned_s = time_s;
    (void)atomic_fetch_add(&witness->cosigned, 1);
    answer->http = 200;
    answer->media = PLAIN;
    return sj_buf_put_view(&answer->body, sj_buf_view(&line));
}

static void keep(struct sj_witness *witness, const struct origin *origin, const char *kind,
    const struct offer *offer)
{
    const sj_status status =
        witness_keep_evidence(witness, origin, kind, offer->request->checkpoint);
    SJ_LOG(ERROR, "witness.evidence", sj_log_status(status), sj_log_str("kind", kind),
        sj_log_str("origin", origin->name), sj_log_int("recorded", (int64_t)origin->size),
        sj_log_int("shown", (int64_t)offer->checkpoint.size));
}

/* Whether the offered tree continues the recorded one by the proof. @cite tlog-witness: from old size 0 the proof is empty */
static sj_status continues(const struct origin *origin, const struct offer *offer, bool *ret_valid)
{
    const struct sj_witness_request *request = offer->request;
    struct sj_hash empty;
    TRY(sj_sha256(NULL, 0, &empty));
    if (offer->checkpoint.size == 0 && !sj_hash_equal(&offer->checkpoint.root, &empty)) {
        *ret_valid = false;
        return SJ_DONE;
    }
    if (request->old_size == 0) {
        *ret_valid = request->proof_count == 0;
        return SJ_DONE;
    }
    return sj_consistency_verify(request->old_size, offer->checkpoint.size, &origin->root,
        &offer->checkpoint.root, request->proof, request->proof_count, ret_valid);
}

/* Under the origin's lock. */
static sj_status decide(struct sj_witness *witness, struct origin *origin,
    const struct offer *offer, int64_t now_s, struct sj_witness_answer *answer)
{
    const uint64_t recorded = origin->is_recorded ? origin->size : 0;
    bool valid = false;
    if (origin->is_recorded && offer->checkpoint.size == recorded &&
        !sj_hash_equal(&offer->checkpoint.root, &origin->root)) {
        (void)atomic_fetch_add(&witness->conflicts, 1);
        keep(witness, origin, "conflicting", offer);
    }
    if (offer->request->old_size != recorded) {
        answer->http = 409;
        answer->media = SIZE;
        TRY(sj_buf_put_decimal(&answer->body, (int64_t)recorded));
        return sj_buf_put_byte(&answer->body, '\n');
    }
    TRY(continues(origin, offer, &valid));
    if (valid) {
        return record(witness, origin, offer, now_s, answer);
    }
    if (offer->checkpoint.size > recorded && recorded > 0) {
        keep(witness, origin, "unproven", offer);
    }
    return answer_text(
        answer, 422, "the checkpoint does not continue the recorded one by this proof");
}

/* Text of exactly three lines: an extension line would be signed without anybody knowing what it says. */
static bool has_extension(struct sj_text text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n' ? 1 : 0;
    }
    return lines != 3;
}

/* The origin before anything is verified: the first line. */
static bool origin_of(struct sj_view checkpoint, struct sj_text *ret_origin)
{
    for (size_t i = 0; i < checkpoint.len && i <= SJ_NOTE_NAME_MAX; i++) {
        if (checkpoint.ptr[i] == '\n') {
            return i > 0 && !sj_failed(sj_text_check(
                                sj_view_of(checkpoint.ptr, i), SJ_NOTE_NAME_MAX, ret_origin));
        }
    }
    return false;
}

/* Under the logs' lock. */
static sj_status judge(struct sj_witness *witness, struct offer *offer, int64_t now_s,
    struct sj_witness_answer *answer)
{
    struct origin *origin = find_origin(witness, answer->origin);
    if (origin == NULL) {
        return answer_text(answer, 404, "the origin is not known here");
    }
    offer->key_count = keys_of(witness, origin, offer->keys);
    const sj_status opened =
        sj_note_open(offer->request->checkpoint, offer->keys, offer->key_count, &offer->note);
    if (opened.code == SJ_INVALID) {
        return answer_text(
            answer, 403, "no signature by a key of this origin, or one that does not hold");
    }
    TRY(opened);
    if (sj_failed(sj_checkpoint_parse(offer->note.text, &offer->checkpoint)) ||
        has_extension(offer->note.text)) {
        return answer_text(answer, 400, "the note is not a checkpoint of three lines");
    }
    if (offer->request->old_size > offer->checkpoint.size) {
        return answer_text(answer, 400, "the old size is above the checkpoint's");
    }
    SJ_ASSERT(pthread_mutex_lock(&origin->lock) == 0);
    const sj_status status = decide(witness, origin, offer, now_s, answer);
    SJ_ASSERT(pthread_mutex_unlock(&origin->lock) == 0);
    return status;
}

sj_status sj_witness_add(struct sj_witness *witness, struct sj_view body, int64_t now_s,
    struct sj_witness_answer *ret_answer)
{
    struct room {
        struct sj_witness_request request;
        struct offer offer;
    };
    CLEANUP(sj_freep) struct room *room = NULL;
    void *memory = NULL;
    ret_answer->origin = (struct sj_text){"", 0};
    ret_answer->body = SJ_BUF(4096);
    TRY(sj_alloc(1, sizeof(struct room), &memory)); /* too large for a fiber's stack */
    room = memory;
    const sj_status parsed = sj_witness_request_parse(body, &room->request);
    sj_status status;
    if (parsed.code == SJ_INVALID ||
        (!sj_failed(parsed) && !origin_of(room->request.checkpoint, &ret_answer->origin))) {
        status = answer_text(ret_answer, 400, "the body is not one of add-checkpoint");
    } else if (sj_failed(parsed)) {
        return parsed;
    } else {
        room->offer.request = &room->request;
        SJ_ASSERT(pthread_rwlock_rdlock(&witness->logs) == 0);
        status = judge(witness, &room->offer, now_s, ret_answer);
        SJ_ASSERT(pthread_rwlock_unlock(&witness->logs) == 0);
    }
    if (!sj_failed(status) && ret_answer->http != 200) {
        (void)atomic_fetch_add(&witness->refused, 1);
    }
    return status;
}

sj_status sj_witness_latest(
    struct sj_witness *witness, struct sj_text origin_hash, struct sj_buf *ret_note)
{
    struct origin *found = NULL;
    sj_status status = SJ_FAILURE(NOT_FOUND);
    SJ_ASSERT(pthread_rwlock_rdlock(&witness->logs) == 0);
    for (size_t i = 0; i < witness->origin_count; i++) {
        if (sj_text_is(origin_hash, witness->origins[i]->hex)) {
            found = witness->origins[i];
        }
    }
    if (found != NULL) {
        SJ_ASSERT(pthread_mutex_lock(&found->lock) == 0);
        if (found->is_recorded) {
            status = sj_buf_put_view(ret_note, sj_buf_view(&found->note));
        }
        SJ_ASSERT(pthread_mutex_unlock(&found->lock) == 0);
    }
    SJ_ASSERT(pthread_rwlock_unlock(&witness->logs) == 0);
    return status;
}

struct sj_witness_stats sj_witness_stats(const struct sj_witness *witness)
{
    return (struct sj_witness_stats){.cosigned = atomic_load(&witness->cosigned),
        .refused = atomic_load(&witness->refused),
        .conflicts = atomic_load(&witness->conflicts),
        .failures = atomic_load(&witness->failures)};
}
