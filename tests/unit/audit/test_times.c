/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a record that was dated otherwise than its outside clocks say found out? The maker's entries bear times of September 2026. The token in
 * tests/data/stamp was given two months later by `openssl ts` over the note of the first batch, so every entry behind it is backdated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logmaker.h"
#include "panel.h"
#include "sanjeh/audit/tar.h"
#include "test.h"

#define COUNT  600
#define SEEN   100                 /* entries that everybody has seen before */
#define LAST_S INT64_C(1790000000) /* of the entries, a millisecond apart */
#define CA     SJ_TEST_SOURCE "/tests/data/stamp/ca.pem"

static void put_part(struct sj_buf *out, struct sj_view part)
{
    CHECK_OK(sj_buf_put_u16(out, (uint16_t)part.len));
    CHECK_OK(sj_buf_put_view(out, part));
}

static struct sj_view file_of(const char *name)
{
    static uint8_t room[2][16384];
    static size_t used;
    char path[512];
    uint8_t *bytes = room[used++ % 2];
    (void)snprintf(path, sizeof path, SJ_TEST_SOURCE "/tests/data/stamp/%s", name);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    const size_t got = file == NULL ? 0 : fread(bytes, 1, sizeof room[0], file);
    if (file != NULL) {
        (void)fclose(file);
    }
    return sj_view_of(bytes, got);
}

/* The maker's bundle; with a member `timestamps` of one token over its note number `stamped`, from 1; 0: none. */
static void put(struct outsiders *who, const struct maker *maker, size_t stamped)
{
    const struct maker_output output = {.tiles = MAKER_TILES_SIGNED};
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF((size_t)64 << 20);
    CLEANUP(sj_buf_clear) struct sj_buf stamps = SJ_BUF(65536);
    maker_tar(maker, &output, &tar);
    if (stamped != 0) {
        const uint8_t *at = maker->notes.ptr;
        for (size_t i = 1; i < stamped; i++) {
            at += 2 + ((size_t)at[0] << 8 | at[1]);
        }
        put_part(&stamps, sj_view_of(at + 2, (size_t)at[0] << 8 | at[1]));
        if (stamped == 1 && getenv("SANJEH_WRITE_NOTE") != NULL) { /* to have it stamped anew */
            maker_write(getenv("SANJEH_WRITE_NOTE"), sj_view_of(stamps.ptr + 2, stamps.len - 2));
        }
        put_part(&stamps, file_of("token.tsr"));
        tar.len -= (size_t)2 * SJ_TAR_BLOCK;
        CHECK_OK(sj_tar_put_header(&tar, SJ_TEXT("timestamps"), stamps.len));
        CHECK_OK(sj_buf_put_view(&tar, sj_buf_view(&stamps)));
        CHECK_OK(sj_tar_put_padding(&tar, stamps.len));
        CHECK_OK(sj_tar_put_end(&tar));
    }
    maker_write(who->bundle, sj_buf_view(&tar));
}

static void begin(struct outsiders *who)
{
    struct maker honest;
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(2048);
    CHECK_OK(sj_crypto_init());
    maker_init(&honest, SEEN, SEEN, 1);
    CHECK_OK(sj_buf_put_str(&lines, "log "));
    CHECK_OK(sj_note_key_format(&honest.key, &lines));
    CHECK_OK(sj_buf_put_byte(&lines, '\n'));
    outsiders_open(who, sj_buf_text(&lines), &honest.key, 1);
    put(who, &honest, 1);
    outsiders_remember(who, honest.leaves, SEEN);
    maker_clear(&honest);
}

/* Everybody has seen the first hundred entries, stamped as they are. */
static void ask(
    struct outsiders *who, const struct maker *maker, size_t stamped, const struct panel *expected)
{
    who->tsa_ca = stamped == 0 ? NULL : CA; /* who asks for tokens wants to see some */
    put(who, maker, stamped);
    outsiders_expect(who, maker->leaves, COUNT, expected);
}

/* ---- attack 9 ---- */

static void earlier(struct sj_entry *entry)
{
    entry->time -= 1001;
}

