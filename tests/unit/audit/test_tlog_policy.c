/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a policy mean what its author wrote, or nothing? Syntax as C2SP tlog-policy gives it, and quorums.
 */
#include <stdio.h>
#include <string.h>

#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/base/memory.h"
#include "test.h"

/* Public keys made from fixed seeds, as vkey lines. */
static const char *vkey(const char *name, uint8_t type, uint8_t seed_byte)
{
    static char room[32][512];
    static size_t next;
    char *out = room[next++ % 32];
    const struct sj_key seed = {{seed_byte}};
    struct sj_signing_key *key = NULL;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    struct sj_note_key note_key;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(511);
    const char *string = "";
    CHECK_OK(sj_signing_key_new(&seed, &key));
    sj_signing_key_public(key, public_key);
    sj_signing_key_free(&key);
    CHECK_OK(sj_note_key_make(sj_text_of(name), type, public_key, &note_key));
    CHECK_OK(sj_note_key_format(&note_key, &text));
    CHECK_OK(sj_buf_cstr(&text, &string));
    snprintf(out, sizeof(room[0]), "%s", string);
    return out;
}

static sj_status parse(const char *text, struct sj_tlog_policy *policy, size_t *line)
{
    return sj_tlog_policy_parse(sj_text_bytes(sj_text_of(text)), policy, line);
}

static struct sj_tlog_policy *new_policy(void)
{
    void *memory = NULL;
    SJ_ASSERT(!sj_failed(sj_alloc(1, sizeof(struct sj_tlog_policy), &memory)));
    return memory;
}

#define NEW_POLICY CLEANUP(sj_freep) struct sj_tlog_policy *

TEST(policy_with_witnesses_and_groups_is_read)
{
    NEW_POLICY policy = new_policy();
    char text[4096];
    size_t line = 0;
    REQUIRE_OK(sj_crypto_init());
    snprintf(text, sizeof(text),
        "# trust\n\nlog %s https://log.example/\n"
        "witness w1 %s https://w1.example/\n  witness\tw2 %s\nwitness w3 %s\n"
        "group g 2 w1 w2 w3\nquorum g\n",
        vkey("log.example/a", 1, 1), vkey("w1.example", 4, 2), vkey("w2.example", 4, 3),
        vkey("w3.example", 4, 4));
    REQUIRE_OK(parse(text, policy, &line));
    CHECK(policy->key_count == 4 && policy->is_log[0] && !policy->is_log[1]);
    struct sj_note note = {.verified = {true, true, false, false}};
    CHECK(sj_tlog_policy_has_log(policy, &note, SJ_TEXT("log.example/a")));
    CHECK(!sj_tlog_policy_has_log(policy, &note, SJ_TEXT("log.example/b")));
    CHECK(!sj_tlog_policy_has_quorum(policy, &note));
    note.verified[3] = true;
    CHECK(sj_tlog_policy_has_quorum(policy, &note));
}

TEST(policy_quorum_of_groups_counts_groups)
{
    NEW_POLICY policy = new_policy();
    char text[4096];
    size_t line = 0;
    snprintf(text, sizeof(text),
        "log %s\nwitness a %s\nwitness b %s\nwitness c %s\ngroup x all a b\ngroup y any x c\n"
        "quorum y",
        vkey("l", 1, 1), vkey("a", 4, 2), vkey("b", 4, 3), vkey("c", 4, 4));
    REQUIRE_OK(parse(text, policy, &line));
    static const struct {
        bool a, b, c, holds;
    } cases[] = {{false, false, false, false}, {true, false, false, false},
        {true, true, false, true}, {false, false, true, true}, {false, true, false, false}};
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        const struct sj_note note = {.verified = {true, cases[i].a, cases[i].b, cases[i].c}};
        CHECK(sj_tlog_policy_has_quorum(policy, &note) == cases[i].holds);
    }
}

/* %1 log, %2 and %3 witnesses a and b, %4 b's key under another name */
TEST(policy_that_is_not_understood_is_refused)
{
    static const struct {
        const char *head; /* before the fixed log line */
        const char *tail; /* behind log and witnesses a, b */
        size_t line;
    } cases[] = {
        {"", "", 3},                                           /* no quorum */
        {"", "quorum none\nquorum none\n", 5},                 /* two */
        {"", "quorum c\n", 4},                                 /* unknown */
        {"", "group g all a c\nquorum g\n", 4},                /* unknown member */
        {"", "group g 3 a b\nquorum g\n", 4},                  /* more than there are */
        {"", "group g 0 a b\nquorum g\n", 4},                  /* none of them */
        {"", "group g any\nquorum g\n", 4},                    /* no members */
        {"", "group g all a b\ngroup h all a\nquorum g\n", 5}, /* a in two groups */
        {"", "group g all a a\nquorum g\n", 4},                /* a twice */
        {"", "group a all b\nquorum a\n", 4},                  /* name taken */
        {"", "group none all b\nquorum none\n", 4},            /* reserved */
        {"", "group g all g\nquorum g\n", 4},                  /* itself */
        {"", "quorum none # trailing comments are none\n", 4},
        {"", "trust me\nquorum none\n", 4},
        {"", "quorum none\r\n", 4},
        {"", "quorum \x01none\n", 4},
        {"log nonsense\n", "quorum none\n", 1},
        {"quorum none extra\n", "", 1},
    };
    NEW_POLICY policy = new_policy();
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        char text[4096];
        size_t line = 0;
        snprintf(text, sizeof(text), "%slog %s\nwitness a %s\nwitness b %s\n%s", cases[i].head,
            vkey("l", 1, 1), vkey("a", 4, 2), vkey("b", 4, 3), cases[i].tail);
        CHECK_CODE(parse(text, policy, &line), INVALID);
        CHECK(line == cases[i].line);
    }
}

