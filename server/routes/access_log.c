/* SPDX-License-Identifier: Apache-2.0
 *
 * /judges/{id}/access-log: who opened my file? Every entry of the record that is about the judge's data, for the judge alone:
 * when, which unit, office and roles, what was done to which kind of data and for what, under which entry. Not which person: the
 * judge may know the capacity (DOMAIN d), the record's officer finds the account behind an index. The purpose is that of the
 * action: each kind of data serves one, and the entry that names the action is signed. The index is not believed: each entry
 * is proven against the signed tree, and its ids against the hash that the entry carries.
 */
#include "../server.h"
#include "evaluation_desk.h"
#include "glass.h"
#include "routes.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/unit.h"

#define RECORD_S  60
#define LIMIT_MAX 100 /* each is proven */

struct opening {
    struct sj_entry entry;
    bool is_signed; /* false: of the batch that is being signed */
    struct sj_text unit_code;
    struct sj_text compartment_code;
    bool is_hidden;                     /* of an opening whose notice is postponed */
    const struct sj_break_glass *glass; /* NULL: read in the ordinary way */
};

struct view {
    struct sj_context record;
    uint64_t before;
    size_t limit;
    struct opening *items;
    size_t count;
};

static sj_status take_query(struct sj_exchange *x, struct view *view)
{
    static const char *const allowed[] = {"before", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    if (page.limit > LIMIT_MAX) {
        return sj_filter_refuse(x, "limit", "RANGE", "1 to 100: each entry is proven");
    }
    if (!sj_uuid_is_nil(page.after)) {
        return sj_filter_refuse(x, "cursor", "UNKNOWN", "?before=INDEX is the cursor here");
    }
    struct sj_text before;
    TRY(sj_filter_text(x, "before", &before));
    view->limit = page.limit;
    view->before = INT64_MAX;
    if (before.len > 0 && sj_failed(sj_parse_u64(before, 0, INT64_MAX, &view->before))) {
        return sj_filter_refuse(x, "before", "FORMAT", "the index of an entry");
    }
    return SJ_DONE;
}

/* The entry behind a row of the index; both must say the same. */
static sj_status take_opening(struct sj_exchange *x, const struct view *view,
    const struct sj_rows *rows, size_t row, struct opening *opening)
{
    struct sj_hash leaf;
    bool fits = false;
    const sj_status status = sj_sequencer_entry(x->worker->server->sequencer, x->worker->db,
        &view->record, (uint64_t)sj_row_i64(rows, row, 0), &opening->entry, &leaf);
    opening->is_signed = status.code != SJ_NOT_FOUND;
    if (!opening->is_signed) {
        return SJ_DONE;
    }
    TRY(status);
    TRY(sj_subjects_fit(opening->entry.draft.detail, sj_row_bytes(rows, row, 1), &fits));
    ENSURE(fits, LOG_TAMPERED);
    return SJ_DONE;
}

static sj_status read_openings(struct sj_exchange *x, struct sj_uuid judge, struct view *view)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    TRY(ask_context(
        x->worker->channel, &scope, 1, sj_time_now() + RECORD_S * INT64_C(1000000), &view->record));
    const struct sj_param params[] = {
        sj_p_id(&judge), sj_p_i64((int64_t)view->before), sj_p_i64((int64_t)view->limit)};
    const struct sj_query query = {SJ_SQL_FILE_OPENING_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(x->worker->db, &view->record, &query, 1, &rows));
    void *memory = NULL;
    view->count = sj_rows_count(rows);
    TRY(sj_arena_alloc(x->arena, (view->count + 1) * sizeof(struct opening), &memory));
    view->items = memory;
    for (size_t i = 0; i < view->count; i++) {
        view->items[i] = (struct opening){.is_signed = false};
        TRY(take_opening(x, view, rows, i, &view->items[i]));
    }
    return SJ_DONE;
}

/* "break_glass=<id>" of the signed detail. */
static bool glass_of(const struct sj_draft *draft, struct sj_uuid *ret_id)
{
    const char *at = strstr(draft->detail, "break_glass=");
    if (at == NULL || (at != draft->detail && at[-1] != ';')) {
        return false;
    }
    at += strlen("break_glass=");
    return !sj_failed(sj_uuid_parse((struct sj_text){at, strcspn(at, ";")}, ret_id));
}

