/* SPDX-License-Identifier: Apache-2.0
 *
 * Who speaks about a real record? See rig_panel.h. What a running server tells as an alarm of its own (a finding of the scrubber, a
 * witness that contradicts) is here the word of the scrubber or witness itself; the rules over entries are the shipped ones.
 */
#include "rig_panel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "sanjeh/audit/record.h"
#include "sanjeh/audit/scrub.h"
#include "sanjeh/audit/unit_record.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/watch/rules.h"
#include "sanjeh/watch/scenery.h"
#include "test.h"

#define UNITS 3u
enum { SAYS_SCRUBBER = 6, SAYS_START, SAYS_UNITS, SAYS_ALARMS, SAYS_SCENERY };

static struct sj_uuid unit_of(unsigned number)
{
    return (struct sj_uuid){{(uint8_t)number, 0xAB, 0xCD}};
}

/* ---- the tree ---- */

static void read_entries(struct insiders *who, struct sj_rows **ret_rows)
{
    struct rig *rig = who->rigs[0];
    struct sj_context context;
    const struct sj_param params[] = {sj_p_i64(0), sj_p_i64(INT64_MAX)};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params)};
    rig_record_context(rig, &context);
    CHECK_OK(sj_record_read(rig->db, &context, &query, ret_rows));
}

/* Leaves of the tree that the export's checkpoint signs, as a publisher has them: stored, not hashed again. */
static void take_leaves(struct insiders *who, const struct sj_rows *rows)
{
    struct sj_checkpoint checkpoint;
    struct sj_text body = {NULL, 0};
    void *memory = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX + 1);
    outsiders_checkpoint(who->out.bundle, &note);
    const uint8_t *end = memmem(note.ptr, note.len, "\n\n", 2);
    SJ_ASSERT(end != NULL);
    body = (struct sj_text){(const char *)note.ptr, (size_t)(end - note.ptr) + 1};
    CHECK_OK(sj_checkpoint_parse(body, &checkpoint));
    const size_t count = sj_rows_count(rows);
    who->leaf_count = checkpoint.size < count ? (size_t)checkpoint.size : count;
    sj_free(who->leaves);
    CHECK_OK(sj_alloc(who->leaf_count + 1, sizeof(struct sj_hash), &memory));
    who->leaves = memory;
    for (size_t i = 0; i < who->leaf_count; i++) {
        const struct sj_view leaf = sj_row_bytes(rows, i, 2);
        CHECK_OK(sj_copy(who->leaves[i].bytes, SJ_HASH_SIZE, leaf.ptr, leaf.len));
    }
}

/* ---- before ---- */

static void put_lasting_key(struct insiders *who, struct rig *rig)
{
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CHECK_OK(ask_log_vkey(rig->channel, &vkey));
    CHECK_OK(sj_note_key_parse(sj_buf_text(&vkey), &who->keys[who->key_count++]));
}

/* Each server's key is in the other one's policy. */
static void meet_second(struct insiders *who)
{
    struct rig *second = who->rigs[1];
    put_lasting_key(who, who->rigs[0]);
    if (second != NULL) {
        REQUIRE_OK(rig_connect(second));
        put_lasting_key(who, second);
        rig_trust(second, who->rigs[0]);
        rig_disconnect(second);
    }
}

static sj_status start_patiently(struct rig *rig)
{
    const int64_t deadline_ms = rig->deadline_ms;
    rig->deadline_ms = 30000; /* nobody is refused for a loaded machine */
    const sj_status status = rig_start(rig);
    rig->deadline_ms = deadline_ms;
    return status;
}

static void live(struct rig *rig)
{
    struct sj_receipt receipt;
    REQUIRE_OK(start_patiently(rig));
    for (unsigned i = 0; i < 4 * UNITS; i++) {
        struct sj_draft draft = rig_draft("judge:read");
        draft.tenant_tag = unit_of(1 + i % UNITS);
        CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    }
    CHECK_OK(sj_sequencer_note_heads(rig->sequencer));
    rig_stop(rig);
}

