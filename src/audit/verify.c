/* SPDX-License-Identifier: Apache-2.0
 *
 * Does an exported record hold? The order of the check and its three answers (CONTRACT 3): verified, tampered,
 * incomplete or stale. It runs on the machine of somebody who trusts neither the server nor its database, so it
 * links neither; whoever could make it say "verified" wrongly would own the record.
 */
#include "sanjeh/audit/verify.h"

#include "check.h"

#define EMITTERS_MAX 1000000
#define SINGLES_MAX  4000000 /* commands of one entry: 80 MB at most */
#define TENANTS_MAX  1000000
#define BUNDLE_MAX   ((size_t)SJ_TILE_WIDTH * (2 + 65535))

static void close_check(struct sj_check **check)
{
    struct sj_check *c = TAKE(*check);
    if (c == NULL) {
        return;
    }
    sj_stream_close(&c->notes);
    sj_stream_close(&c->payloads);
    sj_stream_close(&c->stamps);
    sj_buf_clear(&c->payload);
    sj_ranges_clear(&c->missing);
    sj_ranges_clear(&c->erased);
    sj_source_close(&c->source);
    sj_buf_clear(&c->checkpoint);
    for (size_t i = 0; i < c->older_count; i++) {
        sj_buf_clear(&c->older[i].note);
    }
    sj_buf_clear(&c->next_note_bytes);
    sj_buf_clear(&c->bundle);
    sj_buf_clear(&c->tile);
    sj_buf_clear(&c->scratch);
    sj_tenants_clear(&c->tenants);
    sj_numbers_clear(&c->numbers);
    sj_heads_clear(&c->heads);
    sj_free(c);
}

static sj_status new_check(const struct sj_verify_options *options, struct sj_verify_report *report,
    struct sj_check **ret_check)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_check), &memory));
    CLEANUP(close_check) struct sj_check *c = memory;
    c->options = options;
    c->report = report;
    c->source.fd = -1;
    c->notes.fd = -1;
    c->payloads.fd = -1;
    c->stamps.fd = -1;
    c->payload = SJ_BUF(SJ_PAYLOAD_STORED);
    c->saved_ms = sj_time_monotonic_ms();
    c->is_proven = true; /* until the checkpoint is found unsigned */
    c->checkpoint = SJ_BUF(SJ_NOTE_MAX + 1);
    c->next_note_bytes = SJ_BUF(65536);
    c->bundle = SJ_BUF(BUNDLE_MAX);
    c->tile = SJ_BUF(SJ_TILE_BYTES);
    c->scratch = SJ_BUF(SJ_TILE_BYTES);
    TRY(sj_tenants_init(&c->tenants, TENANTS_MAX));
    TRY(sj_numbers_init(&c->numbers, EMITTERS_MAX, SINGLES_MAX));
    TRY(sj_heads_init(&c->heads));
    *ret_check = TAKE(c);
    return SJ_DONE;
}

static sj_status open_source(struct sj_check *c, const char *path)
{
    enum sj_source_state state = SJ_SOURCE_WHOLE;
    if (c->options->fetch != NULL) {
        c->source.fetch = c->options->fetch;
        c->source.fetch_ctx = c->options->fetch_ctx;
        return SJ_DONE;
    }
    TRY(sj_source_open(path, &c->source, &state));
    switch (state) {
    case SJ_SOURCE_WHOLE:
        break;
    case SJ_SOURCE_NO_TAR:
        sj_check_incomplete(c, "the file is not a tar archive");
        c->stopped = true;
        break;
    case SJ_SOURCE_CUT:
        sj_check_incomplete(c, "the archive is cut short");
        break;
    case SJ_SOURCE_AMBIGUOUS:
        sj_check_tampered(c, "a member stands twice in the archive");
        break;
    }
    return SJ_DONE;
}

static sj_status run(struct sj_check *c, const char *path)
{
    TRY(sj_check_policy(c));
    if (sj_check_is_unit(path)) {
        return sj_check_unit(c, path);
    }
    if (sj_check_is_found(path)) {
        return sj_check_found(c, path);
    }
    TRY(open_source(c, path));
    if (!c->stopped) {
        TRY(sj_check_checkpoint(c));
    }
    bool sealed = false;
    TRY(c->stopped ? SJ_DONE : sj_check_is_sealed(c, &sealed));
    if (sealed) {
        if (c->options->state_path != NULL || c->options->witness_count != 0) {
            return sj_check_refuse(
                c, "--state and --witnesses are for whole logs, not for a sealed piece");
        }
        return sj_check_sealed(c);
    }
    if (!c->stopped) {
        TRY(sj_check_state_load(c));
    }
    if (!c->stopped) {
        TRY(sj_check_older_open(c));
    }
    c->findings_opened = c->findings;
    if (!c->stopped) {
        TRY(sj_check_open_notes(c));
        TRY(sj_check_open_payloads(c));
        TRY(sj_check_open_times(c));
    }
    if (!c->stopped) {
        TRY(sj_check_older_before(c));
    }
    if (!c->stopped) {
        TRY(sj_check_times(c));
        TRY(sj_check_pins(c)); /* an empty tree has a root too */
    }
    if (!c->stopped) {
        TRY(sj_check_entries(c));
    }
    if (c->report->is_interrupted) {
        return SJ_DONE;
    }
    c->is_state_spoilt = c->findings != c->findings_opened;
    if (!c->stopped) {
        TRY(sj_check_head_signed(c));
    }
    if (!c->stopped) {
        TRY(sj_check_state_save(c));
        sj_check_rest(c);
        sj_check_former_end(c);
        sj_check_cosigned_time(c);
        sj_check_freshness(c);
    }
    return SJ_DONE;
}

sj_status sj_bundle_verify(
    const char *path, const struct sj_verify_options *options, struct sj_verify_report *ret_report)
{
    *ret_report = (struct sj_verify_report){.verdict = SJ_VERIFIED};
    CLEANUP(close_check) struct sj_check *c = NULL;
    TRY(new_check(options, ret_report, &c));
    const sj_status status = run(c, path);
    if (status.code == SJ_LIMIT_EXCEEDED) {
        /* more tenants, emitters or files than any log of ours has: unverifiable, not our failure */
        sj_check_incomplete(
            c, "the bundle has more members, tenants or emitters than can be checked");
        return SJ_DONE;
    }
    return status;
}
