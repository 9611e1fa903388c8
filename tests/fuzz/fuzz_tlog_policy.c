/* SPDX-License-Identifier: Apache-2.0
 *
 * A verifier's trust file, and names of tiles: any bytes give a policy that can be evaluated, or a refusal; a name
 * that is accepted is the one spelling of its tile.
 */
#include "sanjeh/audit/tile_path.h"
#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_name(struct sj_view bytes)
{
    struct sj_text text;
    struct sj_tile_name name;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(256);
    if (sj_failed(sj_text_check(bytes, 256, &text)) || sj_failed(sj_tile_name_parse(text, &name))) {
        return;
    }
    SJ_ASSERT(!sj_failed(sj_tile_name_format(&name, &out)));
    SJ_ASSERT(sj_text_equal(sj_buf_text(&out), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sj_view bytes = sj_view_of(data, size);
    CLEANUP(sj_freep) void *memory = NULL;
    size_t line = 0;
    if (sj_failed(sj_crypto_init()) ||
        sj_failed(sj_alloc(1, sizeof(struct sj_tlog_policy), &memory))) {
        return 0;
    }
    struct sj_tlog_policy *policy = memory;
    if (!sj_failed(sj_tlog_policy_parse(bytes, policy, &line))) {
        struct sj_note note = {.verified = {true, false, true}};
        SJ_ASSERT(policy->key_count >= 1 && policy->key_count <= SJ_NOTE_KEYS_MAX);
        const bool holds = sj_tlog_policy_has_quorum(policy, &note);
        note.verified[1] = true;
        /* more signatures never break a quorum */
        SJ_ASSERT(!holds || sj_tlog_policy_has_quorum(policy, &note));
    }
    try_name(bytes);
    return 0;
}
