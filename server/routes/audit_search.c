/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an officer look something up in the record? By account, object, unit, action, outcome and time. The index only says where:
 * every hit is read from its entry and proven against the newest signed tree before it is shown; one that is not what was signed
 * is named and left out. The answer says how far the index goes and whether anything is missing among what it gave (CVE-2023-31437:
 * a filter that hides). A search is one entry of the record; what was asked and why is its payload.
 */
#include "../payload_desk.h"
#include "../server.h"
#include "evaluation_desk.h"
#include "record_desk.h"
#include "routes.h"
#include "search_approval.h"
#include "search_counts.h"
#include "search_file.h"

#include "sanjeh/audit/index.h"
#include "sanjeh/audit/record.h"
#include "sanjeh/base/log.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/unit/unit.h"

#define LIMIT_MAX        200  /* each is proven */
#define LOOKED_AT_MAX    2000 /* entries of one request; a cursor goes on from there */
#define REASON_MAX       1000 /* bytes */
#define REASON_MIN       10
#define CONTRADICTED_MAX 50
#define PLACES_MAX       4000    /* of the index, to hold it against the signed counts */
#define PLACES_ALL       2000000 /* when all are asked for */

struct asked {
    struct sj_uuid actor;
    struct sj_uuid object;
    struct sj_uuid unit; /* its tag */
    struct sj_text action;
    struct sj_text outcome;
    struct sj_text reason;
    struct sj_uuid approval; /* that the search needed; nil: none */
    uint64_t from;
    uint64_t below;
    uint64_t to; /* below, before the cursor */
    bool wants_all_counts;
    size_t limit;
    enum sj_index_kind kind; /* of the term that leads; 0: every entry is looked at */
    struct sj_view value;
};

struct search {
    struct sj_exchange *x;
    struct sj_reading *reading;
    const struct sj_context *context;
    struct asked asked;
    int64_t token;
    uint64_t covers;
    uint64_t minimum; /* entries before it were pruned */
    struct sj_index_page page;
    struct sj_hit *hits; /* SJ_INDEX_PAGE */
    size_t shown;
    size_t looked_at;
    uint64_t top;  /* the answer shows what lies below */
    uint64_t last; /* place that was looked at last */
    bool has_more;
    bool is_complete;
    char gap[160];
    uint64_t contradicted[CONTRADICTED_MAX];
    size_t contradicted_count;
    struct sj_days_report *counts; /* NULL: the question has none */
    struct sj_buf *file;           /* NULL: the answer is JSON */
    struct sj_json json;
};

/* ---- what is asked for ---- */

static const char *const outcome_names[] = {"denied", "permitted", "failed"};

static sj_status take_unit(struct sj_exchange *x, struct asked *asked)
{
    struct sj_text text;
    struct sj_unit *units = NULL;
    struct sj_uuid id = {{0}};
    size_t count = 0;
    TRY(sj_filter_text(x, "unit", &text));
    if (text.len == 0) {
        return SJ_DONE;
    }
    const bool is_id = !sj_failed(sj_uuid_parse(text, &id));
    TRY(sj_unit_list(x->worker->db, x->context, x->arena, &units, &count));
    for (size_t i = 0; i < count; i++) {
        if (sj_text_equal(units[i].code, text) ||
            (is_id && (sj_uuid_equal(units[i].id, id) || sj_uuid_equal(units[i].tag, id)))) {
            asked->unit = units[i].tag;
            return SJ_DONE;
        }
    }
    return sj_filter_refuse(x, "unit", "UNKNOWN", "the code, id or tag of a unit");
}

/* An index, or a time: then the place in the view where it begins, proven on both sides. */
static sj_status place_of(
    struct search *s, const char *name, struct sj_text text, uint64_t *ret_place)
{
    const uint64_t size = sj_reading_size(s->reading);
    sj_time_us time = 0;
    if (!sj_failed(sj_parse_u64(text, 0, INT64_MAX, ret_place))) {
        return SJ_DONE;
    }
    if (sj_failed(sj_time_parse(text, &time))) {
        return sj_filter_refuse(s->x, name, "FORMAT", "an index, or a time of RFC 3339");
    }
    const struct sj_param params[] = {sj_p_i64(time), sj_p_i64((int64_t)size)};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_AT_TIME, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(s->x->worker->db, s->context, &query, 1, &rows));
    const int64_t place = sj_rows_count(rows) == 1 ? sj_row_i64(rows, 0, 0) : -1;
    ENSURE(place >= 0 && (uint64_t)place <= size, LOG_TAMPERED);
    size_t count = 0;
    uint64_t bad = 0;
    if ((uint64_t)place > s->minimum) {
        s->hits[count++].index = (uint64_t)place - 1;
    }
    if ((uint64_t)place < size) {
        s->hits[count++].index = (uint64_t)place;
    }
    TRY(sj_reading_entries(s->reading, s->hits, count, &bad));
    for (size_t i = 0; i < count; i++) {
        const bool is_before = s->hits[i].index < (uint64_t)place;
        ENSURE((s->hits[i].entry.time < time) == is_before, LOG_TAMPERED);
    }
    *ret_place = (uint64_t)place;
    return SJ_DONE;
}