static void look(struct rig *rig, struct sj_buf *out)
{
    struct sj_context context;
    int64_t migration = 0;
    rig_record_context(rig, &context);
    CHECK_OK(sj_scenery_look(rig->db, &context, &migration, out));
    CHECK_OK(sj_buf_put_byte(out, '\n'));
    CHECK_OK(sj_superusers_look(rig->db, &context, out));
}

static void remember(void *ctx)
{
    struct insiders *who = ctx;
    char bundle[96];
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(2048);
    REQUIRE_OK(rig_connect(who->rigs[0]));
    live(who->rigs[0]);
    meet_second(who);
    (void)snprintf(bundle, sizeof bundle, "%s", rig_file("bundle.tar"));
    REQUIRE_OK(rig_export(who->rigs[0], bundle, &lines));
    outsiders_open(&who->out, sj_buf_text(&lines), who->keys, who->key_count);
    CHECK(rename(bundle, who->out.bundle) == 0);
    read_entries(who, &rows);
    take_leaves(who, rows);
    outsiders_remember(&who->out, who->leaves, who->leaf_count);
    look(who->rigs[0], &who->scenery);
    rig_disconnect(who->rigs[0]);
}

void insiders_remember(struct insiders *who, struct rig *rig, struct rig *second)
{
    *who = (struct insiders){.rigs = {rig, second}, .scenery = SJ_BUF(SJ_SCENERY_MAX)};
    sj_test_on_fiber(remember, who);
}

/* ---- scrubber, alarms, scenery ---- */

static void hear_scrubber(struct insiders *who, char *said)
{
    struct rig *rig = who->rigs[0];
    struct sj_context context;
    struct sj_scrub_target target;
    struct sj_scrub_report report;
    CLEANUP(sj_scrub_free) struct sj_scrub *scrub = NULL;
    bool done = false;
    rig_record_context(rig, &context);
    CHECK_OK(sj_scrub_stored_target(rig->db, &context, who->keys, who->key_count, &target));
    CHECK_OK(sj_scrub_new(&target, &scrub));
    while (!done) {
        REQUIRE_OK(sj_scrub_step(scrub, rig->db, &context, &done));
    }
    sj_scrub_report(scrub, &report);
    if (report.findings > 0 && report.has_index) {
        (void)snprintf(
            said, PANEL_SAYS, "at %llu: %s", (unsigned long long)report.index, report.cause);
    } else if (report.findings > 0) {
        (void)snprintf(said, PANEL_SAYS, "%s", report.cause);
    }
}

static sj_status note_alarm(void *ctx, const struct sj_alarm_hit *hit)
{
    char *said = ctx;
    const size_t used = strlen(said);
    (void)snprintf(said + used, PANEL_SAYS - used, "%s%s (%s)", used == 0 ? "" : ", ",
        sj_alarm_rule_name(hit->rule), hit->cause);
    return SJ_DONE;
}

/* The settings that nobody has set. */
static void load_settings(struct sj_config *config)
{
    static const char minimal[] =
        "[server]\ncert_file = /c\nkey_file = /k\n[database]\nconninfo = host=/run\n"
        "[keeper]\nroot_key_file = /r\nsigner_state = /s\n[audit]\norigin = log.example/1\n"
        "[policy]\nfolder = /policy\n";
    char path[] = "/tmp/sanjeh-config-XXXXXX";
    char detail[SJ_CONFIG_DETAIL_SIZE];
    const int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, minimal, strlen(minimal)) == (ssize_t)strlen(minimal));
    (void)close(fd);
    CHECK_OK(sj_config_load(path, config, detail));
    (void)unlink(path);
}

static void hear_alarms(const struct sj_rows *rows, char *said)
{
    struct sj_config config;
    struct sj_rules *rules = NULL;
    load_settings(&config);
    REQUIRE_OK(sj_rules_new(&config.alarms, &rules));
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        struct sj_entry entry;
        if (!sj_failed(sj_entry_decode(sj_row_bytes(rows, i, 1), &entry))) {
            CHECK_OK(sj_rules_feed(rules, &entry, note_alarm, said));
        }
    }
    sj_rules_free(&rules);
}

