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

static size_t of_alice(void)
{
    return ENTRIES / 3 + 1;
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

/* $T stands for alice's token. */
static const struct {
    const char *what;
    const char *sql;
} damages[] = {
    {"one hit taken out", "delete from sanjeh.audit_posting where token = $T and seq = 150"},
    {"the newest hits taken out",
        "delete from sanjeh.audit_posting where token = $T and seq > 290"},
    {"the newest hits and their count",
        "delete from sanjeh.audit_posting where token = $T and seq > 290;"
        " update sanjeh.audit_posting_head set count = 290 where token = $T"},
    {"the oldest hits taken out", "delete from sanjeh.audit_posting where token = $T and seq < 10"},
    {"a whole term with its count", "delete from sanjeh.audit_posting where token = $T;"
                                    " delete from sanjeh.audit_posting_head where token = $T"},
    {"a gap closed by new numbers",
        "delete from sanjeh.audit_posting where token = $T and seq = 150;"
        " update sanjeh.audit_posting set seq = seq - 1 where token = $T and seq > 150"},
    {"a hit moved to another entry",
        "update sanjeh.audit_posting set idx = idx + 1 where token = $T and seq = 150"},
    {"a hit given to another term",
        "update sanjeh.audit_posting set token = 5 where token = $T and seq = 150"},
    {"a posting of somebody's own in its place",
        "delete from sanjeh.audit_posting where token = $T and seq = 150;"
        " insert into sanjeh.audit_posting select $T, idx + 1, 150, mac"
        " from sanjeh.audit_posting where token = $T and seq = 149"},
};

static void attack(struct desk *desk, size_t number)
{
    char sql[1024];
    char token[32];
    char gap[160] = "";
    bool is_complete = true;
    size_t len = 0;
    (void)snprintf(token, sizeof token, "(%lld)", (long long)desk->token);
    for (const char *at = damages[number].sql; *at != '\0'; at++) {
        const bool is_token = at[0] == '$' && at[1] == 'T';
        len += (size_t)snprintf(
            sql + len, sizeof sql - len, "%s", is_token ? token : (char[]){*at, '\0'});
        at += is_token ? 1 : 0;
    }
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
    CHECK(rig_forge(desk->rig, "truncate sanjeh.audit_posting, sanjeh.audit_posting_head;"
                               "insert into sanjeh.audit_posting table public.p;"
                               "insert into sanjeh.audit_posting_head table public.h"));
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
    CHECK(rig_forge(rig, "create table public.p as table sanjeh.audit_posting;"
                         "create table public.h as table sanjeh.audit_posting_head"));
    for (size_t i = 0; i < SJ_COUNT(damages); i++) {
        attack(&desk, i);
    }
    CHECK(rig_forge(rig, "drop table public.p, public.h"));
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

static void start_again(void *ctx)
{
    struct rig *rig = ctx;
    struct desk desk;
    char gap[160] = "";
    bool is_complete = false;
    REQUIRE_OK(rig_open(rig));
    fill(rig);
    open_desk(rig, &desk);
    /* counts as they once were, with MACs that were ours */
    CHECK(rig_forge(rig, "create table public.h as table sanjeh.audit_posting_head"));
    fill(rig);
    CHECK_OK(follow(&desk));
    sj_index_free(&desk.index);
    open_desk(rig, &desk);
    CHECK(all_of_alice(&desk, &is_complete, gap) == 2 * of_alice() && is_complete);
    sj_index_free(&desk.index);
    CHECK(rig_forge(rig,
        "update sanjeh.audit_posting_head n set count = h.count, last_idx = h.last_idx, mac = h.mac"
        " from public.h h where h.token = n.token and n.count > 300 and n.count < 700"));
    desk = (struct desk){.rig = rig};
    rig_record_context(rig, &desk.context);
    CHECK_OK(sj_index_new(sj_sequencer_record_key(rig->sequencer), &desk.index));
    CHECK_OK(follow(&desk));
    CHECK(sj_index_status(desk.index).is_broken);
    /* made anew it is whole */
    CHECK_OK(sj_index_clear(rig->db, &desk.context));
    sj_index_free(&desk.index);
    open_desk(rig, &desk);
    CHECK(all_of_alice(&desk, &is_complete, gap) == 2 * of_alice() && is_complete);
    CHECK(rig_forge(rig, "drop table public.h"));
    sj_index_free(&desk.index);
    rig_close(rig);
}

TEST(attack_12_counts_put_back_stop_the_index_at_the_next_start)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(start_again, &rig);
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