static sj_status take_range(struct search *s)
{
    struct sj_text from;
    struct sj_text to;
    TRY(sj_filter_text(s->x, "from", &from));
    TRY(sj_filter_text(s->x, "to", &to));
    TRY(sj_record_minimum(s->x->worker->db, s->context, &s->minimum));
    s->asked.from = 0;
    s->asked.below = UINT64_MAX;
    if (from.len > 0) {
        TRY(place_of(s, "from", from, &s->asked.from));
    }
    if (to.len > 0) {
        TRY(place_of(s, "to", to, &s->asked.below));
    }
    s->asked.from = s->asked.from < s->minimum ? s->minimum : s->asked.from;
    return SJ_DONE;
}

/* The cursor is the place that was looked at last. */
static sj_status take_cursor(struct search *s, const struct sj_page *page)
{
    uint64_t at = 0;
    if (sj_uuid_is_nil(page->after)) {
        return SJ_DONE;
    }
    ENSURE(page->after.bytes[0] == 1, BAD_CURSOR);
    for (size_t i = 1; i < 8; i++) {
        ENSURE(page->after.bytes[i] == 0, BAD_CURSOR);
    }
    for (size_t i = 8; i < 16; i++) {
        at = at << 8 | page->after.bytes[i];
    }
    s->asked.below = at < s->asked.below ? at : s->asked.below;
    return SJ_DONE;
}

/* Why, of the query or of the header Sanjeh-Reason. */
static sj_status take_reason(struct sj_exchange *x, struct asked *asked)
{
    const bool has_query = sj_request_query_find(x->request, "reason", &asked->reason);
    if (!has_query && !sj_request_header(x->request, "Sanjeh-Reason", &asked->reason)) {
        asked->reason = (struct sj_text){NULL, 0};
    }
    if (asked->reason.len == 0) {
        return x->worker->server->config.audit_search_reason == 0
                   ? SJ_DONE
                   : sj_filter_refuse(x, "reason", "REQUIRED",
                         "why this search is made: ?reason= or the header Sanjeh-Reason");
    }
    struct sj_text checked;
    if (asked->reason.len < REASON_MIN ||
        sj_failed(sj_text_check(sj_text_bytes(asked->reason), REASON_MAX, &checked))) {
        return sj_filter_refuse(x, "reason", "LENGTH", "10 to 1,000 bytes of UTF-8");
    }
    return SJ_DONE;
}

static sj_status take_outcome(struct sj_exchange *x, struct asked *asked)
{
    TRY(sj_filter_text(x, "outcome", &asked->outcome));
    for (size_t i = 0; i < SJ_COUNT(outcome_names); i++) {
        if (asked->outcome.len == 0 || sj_text_is(asked->outcome, outcome_names[i])) {
            return SJ_DONE;
        }
    }
    return sj_filter_refuse(x, "outcome", "UNKNOWN", "denied, permitted or failed");
}

static sj_status take_counts(struct sj_exchange *x, struct asked *asked)
{
    struct sj_text text;
    TRY(sj_filter_text(x, "counts", &text));
    asked->wants_all_counts = sj_text_is(text, "all");
    return text.len == 0 || asked->wants_all_counts
               ? SJ_DONE
               : sj_filter_refuse(x, "counts", "UNKNOWN", "all, or nothing");
}

/* The term with the fewest entries, as a rule. */
static void choose_leader(struct asked *asked)
{
    if (!sj_uuid_is_nil(asked->object)) {
        asked->kind = SJ_INDEX_OBJECT;
        asked->value = sj_view_of(asked->object.bytes, sizeof asked->object.bytes);
    } else if (!sj_uuid_is_nil(asked->actor)) {
        asked->kind = SJ_INDEX_ACTOR;
        asked->value = sj_view_of(asked->actor.bytes, sizeof asked->actor.bytes);
    } else if (asked->action.len > 0) {
        asked->kind = SJ_INDEX_ACTION;
        asked->value = sj_text_bytes(asked->action);
    } else if (!sj_uuid_is_nil(asked->unit)) {
        asked->kind = SJ_INDEX_UNIT;
        asked->value = sj_view_of(asked->unit.bytes, sizeof asked->unit.bytes);
    }
}

