/* SPDX-License-Identifier: Apache-2.0
 *
 * Can somebody with all shown numbers work out a hidden group, or what one or two people answered between two releases?
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/survey/tally.h"
#include "test.h"

static const struct sj_survey_thresholds defaults = {5, 8, 10, 15};

/* n answers of mark 1 in each group. */
static struct sj_survey_tally of(const uint32_t *n)
{
    struct sj_survey_tally tally = {.answers = {.all = {.shows_mean = false}}};
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        tally.answers.groups[group].marks[0] = n[group];
        tally.criteria[0].groups[group].marks[0] = n[group];
    }
    return tally;
}

static unsigned shown(const struct sj_survey_line *line, bool distribution)
{
    unsigned bits = 0;
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        const struct sj_survey_cell *cell = &line->groups[group];
        bits |= (unsigned)(distribution ? cell->shows_distribution : cell->shows_mean) << group;
    }
    return bits;
}

TEST(tally_hides_groups_and_what_subtraction_would_give)
{
    static const struct {
        uint32_t n[SJ_SURVEY_GROUPS];
        unsigned means;
        unsigned distributions;
        bool all_mean;
        bool all_distribution;
    } rows[] = {
        {{9, 9, 9, 9, 9}, 0x1f, 0x1f, true, true}, /* nothing to hide */
        {{9, 9, 9, 9, 4}, 0x0e, 0x0e, true, true}, /* one hidden: the first of the smallest too */
        {{9, 6, 2, 0, 0}, 0x01, 0x01, true,
            true}, /* the next smallest; empty groups do not cover */
        {{9, 9, 2, 2, 0}, 0x02, 0x02, true, true}, /* two hidden, but four answers: a third */
        {{9, 9, 4, 4, 0}, 0x03, 0x03, true, true}, /* eight answers of two groups hide each other */
        {{5, 0, 0, 0, 0}, 0x01, 0x00, true, false},
        {{4, 0, 0, 0, 0}, 0x00, 0x00, false, false},
        {{2, 2, 0, 0, 0}, 0x00, 0x00, false, false},
        {{3, 3, 0, 0, 0}, 0x00, 0x00, true, false},
        {{20, 6, 0, 0, 0}, 0x03, 0x00, true, true}, /* 6 without distribution: nor that of 20 */
        {{20, 4, 0, 0, 0}, 0x00, 0x00, true, true},
        {{0, 0, 0, 0, 0}, 0x00, 0x00, false, false},
    };
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        struct sj_survey_tally tally = of(rows[i].n);
        sj_survey_tally_show(&tally, &defaults, NULL);
        const struct sj_survey_line *line = &tally.criteria[0];
        CHECK(shown(line, false) == rows[i].means);
        CHECK(shown(line, true) == rows[i].distributions);
        CHECK(line->all.shows_mean == rows[i].all_mean);
        CHECK(line->all.shows_distribution == rows[i].all_distribution);
    }
}

/* What the total less the shown groups says is about no group alone and about no fewer than the threshold. */
static bool survives_subtraction(const struct sj_survey_line *line, bool distribution, int64_t min)
{
    int64_t groups = 0;
    int64_t answers = 0;
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        const struct sj_survey_cell *cell = &line->groups[group];
        const int64_t n = sj_survey_cell_n(cell);
        const bool is_shown = distribution ? cell->shows_distribution : cell->shows_mean;
        if (is_shown && n < min) {
            return false;
        }
        groups += !is_shown && n > 0;
        answers += is_shown ? 0 : n;
    }
    const bool total = distribution ? line->all.shows_distribution : line->all.shows_mean;
    return !total || groups == 0 || (groups >= 2 && answers >= min);
}

TEST(tally_withstands_subtraction_of_groups_for_all_small_counts)
{
    for (uint32_t code = 0; code < 12u * 12 * 12 * 12; code++) {
        const uint32_t n[SJ_SURVEY_GROUPS] = {
            code % 12, code / 12 % 12, code / 144 % 12, code / 1728 % 12, 9};
        struct sj_survey_tally tally = of(n);
        sj_survey_tally_show(&tally, &defaults, NULL);
        CHECK(survives_subtraction(&tally.criteria[0], false, defaults.mean));
        CHECK(survives_subtraction(&tally.criteria[0], true, defaults.distribution));
    }
}