static void hear_scenery(struct insiders *who, char *said)
{
    struct sj_scenery_change change;
    CLEANUP(sj_buf_clear) struct sj_buf now = SJ_BUF(SJ_SCENERY_MAX);
    look(who->rigs[0], &now);
    struct sj_scenery_walk walk = {sj_buf_text(&who->scenery), sj_buf_text(&now)};
    while (sj_scenery_next(&walk, &change)) {
        const size_t used = strlen(said);
        (void)snprintf(said + used, PANEL_SAYS - used, "%s%s %.*s", used == 0 ? "" : ", ",
            change.how, (int)change.name.len, change.name.ptr);
    }
}

static void hear_at_rest(struct insiders *who)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(2048);
    REQUIRE_OK(rig_export(who->rigs[0], who->out.bundle, &lines));
    read_entries(who, &rows);
    take_leaves(who, rows);
    outsiders_hear(&who->out, who->leaves, who->leaf_count);
    hear_scrubber(who, who->out.said[SAYS_SCRUBBER]);
    hear_alarms(rows, who->out.said[SAYS_ALARMS]);
    hear_scenery(who, who->out.said[SAYS_SCENERY]);
}

/* ---- a server's start, and units' records ---- */

static sj_status export_unit(struct rig *rig, struct sj_uuid unit, const char *path)
{
    struct sj_context context;
    uint64_t entries = 0;
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    CLEANUP(sj_closep) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, IO);
    rig_record_context(rig, &context);
    TRY(sj_reading_open(rig->sequencer, rig->db, &context, &reading));
    return sj_unit_export(reading, rig->db, &context, unit, fd, &entries);
}

static void write_unit_policy(const struct insiders *who, const char *path)
{
    FILE *file = fopen(path, "we");
    SJ_ASSERT(file != NULL);
    for (size_t i = 0; i < who->key_count; i++) {
        CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
        CHECK_OK(sj_note_key_format(&who->keys[i], &vkey));
        (void)fprintf(file, "log %.*s\n", (int)vkey.len, (const char *)vkey.ptr);
    }
    CHECK(fputs("quorum none\n", file) >= 0 && fclose(file) == 0);
}

static void hear_units(struct insiders *who, char *said)
{
    char path[128];
    char policy[128];
    (void)snprintf(path, sizeof path, "%s/unit", who->out.folder);
    (void)snprintf(policy, sizeof policy, "%s/policy.unit", who->out.folder);
    write_unit_policy(who, policy);
    CHECK_OK(sj_sequencer_note_heads(who->rigs[0]->sequencer));
    for (unsigned i = 1; i <= UNITS && said[0] == '\0'; i++) {
        struct sj_verify_report report;
        const struct sj_verify_options options = {.policy_path = policy};
        const sj_status status = export_unit(who->rigs[0], unit_of(i), path);
        if (sj_failed(status)) {
            (void)snprintf(said, PANEL_SAYS, "unit %u: %s", i, sj_code_name(status.code));
            return;
        }
        panel_say_report(sj_bundle_verify(path, &options, &report), &report, said);
    }
}

/* Connected. */
static void hear_start(struct insiders *who, size_t number)
{
    struct rig *rig = who->rigs[number];
    const sj_status status = start_patiently(rig);
    if (sj_failed(status)) {
        (void)snprintf(who->out.said[SAYS_START], PANEL_SAYS, "%s",
            rig->reason[0] == '\0' ? sj_code_name(status.code) : rig->reason);
    } else {
        CHECK(sj_sequencer_is_ready(rig->sequencer));
    }
    if (!sj_failed(status) && number == 0) {
        hear_units(who, who->out.said[SAYS_UNITS]);
    }
    rig_stop(rig);
}

static void hear(void *ctx)
{
    struct insiders *who = ctx;
    for (size_t i = 0; i < 2 && who->rigs[i] != NULL; i++) {
        REQUIRE_OK(rig_connect(who->rigs[i]));
        if (i == 0) {
            hear_at_rest(who);
        }
        hear_start(who, i);
        rig_disconnect(who->rigs[i]);
    }
}

void insiders_expect(struct insiders *who, const struct panel *expected)
{
    sj_test_on_fiber(hear, who);
    panel_compare(&who->out, expected);
    outsiders_close(&who->out);
    sj_buf_clear(&who->scenery);
    sj_free(who->leaves);
    who->leaves = NULL;
}
