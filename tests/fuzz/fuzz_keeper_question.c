/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a hostile front break the keeper? The input is a row of questions, each behind its u16 length, put to a fresh
 * keeper's answering part with one unit loaded. Every answer must carry its question's id, and the root key must be in
 * none of them.
 */
#include "../../src/keys/answer.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/reader.h"
#include "sanjeh/keys/keeper.h"
#include <string.h>
#include <sys/mman.h>

static const struct sj_key root = {{'r', 'o', 'o', 't', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
static const struct sj_uuid unit = {{'u', 'n', 'i', 't'}};

static void start(struct answerer *answerer, enum sj_keeper_use phase)
{
    struct sj_key seed;
    struct sj_key state_key;
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(1024);
    answerer->phase = phase;
    SJ_ASSERT(!sj_failed(vault_new(sj_view_of(root.bytes, SJ_KEY_SIZE), &answerer->vault)));
    SJ_ASSERT(!sj_failed(vault_new_unit_key(answerer->vault, unit, 1, &wrapped)));
    SJ_ASSERT(!sj_failed(vault_load_unit_key(answerer->vault, unit, 1, sj_buf_view(&wrapped))));
    if (phase == SJ_KEEPER_SERVE) {
        int fd = memfd_create("signer", MFD_CLOEXEC);
        SJ_ASSERT(fd >= 0);
        SJ_ASSERT(!sj_failed(vault_signer_keys(
            answerer->vault, SJ_TEXT("log.example"), SJ_TEXT(""), &seed, &state_key)));
        SJ_ASSERT(!sj_failed(
            vault_vouch_key(answerer->vault, SJ_TEXT("log.example"), &answerer->vouch_key)));
        SJ_ASSERT(!sj_failed(
            signer_new(&fd, SJ_TEXT("log.example"), &seed, &state_key, &answerer->signer)));
    }
}

static bool ask(struct answerer *answerer, struct sj_view question, struct sj_buf *answer)
{
    if (sj_failed(answer_question(answerer, question, answer))) {
        return false;
    }
    SJ_ASSERT(answer->len >= 6 && memcmp(answer->ptr, question.ptr, 4) == 0);
    SJ_ASSERT(memmem(answer->ptr, answer->len, root.bytes, SJ_KEY_SIZE) == NULL);
    return true;
}

static void run(enum sj_keeper_use phase, struct sj_view input)
{
    struct answerer answerer = {0};
    struct sj_reader reader = sj_reader_of(input);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF((size_t)128 * 1024);
    start(&answerer, phase);
    uint16_t len = 0;
    while (!sj_failed(sj_read_u16(&reader, &len))) {
        struct sj_view question = {reader.ptr, len < reader.left ? len : reader.left};
        sj_ignore(sj_read_view(&reader, question.len, &question), "cut to what is left");
        if (!ask(&answerer, question, &answer)) {
            break; /* the channel would be closed */
        }
    }
    signer_free(&answerer.signer);
    vault_free(&answerer.vault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(SJ_KEEPER_PROVISION, sj_view_of(data, size));
    run(SJ_KEEPER_SERVE, sj_view_of(data, size));
    return 0;
}