TEST(policy_keys_are_unique_and_of_their_type)
{
    NEW_POLICY policy = new_policy();
    char text[2048];
    size_t line = 0;
    snprintf(
        text, sizeof(text), "log %s\nlog %s\nquorum none\n", vkey("l", 1, 1), vkey("other", 1, 1));
    CHECK_CODE(parse(text, policy, &line), INVALID);
    snprintf(text, sizeof(text), "log %s\nquorum none\n", vkey("l", 4, 1));
    CHECK_CODE(parse(text, policy, &line), INVALID);
    snprintf(text, sizeof(text), "log %s\nwitness w %s\nquorum none\n", vkey("l", 1, 1),
        vkey("w", 1, 2));
    CHECK_CODE(parse(text, policy, &line), INVALID);
    CHECK_CODE(parse("quorum none\n", policy, &line), INVALID);
    CHECK_CODE(parse("", policy, &line), INVALID);
}

TEST(policy_takes_32_of_each)
{
    NEW_POLICY policy = new_policy();
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(65536);
    char line_text[1024];
    char name[16];
    size_t line = 0;
    for (unsigned i = 0; i < 32; i++) {
        snprintf(name, sizeof(name), "l%u", i);
        snprintf(line_text, sizeof(line_text), "log %s\n", vkey(name, 1, (uint8_t)(i + 1)));
        REQUIRE_OK(sj_buf_put_str(&text, line_text));
        snprintf(name, sizeof(name), "w%u", i);
        snprintf(line_text, sizeof(line_text), "witness %s %s\ngroup g%u any %s\n", name,
            vkey(name, 4, (uint8_t)(i + 101)), i, name);
        REQUIRE_OK(sj_buf_put_str(&text, line_text));
    }
    REQUIRE_OK(sj_buf_put_str(&text, "quorum g31\n"));
    CHECK_OK(sj_tlog_policy_parse(sj_buf_view(&text), policy, &line));
    CHECK(policy->key_count == 64 && policy->node_count == 64);
}

/* C2SP tlog-policy: comments may be indented, octets above 7F are opaque, a witness may be named like a key, and 32 of each fit. */
TEST(policy_takes_what_the_standard_allows)
{
    NEW_POLICY policy = new_policy();
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_TEXT_MAX);
    char line_text[1024];
    char name[256];
    size_t line = 0;
    CHECK_OK(sj_buf_put_str(
        &text, " \t# a comment of m\xe9lange, with more words than a line has fields\n\t \n"));
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (uint8_t i = 0; i < 32; i++) {
        snprintf(line_text, sizeof line_text, "log %s\n", vkey("l", 1, (uint8_t)(1 + i)));
        CHECK_OK(sj_buf_put_str(&text, line_text));
    }
    for (uint8_t i = 0; i < 32; i++) {
        name[0] = (char)('A' + i);
        snprintf(line_text, sizeof line_text, "witness %s %s https://w.example/%u\n",
            i == 0 ? "\xe9" : name, vkey("w", 4, (uint8_t)(100 + i)), (unsigned)i);
        CHECK_OK(sj_buf_put_str(&text, line_text));
        snprintf(
            line_text, sizeof line_text, "group g%u any %s\n", (unsigned)i, i == 0 ? "\xe9" : name);
        CHECK_OK(sj_buf_put_str(&text, line_text));
    }
    CHECK_OK(sj_buf_put_str(&text, "quorum g31\n"));
    REQUIRE_OK(sj_tlog_policy_parse(sj_buf_view(&text), policy, &line));
    CHECK(policy->key_count == 64 && policy->node_count == 64);
    CHECK(sj_text_is(sj_text_of(policy->nodes[2].url), "https://w.example/1"));
}

TEST(policy_without_a_log_is_one_of_witnesses)
{
    NEW_POLICY policy = new_policy();
    char text[1024];
    size_t line = 0;
    snprintf(text, sizeof text, "witness w %s https://w.example\nquorum w\n", vkey("w", 4, 2));
    const struct sj_view bytes = sj_text_bytes(sj_text_of(text));
    CHECK_CODE(sj_tlog_policy_parse(bytes, policy, &line), INVALID);
    CHECK_OK(sj_tlog_policy_parse_witnesses(bytes, policy, &line));
    CHECK(policy->key_count == 1 && policy->quorum == 0);
}
