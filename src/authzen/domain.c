/* SPDX-License-Identifier: Apache-2.0
 *
 * Which document is a domain? Splits it into policy and entities and reads both; the policy's text is handed to the engine as it
 * stands, so that its places stay places of the document.
 */
#include "authzen_priv.h"
#include "sanjeh/authzen/own.h"

#define DOMAIN_ARENA_MAX ((size_t)512 << 20)

bool sj_domain_name_is_valid(struct sj_text name)
{
    static const char *const taken[] = {"evaluation", "evaluations", "search", "requests"};
    bool good =
        name.len >= 1 && name.len <= SJ_DOMAIN_NAME_MAX && name.ptr[0] >= 'a' && name.ptr[0] <= 'z';
    for (size_t i = 0; good && i < name.len; i++) {
        const char c = name.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    for (size_t i = 0; good && i < SJ_COUNT(taken); i++) {
        good = !sj_text_is(name, taken[i]);
    }
    return good;
}

static sj_status refuse(struct sj_policy_fault *fault, const char *pointer, const char *why)
{
    *fault = (struct sj_policy_fault){0};
    (void)snprintf(fault->pointer, sizeof fault->pointer, "%s", pointer);
    (void)snprintf(fault->why, sizeof fault->why, "%s", why);
    FAIL(BAD_CONFIG);
}

/* ---- where the policy stands ---- */

static size_t skip_string(struct sj_view text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        at += text.ptr[at] == '\\' ? 1 : 0;
    }
    return at + 1;
}

/* Behind the value that begins at: the text is JSON already, so brackets outside of strings match. */
static size_t skip_value(struct sj_view text, size_t at)
{
    unsigned depth = 0;
    while (at < text.len) {
        const uint8_t c = text.ptr[at];
        if (c == '"') {
            at = skip_string(text, at);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            break;
        } else {
            depth -= c == '}' || c == ']' ? 1 : 0;
            at++;
        }
        if (depth == 0 && (c == '"' || c == '}' || c == ']')) {
            break;
        }
    }
    return at < text.len ? at : text.len;
}

static size_t skip_space(struct sj_view text, size_t at)
{
    while (
        at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t' || text.ptr[at] == '\n' ||
                             text.ptr[at] == '\r' || text.ptr[at] == ',' || text.ptr[at] == ':')) {
        at++;
    }
    return at;
}

/* The span of the member "policy" of an object that is known to be one. */
static struct sj_view policy_span(struct sj_view text)
{
    static const char wanted[] = "\"policy\"";
    size_t at = skip_space(text, 0) + 1;
    for (at = skip_space(text, at); at < text.len && text.ptr[at] == '"';
         at = skip_space(text, at)) {
        const size_t end = skip_string(text, at);
        const bool is_it = end <= text.len && end - at == sizeof wanted - 1 &&
                           memcmp(text.ptr + at, wanted, sizeof wanted - 1) == 0;
        const size_t value = skip_space(text, end);
        at = skip_value(text, value);
        if (is_it) {
            return sj_view_of(text.ptr + value, at - value);
        }
    }
    return sj_view_of(text.ptr, 0);
}

/* Places of the policy become places of the document. */
static void move_fault(struct sj_policy_fault *fault, struct sj_view document, const uint8_t *span)
{
    uint32_t lines = 0;
    uint32_t column = 0;
    for (const uint8_t *at = document.ptr; at < span; at++) {
        column = *at == '\n' ? 0 : column + 1;
        lines += *at == '\n' ? 1 : 0;
    }
    if (fault->line != 0) {
        fault->column += fault->line == 1 ? column : 0;
        fault->line += lines;
    }
    char pointer[sizeof fault->pointer];
    (void)snprintf(pointer, sizeof pointer, "/policy%.240s", fault->pointer);
    (void)snprintf(fault->pointer, sizeof fault->pointer, "%s", pointer);
}

/* ---- reading ---- */

static sj_status check_members(const struct sj_json_value *root, struct sj_policy_fault *fault)
{
    static const char *const lists[] = {"units", "subjects", "resources"};
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    if (!sj_json_is_object(root) || sj_json_get(root, "policy") == NULL) {
        return refuse(fault, "", "is {\"policy\", \"entities\"}");
    }
    while (sj_json_next(root, &iterator, &name, &value)) {
        if (!sj_text_is(name, "policy") && !sj_text_is(name, "entities")) {
            return refuse(fault, "", "has a member that is neither policy nor entities");
        }
    }
    const struct sj_json_value *entities = sj_json_get(root, "entities");
    if (entities != NULL && !sj_json_is_object(entities)) {
        return refuse(fault, "/entities", "is {\"units\", \"subjects\", \"resources\"}");
    }
    iterator = 0;
    while (entities != NULL && sj_json_next(entities, &iterator, &name, &value)) {
        bool known = false;
        for (size_t i = 0; i < SJ_COUNT(lists); i++) {
            known = known || (sj_text_is(name, lists[i]) && sj_json_is_array(value));
        }
        if (!known) {
            return refuse(
                fault, "/entities", "is {\"units\", \"subjects\", \"resources\"}, lists all");
        }
    }
    return SJ_DONE;
}

