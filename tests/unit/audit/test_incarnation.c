/* SPDX-License-Identifier: Apache-2.0
 *
 * A log that goes on from one that ended: what its first entry says has one form, nobody but the keeper's house can word it, the
 * server of the old origin and the old recorder are refused, and the old signer signs no more.
 */
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "sanjeh/audit/incarnation.h"
#include "sanjeh/crypto/random.h"
#include "state.h"

static struct sj_incarnation example(void)
{
    struct sj_incarnation x = {.number = 2,
        .log = {{1, 2, 3}},
        .origin = "test.example/audit/0a0b0c00-0000-0000-0000-000000000000/2",
        .former = "test.example/audit",
        .size = 12,
        .root = {{7}},
        .note = {{8}},
        .stored = 10};
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

/* ---- in the database ---- */

struct deed {
    struct rig rig;
    struct sj_draft draft;
    struct sj_incarnation said;
};

/* As the command does it. */
static sj_status begin_anew(struct deed *deed, bool edited, int connections)
{
    struct rig *rig = &deed->rig;
    struct sj_context context;
    struct sj_head_row row;
    struct sj_hash mac;
    struct sj_key key;
    struct sj_payload payload = {.key_version = 0};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf stored = SJ_BUF(SJ_PAYLOAD_STORED);
    deed->said = example();
    deed->draft = (struct sj_draft){.kind = SJ_ENTRY_INCARNATION,
        .emitter_seq = 1,
        .action = SJ_INCARNATION_ACTION,
        .object_type = "log",
        .outcome = SJ_OUTCOME_PERMITTED};
    CHECK_OK(sj_uuid_new(&deed->said.log));
    CHECK_OK(sj_uuid_new(&deed->draft.emitter));
    CHECK_OK(sj_incarnation_format(&deed->said, &detail));
    CHECK_OK(sj_copy(deed->draft.detail, SJ_ENTRY_DETAIL_MAX, detail.ptr, detail.len));
    CHECK_OK(sj_payload_commit(&deed->draft, sj_view_of("it was lost", 11), &salted));
    payload.content = sj_buf_view(&salted);
    CHECK_OK(sj_payload_encode(&payload, &stored));
    CHECK_OK(ask_emitter_key(rig->channel, deed->draft.emitter, &key));
    CHECK_OK(sj_draft_encode(&deed->draft, &bytes));
    CHECK_OK(sj_outbox_mac(&key, sj_buf_view(&bytes), &mac));
    mac.bytes[0] ^= edited ? 1 : 0;
    rig_record_context(rig, &context);
    TRY(sj_tx_begin(rig->db, &context, &tx));
    TRY(sj_head_lock(tx, &row));
    const struct sj_param params[] = {sj_p_id(&row.log_id), sj_p_i64((int64_t)row.size),
        sj_p_bytes(sj_view_of(row.root.bytes, SJ_HASH_SIZE)),
        sj_p_text(SJ_TEXT("test.example/audit")), sj_p_i32(2), sj_p_id(&deed->said.log),
        sj_p_text(sj_text_of(deed->said.origin)), sj_p_id(&deed->draft.emitter),
        sj_p_bytes(sj_buf_view(&bytes)), sj_p_bytes(sj_buf_view(&stored)),
        sj_p_bytes(sj_view_of(mac.bytes, SJ_HASH_SIZE)), sj_p_i32(connections)};
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_INCARNATE, params, SJ_COUNT(params)));
    return sj_tx_commit(&tx);
}

