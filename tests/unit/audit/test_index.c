/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the index give every entry of a term, and does it speak when somebody has made it give less? Attack 12 (AUDIT 4.1): a superuser
 * edits the index to hide hits. A real keeper, a real database; each damage is made behind a running index and undone again.
 */
#include "sanjeh/audit/index.h"

#include <stdio.h>

#include "fixture.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/random.h"

#define ENTRIES 900

static const struct sj_uuid alice = {{0xA1, 1}};
static const struct sj_uuid bob = {{0xB0, 2}};

struct desk {
    struct rig *rig;
    struct sj_index *index;
    struct sj_context context;
    int64_t token; /* of alice */
};

/* Every third entry is alice's; the newest and the oldest are, too. */
static void fill(struct rig *rig)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct sj_draft draft = rig_draft(i % 2 == 0 ? "judge:read" : "court:read");
        struct sj_receipt receipt;
        draft.actor = i % 3 == 0 || i == ENTRIES - 1 ? alice : bob;
        CHECK_OK(sj_uuid_new(&draft.object));
        CHECK_OK(sj_uuid_new(&draft.request_id));
        if (i % 150 == 149 || i == ENTRIES - 1) {
            CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
        } else {
            sj_sequencer_note(rig->sequencer, &draft);
        }
    }
}

static sj_status follow(struct desk *desk)
{
    struct sj_reading *reading = NULL;
    TRY(sj_reading_open(desk->rig->sequencer, desk->rig->db, &desk->context, &reading));
    sj_status status = SJ_DONE;
    for (bool more = true; more && !sj_failed(status);) {
        status = sj_index_step(desk->index, reading, desk->rig->db, &desk->context, &more);
    }
    sj_reading_close(&reading);
    return status;
}

static void open_desk(struct rig *rig, struct desk *desk)
{
    *desk = (struct desk){.rig = rig};
    rig_record_context(rig, &desk->context);
    CHECK_OK(sj_index_new(sj_sequencer_record_key(rig->sequencer), &desk->index));
    CHECK_OK(sj_index_token(
        desk->index, SJ_INDEX_ACTOR, sj_view_of(alice.bytes, sizeof alice.bytes), &desk->token));
    CHECK_OK(follow(desk));
    CHECK(!sj_index_status(desk->index).is_broken);
}

static size_t of_alice(void)
{
    return ENTRIES / 3 + 1;
}

/* All places of alice's entries, page by page; whether all pages were complete. */
static size_t all_of_alice(struct desk *desk, bool *ret_is_complete, char *ret_gap)
{
    uint64_t below = UINT64_MAX;
    size_t count = 0;
    *ret_is_complete = true;
    for (bool more = true; more;) {
        struct sj_index_page page;
        if (sj_failed(sj_index_find(
                desk->index, desk->rig->db, &desk->context, desk->token, 0, below, &page))) {
            CHECK(false);
            return count;
        }
        if (!page.is_complete && *ret_is_complete) {
            *ret_is_complete = false;
            (void)snprintf(ret_gap, 160, "%s", page.gap);
        }
        count += page.count;
        below = page.count > 0 ? page.indices[page.count - 1] : 0;
        more = page.has_more;
    }
    return count;
}

static void index_and_find(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    bool is_complete = false;
    char gap[160] = "";
    struct sj_index_page page;
    REQUIRE_OK(rig_open(rig));
    fill(rig);
    open_desk(rig, &desk);
    CHECK(sj_index_status(desk.index).upto >= ENTRIES);
    CHECK(all_of_alice(&desk, &is_complete, gap) == of_alice() && is_complete);
    /* bounds */
    CHECK_OK(sj_index_find(desk.index, rig->db, &desk.context, desk.token, 100, 200, &page));
    CHECK(page.is_complete && !page.has_more && page.count >= 33 && page.count <= 34);
    CHECK(page.indices[0] < 200 && page.indices[page.count - 1] >= 100);
    CHECK_OK(
        sj_index_find(desk.index, rig->db, &desk.context, desk.token + 1, 0, UINT64_MAX, &page));
    CHECK(page.is_complete && page.count == 0); /* a term that nothing has */
    /* every place is proven to be alice's */
    struct sj_reading *reading = NULL;
    uint64_t bad = 0;
    void *memory = NULL;
    REQUIRE_OK(sj_reading_open(rig->sequencer, rig->db, &desk.context, &reading));
    REQUIRE_OK(sj_alloc(SJ_INDEX_PAGE, sizeof(struct sj_hit), &memory));
    struct sj_hit *hits = memory;
    REQUIRE_OK(sj_index_find(desk.index, rig->db, &desk.context, desk.token, 0, UINT64_MAX, &page));
    for (size_t i = 0; i < page.count; i++) {
        hits[i].index = page.indices[i];
    }
    CHECK_OK(sj_reading_entries(reading, hits, page.count, &bad));
    for (size_t i = 0; i < page.count; i++) {
        CHECK(sj_uuid_equal(hits[i].entry.draft.actor, alice));
    }
    hits[0].index = sj_reading_size(reading);
    CHECK_CODE(sj_reading_entries(reading, hits, 1, &bad), NOT_FOUND);
    /* what came later goes in later */
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:read");
    draft.actor = alice;
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    CHECK_OK(follow(&desk));
    CHECK(all_of_alice(&desk, &is_complete, gap) == of_alice() + 1 && is_complete);
    struct sj_index_report report;
    sj_reading_close(&reading);
    REQUIRE_OK(sj_reading_open(rig->sequencer, rig->db, &desk.context, &reading));
    CHECK_OK(sj_index_check(desk.index, reading, rig->db, &desk.context, &report));
    CHECK(report.counts_hold && report.missing == 0 && report.wrong == 0);
    sj_reading_close(&reading);
    sj_free(memory);
    sj_index_free(&desk.index);
    rig_close(rig);
}

