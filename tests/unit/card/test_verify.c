/* SPDX-License-Identifier: Apache-2.0
 *
 * Does whoever holds the public key see every changed byte of a card, of its note and of their order?
 */
#include "sanjeh/card/verify.h"
#include "test.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct card {
    char json[1024];
    struct sj_buf note;
    struct sj_card_claim claim;
};

static struct sj_note_key the_key;
static struct sj_signing_key *the_secret;

static void make_key(void)
{
    if (the_secret != NULL) {
        return;
    }
    struct sj_key seed;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    memset(seed.bytes, 7, sizeof(seed.bytes));
    CHECK_OK(sj_crypto_init());
    CHECK_OK(sj_signing_key_new(&seed, &the_secret));
    sj_signing_key_public(the_secret, public_key);
    CHECK_OK(sj_note_key_make(SJ_TEXT("log.example/report-card"), 1, public_key, &the_key));
}

static void hex(const struct sj_hash *hash, char out[65])
{
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", hash->bytes[i]);
    }
}

static void sign(struct card *card)
{
    char former[65];
    char content[65];
    char text[512];
    hex(&card->claim.former, former);
    hex(&card->claim.content, content);
    (void)snprintf(text, sizeof(text), "%s\n11111111-1111-1111-1111-111111111111\n%llu\n%s\n%s\n",
        SJ_CARD_NOTE_FORMAT, (unsigned long long)card->claim.number, former, content);
    sj_buf_clear(&card->note);
    card->note = SJ_BUF(4096);
    CHECK_OK(sj_note_sign(sj_text_of(text), &the_key, the_secret, &card->note));
}

static void make_card(uint64_t number, const struct sj_hash *former, struct card *card)
{
    char prev[65];
    make_key();
    *card = (struct card){.note = SJ_BUF(4096), .claim = {.number = number, .former = *former}};
    hex(former, prev);
    (void)snprintf(card->json, sizeof(card->json),
        "{\"chain\":{\"number\":%llu,\"prev_sha256\":\"%s\"},"
        "\"evaluation_id\":\"11111111-1111-1111-1111-111111111111\","
        "\"format\":\"sanjeh-report-card/1\",\"score\":\"84.25\",\"test\":false}",
        (unsigned long long)number, prev);
    CHECK_OK(sj_sha256_one(sj_view_of(card->json, strlen(card->json)), &card->claim.content));
    sign(card);
}

static enum sj_verdict verdict_of(const char *json, struct sj_view note)
{
    struct sj_card_report report;
    struct sj_card_claim claim;
    CHECK_OK(sj_card_verify(sj_view_of(json, strlen(json)), note, &the_key, &claim, &report));
    CHECK((report.verdict == SJ_VERIFIED) == (report.cause[0] == '\0'));
    return report.verdict;
}

TEST(card_verifies_and_no_byte_of_it_may_change)
{
    static const struct sj_hash none = {{0}};
    struct card card;
    make_card(1, &none, &card);
    CHECK(verdict_of(card.json, sj_buf_view(&card.note)) == SJ_VERIFIED);
    for (size_t i = 0; i < strlen(card.json); i++) {
        card.json[i] ^= 1;
        CHECK(verdict_of(card.json, sj_buf_view(&card.note)) == SJ_TAMPERED);
        card.json[i] ^= 1;
    }
    sj_buf_clear(&card.note);
}

TEST(card_note_may_not_change_by_a_byte)
{
    static const struct sj_hash none = {{0}};
    struct card card;
    make_card(1, &none, &card);
    for (size_t i = 0; i < card.note.len; i++) {
        card.note.ptr[i] ^= 1;
        CHECK(verdict_of(card.json, sj_buf_view(&card.note)) == SJ_TAMPERED);
        card.note.ptr[i] ^= 1;
    }
    CHECK(verdict_of(card.json, sj_buf_view(&card.note)) == SJ_VERIFIED);
    sj_buf_clear(&card.note);
}

/* truly signed, but about something else than the card says */
TEST(card_and_signature_must_say_the_same)
{
    static const struct sj_hash none = {{0}};
    struct card card;
    make_card(1, &none, &card);
    card.claim.number = 2;
    sign(&card);
    CHECK(verdict_of(card.json, sj_buf_view(&card.note)) == SJ_TAMPERED);
    sj_buf_clear(&card.note);
    make_card(3, &none, &card);
    card.claim.former.bytes[0] = 1;
    sign(&card);
    CHECK(verdict_of(card.json, sj_buf_view(&card.note)) == SJ_TAMPERED);
    sj_buf_clear(&card.note);
}

TEST(card_must_be_canonical)
{
    static const struct sj_hash none = {{0}};
    struct card card;
    make_card(1, &none, &card);
    const size_t len = strlen(card.json);
    memcpy(card.json + len - 1, " }", 3);
    CHECK_OK(sj_sha256_one(sj_view_of(card.json, strlen(card.json)), &card.claim.content));
    sign(&card);
    CHECK(verdict_of(card.json, sj_buf_view(&card.note)) == SJ_TAMPERED);
    sj_buf_clear(&card.note);
}

