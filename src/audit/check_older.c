/* SPDX-License-Identifier: Apache-2.0
 *
 * Does this log continue what others have seen of it: the caller (--since), the run before (--state), witnesses? Recomputing the root at an
 * older size is the whole of consistency: no proof is believed. Only below the place where a resumed run begins are entries not
 * read again; there a proof is made of the log's own tiles and led to the root that the run before has computed.
 * A log that ends before what a witness has seen is not called tampered when it is a file, which may be an older one. At an address it is
 * asked again for a while, and then it has gone back.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "sanjeh/audit/proof.h"
#include "sanjeh/base/file.h"

#define SINCE_NAME "of the checkpoint given by --since"
#define ASK_AGAIN  INT64_C(500) /* ms */

struct sj_older *sj_check_older_new(struct sj_check *c, enum sj_older_kind kind, const char *name)
{
    if (c->older_count == SJ_OLDER_MAX) {
        return NULL;
    }
    struct sj_older *older = &c->older[c->older_count++];
    *older = (struct sj_older){.kind = kind, .note = SJ_BUF(SJ_NOTE_MAX + 1)};
    (void)snprintf(older->name, sizeof(older->name), "%s", name);
    return older;
}

static sj_status take_since(struct sj_check *c)
{
    struct sj_checkpoint checkpoint;
    if (c->options->since_path == NULL) {
        return SJ_DONE;
    }
    struct sj_older *older = sj_check_older_new(c, SJ_OLDER_SINCE, SINCE_NAME);
    ENSURE(older != NULL, LIMIT_EXCEEDED);
    /* the caller's own pin must hold; its signature is looked at when its size is reached */
    if (sj_failed(sj_read_file(c->options->since_path, &older->note)) ||
        !sj_check_read_note(sj_buf_view(&older->note), &checkpoint)) {
        return sj_check_refuse(c, "the --since note cannot be read");
    }
    if (!sj_text_equal(checkpoint.origin, sj_text_of(c->origin))) {
        const sj_status status = sj_check_former_since(c, sj_buf_view(&older->note), &checkpoint);
        sj_buf_clear(&older->note);
        c->older_count--;
        return status;
    }
    older->pin = (struct sj_pin){true, checkpoint.size, checkpoint.root};
    return SJ_DONE;
}

/* ---- witnesses ---- */

static const struct sj_note_key *key_of(const struct sj_check *c, const char *name)
{
    for (size_t i = 0; i < c->policy.node_count; i++) {
        const struct sj_policy_node *node = &c->policy.nodes[i];
        if (!node->is_group && strcmp(node->name, name) == 0) {
            return &c->policy.keys[node->key];
        }
    }
    return NULL;
}

static void say_of_witness(struct sj_check *c, const char *name, const char *what)
{
    char cause[400];
    (void)snprintf(cause, sizeof(cause), "%s: %s", name, what);
    sj_check_incomplete(c, cause);
}

/* The copy is of this log, and, from a witness of the policy, bears its cosignature. */
static bool is_copy(const struct sj_check *c, struct sj_older *older, const char *name,
    struct sj_checkpoint *checkpoint)
{
    struct sj_note note;
    const struct sj_note_key *key = key_of(c, name);
    const struct sj_view bytes = sj_buf_view(&older->note);
    if (!sj_check_read_note(bytes, checkpoint) ||
        !sj_text_equal(checkpoint->origin, sj_text_of(c->origin))) {
        return false;
    }
    if (key != NULL && sj_failed(sj_note_open(bytes, key, 1, &note))) {
        return false;
    }
    older->is_cosigned = key != NULL;
    older->cosigned_s = key != NULL ? note.cosigned_s[0] : 0;
    return true;
}