TEST(index_gives_every_entry_of_a_term_and_says_so)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(index_and_find, &rig);
    rig_end(&rig);
}

/* $T stands for alice's token, $P for "the page in which her posting of entry 450 stands". */
static const struct {
    const char *what;
    const char *sql;
} damages[] = {
    {"a page with hits taken out", "delete from sanjeh.audit_run as r where $P"},
    {"all pages of the newest run",
        "delete from sanjeh.audit_run where run_to = (select max(run_to) from sanjeh.audit_run)"},
    {"all pages of the oldest run", "delete from sanjeh.audit_run where run_from = 0"},
    {"the whole index", "delete from sanjeh.audit_run"},
    {"a byte of a page",
        "update sanjeh.audit_run as r set content = set_byte(content, octet_length(content) - 1,"
        " get_byte(content, octet_length(content) - 1) # 1) where $P"},
    {"a page cut short", "update sanjeh.audit_run as r set content = substring(content for "
                         "octet_length(content) - 1) where $P"},
    {"a page that speaks for less",
        "update sanjeh.audit_run as r set content = set_byte(content, 0, 0) where $P"},
    {"a page given to another beginning", "update sanjeh.audit_run as r set token = token + 1 "
                                          "where $P and token <> -9223372036854775808;"
                                          " update sanjeh.audit_run as r set idx = idx + 1 where "
                                          "$P and token = -9223372036854775808"},
    {"a page given to another run",
        "update sanjeh.audit_run as r set run_to = run_to + 1 where $P"},
    {"the pages of one run in place of another's",
        "delete from sanjeh.audit_run where run_from = 0;"
        " insert into sanjeh.audit_run select 0, (select min(run_to) from public.p), token, idx, "
        "content, mac"
        " from public.p where run_from > 0 and run_to = (select max(run_to) from public.p)"},
    {"another page's content under a page's place",
        "update sanjeh.audit_run as r set content = p.content, mac = p.mac from public.p as p"
        " where $P and (p.run_from, p.token) <> (r.run_from, r.token)"},
};

static const char page_sql[] =
    "r.run_from <= 450 and r.run_to > 450 and (r.token, r.idx) = (select q.token, q.idx from "
    "sanjeh.audit_run as q where q.run_from ="
    " r.run_from and q.run_to = r.run_to and (q.token, q.idx) <= ($T, 450) order by q.token desc, "
    "q.idx desc limit 1)";

static void put_token(int64_t token, char *sql, size_t size)
{
    char copy[2048];
    size_t len = 0;
    (void)snprintf(copy, sizeof copy, "%s", sql);
    for (const char *at = copy; *at != '\0'; at++) {
        if (at[0] == '$' && at[1] == 'T') {
            len += (size_t)snprintf(sql + len, size - len, "(%lld)", (long long)token);
            at++;
        } else {
            len += (size_t)snprintf(sql + len, size - len, "%c", *at);
        }
    }
}

