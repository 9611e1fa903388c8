/* SPDX-License-Identifier: Apache-2.0
 *
 * Does this receipt hold? Whoever kept one can show, years later and without the server, that this entry stood in the record which the policy's
 * log has signed. A receipt is a C2SP tlog-proof of any log, or the JSON that Sanjeh gives to callers. The entry is known by its bytes
 * or by its hash; a receipt alone says that something stood at that place, not what.
 */
#include "verify_proof.h"
#include "verify_fetch.h"

#include <stdio.h>
#include <string.h>

#include "sanjeh/audit/entry.h"
#include "sanjeh/audit/tlog_proof.h"
#include "sanjeh/base/file.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/json/decode.h"

#define ENTRY_MAX  ((size_t)65536)
#define ARENA_SIZE ((size_t)1 << 20)

struct receipt {
    struct sj_buf proof; /* as tlog-proof */
    struct sj_buf entry;
    bool has_leaf;
    struct sj_hash leaf;
    struct sj_tlog_policy policy;
};

static void receipt_clear(struct receipt **receipt)
{
    struct receipt *self = TAKE(*receipt);
    if (self != NULL) {
        sj_buf_clear(&self->proof);
        sj_buf_clear(&self->entry);
        sj_free(self);
    }
}

static sj_status parse_hash(struct sj_text text, struct sj_hash *ret_hash)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_HASH_SIZE + 3);
    if (text.len == (size_t)2 * SJ_HASH_SIZE) {
        return sj_parse_hex(text, ret_hash->bytes, SJ_HASH_SIZE);
    }
    ENSURE(!sj_failed(sj_parse_base64(text, &bytes)) && bytes.len == SJ_HASH_SIZE, INVALID);
    return sj_copy(ret_hash->bytes, SJ_HASH_SIZE, bytes.ptr, bytes.len);
}

/* ---- the JSON ---- */

static sj_status take_hashes(const struct sj_json_value *list, struct sj_proof *proof)
{
    const struct sj_json_value *value = NULL;
    struct sj_text name;
    struct sj_text text = {NULL, 0};
    size_t at = 0;
    proof->count = 0;
    ENSURE(list != NULL && sj_json_is_array(list), INVALID);
    while (sj_json_next(list, &at, &name, &value)) {
        ENSURE(proof->count < SJ_PROOF_MAX && sj_json_as_text(value, &text), INVALID);
        TRY(parse_hash(text, &proof->hashes[proof->count++]));
    }
    return SJ_DONE;
}

static sj_status take_json(const struct sj_json_value *root, struct receipt *receipt)
{
    struct sj_proof proof;
    struct sj_text checkpoint = {NULL, 0};
    struct sj_text leaf = {NULL, 0};
    int64_t index = 0;
    ENSURE(root != NULL && sj_json_is_object(root), INVALID);
    ENSURE(sj_json_as_int(sj_json_get(root, "index"), &index) && index >= 0, INVALID);
    ENSURE(sj_json_as_text(sj_json_get(root, "checkpoint"), &checkpoint), INVALID);
    TRY(take_hashes(sj_json_get(root, "proof"), &proof));
    if (sj_json_as_text(sj_json_get(root, "leaf"), &leaf)) {
        TRY(parse_hash(leaf, &receipt->leaf));
        receipt->has_leaf = true;
    }
    sj_buf_reset(&receipt->proof);
    return sj_proof_format((uint64_t)index, &proof, sj_text_bytes(checkpoint), &receipt->proof);
}

static sj_status read_json(struct receipt *receipt)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_arena_new(ARENA_SIZE, &arena));
    TRY(sj_json_doc_parse(sj_buf_view(&receipt->proof), &doc, &detail, arena));
    return take_json(sj_json_doc_root(doc), receipt);
}

/* ---- the verdict ---- */

static void say(struct sj_verify_report *report, enum sj_verdict verdict, const char *cause)
{
    report->verdict = verdict;
    (void)snprintf(report->cause, sizeof report->cause, "%s", cause);
}

/* One of ours names its place: a receipt for another place is for another entry. */
static bool is_at_its_place(const struct receipt *receipt, uint64_t index)
{
    struct sj_entry entry;
    return receipt->entry.len == 0 ||
           sj_failed(sj_entry_decode(sj_buf_view(&receipt->entry), &entry)) || entry.index == index;
}

static void judge(enum sj_tlog_proof_verdict found, struct sj_verify_report *report)
{
    switch (found) {
    case SJ_PROOF_HOLDS:
        say(report, SJ_VERIFIED, "");
        report->entries_checked = 1;
        return;
    case SJ_PROOF_MALFORMED:
        say(report, SJ_INCOMPLETE, "this is no receipt");
        return;
    case SJ_PROOF_UNSIGNED:
        say(report, SJ_INCOMPLETE, "the receipt has no signature by a log of the policy");
        return;
    case SJ_PROOF_FORGED:
        say(report, SJ_TAMPERED, "the receipt's signature by a key of the policy does not hold");
        return;
    case SJ_PROOF_NO_QUORUM:
        say(report, SJ_INCOMPLETE, "the receipt lacks the quorum of witnesses");
        return;
    case SJ_PROOF_WRONG:
        say(report, SJ_TAMPERED, "the entry is not in the signed tree at the receipt's place");
        return;
    }
}

