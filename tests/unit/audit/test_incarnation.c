/* SPDX-License-Identifier: Apache-2.0
 *
 * A log that goes on from one that ended: what its first entry says has one form, and its origin counts up. The deed itself:
 * tests/unit/server/test_begin_anew.c.
 */
#include "sanjeh/audit/incarnation.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static struct sj_incarnation example(void)
{
    struct sj_incarnation x = {.number = 2,
        .log = {{1, 2, 3}},
        .origin = "test.example/audit/0a0b0c00-0000-0000-0000-000000000000/2",
        .former = "test.example/audit",
        .size = 12,
        .root = {{7}},
        .note = {{8}},
        .stored = 10,
        .unsequenced = 3,
        .unsequenced_hash = {{9}}};
    x.officers[0].bytes[15] = 1;
    x.officers[1].bytes[15] = 2;
    return x;
}

static bool parses(const char *text)
{
    struct sj_incarnation x;
    return !sj_failed(sj_incarnation_parse(sj_text_of(text), &x));
}

TEST(incarnation_words_have_exactly_one_form)
{
    const struct sj_incarnation x = example();
    struct sj_incarnation again;
    char text[1200];
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(1024);
    CHECK_OK(sj_incarnation_format(&x, &detail));
    REQUIRE_OK(sj_incarnation_parse(sj_buf_text(&detail), &again));
    CHECK(again.size == 12 && again.stored == 10 && again.number == 2);
    CHECK(strcmp(again.origin, x.origin) == 0 && strcmp(again.former, x.former) == 0);
    CHECK(sj_hash_equal(&again.root, &x.root) && sj_hash_equal(&again.note, &x.note));
    CHECK(again.unsequenced == 3 && sj_hash_equal(&again.unsequenced_hash, &x.unsequenced_hash));
    snprintf(text, sizeof(text), "%.*s;more=1", (int)detail.len, (const char *)detail.ptr);
    CHECK(!parses(text));
    snprintf(text, sizeof(text), "%.*s", (int)detail.len - 1, (const char *)detail.ptr);
    CHECK(!parses(text));
    struct sj_incarnation one_person = x;
    one_person.officers[1] = one_person.officers[0];
    sj_buf_reset(&detail);
    CHECK_OK(sj_incarnation_format(&one_person, &detail));
    CHECK_CODE(sj_incarnation_parse(sj_buf_text(&detail), &again), INVALID);
    one_person = x;
    one_person.number = 1;
    sj_buf_reset(&detail);
    CHECK_OK(sj_incarnation_format(&one_person, &detail));
    CHECK_CODE(sj_incarnation_parse(sj_buf_text(&detail), &again), INVALID);
}

TEST(incarnation_origins_count_up_from_the_first_log)
{
    const struct sj_uuid log = {{0xaa}};
    char second[SJ_NOTE_NAME_MAX + 1];
    char third[SJ_NOTE_NAME_MAX + 1];
    CHECK_OK(sj_incarnation_origin(SJ_TEXT("court.example/audit"), log, 2, second));
    CHECK(strcmp(second, "court.example/audit/aa000000-0000-0000-0000-000000000000/2") == 0);
    CHECK_OK(sj_incarnation_origin(sj_text_of(second), log, 3, third));
    CHECK(strcmp(third, "court.example/audit/aa000000-0000-0000-0000-000000000000/3") == 0);
}
