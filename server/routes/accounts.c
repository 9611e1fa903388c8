/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts, for those who administer them. An administrator reaches the accounts of all units, a
 * unit's manager those of the own unit; neither learns a secret.
 */
#include "../server.h"
#include "account_json.h"
#include "routes.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/account.h"

#define CONTEXT_SECONDS 60

/* The widest reach decides whose accounts the database shows. */
static sj_status context_for(struct sj_exchange *x, struct sj_context *ret_context)
{
    if (x->decision.reach != SJ_REACH_ALL) {
        *ret_context = *x->context;
        return SJ_DONE;
    }
    const struct sj_uuid scopes[] = {SJ_SCOPE_ADMIN};
    return ask_context(x->worker->channel, scopes, SJ_COUNT(scopes),
        sj_time_now() + CONTEXT_SECONDS * 1000000LL, ret_context);
}

static void write_roles(struct sj_json *json, struct sj_text roles)
{
    sj_json_array(json, "roles");
    struct sj_text rest = roles;
    struct sj_text role = {NULL, 0};
    while (rest.len > 0 && sj_text_split(&rest, ',', &role)) {
        sj_json_text(json, NULL, role);
    }
    sj_json_array_end(json);
}

static void write_account(
    struct sj_json *json, const struct sj_account *account, const struct sj_decision *decision)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", account->id);
    if (sj_may_read(decision, SJ_FIELD_ACCOUNT_NAME)) {
        sj_json_text(json, "username", account->username);
        sj_json_text(json, "display_name", account->display_name);
    }
    sj_json_code_or_null(json, "unit", account->unit_code);
    sj_json_code_or_null(json, "compartment", account->compartment_code);
    if (sj_may_read(decision, SJ_FIELD_ACCOUNT_ROLES)) {
        write_roles(json, account->roles);
    }
    sj_json_text(json, "status", account->status);
    sj_json_id_or_null(json, "judge_id", account->judge);
    sj_json_time(json, "created_at", account->created_at);
    sj_json_int(json, "version", account->version);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_page page;
    struct sj_context context;
    TRY(sj_exchange_page(x, NULL, &page));
    TRY(context_for(x, &context));
    struct sj_account *items = NULL;
    size_t count = 0;
    TRY(sj_account_list(x->worker->db, x->worker->fields, &context, page.after, page.limit + 1,
        sj_may_read(&x->decision, SJ_FIELD_ACCOUNT_NAME), x->arena, &items, &count));
    const size_t shown = count > page.limit ? page.limit : count;
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < shown; i++) {
        write_account(&json, &items[i], &x->decision);
    }
    return sj_exchange_list_end(
        x, &json, count > shown ? items[shown - 1].id : (struct sj_uuid){{0}});
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_context context;
    TRY(sj_exchange_id(x, &id));
    TRY(context_for(x, &context));
    bool found = false;
    struct sj_account account;
    TRY(sj_account_find(x->worker->db, x->worker->fields, &context, id,
        sj_may_read(&x->decision, SJ_FIELD_ACCOUNT_NAME), x->arena, &found, &account));
    ENSURE(found, NOT_FOUND);
    struct sj_json json = sj_json_begin(&x->body);
    write_account(&json, &account, &x->decision);
    TRY(sj_exchange_etag(x, account.version));
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_accounts[] = {
    {{SJ_GET, "/api/v1/accounts", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ACCOUNT_LIST, list},
    {{SJ_GET, "/api/v1/accounts/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ACCOUNT_READ, read_one},
};
const size_t sj_routes_accounts_count = SJ_COUNT(sj_routes_accounts);