TEST(card_claim_is_five_lines_and_not_one_more)
{
    struct sj_card_claim claim;
    const char *zeros = "0000000000000000000000000000000000000000000000000000000000000000";
    char text[512];
    static const struct {
        const char *form;
        bool good;
    } cases[] = {
        {"sanjeh/report-card/1\n11111111-1111-1111-1111-111111111111\n1\n%s\n%s\n", true},
        {"sanjeh/report-card/1\n11111111-1111-1111-1111-111111111111\n1\n%s\n%s", false},
        {"sanjeh/report-card/1\n11111111-1111-1111-1111-111111111111\n1\n%s\n%s\n\n", false},
        {"sanjeh/report-card/1\n11111111-1111-1111-1111-111111111111\n1\n%s\n%s\nx\n", false},
        {"sanjeh/report-card/2\n11111111-1111-1111-1111-111111111111\n1\n%s\n%s\n", false},
        {"sanjeh/report-card/1\n11111111-1111-1111-1111-111111111111\n0\n%s\n%s\n", false},
        {"sanjeh/report-card/1\n11111111-1111-1111-1111-111111111111\n01\n%s\n%s\n", false},
        {"sanjeh/report-card/1\nnobody\n1\n%s\n%s\n", false},
    };
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        struct sj_buf out = SJ_BUF(512);
        const char *at = cases[i].form;
        for (; *at != '\0'; at++) {
            if (at[0] == '%' && at[1] == 's') {
                CHECK_OK(sj_buf_put_str(&out, zeros));
                at++;
            } else {
                CHECK_OK(sj_buf_put_byte(&out, (uint8_t)*at));
            }
        }
        REQUIRE(out.len < sizeof(text));
        memcpy(text, out.ptr, out.len);
        CHECK(!sj_failed(sj_card_claim_parse((struct sj_text){text, out.len}, &claim)) ==
              cases[i].good);
        sj_buf_clear(&out);
    }
}

/* ---- folders ---- */

static void write_file(const char *folder, const char *name, struct sj_view bytes)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
    (void)close(fd);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK(unlink(path) == 0);
}

static void write_card(const char *folder, const char *name, const struct card *card)
{
    char file[64];
    (void)snprintf(file, sizeof(file), "%s.json", name);
    write_file(folder, file, sj_view_of(card->json, strlen(card->json)));
    (void)snprintf(file, sizeof(file), "%s.note", name);
    write_file(folder, file, sj_buf_view(&card->note));
}

static enum sj_verdict folder_verdict(const char *folder)
{
    struct sj_card_report report;
    char vkey[256];
    (void)snprintf(vkey, sizeof(vkey), "%s/vkey", folder);
    CHECK_OK(sj_card_verify_files(folder, NULL, vkey, &report));
    return report.verdict;
}

TEST(card_chain_shows_a_gap_a_double_and_a_changed_order)
{
    static const struct sj_hash none = {{0}};
    char folder[] = "/tmp/sanjeh-card-XXXXXX";
    struct card cards[3];
    struct card other;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    REQUIRE(mkdtemp(folder) != NULL);
    make_card(1, &none, &cards[0]);
    make_card(2, &cards[0].claim.content, &cards[1]);
    make_card(3, &cards[1].claim.content, &cards[2]);
    CHECK_OK(sj_note_key_format(&the_key, &vkey));
    write_file(folder, "vkey", sj_buf_view(&vkey));
    write_card(folder, "c", &cards[0]);
    write_card(folder, "a", &cards[1]);
    write_card(folder, "b", &cards[2]);
    CHECK(folder_verdict(folder) == SJ_VERIFIED);
    remove_file(folder, "a.note");
    CHECK(folder_verdict(folder) == SJ_INCOMPLETE);
    remove_file(folder, "a.json");
    CHECK(folder_verdict(folder) == SJ_INCOMPLETE);
    write_card(folder, "a", &cards[0]);
    CHECK(folder_verdict(folder) == SJ_TAMPERED);
    make_card(2, &cards[1].claim.content, &other); /* signed, but follows another one */
    write_card(folder, "a", &other);
    CHECK(folder_verdict(folder) == SJ_TAMPERED);
    write_card(folder, "a", &cards[1]);
    CHECK(folder_verdict(folder) == SJ_VERIFIED);
    for (size_t i = 0; i < 3; i++) {
        sj_buf_clear(&cards[i].note);
    }
    sj_buf_clear(&other.note);
    static const char *const files[] = {
        "a.json", "a.note", "b.json", "b.note", "c.json", "c.note", "vkey"};
    for (size_t i = 0; i < SJ_COUNT(files); i++) {
        remove_file(folder, files[i]);
    }
    CHECK(rmdir(folder) == 0);
}
