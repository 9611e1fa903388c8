/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom does a question to Sanjeh's own decision point name, and what does he hold now? Accounts, roles and seats come from the
 * database for each request: nothing that was revoked counts a moment longer.
 */
#include "own_point.h"

#include "server.h"

#include "sanjeh/authzen/protocol.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/account.h"
#include "sanjeh/unit/unit.h"

#include <pthread.h>

#define ACCOUNTS_PAGE 500
#define CONTEXT_US    (INT64_C(60) * 1000 * 1000)

struct sj_own_cache {
    pthread_mutex_t mutex;
    struct sj_own_point *point; /* or NULL */
};

sj_status sj_own_cache_new(struct sj_own_cache **ret_cache)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_own_cache), &memory));
    struct sj_own_cache *cache = memory;
    if (pthread_mutex_init(&cache->mutex, NULL) != 0) {
        sj_free(cache);
        FAIL(OUT_OF_MEMORY);
    }
    *ret_cache = cache;
    return SJ_DONE;
}

void sj_own_cache_free(struct sj_own_cache **cache)
{
    if (cache == NULL || *cache == NULL) {
        return;
    }
    sj_own_point_release(&(*cache)->point);
    (void)pthread_mutex_destroy(&(*cache)->mutex);
    sj_free(*cache);
    *cache = NULL;
}

/* Gives the kept one if it is of the generation; keeps *offered otherwise, if there is one. */
static struct sj_own_point *kept_point(
    struct sj_own_cache *cache, uint64_t generation, struct sj_own_point *offered)
{
    struct sj_own_point *found = NULL;
    SJ_ASSERT(pthread_mutex_lock(&cache->mutex) == 0);
    if (offered != NULL &&
        (cache->point == NULL || sj_own_point_generation(cache->point) < generation)) {
        sj_own_point_release(&cache->point);
        cache->point = sj_own_point_share(offered);
    }
    if (cache->point != NULL && sj_own_point_generation(cache->point) == generation) {
        found = sj_own_point_share(cache->point);
    }
    SJ_ASSERT(pthread_mutex_unlock(&cache->mutex) == 0);
    return found;
}

static sj_status make_point(struct sj_exchange *x, struct sj_own_point **ret_point)
{
    struct sj_unit *units = NULL;
    size_t count = 0;
    void *memory = NULL;
    TRY(sj_unit_list(x->worker->db, x->context, x->arena, &units, &count));
    TRY(sj_arena_alloc(x->arena, (count + 1) * sizeof(struct sj_policy_unit), &memory));
    struct sj_policy_unit *tree = memory;
    for (size_t i = 0; i < count; i++) {
        tree[i] = (struct sj_policy_unit){.name = units[i].code, .parent = {"", 0}};
        for (size_t j = 0; j < count && !sj_uuid_is_nil(units[i].parent); j++) {
            if (sj_uuid_equal(units[j].id, units[i].parent)) {
                tree[i].parent = units[j].code;
            }
        }
    }
    return sj_own_point_new(x->active->policy, tree, count, x->active->generation, ret_point);
}

static sj_status find_point(struct sj_exchange *x, struct sj_own_point **ret_point)
{
    struct sj_own_cache *cache = x->worker->server->own_cache;
    *ret_point = kept_point(cache, x->active->generation, NULL);
    if (*ret_point != NULL) {
        return SJ_DONE;
    }
    TRY(make_point(x, ret_point));
    struct sj_own_point *kept = kept_point(cache, x->active->generation, *ret_point);
    sj_own_point_release(&kept);
    return SJ_DONE;
}

/* ---- accounts ---- */

struct found {
    struct sj_own_subject *items;
    struct sj_uuid *accounts;
    size_t count;
    bool is_ordered; /* by account */
    size_t next;     /* ordered: the first that has not been passed */
};

static sj_status id_text(struct sj_arena *arena, struct sj_uuid id, struct sj_text *ret_text)
{
    char text[SJ_UUID_TEXT_SIZE];
    *ret_text = (struct sj_text){"", 0};
    if (sj_uuid_is_nil(id)) {
        return SJ_DONE;
    }
    sj_uuid_format(id, text);
    return sj_arena_text(arena, sj_text_of(text), ret_text);
}

/* asked: the id of the request, empty: the account's own. */
static sj_status add_account(struct sj_arena *arena, const struct sj_account *account,
    struct sj_text asked, struct found *found)
{
    struct sj_own_subject *subject = &found->items[found->count];
    *subject = (struct sj_own_subject){.unit = account->unit_code,
        .compartment = account->compartment_code,
        .roles = sj_text_is(account->status, "active") ? account->roles : SJ_TEXT("")};
    TRY(id_text(arena, account->id, &subject->account));
    TRY(id_text(arena, account->judge, &subject->judge));
    subject->id = asked.len > 0 ? asked : subject->account;
    found->accounts[found->count++] = account->id;
    return SJ_DONE;
}

static sj_status account_id(struct sj_exchange *x, struct sj_text asked, struct sj_uuid *ret_id)
{
    if (!sj_failed(sj_uuid_parse(asked, ret_id))) {
        return SJ_DONE;
    }
    *ret_id = (struct sj_uuid){{0}};
    if (!sj_username_is_valid(asked)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_text(asked)};
    const struct sj_query query = {SJ_SQL_ACCOUNT_NAMED, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(x->worker->db, x->context, &query, 1, &rows));
    *ret_id = sj_rows_count(rows) == 1 ? sj_row_id(rows, 0, 0) : *ret_id;
    return SJ_DONE;
}