static void attack(struct desk *desk, size_t number)
{
    char sql[2048] = "";
    char gap[160] = "";
    bool is_complete = true;
    size_t len = 0;
    for (const char *at = damages[number].sql; *at != '\0'; at++) {
        const bool is_page = at[0] == '$' && at[1] == 'P';
        len += (size_t)snprintf(
            sql + len, sizeof sql - len, "%s", is_page ? page_sql : (char[]){*at, '\0'});
        at += is_page ? 1 : 0;
    }
    put_token(desk->token, sql, sizeof sql);
    CHECK(rig_forge(desk->rig, sql));
    (void)all_of_alice(desk, &is_complete, gap);
    if (is_complete) {
        printf("    not noticed: %s\n", damages[number].what);
        CHECK(false);
    }
    CHECK(gap[0] != '\0');
    /* and the comparison with the entries tells the same */
    struct sj_index_report report;
    struct sj_reading *reading = NULL;
    CHECK_OK(sj_reading_open(desk->rig->sequencer, desk->rig->db, &desk->context, &reading));
    CHECK_OK(sj_index_check(desk->index, reading, desk->rig->db, &desk->context, &report));
    CHECK(report.missing > 0 || report.wrong > 0);
    sj_reading_close(&reading);
    CHECK(rig_forge(
        desk->rig, "truncate sanjeh.audit_run; insert into sanjeh.audit_run table public.p"));
    (void)all_of_alice(desk, &is_complete, gap);
    CHECK(is_complete);
}

static void hide_hits(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    REQUIRE_OK(rig_open(rig));
    fill(rig);
    open_desk(rig, &desk);
    fill(rig);
    CHECK_OK(follow(&desk));
    CHECK(rig_forge(rig, "create table public.p as table sanjeh.audit_run"));
    CHECK(rig_number(rig, "select count(distinct run_from) from public.p") > 1);
    for (size_t i = 0; i < SJ_COUNT(damages); i++) {
        attack(&desk, i);
    }
    CHECK(rig_forge(rig, "drop table public.p"));
    sj_index_free(&desk.index);
    rig_close(rig);
}

TEST(attack_12_hidden_hits_show_as_gaps)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(hide_hits, &rig);
    rig_end(&rig);
}

/* The state as it was, with a MAC that was ours: behind a running server it is noticed, behind a stopped one it costs work alone. */
static void set_back(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    char gap[160] = "";
    bool is_complete = false;
    REQUIRE_OK(rig_open(rig));
    fill(rig);
    open_desk(rig, &desk);
    CHECK(rig_forge(rig, "create table public.s as table sanjeh.audit_index_state;"
                         "create table public.p as table sanjeh.audit_run"));
    fill(rig);
    CHECK_OK(follow(&desk));
    static const char back[] =
        "delete from sanjeh.audit_index_state; insert into sanjeh.audit_index_state table public.s;"
        " truncate sanjeh.audit_run; insert into sanjeh.audit_run table public.p";
    CHECK(rig_forge(rig, back));
    CHECK_OK(follow(&desk));
    CHECK(sj_index_status(desk.index).is_broken);
    (void)all_of_alice(&desk, &is_complete, gap);
    CHECK(!is_complete && gap[0] != '\0');
    sj_index_free(&desk.index);
    open_desk(rig, &desk);
    CHECK(all_of_alice(&desk, &is_complete, gap) == 2 * of_alice() && is_complete);
    /* one that was never ours stops it at once */
    sj_index_free(&desk.index);
    CHECK(rig_forge(rig, "update sanjeh.audit_index_state set generation = generation + 1"));
    desk = (struct desk){.rig = rig, .token = desk.token};
    rig_record_context(rig, &desk.context);
    CHECK_OK(sj_index_new(sj_sequencer_record_key(rig->sequencer), &desk.index));
    CHECK_OK(follow(&desk));
    CHECK(sj_index_status(desk.index).is_broken);
    (void)all_of_alice(&desk, &is_complete, gap);
    CHECK(!is_complete);
    /* made anew it is whole */
    CHECK_OK(sj_index_clear(rig->db, &desk.context));
    sj_index_free(&desk.index);
    open_desk(rig, &desk);
    CHECK(all_of_alice(&desk, &is_complete, gap) == 2 * of_alice() && is_complete);
    CHECK(rig_forge(rig, "drop table public.s, public.p"));
    sj_index_free(&desk.index);
    rig_close(rig);
}

TEST(attack_12_an_index_set_back_is_noticed_or_made_again)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(set_back, &rig);
    rig_end(&rig);
}

static int64_t runs_with_pages(struct rig *rig)
{
    return rig_number(
        rig, "select count(*) from (select distinct run_from, run_to from sanjeh.audit_run) as r");
}