static sj_status parse(
    struct sj_domain *domain, struct sj_view document, struct sj_policy_fault *fault)
{
    struct sj_text why = {"", 0};
    const sj_status status = sj_json_doc_parse(document, &domain->doc, &why, domain->arena);
    if (status.code == SJ_BAD_JSON || status.code == SJ_DUPLICATE_MEMBER ||
        status.code == SJ_TOO_DEEP || status.code == SJ_INVALID) {
        *fault = (struct sj_policy_fault){0};
        (void)snprintf(
            fault->why, sizeof fault->why, "%.*s", (int)(why.len < 180 ? why.len : 180), why.ptr);
        FAIL(BAD_CONFIG);
    }
    TRY(status);
    return check_members(sj_json_doc_root(domain->doc), fault);
}

static sj_status fill(
    struct sj_domain *domain, struct sj_view document, struct sj_policy_fault *fault)
{
    TRY(parse(domain, document, fault));
    const struct sj_view span = policy_span(document);
    const sj_status status = sj_policy_read(span, NULL, &domain->policy, fault);
    if (status.code == SJ_BAD_CONFIG) {
        move_fault(fault, document, span.ptr);
    }
    TRY(status);
    domain->digest = sj_policy_digest(domain->policy);
    domain->approvals = access_slot(domain->policy);
    const struct sj_json_value *entities = sj_json_get(sj_json_doc_root(domain->doc), "entities");
    struct sj_policy_unit *units = NULL;
    size_t count = 0;
    CLEANUP(sj_arena_free) struct sj_arena *scratch = NULL;
    TRY(sj_arena_new(DOMAIN_ARENA_MAX, &scratch));
    TRY(entity_units(domain->policy, entities, scratch, &units, &count, fault));
    const struct sj_policy *files[] = {domain->policy};
    TRY(sj_policy_set_new(files, 1, units, count, (uint64_t)domain->version, &domain->set, fault));
    return entity_read(domain, entities, fault);
}

sj_status sj_domain_read(struct sj_view document, int64_t version, struct sj_domain **ret_domain,
    struct sj_policy_fault *reterr_fault)
{
    *reterr_fault = (struct sj_policy_fault){0};
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_domain), &memory));
    CLEANUP(sj_domain_release) struct sj_domain *domain = memory;
    atomic_init(&domain->references, 1);
    domain->version = version;
    TRY(sj_arena_new(DOMAIN_ARENA_MAX, &domain->arena));
    TRY(fill(domain, document, reterr_fault));
    *ret_domain = TAKE(domain);
    return SJ_DONE;
}

void sj_domain_keep(struct sj_domain *domain, struct sj_arena **arena)
{
    domain->kept = TAKE(*arena);
}

struct sj_domain *sj_domain_share(struct sj_domain *domain)
{
    (void)atomic_fetch_add(&domain->references, 1);
    return domain;
}

void sj_domain_release(struct sj_domain **domain)
{
    if (domain == NULL || *domain == NULL) {
        return;
    }
    struct sj_domain *gone = *domain;
    *domain = NULL;
    if (atomic_fetch_sub(&gone->references, 1) != 1) {
        return;
    }
    if (gone->own != NULL) {
        sj_own_point_release(&gone->own);
    } else {
        sj_policy_set_free(&gone->set);
        sj_policy_free(&gone->policy);
    }
    sj_json_doc_free(&gone->doc);
    sj_arena_free(&gone->arena);
    sj_arena_free(&gone->kept);
    sj_free(gone);
}

int64_t sj_domain_version(const struct sj_domain *domain)
{
    return domain->version;
}

const char *sj_domain_digest(const struct sj_domain *domain)
{
    return domain->digest;
}

const struct sj_policy_set *sj_domain_set(const struct sj_domain *domain)
{
    return domain->set;
}

size_t sj_domain_subject_count(const struct sj_domain *domain)
{
    return domain->subjects.count;
}

size_t sj_domain_resource_count(const struct sj_domain *domain)
{
    return domain->resources.count;
}
