/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands beside the entries, and is it what they say? Whose files they opened, payloads that they commit to, where each tenant's
 * chain ends; and rows where none can be. A payload that is gone has an entry that says so.
 */
#include <stdio.h>

#include "sanjeh/base/detail.h"
#include "scrub.h"

void sj_scrub_sides_free(struct sj_scrub_sides *sides)
{
    sj_rows_free(&sides->openings);
    sj_rows_free(&sides->payloads);
}

sj_status sj_scrub_sides_read(
    struct sj_scrub *s, uint64_t first, uint64_t end, struct sj_scrub_sides *ret_sides)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)first), sj_p_i64((int64_t)end)};
    TRY(sj_scrub_ask(
        s, SJ_SQL_AUDIT_OPENING_RANGE, params, SJ_COUNT(params), &ret_sides->openings));
    return sj_scrub_ask(
        s, SJ_SQL_AUDIT_PAYLOAD_RANGE, params, SJ_COUNT(params), &ret_sides->payloads);
}

/* The next row of rows if it is this index's. */
static bool take_row(const struct sj_rows *rows, size_t *next, uint64_t index, size_t *ret_row)
{
    if (*next < sj_rows_count(rows) && sj_row_i64(rows, *next, 0) == (int64_t)index) {
        *ret_row = (*next)++;
        return true;
    }
    return false;
}

static sj_status check_openings(
    struct sj_scrub *s, uint64_t index, const struct sj_entry *entry, struct sj_view ids)
{
    bool fit = false;
    const bool commits = strstr(entry->draft.detail, "subjects_sha256=") != NULL;
    if (!commits && ids.len == 0) {
        return SJ_DONE;
    }
    if (commits) {
        TRY(sj_subjects_fit(entry->draft.detail, ids, &fit));
    }
    if (!fit) {
        sj_scrub_find_at(s, index, "whose files the entry opened is not what it commits to");
    }
    return SJ_DONE;
}

/* A sealed one is the keeper's to open: here it has to be one that the entry can have. */
static sj_status check_payload(
    struct sj_scrub *s, uint64_t index, const struct sj_entry *entry, struct sj_view stored)
{
    struct sj_payload payload;
    bool fits = false;
    if (entry->draft.payload_len != 0 && !sj_failed(sj_payload_decode(stored, &payload))) {
        fits = !sj_uuid_is_nil(payload.subject);
        if (!fits) {
            TRY(sj_payload_fits(
                entry->draft.payload_len, &entry->draft.payload_commit, payload.content, &fits));
        }
    }
    if (!fits) {
        sj_scrub_find_at(s, index, "the payload is not what the entry commits to");
    }
    return SJ_DONE;
}

/* What an erase entry names may be missing, before it or behind. */
static sj_status note_erasure(struct sj_scrub *s, const struct sj_entry *entry)
{
    struct sj_text detail = sj_text_of(entry->draft.detail);
    struct sj_text what;
    struct sj_text list;
    uint64_t count = 0;
    bool good = false;
    if (entry->draft.kind != SJ_ENTRY_ERASE || !sj_detail_take(&detail, "what", &what) ||
        !sj_text_is(what, "payload") || !sj_detail_take_u64(&detail, "count", &count) ||
        !sj_detail_take(&detail, "indices", &list)) {
        return SJ_DONE;
    }
    return sj_ranges_add_list(&s->erased, list, entry->index, &good);
}

sj_status sj_scrub_sides_check(
    struct sj_scrub *s, struct sj_scrub_sides *sides, uint64_t index, const struct sj_entry *entry)
{
    size_t row = 0;
    const bool opened = take_row(sides->openings, &sides->opening, index, &row);
    const struct sj_view ids =
        opened ? sj_row_bytes(sides->openings, row, 1) : (struct sj_view){NULL, 0};
    const bool paid = take_row(sides->payloads, &sides->payload, index, &row);
    if (entry == NULL) {
        return SJ_DONE;
    }
    TRY(check_openings(s, index, entry, ids));
    TRY(note_erasure(s, entry));
    if (!paid && entry->draft.payload_len != 0 && !sj_payload_may_lack(entry->draft.detail)) {
        return sj_ranges_add(&s->missing, index, index);
    }
    return paid ? check_payload(s, index, entry, sj_row_bytes(sides->payloads, row, 1)) : SJ_DONE;
}

/* ---- at the end ---- */

