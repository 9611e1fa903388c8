/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a report card's signature say?
 * Exactly five lines that this file writes itself from fixed-size parts: no byte of the text is the front's choice
 * beyond an id, a number and two hashes. The first line is the format's name, which no checkpoint can have (its first
 * line is the log's origin), and the key is derived for this purpose alone, so neither key signs the other's words. The
 * keeper does not know the chain: that its numbers follow one another is the database's rule, and any reader's to check.
 */
#include "card_signer.h"
#include "sanjeh/base/memory.h"

#define NAME_SUFFIX "/report-card"

struct card_signer {
    struct sj_signing_key *secret;
    struct sj_note_key note_key;
};

sj_status card_signer_name(struct sj_text origin, struct sj_buf *ret_name)
{
    ENSURE(!sj_failed(sj_buf_put_text(ret_name, origin)), BAD_CONFIG);
    ENSURE(!sj_failed(sj_buf_put_str(ret_name, NAME_SUFFIX)), BAD_CONFIG);
    return SJ_DONE;
}

sj_status card_signer_new(
    struct sj_text name, const struct sj_key *seed, struct card_signer **ret_signer)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct card_signer), &memory));
    CLEANUP(card_signer_free) struct card_signer *signer = memory;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    TRY(sj_signing_key_new(seed, &signer->secret));
    sj_signing_key_public(signer->secret, public_key);
    ENSURE(!sj_failed(sj_note_key_make(name, 1, public_key, &signer->note_key)), BAD_CONFIG);
    *ret_signer = TAKE(signer);
    return SJ_DONE;
}

void card_signer_free(struct card_signer **signer)
{
    if (*signer != NULL) {
        sj_signing_key_free(&(*signer)->secret);
        sj_free(*signer);
        *signer = NULL;
    }
}

sj_status card_signer_vkey(const struct card_signer *signer, struct sj_buf *ret_vkey)
{
    return sj_note_key_format(&signer->note_key, ret_vkey);
}

static sj_status put_hash_line(struct sj_buf *text, const struct sj_hash *hash)
{
    TRY(sj_buf_put_hex(text, sj_view_of(hash->bytes, SJ_HASH_SIZE)));
    return sj_buf_put_byte(text, '\n');
}

sj_status card_signer_sign(
    const struct card_signer *signer, const struct sj_card_claim *claim, struct sj_buf *ret_note)
{
    static const struct sj_hash nothing = {{0}};
    ENSURE(claim->number >= 1 && claim->number <= INT64_MAX, INVALID);
    ENSURE((claim->number == 1) == sj_hash_equal(&claim->former, &nothing), INVALID);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(512);
    char id[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(claim->evaluation, id);
    TRY(sj_buf_put_str(&text, SJ_CARD_NOTE_FORMAT "\n"));
    TRY(sj_buf_put_str(&text, id));
    TRY(sj_buf_put_byte(&text, '\n'));
    TRY(sj_buf_put_decimal(&text, (int64_t)claim->number));
    TRY(sj_buf_put_byte(&text, '\n'));
    TRY(put_hash_line(&text, &claim->former));
    TRY(put_hash_line(&text, &claim->content));
    return sj_note_sign(sj_buf_text(&text), &signer->note_key, signer->secret, ret_note);
}
