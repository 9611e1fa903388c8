/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files make the point that a document would give? The root with every unit file that is in force, the document in its own
 * place among them; and does its number follow what was in force before?
 */
#include "policy_plan.h"

#include "server.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/unit.h"

#define CONTEXT_US (INT64_C(60) * 1000 * 1000)

/* ---- what is wrong, with its place ---- */

sj_status sj_plan_tell(struct sj_exchange *x, const struct sj_life_fault *fault, enum sj_code code)
{
    char pointer[320];
    char detail[320];
    (void)snprintf(pointer, sizeof pointer, "/%s%s", fault->of, fault->place.pointer);
    if (fault->place.line > 0) {
        (void)snprintf(detail, sizeof detail, "%s (line %u, column %u)", fault->place.why,
            fault->place.line, fault->place.column);
    } else {
        (void)snprintf(detail, sizeof detail, "%s", fault->place.why);
    }
    struct sj_text at;
    struct sj_text why;
    TRY(sj_arena_text(x->arena, sj_text_of(pointer), &at));
    TRY(sj_arena_text(x->arena, sj_text_of(detail), &why));
    TRY(sj_json_fault_add(&x->faults, x->arena, at, fault->code, why));
    return (sj_status){code, "policies"};
}

static sj_status refuse(
    struct sj_exchange *x, const char *pointer, const char *code, const char *detail)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), code, sj_text_of(detail)));
    FAIL(INVALID);
}

/* ---- the point that a document would make ---- */

void sj_plan_clear(struct sj_plan *plan)
{
    sj_life_clear(&plan->life);
}

/* The document's id, leniently: the strict reader says what is wrong with it. */
static bool is_root(struct sj_arena *arena, const struct sj_plan *plan, struct sj_text document)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    struct sj_text id = {"", 0};
    if (sj_failed(sj_json_doc_parse(sj_text_bytes(document), &doc, &detail, arena)) ||
        !sj_json_as_text(sj_json_get(sj_json_doc_root(doc), "id"), &id)) {
        return true;
    }
    return sj_text_equal(id, plan->in_force[0].policy) ||
           sj_json_get(sj_json_doc_root(doc), "owner_unit") == NULL;
}

static sj_status add_unit_files(
    struct sj_arena *arena, struct sj_plan *plan, struct sj_text document, bool root)
{
    struct sj_life *life = &plan->life;
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text id = {"", 0};
    struct sj_text detail;
    if (!root) {
        TRY(sj_json_doc_parse(sj_text_bytes(document), &doc, &detail, arena));
        ENSURE(sj_json_as_text(sj_json_get(sj_json_doc_root(doc), "id"), &id), INTERNAL);
    }
    for (size_t i = 1; i < plan->count; i++) {
        const struct sj_policy_version *version = &plan->in_force[i];
        if (!root && sj_text_equal(version->policy, id)) {
            plan->previous = version->digest;
            continue;
        }
        ENSURE(life->file_count < SJ_POLICY_FILES - 1, LIMIT_EXCEEDED);
        life->files[life->file_count++].document = version->document;
    }
    return SJ_DONE;
}

/* Assignments are administration's: a context of its own, nothing else is read in it. */
static sj_status read_holdings(
    struct sj_exchange *x, const struct sj_approval_desk *desk, struct sj_life *life)
{
    const struct sj_uuid scope = SJ_SCOPE_ADMIN;
    struct sj_context context;
    TRY(ask_context(x->worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    struct sj_approval_desk reading = *desk;
    reading.tx = NULL;
    reading.context = &context;
    struct sj_policy_holding *holdings = NULL;
    TRY(sj_policy_holdings(&reading, &holdings, &life->holding_count));
    life->holdings = holdings;
    return SJ_DONE;
}

sj_status sj_plan_make(struct sj_exchange *x, const struct sj_approval_desk *desk,
    struct sj_text document, struct sj_text tests, struct sj_plan *plan)
{
    TRY(sj_version_in_force(desk, 0, &plan->in_force, &plan->count));
    ENSURE(plan->count > 0 && plan->count < SJ_POLICY_FILES, CONFLICT);
    for (size_t i = 0; i < plan->count; i++) {
        const int64_t activation = plan->in_force[i].activation;
        plan->activation = activation > plan->activation ? activation : plan->activation;
    }
    /* another server was faster: this one follows within a second */
    ENSURE(plan->activation == x->active->activation, SERIALIZATION);
    struct sj_life *life = &plan->life;
    const bool root = is_root(desk->arena, plan, document);
    plan->previous = root ? plan->in_force[0].digest : SJ_TEXT("");
    life->files[0].document = root ? document : plan->in_force[0].document;
    life->file_count = 1;
    TRY(add_unit_files(desk->arena, plan, document, root));
    if (!root) {
        life->checked = life->file_count;
        life->files[life->file_count++].document = document;
    }
    life->files[life->checked].tests = tests;
    life->before = x->active;
    TRY(sj_unit_list(x->worker->db, x->context, desk->arena, &life->units, &life->unit_count));
    return read_holdings(x, desk, life);
}

const struct sj_policy *sj_plan_file(const struct sj_plan *plan)
{
    const struct sj_policy_active *active = plan->life.active;
    return plan->life.checked == 0 ? active->policy : active->files[plan->life.checked - 1];
}

uint32_t sj_plan_signatures(const struct sj_plan *plan)
{
    const struct sj_policy_activation *asked = sj_policy_activation(sj_plan_file(plan));
    uint32_t need = SJ_POLICY_SIGNATURES;
    need = asked->given && asked->need > need ? asked->need : need;
    if (plan->life.widens) {
        need = need + 1 > SJ_POLICY_SIGNATURES_WIDENING ? need + 1 : SJ_POLICY_SIGNATURES_WIDENING;
        need = asked->given && asked->need_if_widening > need ? asked->need_if_widening : need;
    }
    return need;
}

/* Numbers grow; what the document says came before it is what is in force. */
sj_status sj_plan_check_place(struct sj_exchange *x, const struct sj_approval_desk *desk,
    const struct sj_plan *plan, enum sj_code code)
{
    const struct sj_policy *policy = sj_plan_file(plan);
    uint32_t newest = 0;
    TRY(sj_version_newest(desk, sj_text_of(sj_policy_id(policy)), &newest));
    struct sj_life_fault fault = {.code = "STALE", .of = "policy"};
    if (sj_policy_version(policy) <= newest) {
        (void)snprintf(fault.place.pointer, sizeof fault.place.pointer, "/version");
        (void)snprintf(
            fault.place.why, sizeof fault.place.why, "versions grow, and %u was in force", newest);
        return sj_plan_tell(x, &fault, code);
    }
    const char *previous = sj_policy_previous(policy);
    if (previous[0] != '\0' && !sj_text_is(plan->previous, previous)) {
        fault.code = "PREVIOUS";
        (void)snprintf(fault.place.pointer, sizeof fault.place.pointer, "/previous");
        (void)snprintf(
            fault.place.why, sizeof fault.place.why, "another version is in force than this names");
        return sj_plan_tell(x, &fault, code);
    }
    if (sj_plan_signatures(plan) > SJ_APPROVAL_VOTES - 3) {
        return refuse(x, "/policy/activation", "RANGE", "at most five signatures");
    }
    return SJ_DONE;
}
