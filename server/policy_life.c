/* SPDX-License-Identifier: Apache-2.0
 *
 * May this document come into force? Everything that could be wrong is looked for here, before anything is changed: a draft that
 * fails leaves the point in force as it is. Reading, tests and difference take up to seconds and run on the work pool.
 */
#include "policy_life.h"

#include "server.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/policy/diff.h"
#include "sanjeh/policy/suite.h"
#include "sanjeh/unit/unit.h"

#define REPORT_MAX ((size_t)4 * 1024 * 1024)
#define CONTEXT_US (INT64_C(60) * 1000 * 1000)

void sj_life_clear(struct sj_life *life)
{
    sj_policy_active_free(&life->active);
    sj_buf_clear(&life->report);
    sj_buf_clear(&life->diff);
}

static sj_status refuse(
    struct sj_life *life, const char *code, const char *of, const char *pointer, const char *why)
{
    life->fault = (struct sj_life_fault){.code = code, .of = of};
    (void)snprintf(life->fault.place.pointer, sizeof life->fault.place.pointer, "%s", pointer);
    (void)snprintf(life->fault.place.why, sizeof life->fault.place.why, "%s", why);
    FAIL(INVALID);
}

/* The reader's own place; other failures are ours. */
static sj_status refuse_at(
    struct sj_life *life, sj_status status, const char *of, const struct sj_policy_fault *place)
{
    if (status.code != SJ_BAD_CONFIG) {
        return status;
    }
    life->fault = (struct sj_life_fault){.code = "INVALID", .of = of, .place = *place};
    FAIL(INVALID);
}

/* ---- reading ---- */

static sj_status read_files(struct sj_life *life, struct sj_policy_active *active)
{
    for (size_t i = 0; i < life->file_count; i++) {
        const struct sj_policy_options how = {
            .under = i == 0 ? NULL : active->policy, .own = i == 0};
        struct sj_policy_fault place = {.line = 0};
        struct sj_policy *policy = NULL;
        const sj_status status =
            sj_policy_read(sj_text_bytes(life->files[i].document), &how, &policy, &place);
        if (sj_failed(status)) {
            return refuse_at(life, status, i == life->checked ? "policy" : "unit file", &place);
        }
        if (i == 0) {
            active->policy = policy;
        } else {
            active->files[active->file_count++] = policy;
        }
    }
    return SJ_DONE;
}

static int compare_units(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sj_uuid));
}

static struct sj_text parent_code(const struct sj_life *life, struct sj_uuid parent)
{
    for (size_t i = 0; i < life->unit_count; i++) {
        if (sj_uuid_equal(life->units[i].id, parent)) {
            return life->units[i].code;
        }
    }
    return SJ_TEXT("");
}

static sj_status name_units(const struct sj_life *life, struct sj_policy_unit **ret_units)
{
    void *memory = NULL;
    TRY(sj_alloc(life->unit_count + 1, sizeof(struct sj_policy_unit), &memory));
    struct sj_policy_unit *units = memory;
    for (size_t i = 0; i < life->unit_count; i++) {
        units[i].name = life->units[i].code;
        units[i].parent = sj_uuid_is_nil(life->units[i].parent)
                              ? SJ_TEXT("")
                              : parent_code(life, life->units[i].parent);
    }
    *ret_units = units;
    return SJ_DONE;
}

static size_t list_files(
    const struct sj_policy_active *active, const struct sj_policy *ret_files[SJ_POLICY_FILES + 1])
{
    ret_files[0] = active->policy;
    for (size_t i = 0; i < active->file_count; i++) {
        ret_files[i + 1] = active->files[i];
    }
    return active->file_count + 1;
}

/* Units are there for unit files alone: without one the root's own set decides. */
static sj_status make_set(
    struct sj_life *life, const struct sj_policy_unit *units, struct sj_policy_active *active)
{
    if (active->file_count == 0) {
        return SJ_DONE;
    }
    const struct sj_policy *files[SJ_POLICY_FILES + 1];
    const size_t count = list_files(active, files);
    struct sj_policy_fault place = {.line = 0};
    const sj_status status =
        sj_policy_set_new(files, count, units, life->unit_count, 0, &active->set, &place);
    if (sj_failed(status)) {
        return refuse_at(life, status, "policy", &place);
    }
    void *memory = NULL;
    TRY(sj_alloc(life->unit_count + 1, sizeof(struct sj_point_unit), &memory));
    active->units = memory;
    for (size_t i = 0; i < life->unit_count; i++) {
        active->units[i] = (struct sj_point_unit){
            life->units[i].id, sj_policy_set_unit(active->set, life->units[i].code)};
    }
    active->unit_count = life->unit_count;
    qsort(active->units, active->unit_count, sizeof active->units[0], compare_units);
    return SJ_DONE;
}

/* ---- what a document asks of its own life ---- */

static const struct sj_policy *checked_file(
    const struct sj_life *life, const struct sj_policy_active *active)
{
    return life->checked == 0 ? active->policy : active->files[life->checked - 1];
}

