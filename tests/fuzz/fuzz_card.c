/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a report card from anywhere break sanjeh-verify? The input is the JSON and, behind the first byte FF, what its note says. The same
 * bytes are tried as a note, and as the text of a note that this target signs, so that what lies behind the signature is reached.
 * Nothing but canonical bytes that agree with what was signed is ever called verified.
 */
#include "sanjeh/base/buf.h"
#include "sanjeh/card/verify.h"
#include <stdio.h>
#include <string.h>

#define NOTE_TEXT_MAX 4096u

struct pair {
    struct sj_note_key key;
    struct sj_signing_key *secret;
};

static const struct pair *the_pair(void)
{
    static struct pair pair;
    if (pair.secret == NULL) {
        struct sj_key seed;
        uint8_t public_key[SJ_ED25519_PUBLIC];
        memset(seed.bytes, 9, sizeof seed.bytes);
        SJ_ASSERT(!sj_failed(sj_crypto_init()));
        SJ_ASSERT(!sj_failed(sj_signing_key_new(&seed, &pair.secret)));
        sj_signing_key_public(pair.secret, public_key);
        SJ_ASSERT(!sj_failed(
            sj_note_key_make(SJ_TEXT("log.example/report-card"), 1, public_key, &pair.key)));
    }
    return &pair;
}

static void verify(struct sj_view json, struct sj_view note)
{
    struct sj_card_claim claim;
    struct sj_card_report report;
    if (sj_failed(sj_card_verify(json, note, &the_pair()->key, &claim, &report))) {
        return;
    }
    SJ_ASSERT(report.cards == 1 && memchr(report.cause, 0, sizeof report.cause) != NULL);
    SJ_ASSERT((report.verdict == SJ_VERIFIED) == (report.cause[0] == '\0'));
    if (report.verdict == SJ_VERIFIED) {
        struct sj_hash hash;
        SJ_ASSERT(!sj_failed(sj_sha256_one(json, &hash)));
        SJ_ASSERT(sj_hash_equal(&hash, &claim.content) && claim.number > 0);
    }
}

static void verify_signed(struct sj_view json, struct sj_text text)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(2 * NOTE_TEXT_MAX);
    if (text.len <= NOTE_TEXT_MAX &&
        !sj_failed(sj_note_sign(text, &the_pair()->key, the_pair()->secret, &note))) {
        verify(json, sj_buf_view(&note));
    }
}

/* A true signature over these very bytes: what is wrong then is wrong in the JSON. */
static void verify_hashed(struct sj_view json)
{
    char text[512];
    char hex[2 * SJ_HASH_SIZE + 1];
    struct sj_hash hash;
    SJ_ASSERT(!sj_failed(sj_sha256_one(json, &hash)));
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", hash.bytes[i]);
    }
    (void)snprintf(text, sizeof text, "%s\n11111111-1111-1111-1111-111111111111\n1\n%064d\n%s\n",
        SJ_CARD_NOTE_FORMAT, 0, hex);
    verify_signed(json, sj_text_of(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *border = size == 0 ? NULL : memchr(data, 0xff, size);
    const size_t json_len = border == NULL ? size : (size_t)(border - data);
    const struct sj_view json = sj_view_of(data, json_len);
    const struct sj_view said =
        border == NULL ? sj_view_of(data, size) : sj_view_of(border + 1, size - json_len - 1);
    struct sj_card_claim claim;
    if (!sj_failed(
            sj_card_claim_parse((struct sj_text){(const char *)said.ptr, said.len}, &claim))) {
        SJ_ASSERT(claim.number > 0 && claim.number <= INT64_MAX);
    }
    verify(json, said);
    verify_signed(json, (struct sj_text){(const char *)said.ptr, said.len});
    verify_hashed(json);
    return 0;
}