/* Told by the server's own sight, and only what it wrote itself hides anything. */
static sj_status tell_glass(struct sj_exchange *x, const struct sj_approval_desk *desk,
    struct sj_uuid judge, struct opening *opening)
{
    struct sj_uuid id;
    if (!opening->is_signed || !glass_of(&opening->entry.draft, &id)) {
        return SJ_DONE;
    }
    void *memory = NULL;
    bool found = false;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_break_glass), &memory));
    struct sj_break_glass *glass = memory;
    struct sj_break_glass_notice notice;
    const sj_status status = sj_break_glass_find(desk, id, &found, glass);
    if (status.code == SJ_CONFLICT) {
        return SJ_DONE;
    }
    TRY(status);
    if (found) {
        const bool is_it = sj_uuid_equal(glass->judge, judge) &&
                           sj_uuid_equal(glass->account, opening->entry.draft.actor);
        opening->glass = is_it ? glass : NULL;
        opening->is_hidden = is_it && glass->notice_at > sj_glass_now(x);
        return SJ_DONE;
    }
    /* an attempt: no opening yet */
    TRY(sj_break_glass_notice_find(desk, id, &found, &notice));
    opening->is_hidden = found && notice.until > sj_glass_now(x);
    return SJ_DONE;
}

static sj_status tell_openings(struct sj_exchange *x, struct sj_uuid judge, struct view *view)
{
    struct sj_approval_desk desk;
    TRY(sj_glass_desk(x, SJ_SCOPE_APPROVAL, &desk));
    for (size_t i = 0; i < view->count; i++) {
        TRY(tell_glass(x, &desk, judge, &view->items[i]));
    }
    return SJ_DONE;
}

static sj_status name_offices(struct sj_exchange *x, struct view *view)
{
    CLEANUP(sj_array_clear) struct sj_array actors = {.count = 0};
    TRY(sj_array_init(&actors, SJ_OID_UUID, LIMIT_MAX * 20 + 64));
    for (size_t i = 0; i < view->count; i++) {
        TRY(sj_array_put(&actors, view->items[i].entry.draft.actor.bytes, sizeof(struct sj_uuid)));
    }
    const struct sj_param params[] = {sj_p_array(&actors)};
    const struct sj_query query = {SJ_SQL_ACCOUNT_PERSON_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(x->worker->db, x->context, &query, 1, &rows));
    for (size_t i = 0; i < sj_rows_count(rows) && i < view->count; i++) {
        if (!sj_row_is_null(rows, i, 1)) {
            TRY(sj_arena_text(x->arena, sj_row_text(rows, i, 1), &view->items[i].unit_code));
        }
        if (!sj_row_is_null(rows, i, 2)) {
            TRY(sj_arena_text(x->arena, sj_row_text(rows, i, 2), &view->items[i].compartment_code));
        }
    }
    return SJ_DONE;
}

/* The unit that the signed entry names by its tag. */
static void write_unit(
    struct sj_json *json, const struct opening *opening, const struct sj_unit *units, size_t count)
{
    const struct sj_uuid tag = opening->entry.draft.tenant_tag;
    for (size_t i = 0; i < count && !sj_uuid_is_nil(tag); i++) {
        if (sj_uuid_equal(units[i].tag, tag)) {
            sj_json_object(json, "unit");
            sj_json_text(json, "code", units[i].code);
            sj_json_text(json, "name_fa", units[i].name_fa);
            sj_json_text(json, "name_en", units[i].name_en);
            sj_json_object_end(json);
            return;
        }
    }
    sj_json_null(json, "unit");
}

/* For what the kinds of objects are there. */
static const struct {
    const char *kind;
    const char *purpose;
} purposes[] = {
    {"judge", "register"}, {"posting", "register"}, {"contribution", "register"},
    {"fact", "figures"}, {"indicator-value", "figures"}, {"score", "figures"},
    {"data-issue", "correction_of_data"}, {"cycle", "evaluation"}, {"evaluation", "evaluation"},
    {"deadline", "evaluation"}, {"seat", "evaluation"}, {"coi", "evaluation"},
    {"challenge", "evaluation"}, {"self-assessment", "evaluation"}, {"evidence", "evaluation"},
    {"rating", "evaluation"}, {"draft", "evaluation"}, {"calibration", "evaluation"},
    {"observation", "evaluation"}, {"sample", "decision_review"}, {"review", "decision_review"},
    {"survey", "survey"}, {"disclosure", "hearing"}, {"reply", "hearing"}, {"interview", "hearing"},
    {"verdict", "decision"}, {"gate", "use_of_the_result"}, {"report-card", "report_card"},
    {"acknowledgement", "report_card"}, {"appeal", "appeal"}, {"correction", "appeal"},
    {"plan", "improvement"}, {"access-log", "own_right"}, {"break-glass", "emergency"},
    {"policy", "oversight"}, /* who may see the file, and why */
};

