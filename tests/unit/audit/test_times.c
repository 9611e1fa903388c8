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
#include "sanjeh/audit/tar.h"
#include "sanjeh/audit/verify.h"
#include "test.h"

#define LAST_S (INT64_C(1790000000) + 9) /* of 10,000 entries, a millisecond apart */

struct rig {
    size_t count;
    const char *state; /* NULL: none */
    struct maker maker;
    char bundle[64];
    char policy[64];
};

static void begin(struct rig *rig)
{
    maker_init(&rig->maker, rig->count, 100, 1);
    (void)snprintf(rig->bundle, sizeof rig->bundle, "/tmp/sanjeh-times-%d.tar", getpid());
    (void)snprintf(rig->policy, sizeof rig->policy, "/tmp/sanjeh-times-%d.policy", getpid());
}

static void end(struct rig *rig)
{
    (void)unlink(rig->bundle);
    (void)unlink(rig->policy);
    maker_clear(&rig->maker);
}

static struct sj_verify_report verify(struct rig *rig, const char *tsa_ca)
{
    struct sj_verify_report report;
    const struct sj_verify_options options = {
        .policy_path = rig->policy, .tsa_ca_path = tsa_ca, .state_path = rig->state};
    CHECK_OK(sj_bundle_verify(rig->bundle, &options, &report));
    return report;
}

/* ---- cosignatures ---- */

static struct sj_verify_report cosigned_at(int64_t time_s)
{
    struct rig rig = {.count = 600};
    const struct sj_key seed = {{77}};
    const struct maker_output output = {.tiles = MAKER_TILES_SIGNED};
    struct sj_signing_key *secret = NULL;
    struct sj_note_key key;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF((size_t)64 << 20);
    CLEANUP(sj_buf_clear) struct sj_buf policy = SJ_BUF(4096);
    begin(&rig);
    CHECK_OK(sj_signing_key_new(&seed, &secret));
    sj_signing_key_public(secret, public_key);
    CHECK_OK(sj_note_key_make(SJ_TEXT("w.example"), 4, public_key, &key));
    struct sj_text text = {(const char *)rig.maker.checkpoint.ptr, 0};
    while (memcmp(text.ptr + text.len, "\n\n", 2) != 0) {
        text.len++;
    }
    text.len++;
    CHECK_OK(sj_note_cosign(text, &key, secret, time_s, &rig.maker.checkpoint));
    CHECK_OK(sj_buf_put_str(&policy, "log "));
    CHECK_OK(sj_note_key_format(&rig.maker.key, &policy));
    CHECK_OK(sj_buf_put_str(&policy, "\nwitness w "));
    CHECK_OK(sj_note_key_format(&key, &policy));
    CHECK_OK(sj_buf_put_str(&policy, "\nquorum w\n"));
    maker_tar(&rig.maker, &output, &tar);
    maker_write(rig.bundle, sj_buf_view(&tar));
    maker_write(rig.policy, sj_buf_view(&policy));
    const struct sj_verify_report report = verify(&rig, NULL);
    sj_signing_key_free(&secret);
    end(&rig);
    return report;
}

TEST(attack_09_entries_later_than_their_cosignature_are_found)
{
    CHECK(cosigned_at(LAST_S).verdict == SJ_VERIFIED);
    CHECK(cosigned_at(LAST_S - 250).verdict == SJ_VERIFIED); /* clocks differ */
    const struct sj_verify_report report = cosigned_at(LAST_S - 1000);
    CHECK(report.verdict == SJ_TAMPERED && strstr(report.cause, "witnesses") != NULL);
}

/* ---- tokens ---- */

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

/* The maker's bundle with a member `timestamps` of one token over its note number `number`. */
static struct sj_verify_report stamped_log(struct rig rig, size_t number, bool with_ca)
{
    const struct maker_output output = {.tiles = MAKER_TILES_SIGNED};
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF((size_t)64 << 20);
    CLEANUP(sj_buf_clear) struct sj_buf stamps = SJ_BUF(65536);
    CLEANUP(sj_buf_clear) struct sj_buf policy = SJ_BUF(4096);
    begin(&rig);
    const uint8_t *at = rig.maker.notes.ptr;
    for (size_t i = 0; i < number; i++) {
        at += 2 + ((size_t)at[0] << 8 | at[1]);
    }
    put_part(&stamps, sj_view_of(at + 2, (size_t)at[0] << 8 | at[1]));
    if (number == 0 && getenv("SANJEH_WRITE_NOTE") != NULL) { /* to have it stamped anew */
        maker_write(getenv("SANJEH_WRITE_NOTE"), sj_view_of(stamps.ptr + 2, stamps.len - 2));
    }
    put_part(&stamps, file_of("token.tsr"));
    maker_tar(&rig.maker, &output, &tar);
    tar.len -= (size_t)2 * SJ_TAR_BLOCK;
    CHECK_OK(sj_tar_put_header(&tar, SJ_TEXT("timestamps"), stamps.len));
    CHECK_OK(sj_buf_put_view(&tar, sj_buf_view(&stamps)));
    CHECK_OK(sj_tar_put_padding(&tar, stamps.len));
    CHECK_OK(sj_tar_put_end(&tar));
    maker_policy(&rig.maker, &policy);
    maker_write(rig.bundle, sj_buf_view(&tar));
    maker_write(rig.policy, sj_buf_view(&policy));
    const struct sj_verify_report report =
        verify(&rig, with_ca ? SJ_TEST_SOURCE "/tests/data/stamp/ca.pem" : NULL);
    end(&rig);
    return report;
}

static struct sj_verify_report stamped(size_t number, bool with_ca)
{
    return stamped_log((struct rig){.count = 600}, number, with_ca);
}

TEST(attack_09_entries_behind_a_token_that_are_older_are_found)
{
    const struct sj_verify_report report = stamped(0, true);
    CHECK(report.verdict == SJ_TAMPERED && report.has_bad_index && report.bad_index == 100);
    CHECK(strstr(report.cause, "before a token of time") != NULL);
    CHECK(stamped(0, false).verdict == SJ_VERIFIED); /* nobody asked for tokens to be believed */
}

TEST(attack_16_token_over_another_note_vouches_for_nothing)
{
    const struct sj_verify_report report = stamped(1, true);
    CHECK(report.verdict == SJ_INCOMPLETE && strstr(report.cause, "token of time") != NULL);
}

/* What a token says of the entries behind it is remembered by a state, and is not said of those in front of it. */
TEST(attack_09_entries_behind_a_token_that_the_run_before_has_seen)
{
    char state[64];
    (void)snprintf(state, sizeof state, "/tmp/sanjeh-times-%d.state", getpid());
    struct sj_verify_report report =
        stamped_log((struct rig){.count = 100, .state = state}, 0, true);
    CHECK(report.verdict == SJ_VERIFIED && report.resumed_from == 0);
    report = stamped_log((struct rig){.count = 100, .state = state}, 0, true);
    CHECK(report.verdict == SJ_VERIFIED && report.resumed_from == 100);
    report = stamped_log((struct rig){.count = 600, .state = state}, 0, true);
    CHECK(report.verdict == SJ_TAMPERED && report.resumed_from == 100 && report.bad_index == 100);
    CHECK(strstr(report.cause, "before a token of time") != NULL);
    (void)unlink(state);
}