/* No difference of a shown number of two releases, nor of two hidden remainders, is about one or two new answers. */
static bool survives_difference(const struct sj_survey_line *now, const struct sj_survey_line *old)
{
    int64_t hidden = 0;
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        const int64_t growth =
            sj_survey_cell_n(&now->groups[group]) - sj_survey_cell_n(&old->groups[group]);
        const bool was_empty = sj_survey_cell_n(&old->groups[group]) == 0;
        if (!was_empty &&
            (now->groups[group].shows_mean != old->groups[group].shows_mean ||
                now->groups[group].shows_distribution != old->groups[group].shows_distribution)) {
            return false;
        }
        if (!now->groups[group].shows_mean) {
            hidden += growth;
        } else if (growth != 0 && growth < SJ_SURVEY_GROWTH_MIN) {
            return false;
        }
    }
    const int64_t total = sj_survey_cell_n(&now->all) - sj_survey_cell_n(&old->all);
    return (total == 0 || total >= SJ_SURVEY_GROWTH_MIN) &&
           (hidden == 0 || hidden >= SJ_SURVEY_GROWTH_MIN);
}

/* The same numbers every time; Numerical Recipes' generator, its upper bits. */
static uint32_t next(uint32_t *state)
{
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    return *state >> 16;
}

TEST(tally_withstands_subtraction_of_releases)
{
    uint32_t state = 7;
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t n[SJ_SURVEY_GROUPS];
        for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
            n[group] = next(&state) % 12;
        }
        struct sj_survey_tally first = of(n);
        sj_survey_tally_show(&first, &defaults, NULL);
        if (!first.criteria[0].all.shows_mean) {
            continue;
        }
        for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
            n[group] += next(&state) % 5;
        }
        struct sj_survey_tally second = of(n);
        sj_survey_tally_show(&second, &defaults, &first);
        CHECK(survives_difference(&second.criteria[0], &first.criteria[0]));
        CHECK(survives_subtraction(&second.criteria[0], false, defaults.mean));
        CHECK(survives_subtraction(&second.criteria[0], true, defaults.distribution));
    }
}

TEST(tally_follows_a_release_only_with_three_new_answers)
{
    struct sj_survey_tally first = of((uint32_t[]){9, 9, 0, 0, 0});
    sj_survey_tally_show(&first, &defaults, NULL);
    const struct sj_survey_tally two = of((uint32_t[]){10, 10, 0, 0, 0});
    struct sj_survey_tally three = of((uint32_t[]){10, 11, 0, 0, 0});
    CHECK(sj_survey_tally_may_follow(&first, NULL));
    CHECK(!sj_survey_tally_may_follow(&first, &first));
    CHECK(!sj_survey_tally_may_follow(&two, &first));
    CHECK(sj_survey_tally_may_follow(&three, &first));
    /* but one and two in a group: the line stays what it was */
    sj_survey_tally_show(&three, &defaults, &first);
    CHECK(sj_survey_cell_n(&three.criteria[0].groups[0]) == 9);
    CHECK(sj_survey_cell_n(&three.criteria[0].all) == 18);
    struct sj_survey_tally grown = of((uint32_t[]){12, 9, 0, 0, 0});
    sj_survey_tally_show(&grown, &defaults, &first);
    CHECK(sj_survey_cell_n(&grown.criteria[0].groups[0]) == 12);
}

TEST(tally_hints_at_a_gap_of_a_whole_mark)
{
    struct sj_survey_line line = {.all = {.shows_mean = false}};
    line.groups[0] = (struct sj_survey_cell){.marks = {0, 0, 0, 9, 0}, .shows_mean = true};
    line.groups[1] = (struct sj_survey_cell){.marks = {0, 0, 1, 8, 0}, .shows_mean = true};
    CHECK(!sj_survey_line_has_gap(&line));
    line.groups[1] = (struct sj_survey_cell){.marks = {0, 0, 9, 0, 0}, .shows_mean = true};
    CHECK(sj_survey_line_has_gap(&line));
    line.groups[1].shows_mean = false;
    CHECK(!sj_survey_line_has_gap(&line));
}
