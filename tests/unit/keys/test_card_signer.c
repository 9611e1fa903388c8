/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the keeper sign report cards and, with that key, nothing that could pass for anything else?
 */
#include "keeper_fixture.h"
#include "sanjeh/crypto/note.h"
#include <string.h>

static struct sj_card_claim some_claim(uint64_t number)
{
    struct sj_card_claim claim = {.number = number};
    memset(claim.evaluation.bytes, 0x11, sizeof(claim.evaluation.bytes));
    memset(claim.content.bytes, 0xcc, SJ_HASH_SIZE);
    if (number > 1) {
        memset(claim.former.bytes, 0xbb, SJ_HASH_SIZE);
    }
    return claim;
}

TEST(card_note_has_five_lines_and_verifies_by_its_own_key_alone)
{
    static const char expected[] =
        "sanjeh/report-card/1\n11111111-1111-1111-1111-111111111111\n7\n"
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
        "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\n";
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    const struct sj_card_claim claim = some_claim(7);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(4096);
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf log_vkey = SJ_BUF(1024);
    REQUIRE_OK(ask_sign_card(fixture.channel, &claim, &text));
    REQUIRE_OK(ask_card_vkey(fixture.channel, &vkey));
    REQUIRE_OK(ask_log_vkey(fixture.channel, &log_vkey));
    struct sj_note_key keys[2];
    struct sj_note note;
    REQUIRE_OK(sj_note_key_parse(sj_buf_text(&vkey), &keys[0]));
    REQUIRE_OK(sj_note_key_parse(sj_buf_text(&log_vkey), &keys[1]));
    CHECK(strcmp(keys[0].name, FIXTURE_ORIGIN "/report-card") == 0);
    CHECK(memcmp(keys[0].public_key, keys[1].public_key, SJ_ED25519_PUBLIC) != 0);
    REQUIRE_OK(sj_note_open(sj_buf_view(&text), keys, 1, &note));
    CHECK(sj_text_is(note.text, expected));
    CHECK_CODE(sj_note_open(sj_buf_view(&text), keys + 1, 1, &note), INVALID);
    struct sj_checkpoint checkpoint;
    CHECK(sj_failed(sj_checkpoint_parse(note.text, &checkpoint)));
    fixture_clear(&fixture);
}

TEST(card_claims_that_cannot_be_are_not_signed)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    struct sj_card_claim claim = some_claim(0);
    CHECK_CODE(ask_sign_card(fixture.channel, &claim, &note), INVALID);
    claim = some_claim(2);
    claim.number = 1; /* the first has none before it */
    CHECK_CODE(ask_sign_card(fixture.channel, &claim, &note), INVALID);
    claim = some_claim(1);
    claim.number = 2; /* a later one has */
    CHECK_CODE(ask_sign_card(fixture.channel, &claim, &note), INVALID);
    claim.number = UINT64_MAX;
    CHECK_CODE(ask_sign_card(fixture.channel, &claim, &note), INVALID);
    CHECK(note.len == 0);
    claim = some_claim(1);
    CHECK_OK(ask_sign_card(fixture.channel, &claim, &note));
    fixture_clear(&fixture);
}

TEST(card_is_not_signed_while_provisioning)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    CHECK_OK(ask_card_vkey(fixture.channel, &vkey));
    const struct sj_card_claim claim = some_claim(1);
    CHECK_CODE(ask_sign_card(fixture.channel, &claim, &note), KEEPER_UNAVAILABLE);
    CHECK(note.len == 0 && !sj_channel_is_open(fixture.channel));
    fixture_clear(&fixture);
}
