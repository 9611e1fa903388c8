/* SPDX-License-Identifier: Apache-2.0
 *
 * Receipts as files (C2SP tlog-proof): any bytes are refused, or written back they are the same file, but for the line that
 * nobody vouches for; and nothing holds under a policy whose keys nobody has.
 */
#include "sanjeh/audit/tlog_proof.h"
#include "sanjeh/base/memory.h"

static const char policy_text[] =
    "log PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\nquorum none\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sj_tlog_policy policy;
    const struct sj_view bytes = sj_view_of(data, size);
    const struct sj_hash leaf = {{0}};
    struct sj_tlog_proof proof;
    enum sj_tlog_proof_verdict verdict = SJ_PROOF_HOLDS;
    size_t line = 0;
    SJ_ASSERT(!sj_failed(sj_crypto_init()));
    SJ_ASSERT(!sj_failed(
        sj_tlog_policy_parse(sj_view_of(policy_text, sizeof(policy_text) - 1), &policy, &line)));
    if (sj_failed(sj_tlog_proof_verify(bytes, &policy, &leaf, &verdict))) {
        return 0;
    }
    SJ_ASSERT(verdict != SJ_PROOF_HOLDS);
    if (sj_failed(sj_tlog_proof_parse(bytes, &proof))) {
        SJ_ASSERT(verdict == SJ_PROOF_MALFORMED);
        return 0;
    }
    SJ_ASSERT(proof.proof.count < SJ_PROOF_MAX && proof.checkpoint.len > 0);
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(SJ_TLOG_PROOF_MAX);
    SJ_ASSERT(!sj_failed(sj_proof_format(proof.index, &proof.proof, proof.checkpoint, &out)));
    if (proof.extra.len == 0) {
        SJ_ASSERT(sj_view_equal(sj_buf_view(&out), bytes));
    }
    return 0;
}
