/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the panel deaf? "Nobody has anything to say" is worth what this file shows: each of the insiders and the verifier is made to speak.
 * The witness, pins and tokens of time speak in test_attacks.c and test_times.c.
 */
#include <stdio.h>

#include "rig_panel.h"

#define ENTRIES 1100 /* more than a start reads again */

static void record_many(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    for (int i = 0; i < ENTRIES; i++) {
        const struct sj_draft draft = rig_draft("judge:list");
        sj_sequencer_note(rig->sequencer, &draft);
    }
    while (sj_sequencer_stats(rig->sequencer).queued > 0) {
        sj_fiber_sleep_ms(1);
    }
    rig_close(rig);
}

static void begin(struct rig *rig, struct insiders *who)
{
    rig_fresh(rig);
    insiders_remember(who, rig, NULL);
}

#define EDIT(idx)                                                                                  \
    "update sanjeh.audit_entry set entry = set_byte(entry, 164, 1 + get_byte(entry, 164) % 200)"   \
    " where idx = " idx

TEST(panel_hears_verifier_scrubber_and_start)
{
    struct rig rig;
    struct insiders who;
    begin(&rig, &who);
    CHECK(rig_forge(&rig, EDIT("4")));
    insiders_expect(
        &who, &(struct panel){
                  .verifier = "tampered at 4: the entry does not give its leaf hash in the tile (",
                  .since = "tampered at 4: the entry does not give its leaf hash in the tile (",
                  .seen = "tampered at 4: the entry does not give its leaf hash in the tile (",
                  .scrubber = "at 4: the entry does not give its leaf hash",
                  .start = "an entry was changed at index 4"});
    rig_end(&rig);
}

TEST(panel_hears_a_unit_whose_record_is_not_whole)
{
    struct rig rig;
    struct insiders who;
    begin(&rig, &who);
    sj_test_on_fiber(record_many, &rig);
    CHECK(rig_forge(&rig, EDIT("4")));
    insiders_expect(&who,
        &(struct panel){
            .verifier = "tampered at 4: the entry does not give its leaf hash in the tile (",
            .since = "tampered at 4: the entry does not give its leaf hash in the tile (",
            .state = "tampered at 4: the entry is not the one that the run before has checked (",
            .seen = "tampered at 4: the entry does not give its leaf hash in the tile (",
            .scrubber = "at 4: the entry does not give its leaf hash",
            .units = "unit 1: LOG_TAMPERED"});
    rig_end(&rig);
}

static void try_doors(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    for (int i = 0; i < 25; i++) {
        struct sj_draft draft = rig_draft("judge:read");
        draft.kind = SJ_ENTRY_ACCESS;
        draft.actor.bytes[0] = 0x77;
        draft.object.bytes[1] = (uint8_t)(1 + i);
        draft.outcome = SJ_OUTCOME_DENIED;
        draft.http_status = 404;
        CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    }
    rig_close(rig);
}

TEST(panel_hears_alarms_over_entries)
{
    struct rig rig;
    struct insiders who;
    begin(&rig, &who);
    sj_test_on_fiber(try_doors, &rig);
    insiders_expect(&who, &(struct panel){.alarms = "denials (account=77000000"});
    rig_end(&rig);
}

TEST(panel_hears_a_guard_that_is_not_as_it_was)
{
    struct rig rig;
    struct insiders who;
    begin(&rig, &who);
    CHECK(sj_pg_run(rig.pg->admin, "create role guest superuser"));
    insiders_expect(&who, &(struct panel){.scenery = "new "});
    CHECK(sj_pg_run(rig.pg->admin, "drop role guest"));
    rig_end(&rig);
}