/* Nothing is read and ignored: what this server does not do is refused. */
static sj_status check_sections(struct sj_life *life, const struct sj_policy *policy)
{
    const struct sj_policy_activation *activation = sj_policy_activation(policy);
    if (sj_policy_effective_until(policy) != 0) {
        return refuse(life, "OTHER_SECTION", "policy", "/effective/until",
            "a policy is in force until the next one is");
    }
    if (!activation->given) {
        return SJ_DONE;
    }
    if (activation->shadow_minutes != 0) {
        return refuse(life, "OTHER_SECTION", "policy", "/activation/shadow_minutes",
            "shadow runs are not offered");
    }
    if (activation->from_role != SJ_POLICY_NONE &&
        strcmp(sj_policy_role_at(policy, activation->from_role)->name, "policy-signer") != 0) {
        return refuse(life, "OTHER_SECTION", "policy", "/activation/signatures/from_role",
            "the policy of this server is signed by policy-signer");
    }
    if (!activation->distinct_from_author) {
        return refuse(life, "OTHER_SECTION", "policy",
            "/activation/signatures/distinct_from_author", "nobody signs what he wrote");
    }
    return SJ_DONE;
}

/* ---- separation of duty over what is held now ---- */

static sj_status hold(struct sj_life *life, const struct sj_policy *root, struct sj_text names,
    uint32_t *holders, struct sj_role_set *ret_held)
{
    char why[160];
    struct sj_text name;
    while (names.len > 0 && sj_text_split(&names, ',', &name)) {
        const uint32_t role = sj_policy_role_number(root, name);
        if (role == SJ_POLICY_NONE) {
            (void)snprintf(why, sizeof why,
                "accounts hold the role %.*s, which this version has not", (int)name.len, name.ptr);
            return refuse(life, "ROLE_HELD", "policy", "/roles", why);
        }
        holders[role]++;
        sj_role_set_add(ret_held, role);
    }
    return SJ_DONE;
}

static sj_status check_held(
    struct sj_life *life, const struct sj_policy *root, const struct sj_role_set *held)
{
    static const enum sj_sod_span spans[] = {SJ_SOD_ALL_UNITS, SJ_SOD_SAME_UNIT};
    for (size_t i = 0; i < SJ_COUNT(spans); i++) {
        const struct sj_policy_sod *broken =
            sj_policy_sod_broken(root, SJ_SOD_STATIC, spans[i], held);
        if (broken != NULL) {
            char why[160];
            char pointer[80] = "/sod";
            for (size_t n = 0; n < sj_policy_sod_count(root); n++) {
                if (sj_policy_sod_at(root, n) == broken) {
                    (void)snprintf(pointer, sizeof pointer, "/sod/%zu", n);
                }
            }
            (void)snprintf(
                why, sizeof why, "an account holds roles that %.64s keeps apart", broken->id);
            return refuse(life, "SEPARATION", "policy", pointer, why);
        }
    }
    return SJ_DONE;
}

static sj_status check_holdings(struct sj_life *life, const struct sj_policy *root)
{
    uint32_t holders[SJ_POLICY_ROLES] = {0};
    for (size_t i = 0; life->holdings != NULL && i < life->holding_count; i++) {
        struct sj_role_set held = {{0}};
        TRY(hold(life, root, life->holdings[i].roles, holders, &held));
        TRY(check_held(life, root, &held));
    }
    for (size_t role = 0; role < sj_policy_role_count(root); role++) {
        const struct sj_policy_role *one = sj_policy_role_at(root, role);
        if (one->max_holders > 0 && holders[role] > one->max_holders) {
            char why[160];
            (void)snprintf(why, sizeof why, "%u accounts hold %.64s, at most %u may", holders[role],
                one->name, one->max_holders);
            return refuse(life, "HOLDERS", "policy", "/roles", why);
        }
    }
    return SJ_DONE;
}

/* ---- tests and difference ---- */

static sj_status run_tests(struct sj_life *life, const struct sj_policy_active *active)
{
    const struct sj_policy *files[] = {active->policy, checked_file(life, active)};
    CLEANUP(sj_policy_suite_free) struct sj_policy_suite *suite = NULL;
    struct sj_policy_fault place = {.line = 0};
    const sj_status status = sj_policy_suite_read(sj_text_bytes(life->files[life->checked].tests),
        files, life->checked == 0 ? 1 : 2, &suite, &place);
    if (sj_failed(status)) {
        return refuse_at(life, status, "tests", &place);
    }
    const struct sj_suite_report *report = NULL;
    TRY(sj_policy_suite_run(suite, &report));
    life->passed = report->activatable;
    return sj_suite_report_json(report, &life->report);
}

static sj_status compare(
    struct sj_life *life, const struct sj_policy_unit *units, const struct sj_policy_active *active)
{
    const struct sj_policy *before[SJ_POLICY_FILES + 1];
    const struct sj_policy *after[SJ_POLICY_FILES + 1];
    const size_t before_count = list_files(life->before, before);
    const size_t after_count = list_files(active, after);
    struct sj_policy_fault place = {.line = 0};
    CLEANUP(sj_policy_diff_free) struct sj_policy_diff *diff = NULL;
    const sj_status status = sj_policy_diff_make(
        before, before_count, after, after_count, units, life->unit_count, &diff, &place);
    if (sj_failed(status)) {
        return refuse_at(life, status, "policy", &place);
    }
    life->widens = sj_policy_diff_widens(diff);
    return sj_policy_diff_json(diff, &life->diff);
}