static sj_status take_query(struct search *s)
{
    static const char *const allowed[] = {"from", "to", "actor", "action", "object", "unit",
        "outcome", "reason", "counts", "approval", "format", NULL};
    struct sj_exchange *x = s->x;
    struct asked *asked = &s->asked;
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    if (s->file != NULL) {
        page.limit = SJ_SEARCH_FILE_HITS;
    } else if (page.limit > LIMIT_MAX) {
        return sj_filter_refuse(x, "limit", "RANGE", "1 to 200: each entry is proven");
    }
    asked->limit = page.limit;
    TRY(take_reason(x, asked));
    TRY(sj_filter_id(x, "actor", &asked->actor));
    TRY(sj_filter_id(x, "object", &asked->object));
    TRY(sj_filter_text(x, "action", &asked->action));
    TRY(take_unit(x, asked));
    TRY(take_outcome(x, asked));
    TRY(sj_search_four_eyes(x, asked->unit, &asked->approval));
    choose_leader(asked);
    TRY(take_counts(x, asked));
    TRY(take_range(s));
    asked->to = asked->below;
    return take_cursor(s, &page);
}

/* What was asked and why is kept beside the entry, where it can be erased. */
static sj_status keep_question(struct search *s)
{
    struct sj_exchange *x = s->x;
    CLEANUP(sj_buf_clear) struct sj_buf asked = SJ_BUF((size_t)16 * 1024);
    struct sj_json json = sj_json_begin(&asked);
    sj_json_object(&json, NULL);
    sj_json_text_or_null(&json, "reason", s->asked.reason);
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text name;
        struct sj_text value;
        char plain[16];
        sj_request_query(x->request, i, &name, &value);
        if (!sj_text_is(name, "reason")) {
            (void)snprintf(plain, sizeof plain, "%.*s", (int)name.len, name.ptr);
            sj_json_text(&json, plain, value);
        }
    }
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    return sj_exchange_keep(x, sj_buf_view(&asked));
}

/* ---- looking ---- */

static void note_gap(struct search *s, const char *gap)
{
    if (s->is_complete) {
        (void)snprintf(s->gap, sizeof s->gap, "%s", gap);
    }
    s->is_complete = false;
}

static sj_status next_places(struct search *s)
{
    struct sj_index_page *page = &s->page;
    const uint64_t below = s->asked.below < s->covers ? s->asked.below : s->covers;
    if (s->asked.kind != 0) {
        TRY(sj_index_find(s->x->worker->server->index, s->x->worker->db, s->context, s->token,
            s->asked.from, below, page));
        if (!page->is_complete) {
            note_gap(s, page->gap);
        }
        return SJ_DONE;
    }
    *page = (struct sj_index_page){.is_complete = true};
    for (uint64_t at = below; at > s->asked.from && page->count < SJ_INDEX_PAGE; at--) {
        page->indices[page->count++] = at - 1;
    }
    page->has_more = page->count > 0 && page->indices[page->count - 1] > s->asked.from;
    return SJ_DONE;
}

static bool is_wanted(const struct search *s, const struct sj_entry *entry)
{
    const struct asked *asked = &s->asked;
    const struct sj_draft *draft = &entry->draft;
    return (sj_uuid_is_nil(asked->actor) || sj_uuid_equal(draft->actor, asked->actor)) &&
           (sj_uuid_is_nil(asked->object) || sj_uuid_equal(draft->object, asked->object)) &&
           (sj_uuid_is_nil(asked->unit) || sj_uuid_equal(draft->tenant_tag, asked->unit)) &&
           (asked->action.len == 0 || sj_text_is(asked->action, draft->action)) &&
           (asked->outcome.len == 0 || sj_text_is(asked->outcome, outcome_names[draft->outcome]));
}

static sj_status show(struct search *s, const struct sj_hit *hit)
{
    char gap[160];
    if (s->asked.kind != 0 && !sj_index_fits(&hit->entry, s->asked.kind, s->asked.value)) {
        (void)snprintf(gap, sizeof gap, "the posting of entry %llu leads to another entry",
            (unsigned long long)hit->index);
        note_gap(s, gap);
        return SJ_DONE;
    }
    if (!is_wanted(s, &hit->entry)) {
        return SJ_DONE;
    }
    s->shown++;
    if (s->file != NULL) {
        return sj_found_put_hit(s->reading, hit, s->file);
    }
    sj_record_desk_write(&s->json, &hit->entry, &hit->leaf);
    return SJ_DONE;
}

