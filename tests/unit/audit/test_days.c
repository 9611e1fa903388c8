/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the index show as many entries as the tenant-heads entries have committed to, and does the comparison speak when it does not?
 * Attack 12 (AUDIT 4.1) by one who has the index's key, too: every MAC and every number of what he leaves holds.
 */
#include "sanjeh/audit/days.h"

#include <stdio.h>

#include "fixture.h"
#include "index_priv.h"
#include "sanjeh/crypto/random.h"

#define ENTRIES 700 /* more than three pages of places */

static const struct sj_uuid no_unit = {{0}};
static const struct sj_uuid unit_a = {{0xAA, 1}};
static const struct sj_uuid unit_b = {{0xBB, 2}};

struct desk {
    struct rig *rig;
    struct sj_index *index;
    struct sj_days *days;
    struct sj_reading *reading;
    struct sj_context context;
};

static void fill(struct rig *rig, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sj_draft draft = rig_draft(i % 2 == 0 ? "judge:read" : "court:read");
        struct sj_receipt receipt;
        draft.tenant_tag = i % 3 == 0 ? unit_a : unit_b;
        CHECK_OK(sj_uuid_new(&draft.request_id));
        if (i % 150 == 149 || i == count - 1) {
            CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
        } else {
            sj_sequencer_note(rig->sequencer, &draft);
        }
    }
}

/* A view of now, index and counts brought up to it. */
static void follow(struct desk *desk)
{
    struct rig *rig = desk->rig;
    sj_reading_close(&desk->reading);
    CHECK_OK(sj_reading_open(rig->sequencer, rig->db, &desk->context, &desk->reading));
    for (bool more = true; more;) {
        CHECK_OK(sj_index_step(desk->index, desk->reading, rig->db, &desk->context, &more));
    }
    for (bool more = true; more;) {
        CHECK_OK(sj_days_step(desk->days, desk->reading, rig->db, &desk->context, &more));
    }
}

static void open_desk(struct rig *rig, struct desk *desk)
{
    *desk = (struct desk){.rig = rig};
    rig_record_context(rig, &desk->context);
    CHECK_OK(sj_index_new(sj_sequencer_record_key(rig->sequencer), &desk->index));
    CHECK_OK(sj_days_new(&desk->days));
    follow(desk);
}

static void close_desk(struct desk *desk)
{
    sj_reading_close(&desk->reading);
    sj_index_free(&desk->index);
    sj_days_free(&desk->days);
}

static struct sj_days_report compare(struct desk *desk, struct sj_uuid tag, const char *action)
{
    struct sj_days_report report = {.is_agreed = false};
    const struct sj_days_question question = {.tag = tag,
        .action = sj_text_of(action),
        .below = UINT64_MAX,
        .high = UINT64_MAX,
        .places_max = 100000};
    CHECK_OK(sj_days_compare(
        desk->index, desk->reading, desk->rig->db, &desk->context, &question, &report));
    return report;
}

static uint64_t all_of(const struct sj_days_report *report, bool is_expected)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < report->count; i++) {
        sum += is_expected ? report->days[i].expected : report->days[i].found;
    }
    return sum;
}

static void check_count(struct desk *desk, struct sj_uuid tag, const char *action, uint64_t count)
{
    const struct sj_days_report report = compare(desk, tag, action);
    CHECK(report.is_compared && report.is_agreed);
    CHECK(all_of(&report, true) == count && all_of(&report, false) == count);
}

static size_t of_unit_a(size_t count)
{
    return (count + 2) / 3;
}

static void count_days(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    REQUIRE_OK(rig_open(rig));
    fill(rig, ENTRIES);
    open_desk(rig, &desk);
    CHECK(!compare(&desk, no_unit, "judge:read").is_compared); /* nothing is committed to yet */
    CHECK_OK(sj_sequencer_note_heads(rig->sequencer));
    follow(&desk);
    check_count(&desk, no_unit, "judge:read", ENTRIES / 2);
    check_count(&desk, unit_a, "", of_unit_a(ENTRIES));
    check_count(&desk, unit_a, "judge:read", (ENTRIES + 5) / 6);
    check_count(&desk, unit_b, "no:such", 0);
    /* it goes on where it was, and where another server was */
    fill(rig, 6);
    CHECK_OK(sj_sequencer_note_heads(rig->sequencer));
    close_desk(&desk);
    open_desk(rig, &desk);
    check_count(&desk, unit_a, "judge:read", (ENTRIES + 5) / 6 + 1);
    fill(rig, 6);
    CHECK_OK(sj_sequencer_note_heads(rig->sequencer));
    follow(&desk);
    check_count(&desk, unit_a, "judge:read", (ENTRIES + 5) / 6 + 2);
    /* and is made anew */
    CHECK_OK(sj_days_clear(desk.days, rig->db, &desk.context));
    CHECK(!compare(&desk, no_unit, "judge:read").is_compared);
    follow(&desk);
    check_count(&desk, unit_a, "judge:read", (ENTRIES + 5) / 6 + 2);
    close_desk(&desk);
    rig_close(rig);
}

TEST(days_hold_the_index_against_the_signed_counts)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(count_days, &rig);
    rig_end(&rig);
}