/* A unit file narrows: what it would permit and root and files above do not is refused. */
static sj_status check_ceiling(
    struct sj_life *life, const struct sj_policy_unit *units, const struct sj_policy_active *active)
{
    if (life->checked == 0) {
        return SJ_DONE;
    }
    const struct sj_policy *parents[] = {active->policy};
    struct sj_policy_fault place = {.line = 0};
    CLEANUP(sj_policy_diff_free) struct sj_policy_diff *diff = NULL;
    const sj_status status = sj_policy_diff_ceiling(
        parents, 1, checked_file(life, active), units, life->unit_count, &diff, &place);
    if (sj_failed(status)) {
        return refuse_at(life, status, "policy", &place);
    }
    if (sj_policy_diff_widens(diff)) {
        const struct sj_diff_cell *cell = sj_policy_diff_cell_at(diff, 0);
        char why[160];
        (void)snprintf(
            why, sizeof why, "a unit may only narrow: %.60s for %.60s", cell->action, cell->roles);
        return refuse(life, "CEILING", "policy", "/rules", why);
    }
    return SJ_DONE;
}

static sj_status make(struct sj_life *life)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_policy_active), &memory));
    life->active = memory;
    TRY(read_files(life, life->active));
    CLEANUP(sj_freep) struct sj_policy_unit *units = NULL;
    TRY(name_units(life, &units));
    TRY(make_set(life, units, life->active));
    if (life->before == NULL) {
        return SJ_DONE;
    }
    TRY(check_sections(life, checked_file(life, life->active)));
    TRY(run_tests(life, life->active));
    TRY(check_ceiling(life, units, life->active));
    TRY(compare(life, units, life->active));
    return check_holdings(life, life->active->policy);
}

struct making {
    struct sj_life *life;
    sj_status status;
};

static void make_now(void *ctx)
{
    struct making *making = ctx;
    making->status = make(making->life);
}

sj_status sj_life_make(struct sj_worker *worker, struct sj_life *life)
{
    life->report = SJ_BUF(REPORT_MAX);
    life->diff = SJ_BUF(REPORT_MAX);
    life->fault = (struct sj_life_fault){.code = NULL};
    struct making making = {.life = life};
    TRY(sj_work_run(worker->server->work_pool, make_now, &making));
    if (sj_failed(making.status)) {
        sj_policy_active_free(&life->active);
    }
    return making.status;
}

/* ---- what is, or was, in force ---- */

static sj_status prove_all(
    const struct sj_approval_desk *desk, const struct sj_policy_version *versions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool fit = false;
        const char *why = "";
        TRY(sj_version_prove(desk, &versions[i], &fit, &why));
        ENSURE(fit, CONFLICT);
        ENSURE((i == 0) == (versions[i].owner_unit.len == 0), CONFLICT);
    }
    return SJ_DONE;
}

static sj_status make_of(struct sj_worker *worker, const struct sj_approval_desk *desk,
    const struct sj_policy_version *versions, size_t count, struct sj_policy_active **ret_active)
{
    ENSURE(count <= SJ_POLICY_FILES, LIMIT_EXCEEDED);
    CLEANUP(sj_life_clear) struct sj_life life = {.file_count = count};
    TRY(sj_unit_list(worker->db, desk->context, desk->arena, &life.units, &life.unit_count));
    int64_t activation = 0;
    for (size_t i = 0; i < count; i++) {
        life.files[i].document = versions[i].document;
        activation = versions[i].activation > activation ? versions[i].activation : activation;
    }
    TRY(sj_life_make(worker, &life));
    for (size_t i = 0; i < count; i++) {
        const struct sj_policy *policy = i == 0 ? life.active->policy : life.active->files[i - 1];
        ENSURE(sj_text_is(versions[i].digest, sj_policy_digest(policy)), CONFLICT);
    }
    life.active->activation = activation;
    *ret_active = TAKE(life.active);
    return SJ_DONE;
}

sj_status sj_policy_at(
    struct sj_worker *worker, sj_time_us at, bool *ret_found, struct sj_policy_active **ret_active)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    const struct sj_uuid scope = SJ_SCOPE_APPROVAL;
    struct sj_context context;
    TRY(ask_context(worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    const struct sj_approval_desk desk = {
        .db = worker->db, .context = &context, .channel = worker->channel, .arena = arena};
    struct sj_policy_version *versions = NULL;
    size_t count = 0;
    TRY(sj_version_in_force(&desk, at, &versions, &count));
    *ret_found = count > 0;
    if (count == 0) {
        return SJ_DONE;
    }
    TRY(prove_all(&desk, versions, count));
    return make_of(worker, &desk, versions, count, ret_active);
}
