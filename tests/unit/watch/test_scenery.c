/* SPDX-License-Identifier: Apache-2.0
 *
 * Two looks at what guards the record, compared line by line.
 */
#include "sanjeh/watch/scenery.h"
#include "test.h"

static size_t changes(const char *before, const char *now, struct sj_scenery_change *out)
{
    struct sj_scenery_walk walk = {sj_text_of(before), sj_text_of(now)};
    size_t count = 0;
    while (sj_scenery_next(&walk, &out[count])) {
        count++;
    }
    return count;
}

TEST(scenery_without_change)
{
    struct sj_scenery_change out[8];
    CHECK(changes("", "", out) == 0);
    CHECK(changes("table a 1\ntrigger b 2", "table a 1\ntrigger b 2", out) == 0);
}

TEST(scenery_names_what_is_new_other_and_gone)
{
    struct sj_scenery_change out[8];
    REQUIRE(changes("a 1\nb x 2\nd 4", "b x 3\nc 1\nd 4\ne 1", out) == 4);
    CHECK(sj_text_is(out[0].name, "a") && strcmp(out[0].how, "gone") == 0);
    CHECK(sj_text_is(out[1].name, "b x") && strcmp(out[1].how, "changed") == 0);
    CHECK(sj_text_is(out[2].name, "c") && strcmp(out[2].how, "new") == 0);
    CHECK(sj_text_is(out[3].name, "e") && strcmp(out[3].how, "new") == 0);
}

TEST(scenery_of_nothing_before)
{
    struct sj_scenery_change out[8];
    REQUIRE(changes("", "a 1\nab 2", out) == 2);
    CHECK(sj_text_is(out[1].name, "ab") && strcmp(out[1].how, "new") == 0);
    CHECK(changes("ab 2\nb 1", "a 1\nab 2\nb 1", out) == 1);
}
