/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the catalogue's formula texts (indicator_version) say what the code computes? Each text is parsed by the formula language
 * as a score sheet parses it, run on small tables of counts, and must give the value, the n and the reason that
 * sj_formula_compute gives for the indicator values. Code and text cannot drift apart unseen.
 */
#include "fixture.h"
#include "sanjeh/analysis/expression.h"
#include "sanjeh/evaluation/formula.h"

#include <string.h>

#define UNKNOWN SJ_COUNT_UNKNOWN

static void check_text(const char *found, const char *expected)
{
    if (found == NULL || strcmp(found, expected) != 0) {
        sj_test_fail(expected, found == NULL ? "nothing" : found);
    }
}

struct definition {
    struct sj_text code, version, formula, method, unit, direction, level;
    struct sj_expression expression;
    enum sj_formula measure;
};

/* The catalogue's definitions with a formula text; at most max, all must fit. Borrowed until the next value_of. */
static void definitions(struct definition *found, size_t max, size_t *ret_count)
{
    *ret_count = 0;
    struct table table = {.rest = sj_text_bytes(sj_text_of(
                              value_of("select string_agg(concat_ws('|', i.code, v.version, "
                                       "v.formula, v.method, v.unit, v.direction, v.level), "
                                       "chr(10) order by i.code, v.version) from sanjeh.indicator "
                                       "i join sanjeh.indicator_version v on v.indicator_id = i.id "
                                       "where v.formula is not null and v.status = 'active'")))};
    struct sj_text rest = {(const char *)table.rest.ptr, table.rest.len};
    struct sj_text line;
    while (sj_text_split(&rest, '\n', &line)) {
        REQUIRE(*ret_count < max);
        struct definition *d = &found[(*ret_count)++];
        struct sj_text *const cells[] = {
            &d->code, &d->version, &d->formula, &d->method, &d->unit, &d->direction, &d->level};
        for (size_t i = 0; i < SJ_COUNT(cells); i++) {
            REQUIRE(sj_text_split(&line, '|', cells[i]));
        }
        struct sj_expression_fault fault = {NULL, 0};
        if (sj_failed(sj_expression_parse(d->formula, sj_workload_inputs, SJ_INPUT_WORKLOAD_COUNT_,
                &d->expression, &fault))) {
            sj_test_fail("a formula of the catalogue", fault.code);
        }
        d->measure = SJ_FORMULA_COUNT_;
        for (size_t i = 0; i < SJ_FORMULA_COUNT_; i++) {
            d->measure = sj_text_is(d->code, sj_formula_code((enum sj_formula)i))
                             ? (enum sj_formula)i
                             : d->measure;
        }
        REQUIRE(d->measure < SJ_FORMULA_COUNT_); /* the code computes no such indicator */
    }
}

static struct sj_result run(
    const struct definition *d, const struct sj_counts *counts, int64_t days)
{
    struct sj_input_value values[SJ_INPUT_WORKLOAD_COUNT_] = {0};
    const enum sj_count_name names[SJ_INPUT_WORKLOAD_COUNT_] = {
        [SJ_INPUT_PENDING_START] = SJ_COUNT_PENDING_START,
        [SJ_INPUT_RESOLVED] = SJ_COUNT_RESOLVED,
        [SJ_INPUT_PENDING_END] = SJ_COUNT_PENDING_END,
        [SJ_INPUT_FILED] = SJ_COUNT_FILED,
        [SJ_INPUT_RETURNED] = SJ_COUNT_RETURNED,
        [SJ_INPUT_TRANSFERRED_IN] = SJ_COUNT_TRANSFERRED_IN,
        [SJ_INPUT_TRANSFERRED_OUT] = SJ_COUNT_TRANSFERRED_OUT,
    };
    for (size_t i = 0; i < SJ_INPUT_WORKLOAD_COUNT_; i++) {
        int64_t count = counts->of[names[i]];
        if (i == SJ_INPUT_DAYS) {
            count = days;
        } else if (i == SJ_INPUT_INCOMING && !sj_counts_incoming(counts, &count)) {
            count = UNKNOWN;
        }
        values[i] = (struct sj_input_value){count != UNKNOWN, {count, 0}};
    }
    struct sj_result result;
    sj_expression_run(&d->expression, sj_workload_inputs, values, &result);
    return result;
}