static void contradict(struct search *s, uint64_t index)
{
    SJ_LOG(ERROR, "audit.entry.contradicted", sj_log_int("index", (int64_t)index));
    if (s->contradicted_count < CONTRADICTED_MAX) {
        s->contradicted[s->contradicted_count++] = index;
    }
    note_gap(s, "entries that are not what was signed are left out");
}

/* Some of the page cannot be shown: each by itself. */
static sj_status prove_singly(struct search *s, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bad = 0;
        const sj_status status = sj_reading_entries(s->reading, &s->hits[i], 1, &bad);
        if (status.code == SJ_LOG_TAMPERED) {
            contradict(s, s->hits[i].index);
            s->hits[i].index = UINT64_MAX;
            continue;
        }
        TRY(status);
    }
    return SJ_DONE;
}

static sj_status show_page(struct search *s)
{
    const struct sj_index_page *page = &s->page;
    uint64_t bad = 0;
    const size_t count = page->count;
    for (size_t i = 0; i < count; i++) {
        s->hits[i].index = page->indices[i];
    }
    const sj_status status = sj_reading_entries(s->reading, s->hits, count, &bad);
    TRY(status.code == SJ_LOG_TAMPERED ? prove_singly(s, count) : status);
    for (size_t i = 0; i < count; i++) {
        if (s->shown == s->asked.limit) {
            s->has_more = true;
            return SJ_DONE;
        }
        s->last = page->indices[i];
        s->looked_at++;
        if (s->hits[i].index != UINT64_MAX) {
            TRY(show(s, &s->hits[i]));
        }
    }
    s->has_more = page->has_more;
    s->asked.below = count == 0 ? 0 : page->indices[count - 1];
    return SJ_DONE;
}

static sj_status look(struct search *s)
{
    do {
        TRY(next_places(s));
        if (s->page.count > s->asked.limit && s->looked_at == 0) {
            /* the first page of an ordinary search needs no more proofs than it shows, and one to know whether it goes on */
            s->page.count = s->asked.limit + 1;
            s->page.has_more = true;
        }
        TRY(show_page(s));
    } while (s->has_more && s->shown < s->asked.limit && s->looked_at < LOOKED_AT_MAX);
    return SJ_DONE;
}

/* Counts are signed for units and actions; another condition beside them leaves nothing to compare. */
static sj_status hold_against_counts(struct search *s)
{
    const struct asked *asked = &s->asked;
    const bool has_counts =
        (asked->kind == SJ_INDEX_ACTION || asked->kind == SJ_INDEX_UNIT) && asked->outcome.len == 0;
    void *memory = NULL;
    if (!has_counts) {
        return SJ_DONE;
    }
    const struct sj_days_question question = {.tag = asked->unit,
        .action = asked->action,
        .from = asked->from,
        .below = asked->to < s->covers ? asked->to : s->covers,
        .low = s->has_more ? s->last : asked->from,
        .high = s->top,
        .places_max = asked->wants_all_counts ? PLACES_ALL : PLACES_MAX};
    TRY(sj_arena_alloc(s->x->arena, sizeof(struct sj_days_report), &memory));
    struct sj_days_report *report = memory;
    TRY(sj_days_compare(
        s->x->worker->server->index, s->reading, s->x->worker->db, s->context, &question, report));
    s->counts = report;
    if (!report->is_agreed) {
        SJ_LOG(ERROR, "audit.counts.contradict", sj_log_str("gap", report->gap));
        note_gap(s, report->gap);
    }
    return SJ_DONE;
}

/* ---- the answer ---- */

static void write_next(struct search *s)
{
    struct sj_uuid at = {{1}};
    char cursor[23];
    if (!s->has_more) {
        sj_json_null(&s->json, "next");
        return;
    }
    for (size_t i = 0; i < 8; i++) {
        at.bytes[8 + i] = (uint8_t)(s->last >> (56 - 8 * i) & 0xFF);
    }
    sj_format_base64url(at.bytes, sizeof at.bytes, cursor);
    sj_json_str(&s->json, "next", cursor);
}

static void note_approval(struct search *s)
{
    char id[SJ_UUID_TEXT_SIZE];
    const size_t used = strlen(s->x->draft.detail);
    if (!sj_uuid_is_nil(s->asked.approval)) {
        sj_uuid_format(s->asked.approval, id);
        (void)snprintf(
            s->x->draft.detail + used, sizeof s->x->draft.detail - used, ";approval=%s", id);
    }
}