static void write_purpose(struct sj_json *json, const struct sj_draft *draft)
{
    const size_t len = strcspn(draft->action, ":");
    for (size_t i = 0; i < SJ_COUNT(purposes); i++) {
        if (strlen(purposes[i].kind) == len && memcmp(purposes[i].kind, draft->action, len) == 0) {
            sj_json_str(json, "purpose", purposes[i].purpose);
            return;
        }
    }
    sj_json_null(json, "purpose");
}

/* "roles=a+b" of the signed detail; older entries have none. */
static void write_roles(struct sj_json *json, const struct sj_draft *draft)
{
    const char *at = strstr(draft->detail, "roles=");
    sj_json_array(json, "roles");
    if (at != NULL && (at == draft->detail || at[-1] == ';')) {
        at += strlen("roles=");
        for (size_t len = strcspn(at, "+;"); len > 0; len = strcspn(at, "+;")) {
            sj_json_text(json, NULL, (struct sj_text){at, len});
            at += len + (at[len] == '+' ? 1 : 0);
        }
    }
    sj_json_array_end(json);
}

static void write_glass(struct sj_json *json, const struct sj_break_glass *glass)
{
    if (glass == NULL) {
        sj_json_null(json, "break_glass");
        return;
    }
    sj_json_object(json, "break_glass");
    sj_json_id(json, "id", glass->id);
    sj_json_text(json, "reason", glass->reason);
    sj_json_time(json, "opened_at", glass->opened_at);
    sj_json_time(json, "ends_at", glass->closed_at == 0 ? glass->ends_at : glass->closed_at);
    sj_json_text_or_null(json, "outcome", glass->outcome);
    sj_json_object_end(json);
}

static void write_opening(struct sj_json *json, const struct sj_exchange *x,
    const struct opening *opening, const struct sj_unit *units, size_t count)
{
    static const char *const outcomes[] = {"denied", "permitted", "failed"};
    const struct sj_draft *draft = &opening->entry.draft;
    sj_json_object(json, NULL);
    sj_json_int(json, "index", (int64_t)opening->entry.index);
    sj_json_time(json, "time", opening->entry.time);
    write_unit(json, opening, units, count);
    sj_json_text_or_null(json, "office", opening->compartment_code);
    write_roles(json, draft);
    sj_json_bool(json, "own", sj_uuid_equal(draft->actor, x->session.actor.account));
    sj_json_str(json, "action", draft->action);
    sj_json_str(json, "kind", draft->object_type);
    write_purpose(json, draft);
    sj_json_str(json, "outcome", outcomes[draft->outcome]);
    sj_json_id(json, "request_id", draft->request_id);
    write_glass(json, opening->glass);
    sj_json_object_end(json);
}

static sj_status write_view(struct sj_exchange *x, const struct view *view)
{
    struct sj_unit *units = NULL;
    size_t count = 0;
    TRY(sj_unit_list(x->worker->db, x->context, x->arena, &units, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    uint64_t last = 0;
    for (size_t i = 0; i < view->count; i++) {
        if (view->items[i].is_signed) {
            if (!view->items[i].is_hidden) {
                write_opening(&json, x, &view->items[i], units, count);
            }
            last = view->items[i].entry.index;
        }
    }
    sj_json_array_end(&json);
    if (view->count == view->limit && last > 0) {
        sj_json_int(&json, "next", (int64_t)last);
    } else {
        sj_json_null(&json, "next");
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_uuid judge;
    TRY(sj_exchange_id(x, &judge));
    /* whoever else asks learns nothing, not even that there is such a judge */
    ENSURE(sj_uuid_equal(judge, x->session.actor.judge) && !sj_uuid_is_nil(judge), NOT_FOUND);
    struct view view = {.count = 0};
    TRY(take_query(x, &view));
    TRY(read_openings(x, judge, &view));
    TRY(tell_openings(x, judge, &view));
    TRY(name_offices(x, &view));
    return write_view(x, &view);
}

const struct sj_endpoint sj_routes_access_log[] = {
    {{SJ_GET, "/api/v1/judges/{id}/access-log", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ACCESS_LOG_READ, list},
};
const size_t sj_routes_access_log_count = SJ_COUNT(sj_routes_access_log);
