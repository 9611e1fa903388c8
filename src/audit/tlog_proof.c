/* SPDX-License-Identifier: Apache-2.0
 *
 * Does this receipt hold? C2SP tlog-proof, read strictly: one spelling of every number and hash, at most 63 hashes, and what
 * follows the blank line is the checkpoint to the last byte. Whoever stores such a file convicts the log of every later
 * omission, so a file that means two things would be worth nothing.
 */
#include "sanjeh/audit/tlog_proof.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"

#define FIRST_LINE  "c2sp.org/tlog-proof@v1"
#define EXTRA_START "extra "
#define INDEX_START "index "

/* A line with its newline, which must be there. */
static sj_status take_line(struct sj_text *rest, struct sj_text *ret_line)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == '\n') {
            *ret_line = (struct sj_text){rest->ptr, i};
            *rest = (struct sj_text){rest->ptr + i + 1, rest->len - i - 1};
            return SJ_DONE;
        }
    }
    FAIL(INVALID);
}

static struct sj_text behind(struct sj_text line, const char *start)
{
    const size_t len = __builtin_strlen(start);
    return (struct sj_text){line.ptr + len, line.len - len};
}

static sj_status parse_hash(struct sj_text line, struct sj_proof *proof)
{
    CLEANUP(sj_buf_clear) struct sj_buf hash = SJ_BUF(SJ_HASH_SIZE + 3);
    /* @cite C2SP tlog-proof: a tree of 2^63 leaves needs 63 */
    ENSURE(proof->count < SJ_PROOF_MAX - 1, INVALID);
    ENSURE(!sj_failed(sj_parse_base64(line, &hash)) && hash.len == SJ_HASH_SIZE, INVALID);
    return sj_copy(proof->hashes[proof->count++].bytes, SJ_HASH_SIZE, hash.ptr, hash.len);
}

static sj_status check_extra(struct sj_text extra)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_TLOG_PROOF_MAX);
    ENSURE(extra.len > 0 && !sj_failed(sj_parse_base64(extra, &bytes)), INVALID);
    return SJ_DONE;
}

sj_status sj_tlog_proof_parse(struct sj_view bytes, struct sj_tlog_proof *ret_proof)
{
    struct sj_text rest;
    struct sj_text line;
    struct sj_tlog_proof proof = {.extra = {"", 0}};
    ENSURE(!sj_failed(sj_text_check(bytes, SJ_TLOG_PROOF_MAX, &rest)), INVALID);
    TRY(take_line(&rest, &line));
    ENSURE(sj_text_is(line, FIRST_LINE), INVALID);
    TRY(take_line(&rest, &line));
    if (sj_text_starts(line, EXTRA_START)) {
        proof.extra = behind(line, EXTRA_START);
        TRY(check_extra(proof.extra));
        TRY(take_line(&rest, &line));
    }
    ENSURE(sj_text_starts(line, INDEX_START), INVALID);
    ENSURE(!sj_failed(sj_parse_u64(behind(line, INDEX_START), 0, INT64_MAX - 1, &proof.index)),
        INVALID);
    TRY(take_line(&rest, &line));
    while (line.len > 0) {
        TRY(parse_hash(line, &proof.proof));
        TRY(take_line(&rest, &line));
    }
    ENSURE(rest.len > 0, INVALID);
    proof.checkpoint = sj_text_bytes(rest);
    *ret_proof = proof;
    return SJ_DONE;
}

sj_status sj_tlog_proof_verify(struct sj_view bytes, const struct sj_tlog_policy *policy,
    const struct sj_hash *leaf, enum sj_tlog_proof_verdict *ret_verdict)
{
    struct sj_tlog_proof proof;
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    bool is_in = false;
    *ret_verdict = SJ_PROOF_MALFORMED;
    if (sj_failed(sj_tlog_proof_parse(bytes, &proof))) {
        return SJ_DONE;
    }
    TRY(sj_tlog_policy_open(policy, proof.checkpoint, &note, &checkpoint, &state));
    if (state == SJ_NOTE_MALFORMED) {
        return SJ_DONE;
    }
    if (state != SJ_NOTE_GOOD) {
        *ret_verdict = state == SJ_NOTE_FORGED ? SJ_PROOF_FORGED : SJ_PROOF_UNSIGNED;
        return SJ_DONE;
    }
    TRY(sj_inclusion_verify(proof.index, checkpoint.size, leaf, proof.proof.hashes,
        proof.proof.count, &checkpoint.root, &is_in));
    if (!is_in) {
        *ret_verdict = SJ_PROOF_WRONG;
    } else if (!sj_tlog_policy_has_quorum(policy, &note)) {
        *ret_verdict = SJ_PROOF_NO_QUORUM;
    } else {
        *ret_verdict = SJ_PROOF_HOLDS;
    }
    return SJ_DONE;
}