static void write_old_log(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    for (int i = 0; i < 20; i++) {
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
    rig_close(rig);
}

static void end_old_log(void *ctx)
{
    struct deed *deed = ctx;
    REQUIRE_OK(rig_connect(&deed->rig));
    CHECK_CODE(begin_anew(deed, false, 0), CONFLICT); /* somebody is connected, if only we */
    CHECK(rig_number(&deed->rig, "select count(*) from sanjeh.audit_former") == 0);
    CHECK_OK(begin_anew(deed, false, 8));
    CHECK(rig_number(&deed->rig, "select count(*) from sanjeh.audit_former_entry") == 22);
    CHECK(rig_number(&deed->rig, "select count(*) from sanjeh.audit_entry") == 0);
    rig_disconnect(&deed->rig);
}

static void expect_refusal(void *ctx)
{
    struct rig *rig = ctx;
    CHECK_CODE(rig_open(rig), LOG_TAMPERED);
    rig_disconnect(rig);
}

static void go_on(void *ctx)
{
    struct deed *deed = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(&deed->rig));
    CHECK(
        rig_number(&deed->rig,
            "select count(*) from sanjeh.audit_entry where idx = 0 and get_byte(entry, 73) = 19") ==
        1);
    CHECK_OK(rig_record(&deed->rig, "judge:read", &receipt));
    CHECK(receipt.index == 2); /* behind it and emitter-open */
    rig_verify_clean(&deed->rig, 3);
    rig_close(&deed->rig);
}

/* Nothing is begun a second time. */
static void go_on_again(void *ctx)
{
    struct deed *deed = ctx;
    REQUIRE_OK(rig_open(&deed->rig));
    CHECK(rig_number(&deed->rig,
              "select count(*) from sanjeh.audit_entry where get_byte(entry, 73) = 19") == 1);
    rig_verify_clean(&deed->rig, 5);
    rig_close(&deed->rig);
}

static void clear(const struct rig *rig)
{
    CHECK(rig_forge(rig,
        "truncate sanjeh.audit_incarnation, sanjeh.audit_former, sanjeh.audit_former_entry,"
        " sanjeh.audit_former_checkpoint, sanjeh.audit_former_tile, sanjeh.audit_former_payload"));
}

TEST(incarnation_goes_on_under_its_own_origin_and_recorder_only)
{
    static struct deed deed;
    rig_fresh(&deed.rig);
    clear(&deed.rig);
    sj_test_on_fiber(write_old_log, &deed.rig);
    sj_test_on_fiber(end_old_log, &deed);
    sj_test_on_fiber(expect_refusal, &deed.rig); /* the old origin */
    CHECK(strstr(deed.rig.reason, deed.said.origin) != NULL);
    deed.rig.origin = deed.said.origin;
    rig_new_signer(&deed.rig);
    sj_test_on_fiber(expect_refusal, &deed.rig); /* the old recorder */
    CHECK(strstr(deed.rig.reason, "recorder") != NULL);
    rig_new_recorder(&deed.rig);
    sj_test_on_fiber(go_on, &deed);
    sj_test_on_fiber(go_on_again, &deed);
    clear(&deed.rig);
    rig_end(&deed.rig);
}

static void word_it(void *ctx)
{
    struct deed *deed = ctx;
    REQUIRE_OK(rig_connect(&deed->rig));
    CHECK_OK(begin_anew(deed, true, 8));
    rig_disconnect(&deed->rig);
}

TEST(incarnation_that_somebody_else_worded_is_refused)
{
    static struct deed deed;
    rig_fresh(&deed.rig);
    clear(&deed.rig);
    sj_test_on_fiber(write_old_log, &deed.rig);
    /* and as if the oldest partition had been pruned: the new log's first entries have their place all the same */
    CHECK(rig_forge(&deed.rig,
        "alter table sanjeh.audit_entry detach partition sanjeh.audit_entry_p0;"
        " drop table sanjeh.audit_entry_p0"));
    sj_test_on_fiber(word_it, &deed);
    CHECK(rig_number(&deed.rig,
              "select count(*) from sanjeh.audit_partition_list() where first_index = 0 and"
              " name = 'audit_entry_p0'") == 1);
    deed.rig.origin = deed.said.origin;
    rig_new_signer(&deed.rig);
    rig_new_recorder(&deed.rig);
    sj_test_on_fiber(expect_refusal, &deed.rig);
    CHECK(strstr(deed.rig.reason, "edited") != NULL);
    clear(&deed.rig);
    rig_end(&deed.rig);
}