static sj_status add_named(struct sj_exchange *x, struct sj_text asked, struct found *found)
{
    struct sj_uuid id;
    bool there = false;
    struct sj_account account;
    TRY(account_id(x, asked, &id));
    if (sj_uuid_is_nil(id)) {
        return SJ_DONE;
    }
    TRY(sj_account_find(x->worker->db, x->worker->fields, x->context, id, /* with_names= */ false,
        x->arena, &there, &account));
    return there ? add_account(x->arena, &account, asked, found) : SJ_DONE;
}

static sj_status find_room(struct sj_arena *arena, size_t room, struct found *found)
{
    void *memory = NULL;
    *found = (struct found){.count = 0};
    TRY(sj_arena_alloc(arena, (room + 1) * sizeof(struct sj_own_subject), &memory));
    found->items = memory;
    TRY(sj_arena_alloc(arena, (room + 1) * sizeof(struct sj_uuid), &memory));
    found->accounts = memory;
    return SJ_DONE;
}

static sj_status find_named(struct sj_exchange *x, struct found *found)
{
    struct sj_text *ids = NULL;
    size_t count = 0;
    TRY(sj_authzen_subject_ids(sj_request_body(x->request), x->arena, &ids, &count));
    TRY(find_room(x->arena, count, found));
    for (size_t i = 0; i < count; i++) {
        TRY(add_named(x, ids[i], found));
    }
    return SJ_DONE;
}

/* Every account of the system, in memory of its own: a request's arena is made for less. */
static sj_status find_all(struct sj_exchange *x, struct sj_arena *arena, struct found *found)
{
    TRY(find_room(arena, SJ_DOMAIN_ENTITIES_MAX, found));
    found->is_ordered = true;
    struct sj_uuid after = {{0}};
    for (;;) {
        struct sj_account *page = NULL;
        size_t count = 0;
        TRY(sj_account_list(x->worker->db, x->worker->fields, x->context, after, ACCOUNTS_PAGE,
            /* with_names= */ false, arena, &page, &count));
        ENSURE(found->count + count <= SJ_DOMAIN_ENTITIES_MAX, LIMIT_EXCEEDED);
        for (size_t i = 0; i < count; i++) {
            TRY(add_account(arena, &page[i], SJ_TEXT(""), found));
            after = page[i].id;
        }
        if (count < ACCOUNTS_PAGE) {
            return SJ_DONE;
        }
    }
}

/* ---- seats ---- */

static sj_status read_seats(
    struct sj_exchange *x, const struct found *found, struct sj_rows **ret_rows)
{
    const struct sj_uuid scope = SJ_SCOPE_EVALUATION;
    struct sj_context
        context; /* the server's own work: what it finds becomes an attribute, never an answer */
    TRY(ask_context(x->worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    struct sj_array ids = {.count = 0};
    sj_status status = sj_array_init(&ids, SJ_OID_UUID, (size_t)16 << 20);
    for (size_t i = 0; i < found->count && !sj_failed(status); i++) {
        status = sj_array_put(&ids, found->accounts[i].bytes, sizeof found->accounts[i].bytes);
    }
    if (!sj_failed(status)) {
        const struct sj_param params[] = {sj_p_array(&ids)};
        const struct sj_query query = {SJ_SQL_SEAT_FILES, params, SJ_COUNT(params)};
        status = sj_db_read(x->worker->db, &context, &query, 1, ret_rows);
    }
    sj_array_clear(&ids);
    return status;
}

/* An account may be asked about by id and by name. Of all accounts each is there once, in the order of the rows: the search goes on
 * from where the last one was. */
static void seat_account(
    struct found *found, struct sj_uuid account, const struct sj_text *files, size_t count)
{
    for (size_t i = found->is_ordered ? found->next : 0; i < found->count; i++) {
        if (!sj_uuid_equal(found->accounts[i], account)) {
            continue;
        }
        found->items[i].files = files;
        found->items[i].file_count = count;
        if (found->is_ordered) {
            found->next = i + 1;
            return;
        }
    }
}

static sj_status take_seats(struct sj_arena *arena, const struct sj_rows *rows, struct found *found)
{
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_text), &memory));
    struct sj_text *files = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(id_text(arena, sj_row_id(rows, i, 1), &files[i]));
    }
    for (size_t first = 0; first < count;) {
        const struct sj_uuid account = sj_row_id(rows, first, 0);
        size_t end = first;
        while (end < count && sj_uuid_equal(sj_row_id(rows, end, 0), account)) {
            end++;
        }
        seat_account(found, account, files + first, end - first);
        first = end;
    }
    return SJ_DONE;
}

sj_status sj_own_domain(struct sj_exchange *x, bool all, struct sj_domain **ret_domain)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_own_point_release) struct sj_own_point *point = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    struct found found;
    TRY(sj_exchange_widen(x, SJ_SCOPE_ADMIN));
    TRY(find_point(x, &point));
    TRY(sj_arena_new((size_t)256 << 20, &arena));
    TRY(all ? find_all(x, arena, &found) : find_named(x, &found));
    TRY(read_seats(x, &found, &rows));
    TRY(take_seats(arena, rows, &found));
    TRY(sj_own_point_domain(point, found.items, found.count, ret_domain));
    sj_domain_keep(*ret_domain, &arena);
    return SJ_DONE;
}