static sj_status ask_witness(struct sj_check *c, const struct sj_verify_witness *witness)
{
    struct sj_hash hash;
    struct sj_checkpoint checkpoint;
    char name[SJ_OLDER_NAME];
    bool found = false;
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(128);
    (void)snprintf(name, sizeof(name), "that witness %.100s has seen", witness->name);
    struct sj_older *older = sj_check_older_new(c, SJ_OLDER_WITNESS, name);
    ENSURE(older != NULL, LIMIT_EXCEEDED);
    TRY(sj_sha256_one(sj_text_bytes(sj_text_of(c->origin)), &hash));
    TRY(sj_buf_put_hex(&path, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    TRY(sj_buf_put_str(&path, "/checkpoint"));
    const sj_status asked =
        witness->fetch(witness->fetch_ctx, sj_buf_text(&path), SJ_NOTE_MAX, &older->note, &found);
    if (sj_failed(asked) && asked.code != SJ_SERVER_UNREACHABLE &&
        asked.code != SJ_SERVER_UNTRUSTED) {
        return asked;
    }
    (void)snprintf(name, sizeof(name), "witness %.100s", witness->name);
    if (sj_failed(asked) || !found) {
        say_of_witness(c, name,
            sj_failed(asked) ? "it cannot be asked what it has seen"
                             : "it has never seen this log");
        c->older_count--;
    } else if (!is_copy(c, older, witness->name, &checkpoint)) {
        say_of_witness(c, name, "what it gives is no checkpoint of this log with its cosignature");
        sj_buf_clear(&older->note);
        c->older_count--;
    } else {
        older->pin = (struct sj_pin){true, checkpoint.size, checkpoint.root};
    }
    return SJ_DONE;
}

static void sort_older(struct sj_check *c)
{
    for (size_t i = 1; i < c->older_count; i++) {
        for (size_t j = i; j > 0 && c->older[j].pin.size < c->older[j - 1].pin.size; j--) {
            const struct sj_older held = c->older[j];
            c->older[j] = c->older[j - 1];
            c->older[j - 1] = held;
        }
    }
}

/* ---- larger than the log ---- */

static void pause_ms(int64_t ms)
{
    const struct timespec pause = {
        .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

static bool is_behind_witness(const struct sj_check *c)
{
    for (size_t i = 0; i < c->older_count; i++) {
        if (c->older[i].kind == SJ_OLDER_WITNESS && c->older[i].pin.size > c->head.size) {
            return true;
        }
    }
    return false;
}

/* A log publishes a little after its witnesses have seen: it has a while to catch up. */
static sj_status wait_for_log(struct sj_check *c)
{
    int64_t waited = 0;
    while (c->source.fetch != NULL && is_behind_witness(c) && !c->stopped &&
           waited < c->options->patience_ms) {
        pause_ms(ASK_AGAIN);
        waited += ASK_AGAIN;
        TRY(sj_check_checkpoint(c));
    }
    return SJ_DONE;
}

/* Somebody who is trusted says that the log was larger. */
static sj_status is_vouched_for(
    const struct sj_check *c, const struct sj_older *older, bool *ret_is)
{
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    TRY(sj_tlog_policy_open(&c->policy, sj_buf_view(&older->note), &note, &checkpoint, &state));
    *ret_is = state == SJ_NOTE_GOOD || (state == SJ_NOTE_UNSIGNED && older->is_cosigned);
    return SJ_DONE;
}

static sj_status judge_ahead(struct sj_check *c, const struct sj_older *older)
{
    char cause[400];
    bool is_trusted = false;
    if (older->kind == SJ_OLDER_SINCE) {
        sj_check_incomplete_at(
            c, c->head.size, "stale: the checkpoint is older than the one given by --since");
        return SJ_DONE;
    }
    if (older->kind == SJ_OLDER_STATE) {
        sj_check_incomplete_at(c, c->head.size,
            "stale: the checkpoint is older than the one that the run before has seen");
        c->stopped = true;
        return SJ_DONE;
    }
    TRY(is_vouched_for(c, older, &is_trusted));
    const bool is_back = is_trusted && c->source.fetch != NULL;
    (void)snprintf(cause, sizeof(cause), "%s: the log ends before the tree of size %llu %s",
        is_back ? "rolled back" : "stale", (unsigned long long)older->pin.size, older->name);
    if (is_back) {
        sj_check_tampered_at(c, c->head.size, cause);
        (void)snprintf(c->report->checkpoint, sizeof(c->report->checkpoint), "%s %llu", c->origin,
            (unsigned long long)older->pin.size);
    } else if (is_trusted && older->cosigned_s > 0 && c->options->max_age_s > 0) {
        c->ahead = older; /* the greatest comes last */
    } else {
        sj_check_incomplete_at(c, c->head.size, cause);
    }
    return SJ_DONE;
}

void sj_check_older_age(struct sj_check *c, int64_t newest_s)
{
    char cause[400];
    if (c->ahead == NULL || c->ahead->cosigned_s - newest_s <= c->options->max_age_s) {
        return;
    }
    (void)snprintf(cause, sizeof(cause),
        "stale: older by more than --max-age than the tree of size %llu %s",
        (unsigned long long)c->ahead->pin.size, c->ahead->name);
    sj_check_incomplete_at(c, c->head.size, cause);
}

sj_status sj_check_older_open(struct sj_check *c)
{
    TRY(take_since(c));
    for (size_t i = 0; i < c->options->witness_count && !c->stopped; i++) {
        TRY(ask_witness(c, &c->options->witnesses[i]));
    }
    sort_older(c);
    TRY(wait_for_log(c));
    for (size_t i = 0; i < c->older_count && !c->stopped; i++) {
        if (c->older[i].pin.size > c->head.size) {
            TRY(judge_ahead(c, &c->older[i]));
        }
    }
    return SJ_DONE;
}

/* ---- at its size ---- */

static sj_status check_given(
    struct sj_check *c, const struct sj_older *older, enum sj_signed by, bool fits)
{
    char cause[400];
    const bool is_since = older->kind == SJ_OLDER_SINCE;
    if (by == SJ_SIGNED_OTHER_EPOCH) {
        (void)snprintf(cause, sizeof(cause), "%s is signed with the log's key of another epoch",
            is_since ? "the checkpoint given by --since"
                     : "the checkpoint that the run before has seen");
        sj_check_tampered(c, cause);
        return SJ_DONE;
    }
    if (by != SJ_SIGNED_GOOD && is_since) {
        return sj_check_refuse(c, "the --since note is not signed by the log");
    }
    if (by != SJ_SIGNED_GOOD) {
        sj_check_incomplete(c,
            "the checkpoint that the run before has seen has no signature by a log of the policy");
    } else if (!fits) {
        (void)snprintf(cause, sizeof(cause), "%s: rewritten or forked", older->name);
        sj_check_contradict(c, &older->pin, cause);
    }
    return SJ_DONE;
}

sj_status sj_check_older_due(
    struct sj_check *c, const struct sj_older *older, const struct sj_hash *root)
{
    struct sj_note note;
    enum sj_signed by = SJ_SIGNED_NOT;
    char cause[400];
    const bool fits = sj_hash_equal(root, &older->pin.root);
    if (older->kind == SJ_OLDER_WITNESS && fits) {
        return SJ_DONE;
    }
    TRY(sj_check_signed(c, sj_buf_view(&older->note), &note, &by));
    if (c->stopped) {
        return SJ_DONE;
    }
    if (older->kind != SJ_OLDER_WITNESS) {
        return check_given(c, older, by, fits);
    }
    if (by == SJ_SIGNED_GOOD || by == SJ_SIGNED_OTHER_EPOCH) {
        (void)snprintf(cause, sizeof(cause), "%s: forked", older->name);
        sj_check_contradict(c, &older->pin, cause);
    } else {
        say_of_witness(c, older->name, "another tree, which the log has not signed");
    }
    return SJ_DONE;
}

/* ---- below the place where a resumed run begins ---- */

struct tiles {
    struct sj_check *c;
    bool is_missing;
};

/* A node of the tree of c->begin leaves, from the log's tiles (sj_node_fn). */
static sj_status node_of_tiles(void *ctx, unsigned level, uint64_t index, struct sj_hash *ret_hash)
{
    struct tiles *tiles = ctx;
    struct sj_check *c = tiles->c;
    const unsigned tile_level = level / 8;
    const unsigned width = 1u << (level % 8);
    const uint64_t first = index << (level % 8);
    struct sj_member_key key = {
        .kind = SJ_MEMBER_TILE, .tile = {.level = (uint8_t)tile_level, .n = first / SJ_TILE_WIDTH}};
    const size_t at = (size_t)(first % SJ_TILE_WIDTH) * SJ_HASH_SIZE;
    bool found = false;
    *ret_hash = (struct sj_hash){{0}};
    if (first / SJ_TILE_WIDTH == (c->begin >> (8 * tile_level)) / SJ_TILE_WIDTH) {
        return sj_tile_root(&c->edge.hashes[tile_level][first % SJ_TILE_WIDTH], width, ret_hash);
    }
    TRY(sj_source_read(&c->source, &key, SJ_TILE_BYTES, &c->scratch, &found));
    if (!found || c->scratch.len != SJ_TILE_BYTES) {
        tiles->is_missing = true;
        return SJ_DONE;
    }
    struct sj_hash hashes[SJ_TILE_WIDTH];
    TRY(sj_copy(hashes, sizeof(hashes), c->scratch.ptr + at, width * SJ_HASH_SIZE));
    return sj_tile_root(hashes, width, ret_hash);
}

/* By the keys in force now: those of then are not kept. */
static sj_status judge_before(struct sj_check *c, const struct sj_older *older)
{
    struct sj_note note;
    enum sj_signed by = SJ_SIGNED_NOT;
    char cause[400];
    TRY(sj_check_signed(c, sj_buf_view(&older->note), &note, &by));
    const bool is_signed = by == SJ_SIGNED_GOOD || by == SJ_SIGNED_OTHER_EPOCH;
    (void)snprintf(cause, sizeof(cause), "entries 0 to %llu do not give the root %s: %s",
        (unsigned long long)(older->pin.size == 0 ? 0 : older->pin.size - 1), older->name,
        is_signed ? "rewritten or forked"
                  : "who signed that can only be said by a run without --state");
    if (c->stopped) {
        return SJ_DONE;
    }
    if (is_signed) {
        sj_check_tampered(c, cause);
    } else {
        sj_check_incomplete(c, cause);
        c->stopped = true;
    }
    return SJ_DONE;
}

static sj_status check_before(struct sj_check *c, const struct sj_older *older)
{
    struct tiles tiles = {c, false};
    struct sj_proof proof;
    struct sj_hash old_root;
    struct sj_hash root;
    bool fits = false;
    TRY(sj_frontier_root(&c->frontier, &root));
    TRY(sj_nodes_root(older->pin.size, node_of_tiles, &tiles, &old_root));
    if (older->pin.size != 0) {
        TRY(sj_consistency_prove(older->pin.size, c->begin, node_of_tiles, &tiles, &proof));
    }
    if (tiles.is_missing) {
        sj_check_incomplete(c, "a tile that leads to an older checkpoint is missing");
        return SJ_DONE;
    }
    if (older->pin.size != 0) {
        TRY(sj_consistency_verify(
            older->pin.size, c->begin, &old_root, &root, proof.hashes, proof.count, &fits));
        if (!fits) {
            sj_check_tampered(
                c, "tiles below the place of the run before are not what it has seen");
            return SJ_DONE;
        }
    }
    return sj_hash_equal(&old_root, &older->pin.root) ? SJ_DONE : judge_before(c, older);
}

sj_status sj_check_older_before(struct sj_check *c)
{
    while (c->older_next < c->older_count && c->older[c->older_next].pin.size < c->begin &&
           !c->stopped) {
        TRY(check_before(c, &c->older[c->older_next++]));
    }
    return SJ_DONE;
}
