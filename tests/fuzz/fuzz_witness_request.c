/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of add-checkpoint: any bytes are refused, or written back they are the same body.
 */
#include "sanjeh/base/buf.h"
#include "sanjeh/witness/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sj_view bytes = sj_view_of(data, size);
    struct sj_witness_request request;
    uint64_t number = 0;
    (void)sj_failed(sj_witness_size_parse(bytes, &number));
    if (sj_failed(sj_witness_request_parse(bytes, &request))) {
        return 0;
    }
    SJ_ASSERT(request.proof_count <= SJ_WITNESS_PROOF_MAX && request.checkpoint.len > 0);
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(SJ_WITNESS_BODY_MAX);
    SJ_ASSERT(!sj_failed(sj_witness_request_format(
        request.old_size, request.proof, request.proof_count, request.checkpoint, &out)));
    SJ_ASSERT(sj_view_equal(sj_buf_view(&out), bytes));
    return 0;
}
