/* SPDX-License-Identifier: Apache-2.0
 *
 * Does what stands beside an entry stay bound to it, over the outbox and a crash too, and can it be destroyed without
 * touching the log?
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "fixture.h"

TEST(payload_fits_only_with_its_salt_and_length)
{
    struct sj_draft draft = rig_draft("account:read");
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(256);
    CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(256);
    bool fits = false;
    CHECK_OK(sj_crypto_init());
    REQUIRE_OK(sj_payload_commit(&draft, sj_view_of("yes", 3), &salted));
    CHECK(draft.payload_len == 3 && salted.len == SJ_PAYLOAD_SALT + 3);
    CHECK_OK(sj_payload_fits(3, &draft.payload_commit, sj_buf_view(&salted), &fits));
    CHECK(fits);
    for (size_t i = 0; i < salted.len; i++) {
        salted.ptr[i] ^= 1;
        CHECK_OK(sj_payload_fits(3, &draft.payload_commit, sj_buf_view(&salted), &fits));
        CHECK(!fits);
        salted.ptr[i] ^= 1;
    }
    CHECK_OK(sj_payload_fits(4, &draft.payload_commit, sj_buf_view(&salted), &fits));
    CHECK(!fits);
    /* the same answer again gives another commitment: one cannot be told from the other */
    const struct sj_hash first = draft.payload_commit;
    REQUIRE_OK(sj_payload_commit(&draft, sj_view_of("yes", 3), &again));
    CHECK(!sj_hash_equal(&first, &draft.payload_commit));
    CHECK_CODE(sj_payload_commit(&draft, sj_view_of("", 0), &again), LIMIT_EXCEEDED);
}

TEST(payload_stored_form_comes_back_and_refuses_others)
{
    uint8_t content[40] = {1};
    struct sj_payload payload = {.content = {content, sizeof(content)}};
    struct sj_payload back;
    CLEANUP(sj_buf_clear) struct sj_buf stored = SJ_BUF(256);
    REQUIRE_OK(sj_payload_encode(&payload, &stored));
    REQUIRE_OK(sj_payload_decode(sj_buf_view(&stored), &back));
    CHECK(sj_view_equal(back.content, payload.content) && sj_uuid_is_nil(back.subject));
    CHECK_CODE(sj_payload_decode(sj_view_of(stored.ptr, 36 + 32), &back), PROTOCOL);
    payload.key_version = 1; /* a version of no key */
    CHECK_CODE(sj_payload_encode(&payload, &stored), INVALID);
    payload.subject = (struct sj_uuid){{7}};
    sj_buf_reset(&stored);
    REQUIRE_OK(sj_payload_encode(&payload, &stored));
    REQUIRE_OK(sj_payload_decode(sj_buf_view(&stored), &back));
    CHECK(sj_uuid_equal(back.subject, payload.subject) && back.key_version == 1);
}

static void give_payload(struct sj_draft *draft, struct sj_payload *payload, struct sj_buf *salted)
{
    CHECK_OK(sj_payload_commit(draft, sj_view_of("a reason", 8), salted));
    *payload = (struct sj_payload){.content = sj_buf_view(salted)};
    draft->payload = payload;
}

static void record_with_payload(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_draft draft = rig_draft("account:read");
    struct sj_payload payload;
    struct sj_receipt receipt;
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(256);
    REQUIRE_OK(rig_open(rig));
    give_payload(&draft, &payload, &salted);
    REQUIRE_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_payload p join sanjeh.audit_entry e"
                          " on e.idx = p.idx and sha256('\\x02' || substring(p.content from 37)) ="
                          " substring(e.entry from 174 for 32)") == 1);
    /* the only part of the record that may go: the log holds without it */
    CHECK(rig_forge(rig, "delete from sanjeh.audit_payload"));
    rig_verify_clean(rig, 2);
    rig_close(rig);
}

TEST(payload_is_stored_with_its_entry_and_not_needed_by_the_log)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(record_with_payload, &rig);
    rig_end(&rig);
}

static void commit_with_payload_and_die(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_draft draft = rig_draft("judge:write");
    struct sj_payload payload;
    struct sj_context context;
    struct sj_tx *tx = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(256);
    REQUIRE_OK(rig_open(rig));
    give_payload(&draft, &payload, &salted);
    rig_deed_context(rig, &context);
    draft.emitter = sj_sequencer_emitter(rig->sequencer);
    draft.emitter_seq = sj_sequencer_next_seq(rig->sequencer);
    REQUIRE_OK(sj_tx_begin(rig->db, &context, &tx));
    REQUIRE_OK(sj_outbox_put(tx, sj_sequencer_emitter_key(rig->sequencer), &draft));
    REQUIRE_OK(sj_tx_commit(&tx));
    kill(getpid(), SIGKILL);
}

static void expect_payload_after_start(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_payload where substring(content from"
                          " 69) = 'a reason'") == 1);
    rig_close(rig);
}

TEST(payload_of_a_killed_server_is_there_after_the_next_start)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, commit_with_payload_and_die);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_payload_after_start, &rig);
    rig_end(&rig);
}