/* pending_start, filed, returned, transferred in and out, resolved, pending_end: the published table, and the edges. */
static const struct sj_counts tables[] = {
    {{240, 265, 7, 0, 0, 329, 183}},
    {{862, 589, 18, 0, 0, 519, 950}},
    {{1471, 4111, 18, 0, 0, 3125, 2475}},
    {{10, 5, 0, 3, 1, 4, 13}},
    {{7, 3, 0, 0, 0, 3, 7}},
    {{0, 12, 0, 0, 0, 12, 0}},
    {{0, 0, 0, 0, 0, 0, 0}},
    {{5, 2, 0, 0, 2, 0, 5}},
    {{100, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 60, 90}},
    {{UNKNOWN, 40, 0, UNKNOWN, UNKNOWN, 30, 20}},
    {{12, UNKNOWN, 0, 0, 0, UNKNOWN, 9}},
    {{UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}},
    {{1000000000, 0, 0, 0, 0, 1, 999999999}},
};

static void check_same(const struct definition *d, const struct sj_counts *counts, int64_t days)
{
    const struct sj_result said = run(d, counts, days);
    struct sj_computed computed;
    REQUIRE_OK(sj_formula_compute(d->measure, counts, days, &computed));
    CHECK(said.has_value == computed.has_value);
    if (computed.has_value) {
        CHECK(sj_decimal_compare(said.value, computed.value) == 0);
    }
    if (computed.is_known) { /* of what is unknown the n may still be known: nobody uses it */
        CHECK(said.has_n && sj_decimal_compare(said.n, (struct sj_decimal){computed.n, 0}) == 0);
    }
    if (!computed.has_value) {
        check_text(said.reason, computed.is_known ? computed.reason : "UNKNOWN_INPUT");
    }
}

TEST(catalogue_formulas_give_what_the_code_computes)
{
    struct definition found[16];
    size_t count;
    definitions(found, SJ_COUNT(found), &count);
    const int64_t periods[] = {365, 366, 31, 29};
    bool seen[SJ_FORMULA_COUNT_] = {false};
    for (size_t i = 0; i < count; i++) {
        seen[found[i].measure] = true;
        for (size_t at = 0; at < SJ_COUNT(tables) * SJ_COUNT(periods); at++) {
            check_same(&found[i], &tables[at / SJ_COUNT(periods)], periods[at % SJ_COUNT(periods)]);
        }
    }
    for (size_t i = 0; i < SJ_FORMULA_COUNT_; i++) {
        CHECK(seen[i]); /* what the code computes stands in the catalogue */
    }
}

TEST(catalogue_formulas_are_in_their_unit_and_for_their_subject)
{
    struct definition found[16];
    size_t count;
    definitions(found, SJ_COUNT(found), &count);
    for (size_t i = 0; i < count; i++) {
        const struct definition *d = &found[i];
        CHECK(sj_expression_is_in(&d->expression, d->unit));
        CHECK(sj_text_is(d->level, "J/C") == sj_formula_is_individual(d->measure));
        /* what people read begins with what is computed */
        CHECK(d->method.len >= d->formula.len &&
              memcmp(d->method.ptr, d->formula.ptr, d->formula.len) == 0);
    }
    check_text(value_of("select count(*)::text from sanjeh.indicator i where i.kind = 'computed' "
                        "and not exists (select "
                        "from sanjeh.indicator_version v where v.indicator_id = i.id and v.formula "
                        "is not null)"),
        "0");
    check_text(value_of("select count(*)::text from sanjeh.indicator i join "
                        "sanjeh.indicator_version v on v.indicator_id = "
                        "i.id and v.version = 1 where (i.unit, i.direction) is distinct from "
                        "(v.unit, v.direction) or "
                        "(v.formula is not null) <> (i.kind = 'computed')"),
        "0");
}

/* The court that resolved more of the same cases and has fewer left: better by each direction. */
TEST(catalogue_directions_point_to_less_pending)
{
    const struct sj_counts slow = {{100, 100, 0, 0, 0, 90, 110}};
    const struct sj_counts quick = {{100, 100, 0, 0, 0, 110, 90}};
    struct definition found[16];
    size_t count;
    definitions(found, SJ_COUNT(found), &count);
    for (size_t i = 0; i < count; i++) {
        const struct sj_result a = run(&found[i], &slow, 365);
        const struct sj_result b = run(&found[i], &quick, 365);
        REQUIRE(a.has_value && b.has_value);
        const int change = sj_decimal_compare(b.value, a.value);
        CHECK(change != 0);
        CHECK(sj_text_is(found[i].direction, "band") ||
              change == (sj_text_is(found[i].direction, "higher") ? 1 : -1));
    }
}