static sj_status check(struct receipt *receipt, struct sj_verify_report *report)
{
    enum sj_tlog_proof_verdict found = SJ_PROOF_MALFORMED;
    struct sj_tlog_proof proof;
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    const struct sj_view bytes = sj_buf_view(&receipt->proof);
    if (receipt->entry.len != 0) {
        struct sj_hash leaf;
        TRY(sj_leaf_hash(sj_buf_view(&receipt->entry), &leaf));
        if (receipt->has_leaf && !sj_hash_equal(&leaf, &receipt->leaf)) {
            say(report, SJ_TAMPERED, "the receipt is for another entry");
            return SJ_DONE;
        }
        receipt->leaf = leaf;
        receipt->has_leaf = true;
    }
    TRY(sj_tlog_proof_verify(bytes, &receipt->policy, &receipt->leaf, &found));
    judge(found, report);
    if (found == SJ_PROOF_MALFORMED || sj_failed(sj_tlog_proof_parse(bytes, &proof))) {
        return SJ_DONE;
    }
    TRY(sj_tlog_policy_open(&receipt->policy, proof.checkpoint, &note, &checkpoint, &state));
    if (state == SJ_NOTE_GOOD) {
        report->size = checkpoint.size;
        (void)snprintf(report->checkpoint, sizeof report->checkpoint, "%.*s %llu",
            (int)checkpoint.origin.len, checkpoint.origin.ptr, (unsigned long long)checkpoint.size);
    }
    report->has_bad_index = report->verdict == SJ_TAMPERED;
    report->bad_index = proof.index;
    if (!receipt->has_leaf && state == SJ_NOTE_GOOD) {
        report->has_bad_index = false;
        say(report, SJ_INCOMPLETE,
            "a receipt does not say what for: give the entry (--entry) or its hash (--leaf)");
    } else if (report->verdict == SJ_VERIFIED && !is_at_its_place(receipt, proof.index)) {
        report->has_bad_index = true;
        say(report, SJ_TAMPERED, "the entry names another index than its place");
    }
    return SJ_DONE;
}

static sj_status read_policy(const char *path, struct sj_tlog_policy *policy)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_TEXT_MAX);
    size_t line = 0;
    TRY(sj_read_file(path, &text));
    return sj_tlog_policy_parse(sj_buf_view(&text), policy, &line);
}

static bool is_json(const struct sj_buf *bytes)
{
    return bytes->len != 0 && bytes->ptr[0] == '{';
}

int verify_proof_run(const struct verify_proof *arguments, struct verify_show *show)
{
    struct sj_verify_report report = {.verdict = SJ_INCOMPLETE};
    void *memory = NULL;
    if (sj_failed(sj_alloc(1, sizeof(struct receipt), &memory))) {
        return verify_show_complain("memory is exhausted", "");
    }
    CLEANUP(receipt_clear) struct receipt *receipt = memory;
    receipt->proof = SJ_BUF(SJ_TLOG_PROOF_MAX);
    receipt->entry = SJ_BUF(ENTRY_MAX);
    if (sj_failed(read_policy(arguments->policy, &receipt->policy))) {
        return verify_show_complain("the policy cannot be read, or is none", arguments->policy);
    }
    if (sj_failed(sj_read_file(arguments->proof, &receipt->proof))) {
        return verify_show_complain("the receipt cannot be read", arguments->proof);
    }
    if (arguments->entry != NULL &&
        (sj_failed(sj_read_file(arguments->entry, &receipt->entry)) || receipt->entry.len == 0)) {
        return verify_show_complain("the entry cannot be read", arguments->entry);
    }
    if (is_json(&receipt->proof) && sj_failed(read_json(receipt))) {
        say(&report, SJ_INCOMPLETE, "this is no receipt");
        return verify_show_report(show, &report);
    }
    if (arguments->leaf != NULL) {
        struct sj_hash leaf;
        if (sj_failed(parse_hash(sj_text_of(arguments->leaf), &leaf))) {
            return verify_show_complain("--leaf is 32 bytes in base64 or hex", arguments->leaf);
        }
        if (receipt->has_leaf && !sj_hash_equal(&leaf, &receipt->leaf)) {
            say(&report, SJ_TAMPERED, "the receipt is for another entry");
            return verify_show_report(show, &report);
        }
        receipt->leaf = leaf;
        receipt->has_leaf = true;
    }
    if (sj_failed(check(receipt, &report))) {
        return verify_show_complain("could not finish the check", "");
    }
    return verify_show_report(show, &report);
}