#define WENT_BACK                                                                                  \
    "tampered at 321: the entry's time is before the one in front of it (" MAKER_ORIGIN " 400)"
#define TOO_LATE                                                                                   \
    "tampered at 599: the entry's time is after its witnesses saw it (" MAKER_ORIGIN " 600)"

static void cosign(const struct outsiders *who, struct maker *maker, int64_t time_s)
{
    struct sj_text text = {(const char *)maker->checkpoint.ptr, 0};
    while (memcmp(text.ptr + text.len, "\n\n", 2) != 0) {
        text.len++;
    }
    text.len++;
    CHECK_OK(
        sj_note_cosign(text, &who->witness_key, who->witness_secret, time_s, &maker->checkpoint));
}

static void ask_edited(maker_edit_fn *edit, size_t stamped, const struct panel *expected)
{
    struct outsiders who;
    struct maker maker;
    begin(&who);
    maker_init_edited(&maker, COUNT, 100, 321, edit);
    ask(&who, &maker, stamped, expected);
    maker_clear(&maker);
    outsiders_close(&who);
}

static void ask_cosigned(int64_t time_s, const char *cause)
{
    struct outsiders who;
    struct maker maker;
    begin(&who);
    maker_init(&maker, COUNT, 100, 1);
    cosign(&who, &maker, time_s);
    ask(&who, &maker, 0,
        &(struct panel){.verifier = cause, .since = cause, .state = cause, .seen = cause});
    maker_clear(&maker);
    outsiders_close(&who);
}

/* The witness reads no entries: it has nothing to say about any of these. */
TEST(attack_09_times_that_go_back_or_that_others_clocks_contradict)
{
    /* a forged time field: no signature makes it right */
    ask_edited(earlier, 0,
        &(struct panel){
            .verifier = WENT_BACK, .since = WENT_BACK, .state = WENT_BACK, .seen = WENT_BACK});
    /* a clock set back, and never forward again: only who asks for tokens is told */
    ask_edited(NULL, 1,
        &(struct panel){.tokens =
                            "tampered at 100: the entry's time is before a token of time over the "
                            "entries in front of it (" MAKER_ORIGIN " 200)"});
    /* a clock set forward: the witness saw the tree before its entries were */
    ask_cosigned(LAST_S, NULL);
    ask_cosigned(LAST_S - 250, NULL); /* clocks differ */
    ask_cosigned(LAST_S - 1000, TOO_LATE);
}

/* What a token says of the entries behind it is remembered by a state, and is not said of those in front of it. */
static struct sj_verify_report go_on(struct outsiders *who, size_t count)
{
    struct sj_verify_report report;
    struct maker maker;
    char state[128];
    (void)snprintf(state, sizeof state, "%s.tokens", who->state);
    const struct sj_verify_options options = {
        .policy_path = who->policy, .tsa_ca_path = CA, .state_path = state};
    maker_init(&maker, count, 100, 1);
    put(who, &maker, 1);
    CHECK_OK(sj_bundle_verify(who->bundle, &options, &report));
    maker_clear(&maker);
    return report;
}

TEST(times_behind_a_token_that_the_run_before_has_seen)
{
    struct outsiders who;
    begin(&who);
    struct sj_verify_report report = go_on(&who, 100);
    CHECK(report.verdict == SJ_VERIFIED && report.resumed_from == 0);
    report = go_on(&who, 100);
    CHECK(report.verdict == SJ_VERIFIED && report.resumed_from == 100);
    report = go_on(&who, COUNT);
    CHECK(report.verdict == SJ_TAMPERED && report.resumed_from == 100 && report.bad_index == 100);
    CHECK(strstr(report.cause, "before a token of time") != NULL);
    outsiders_close(&who);
}

/* ---- attack 16 ---- */

TEST(attack_16_token_over_another_note_vouches_for_nothing)
{
    struct outsiders who;
    struct maker maker;
    begin(&who);
    maker_init(&maker, COUNT, 100, 1);
    ask(&who, &maker, 2,
        &(struct panel){.tokens = "incomplete: a token of time does not hold by --tsa-ca ("});
    maker_clear(&maker);
    outsiders_close(&who);
}