/* What a server left that was stopped after its merge had been named: pages of a run that nobody asks for any more. */
static void sweep_what_was_left(struct rig *rig)
{
    struct desk desk;
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:read");
    const int64_t before = runs_with_pages(rig);
    CHECK(rig_forge(rig, "insert into sanjeh.audit_run select run_from, run_from + 1, token, idx, "
                         "content, mac from sanjeh.audit_run where run_from = 0"));
    CHECK(runs_with_pages(rig) == before + 1);
    CHECK_OK(sj_uuid_new(&draft.request_id));
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    open_desk(rig, &desk);
    CHECK(runs_with_pages(rig) == (int64_t)sj_index_status(desk.index).runs);
    sj_index_free(&desk.index);
}

/* Many small runs become few; a search beside it, and a second server's index that did not follow, find the same. */
static void merge_runs(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    struct desk other;
    char gap[160] = "";
    bool is_complete = false;
    size_t expected = of_alice();
    struct sj_index_report report;
    REQUIRE_OK(rig_open(rig));
    fill(rig);
    open_desk(rig, &desk);
    open_desk(rig, &other);
    sj_recent_done(rig->sequencer, SJ_FOLLOWER_INDEX, sj_index_status(desk.index).upto);
    for (size_t i = 0; i < 40; i++) {
        struct sj_receipt receipt;
        struct sj_draft draft = rig_draft("judge:read");
        draft.actor = alice;
        CHECK_OK(sj_uuid_new(&draft.request_id));
        CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
        CHECK_OK(follow(&desk));
        expected++;
    }
    CHECK(sj_index_status(desk.index).runs < 16);
    CHECK(runs_with_pages(rig) == (int64_t)sj_index_status(desk.index).runs);
    CHECK(all_of_alice(&desk, &is_complete, gap) == expected && is_complete);
    CHECK(all_of_alice(&other, &is_complete, gap) == expected && is_complete);
    CHECK_OK(follow(&other));
    CHECK(!sj_index_status(other.index).is_broken);
    struct sj_reading *reading = NULL;
    REQUIRE_OK(sj_reading_open(rig->sequencer, rig->db, &desk.context, &reading));
    CHECK_OK(sj_index_check(desk.index, reading, rig->db, &desk.context, &report));
    CHECK(report.counts_hold && report.missing == 0 && report.wrong == 0 &&
          report.postings > 4 * ENTRIES);
    sj_reading_close(&reading);
    sj_index_free(&other.index);
    sj_index_free(&desk.index);
    sweep_what_was_left(rig);
    rig_close(rig);
}

TEST(index_runs_become_few_and_keep_every_posting)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(merge_runs, &rig);
    rig_end(&rig);
}

/* A page that is changed before its run is merged does not reach the merged one with a MAC of ours. */
static void launder(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    REQUIRE_OK(rig_open(rig));
    fill(rig);
    open_desk(rig, &desk);
    for (size_t i = 0; i < 20 && !sj_index_status(desk.index).is_broken; i++) {
        struct sj_receipt receipt;
        struct sj_draft draft = rig_draft("judge:read");
        CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
        CHECK_OK(follow(&desk));
        CHECK(
            i != 0 || rig_forge(rig, "update sanjeh.audit_run set content = set_byte(content, 20, "
                                     " get_byte(content, 20) # 1) where run_from = (select "
                                     "max(run_from) from sanjeh.audit_run)"));
    }
    CHECK(sj_index_status(desk.index).is_broken);
    CHECK(strstr(sj_index_status(desk.index).reason, "pages of the index") != NULL);
    sj_index_free(&desk.index);
    rig_close(rig);
}

TEST(attack_12_a_merge_takes_no_foreign_page)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(launder, &rig);
    rig_end(&rig);
}

static void change_before_indexing(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    REQUIRE_OK(rig_open(rig));
    fill(rig);
    CHECK(rig_forge(rig, "update sanjeh.audit_entry set entry = set_byte(entry, 130, "
                         "get_byte(entry, 130) # 1) where idx = 300"));
    desk = (struct desk){.rig = rig};
    rig_record_context(rig, &desk.context);
    CHECK_OK(sj_index_new(sj_sequencer_record_key(rig->sequencer), &desk.index));
    CHECK_CODE(follow(&desk), LOG_TAMPERED);
    const struct sj_index_status status = sj_index_status(desk.index);
    CHECK(status.is_broken && strstr(status.reason, "300") != NULL);
    sj_index_free(&desk.index);
    rig_close(rig);
}

/* An entry that is changed for the moment in which it is indexed would be missing from its own terms for ever. */
TEST(attack_12_an_entry_is_proven_before_it_is_indexed)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(change_before_indexing, &rig);
    rig_end(&rig);
}