/* What the attacker does with the key: the run's pages are made anew without one posting, with MACs that hold. */
static void rewrite_run(struct desk *desk, const struct sj_run *run, int64_t token, uint64_t hidden)
{
    struct rig *rig = desk->rig;
    struct sj_tx *tx = NULL;
    struct sj_run_writer w;
    struct sj_run_cursor cursor = {.index = desk->index, .run = *run};
    char sql[160];
    cursor.is_whole = true;
    cursor.expected = (struct sj_posting){SJ_INDEX_TOKEN_MIN, 0};
    CHECK_OK(sj_run_writer_init(&w, desk->index, *run));
    CHECK_OK(sj_tx_begin(rig->db, &desk->context, &tx));
    for (;;) {
        CHECK_OK(sj_run_cursor_next(&cursor, rig->db, &desk->context));
        if (cursor.is_at_end) {
            break;
        }
        if (cursor.posting.token != token || cursor.posting.at != hidden) {
            CHECK_OK(sj_run_put(&w, &cursor.posting));
        }
    }
    CHECK_OK(sj_run_end(&w));
    (void)snprintf(sql, sizeof sql, "delete from sanjeh.audit_run where run_from = %llu",
        (unsigned long long)run->from);
    CHECK(rig_forge(rig, sql));
    CHECK_OK(sj_run_flush(&w, tx));
    CHECK_OK(sj_tx_commit(&tx));
    sj_run_writer_clear(&w);
    sj_run_cursor_clear(&cursor);
}

static void take_out(struct desk *desk, int64_t token, uint64_t hidden)
{
    struct sj_index_runs runs;
    CHECK(sj_index_runs_now(desk->index, &runs));
    for (size_t i = 0; i < runs.count; i++) {
        if (runs.list[i].from <= hidden && hidden < runs.list[i].to) {
            rewrite_run(desk, &runs.list[i], token, hidden);
        }
    }
}

static void hide(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    struct sj_index_page page;
    int64_t token = 0;
    REQUIRE_OK(rig_open(rig));
    fill(rig, 120);
    CHECK_OK(sj_sequencer_note_heads(rig->sequencer));
    open_desk(rig, &desk);
    check_count(&desk, unit_a, "", of_unit_a(120));
    CHECK_OK(sj_index_token(
        desk.index, SJ_INDEX_UNIT, sj_view_of(unit_a.bytes, sizeof unit_a.bytes), &token));
    CHECK_OK(sj_index_find(desk.index, rig->db, &desk.context, token, 0, UINT64_MAX, &page));
    const uint64_t hidden = page.indices[20];
    struct sj_hit hit = {.index = hidden};
    uint64_t bad = 0;
    REQUIRE_OK(sj_reading_entries(desk.reading, &hit, 1, &bad));
    const bool is_judge = sj_text_is(sj_text_of(hit.entry.draft.action), "judge:read");
    take_out(&desk, token, hidden);
    /* the server starts again, and finds its index whole */
    close_desk(&desk);
    open_desk(rig, &desk);
    CHECK(!sj_index_status(desk.index).is_broken);
    CHECK_OK(sj_index_find(desk.index, rig->db, &desk.context, token, 0, UINT64_MAX, &page));
    CHECK(page.is_complete && page.count == of_unit_a(120) - 1);
    /* the signed count does not agree with it */
    struct sj_days_report report = compare(&desk, unit_a, "");
    CHECK(report.is_compared && !report.is_agreed && report.gap[0] != '\0');
    CHECK(all_of(&report, true) == of_unit_a(120) && all_of(&report, false) == of_unit_a(120) - 1);
    report = compare(&desk, unit_a, "judge:read");
    CHECK(report.is_compared && report.is_agreed == !is_judge);
    report = compare(&desk, unit_a, "court:read");
    CHECK(report.is_compared && report.is_agreed == is_judge);
    report = compare(&desk, unit_b, "");
    CHECK(report.is_compared && report.is_agreed); /* what nobody touched agrees */
    close_desk(&desk);
    rig_close(rig);
}

TEST(attack_12_a_hit_hidden_with_macs_that_hold_contradicts_the_signed_counts)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(hide, &rig);
    rig_end(&rig);
}

/* The counts themselves are edited, so that they agree with the index. */
static void edit_counts(void *ctx)
{
    static const char *const edits[] = {
        "update sanjeh.audit_day set counts = set_byte(counts, octet_length(counts) - 1, 77)",
        "update sanjeh.audit_day set counts = substring(counts from 1 for 25)",
        "update sanjeh.audit_day set counts = ''",
        "update sanjeh.audit_day set day = day - 1",
    };
    struct rig *rig = ctx;
    struct desk desk;
    REQUIRE_OK(rig_open(rig));
    fill(rig, 60);
    CHECK_OK(sj_sequencer_note_heads(rig->sequencer));
    open_desk(rig, &desk);
    check_count(&desk, unit_a, "", of_unit_a(60));
    for (size_t i = 0; i < SJ_COUNT(edits); i++) {
        CHECK(rig_forge(rig, edits[i]));
        const struct sj_days_report report = compare(&desk, unit_a, "");
        CHECK(report.is_compared && !report.is_agreed && !report.days[0].is_signed);
        CHECK_OK(sj_days_clear(desk.days, rig->db, &desk.context));
        follow(&desk);
        check_count(&desk, unit_a, "", of_unit_a(60));
    }
    /* a row that is gone is not taken for agreement, and comes again */
    CHECK(rig_forge(rig, "delete from sanjeh.audit_day"));
    CHECK(!compare(&desk, unit_a, "").is_compared);
    close_desk(&desk);
    open_desk(rig, &desk);
    check_count(&desk, unit_a, "", of_unit_a(60));
    close_desk(&desk);
    rig_close(rig);
}

TEST(attack_12_counts_that_were_edited_are_no_counts)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(edit_counts, &rig);
    rig_end(&rig);
}