void sj_scrub_draft(
    const struct sj_scrub_report *report, int64_t seconds, struct sj_draft *ret_draft)
{
    char where[32] = "";
    *ret_draft = (struct sj_draft){.kind = SJ_ENTRY_SCRUB,
        .outcome = report->findings == 0 ? SJ_OUTCOME_PERMITTED : SJ_OUTCOME_FAILED,
        .action = "log:scrub",
        .object_type = "log"};
    if (report->has_index) {
        (void)snprintf(where, sizeof where, ";index=%llu", (unsigned long long)report->index);
    }
    (void)snprintf(ret_draft->detail, sizeof ret_draft->detail,
        "entries=%llu;size=%llu;seconds=%lld;findings=%llu%s%s%s",
        (unsigned long long)report->entries, (unsigned long long)report->size, (long long)seconds,
        (unsigned long long)report->findings, where,
        report->findings == 0 ? "" : ";cause=", report->cause);
}

/* Erasures that came after the walk's end, so that what they took while it was under way is not called lost; one whose entry has no place
 * yet leaves the question to the next walk. */
static sj_status read_late_erasures(struct sj_scrub *s, bool *ret_pending)
{
    const struct sj_param param = sj_p_i64((int64_t)s->target.size);
    CLEANUP(sj_rows_free) struct sj_rows *late = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *pending = NULL;
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_entry), &memory));
    struct sj_entry *entry = memory;
    /* first what has no place yet: it may get one meanwhile */
    TRY(sj_scrub_ask(s, SJ_SQL_AUDIT_OUTBOX_ERASURES, NULL, 0, &pending));
    *ret_pending = sj_rows_count(pending) == 1 && sj_row_i64(pending, 0, 0) > 0;
    TRY(sj_scrub_ask(s, SJ_SQL_AUDIT_ENTRY_ERASURES, &param, 1, &late));
    for (size_t i = 0; i < sj_rows_count(late); i++) {
        if (!sj_failed(sj_entry_decode(sj_row_bytes(late, i, 0), entry))) {
            TRY(note_erasure(s, entry));
        }
    }
    return SJ_DONE;
}

sj_status sj_scrub_payloads(struct sj_scrub *s)
{
    uint64_t index = 0;
    bool pending = false;
    if (!sj_ranges_find_outside(&s->missing, &s->erased, &index)) {
        return SJ_DONE;
    }
    TRY(read_late_erasures(s, &pending));
    if (!pending && sj_ranges_find_outside(&s->missing, &s->erased, &index)) {
        sj_scrub_find_at(s, index, "the payload is missing and no entry says that it was erased");
    }
    return SJ_DONE;
}

/* A chain that has grown since ends in an entry behind the walk: its start was seen. */
static sj_status check_tenant(struct sj_scrub *s, const struct sj_rows *rows, size_t row)
{
    size_t number = 0;
    const int64_t last = sj_row_i64(rows, row, 3);
    const bool known = sj_idmap_find(&s->tenants.map, sj_row_id(rows, row, 0), &number);
    if (last >= 0 && (uint64_t)last >= s->target.size) {
        return SJ_DONE;
    }
    if (!known && last >= 0 && (uint64_t)last < s->minimum) {
        return SJ_DONE; /* all of its entries were pruned */
    }
    const struct sj_tenant *tenant = known ? &s->tenants.list[number] : NULL;
    if (tenant == NULL || sj_row_i64(rows, row, 1) != (int64_t)tenant->seq ||
        last != (int64_t)tenant->index ||
        !sj_view_equal(sj_row_bytes(rows, row, 2), sj_view_of(tenant->leaf.bytes, SJ_HASH_SIZE))) {
        sj_scrub_find(s, "a tenant's chain does not end where its entries do");
    }
    return SJ_DONE;
}

sj_status sj_scrub_tenants(struct sj_scrub *s)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_scrub_ask(s, SJ_SQL_AUDIT_TENANT_LIST, NULL, 0, &rows));
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        TRY(check_tenant(s, rows, i));
    }
    if (sj_rows_count(rows) < s->tenants.map.count) {
        sj_scrub_find(s, "a tenant's chain is missing");
    }
    return SJ_DONE;
}

sj_status sj_scrub_strays(struct sj_scrub *s)
{
    static const char *const causes[] = {"entries stand outside of the log",
        "tiles stand where none can be", "openings of entries that are not there",
        "payloads of entries that are not there", "notes of sizes that the log has not"};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_scrub_ask(s, SJ_SQL_AUDIT_STRAY_COUNT, NULL, 0, &rows));
    if (sj_rows_count(rows) != 1 || (uint64_t)sj_row_i64(rows, 0, 5) < s->target.size) {
        sj_scrub_find(s, "the head is missing or shorter than what was signed");
        return SJ_DONE;
    }
    for (size_t i = 0; i < SJ_COUNT(causes); i++) {
        if (sj_row_i64(rows, 0, i) != 0) {
            sj_scrub_find(s, causes[i]);
        }
    }
    return SJ_DONE;
}