static sj_status write_end(struct search *s)
{
    struct sj_json *json = &s->json;
    const struct sj_hash root = sj_reading_root(s->reading);
    sj_json_array_end(json);
    write_next(s);
    sj_json_object(json, "coverage");
    sj_json_int(json, "indexed", (int64_t)s->covers);
    sj_json_int(json, "size", (int64_t)sj_reading_size(s->reading));
    sj_json_int(json, "pruned", (int64_t)s->minimum);
    sj_record_desk_write_hash(json, "root", &root);
    sj_json_bool(json, "complete", s->is_complete);
    sj_json_text_or_null(json, "gap", sj_text_of(s->gap));
    sj_json_array(json, "contradicted");
    for (size_t i = 0; i < s->contradicted_count; i++) {
        sj_json_int(json, NULL, (int64_t)s->contradicted[i]);
    }
    sj_json_array_end(json);
    sj_json_int(json, "looked_at", (int64_t)s->looked_at);
    sj_search_counts_write(json, s->counts);
    sj_json_object_end(json);
    sj_json_object_end(json);
    return sj_json_end(json);
}

/* What the search's own entry says of it. */
static void note_search(struct search *s)
{
    const size_t used = strlen(s->x->draft.detail);
    (void)snprintf(s->x->draft.detail + used, sizeof s->x->draft.detail - used,
        ";reason=%s;hits=%zu;indexed=%llu;complete=%d", s->asked.reason.len > 0 ? "given" : "none",
        s->shown, (unsigned long long)s->covers, s->is_complete ? 1 : 0);
    note_approval(s);
}

static sj_status answer_file(struct search *s)
{
    const struct asked *asked = &s->asked;
    struct sj_search_file file = {.reading = s->reading,
        .context = s->context,
        .question = {.tag = asked->unit,
            .actor = asked->actor,
            .object = asked->object,
            .action = asked->action,
            .low = s->has_more ? s->last : asked->from,
            .below = s->top,
            .indexed = s->covers,
            .is_complete = s->is_complete},
        .hits = sj_buf_view(s->file),
        .count = s->shown,
        .counts = s->counts};
    for (size_t i = 0; asked->outcome.len > 0 && i < SJ_COUNT(outcome_names); i++) {
        file.question.outcome =
            sj_text_is(asked->outcome, outcome_names[i]) ? (uint8_t)(i + 1) : file.question.outcome;
    }
    return sj_search_file_answer(s->x, &file);
}

static sj_status search(struct search *s)
{
    struct sj_server *server = s->x->worker->server;
    TRY(take_query(s));
    TRY(keep_question(s));
    s->covers = sj_reading_size(s->reading);
    if (s->asked.kind != 0) {
        const struct sj_index_status status = sj_index_status(server->index);
        ENSURE(status.is_loaded, BUSY);
        s->covers = status.upto < s->covers ? status.upto : s->covers;
        TRY(sj_index_token(server->index, s->asked.kind, s->asked.value, &s->token));
    }
    if (s->file == NULL) {
        s->json = sj_exchange_list_begin(s->x);
    }
    s->top = s->asked.below < s->covers ? s->asked.below : s->covers;
    TRY(look(s));
    TRY(hold_against_counts(s));
    note_search(s);
    return s->file != NULL ? answer_file(s) : write_end(s);
}

static sj_status list(struct sj_exchange *x)
{
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    CLEANUP(sj_freep) void *hits = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf file = SJ_BUF(SJ_SEARCH_FILE_BYTES);
    bool as_file = false;
    void *memory = NULL;
    ENSURE(x->decision.reach == SJ_REACH_ALL, FORBIDDEN);
    TRY(sj_arena_alloc(x->arena, sizeof(struct search) + sizeof(struct sj_context), &memory));
    struct search *s = memory;
    struct sj_context *context = (struct sj_context *)(s + 1);
    TRY(sj_alloc(SJ_INDEX_PAGE, sizeof(struct sj_hit), &hits));
    *s = (struct search){.x = x, .context = context, .hits = hits, .is_complete = true};
    TRY(sj_search_file_wanted(x, &as_file));
    s->file = as_file ? &file : NULL;
    TRY(sj_record_desk_context(x, 60, context));
    TRY(sj_reading_open(x->worker->server->sequencer, x->worker->db, context, &reading));
    s->reading = reading;
    return search(s);
}

const struct sj_endpoint sj_routes_audit_search[] = {
    {{SJ_GET, "/api/v1/audit/entries", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, list},
};
const size_t sj_routes_audit_search_count = SJ_COUNT(sj_routes_audit_search);
