/* SPDX-License-Identifier: Apache-2.0
 *
 * Which numbers may be shown so that nobody's own marks follow from them? First every group below the threshold is
 * hidden. What is hidden together must hide each part: as long as the hidden groups are one group, or fewer answers
 * than the threshold, the smallest shown group is hidden too, because the total less the shown would give it away. Between
 * two releases a line grows by nothing or by three answers and more in every group, and shows the same groups as
 * before, beside those that had no answer then; any difference of shown numbers is then a sum over three people at least. Lines that cannot are left as they were.
 */
#include "sanjeh/survey/tally.h"

int64_t sj_survey_cell_n(const struct sj_survey_cell *cell)
{
    int64_t n = 0;
    for (size_t mark = 0; mark < SJ_SURVEY_MARKS; mark++) {
        n += cell->marks[mark];
    }
    return n;
}

int64_t sj_survey_cell_sum(const struct sj_survey_cell *cell)
{
    int64_t sum = 0;
    for (size_t mark = 0; mark < SJ_SURVEY_MARKS; mark++) {
        sum += (int64_t)cell->marks[mark] * (int64_t)(mark + 1);
    }
    return sum;
}

static void add_up(struct sj_survey_line *line)
{
    line->all = (struct sj_survey_cell){.shows_mean = false};
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        for (size_t mark = 0; mark < SJ_SURVEY_MARKS; mark++) {
            line->all.marks[mark] += line->groups[group].marks[mark];
        }
    }
}

struct hidden {
    int64_t groups; /* with an answer */
    int64_t answers;
    size_t smallest_shown; /* SJ_SURVEY_GROUPS: none */
};

static struct hidden what_is_hidden(const int64_t *n, const bool *shown)
{
    struct hidden hidden = {0, 0, SJ_SURVEY_GROUPS};
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        if (!shown[group]) {
            hidden.groups += n[group] > 0;
            hidden.answers += n[group];
        } else if (hidden.smallest_shown == SJ_SURVEY_GROUPS ||
                   n[group] < n[hidden.smallest_shown]) {
            hidden.smallest_shown = group;
        }
    }
    return hidden;
}

/* Narrows shown; returns whether the total may be shown beside it. */
static bool suppress(const int64_t *n, int64_t threshold, bool *shown)
{
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        shown[group] = shown[group] && n[group] >= threshold;
    }
    for (;;) {
        const struct hidden hidden = what_is_hidden(n, shown);
        if (hidden.groups == 0) {
            return hidden.smallest_shown < SJ_SURVEY_GROUPS;
        }
        if (hidden.groups >= 2 && hidden.answers >= threshold) {
            return true;
        }
        if (hidden.smallest_shown == SJ_SURVEY_GROUPS) {
            return false;
        }
        shown[hidden.smallest_shown] = false;
    }
}

static void show_line(struct sj_survey_line *line, const struct sj_survey_thresholds *thresholds)
{
    int64_t n[SJ_SURVEY_GROUPS];
    bool shown[SJ_SURVEY_GROUPS];
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        n[group] = sj_survey_cell_n(&line->groups[group]);
        shown[group] = true;
    }
    line->all.shows_mean = suppress(n, thresholds->mean, shown);
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        line->groups[group].shows_mean = shown[group];
    }
    line->all.shows_distribution =
        line->all.shows_mean && suppress(n, thresholds->distribution, shown);
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        line->groups[group].shows_distribution = shown[group];
    }
}

static bool shows_anything(const struct sj_survey_line *line)
{
    bool any = line->all.shows_mean;
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        any = any || line->groups[group].shows_mean;
    }
    return any;
}

static bool grew_enough(const struct sj_survey_line *now, const struct sj_survey_line *before)
{
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        const int64_t growth =
            sj_survey_cell_n(&now->groups[group]) - sj_survey_cell_n(&before->groups[group]);
        if (growth != 0 && growth < SJ_SURVEY_GROWTH_MIN) {
            return false;
        }
    }
    return true;
}

static void keep_width(struct sj_survey_cell *cell, const struct sj_survey_cell *before)
{
    cell->shows_mean = before->shows_mean;
    cell->shows_distribution = before->shows_distribution;
}

/* Whether what is hidden covers itself: the total less the shown is about two groups and enough answers. */
static bool is_covered(const struct sj_survey_line *line, bool distribution, int64_t threshold)
{
    int64_t n[SJ_SURVEY_GROUPS];
    bool shown[SJ_SURVEY_GROUPS];
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        const struct sj_survey_cell *cell = &line->groups[group];
        n[group] = sj_survey_cell_n(cell);
        shown[group] = distribution ? cell->shows_distribution : cell->shows_mean;
    }
    const struct hidden hidden = what_is_hidden(n, shown);
    const bool total = distribution ? line->all.shows_distribution : line->all.shows_mean;
    return !total || hidden.groups == 0 || (hidden.groups >= 2 && hidden.answers >= threshold);
}

/* A group without an answer before may come out for the first time: all of it is new. */
static void follow(struct sj_survey_line *line, const struct sj_survey_line *before,
    const struct sj_survey_thresholds *thresholds)
{
    if (!shows_anything(before)) {
        return;
    }
    struct sj_survey_line now = *line;
    keep_width(&now.all, &before->all);
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        if (sj_survey_cell_n(&before->groups[group]) > 0) {
            keep_width(&now.groups[group], &before->groups[group]);
        }
    }
    const bool may = grew_enough(line, before) && is_covered(&now, false, thresholds->mean) &&
                     is_covered(&now, true, thresholds->distribution);
    *line = may ? now : *before;
}

void sj_survey_tally_show(struct sj_survey_tally *tally,
    const struct sj_survey_thresholds *thresholds, const struct sj_survey_tally *before)
{
    for (size_t at = 0; at <= SJ_SURVEY_CRITERIA; at++) {
        struct sj_survey_line *line = at == 0 ? &tally->answers : &tally->criteria[at - 1];
        add_up(line);
        show_line(line, thresholds);
        if (before != NULL) {
            follow(line, at == 0 ? &before->answers : &before->criteria[at - 1], thresholds);
        }
    }
}

bool sj_survey_tally_may_follow(
    const struct sj_survey_tally *tally, const struct sj_survey_tally *before)
{
    if (before == NULL) {
        return true;
    }
    int64_t growth = 0;
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        growth += sj_survey_cell_n(&tally->answers.groups[group]) -
                  sj_survey_cell_n(&before->answers.groups[group]);
    }
    return growth >= SJ_SURVEY_GROWTH_MIN;
}

bool sj_survey_line_has_gap(const struct sj_survey_line *line)
{
    for (size_t a = 0; a < SJ_SURVEY_GROUPS; a++) {
        for (size_t b = 0; b < SJ_SURVEY_GROUPS; b++) {
            const struct sj_survey_cell *high = &line->groups[a];
            const struct sj_survey_cell *low = &line->groups[b];
            if (!high->shows_mean || !low->shows_mean) {
                continue;
            }
            const int64_t high_n = sj_survey_cell_n(high);
            const int64_t low_n = sj_survey_cell_n(low);
            /* high - low >= 1, over the common denominator */
            if (sj_survey_cell_sum(high) * low_n - sj_survey_cell_sum(low) * high_n >=
                high_n * low_n) {
                return true;
            }
        }
    }
    return false;
}
