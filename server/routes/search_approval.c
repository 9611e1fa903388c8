/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a search that looks into other units have two persons behind it? One officer alone could go through the record of the whole house
 * for somebody's sake. The approval is bound to the very question, text by text; pages of the answer and a second look are the same
 * question, so it is not used up: it ends with its time.
 */
#include "search_approval.h"

#include "../server.h"
#include "approval_json.h"

#include "sanjeh/approval/approval.h"

/* What is not of the question: how much of the answer is shown, why, and the approval itself. */
static bool is_of_the_question(struct sj_text name)
{
    static const char *const others[] = {
        "limit", "cursor", "counts", "format", "reason", "approval"};
    for (size_t i = 0; i < SJ_COUNT(others); i++) {
        if (sj_text_is(name, others[i])) {
            return false;
        }
    }
    return true;
}

static sj_status write_question(struct sj_exchange *x, struct sj_buf *out)
{
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text name;
        struct sj_text value;
        char plain[16];
        sj_request_query(x->request, i, &name, &value);
        if (is_of_the_question(name)) {
            (void)snprintf(plain, sizeof plain, "%.*s", (int)name.len, name.ptr);
            sj_json_text(&json, plain, value);
        }
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* Of the query, or of the header Sanjeh-Approval; nil: none. */
static sj_status take_id(struct sj_exchange *x, struct sj_uuid *ret_id)
{
    struct sj_text text;
    *ret_id = (struct sj_uuid){{0}};
    if (!sj_request_query_find(x->request, "approval", &text) &&
        !sj_request_header(x->request, "Sanjeh-Approval", &text)) {
        return SJ_DONE;
    }
    return sj_failed(sj_uuid_parse(text, ret_id))
               ? sj_filter_refuse(x, "approval", "FORMAT", "the id of an approval")
               : SJ_DONE;
}

sj_status sj_search_four_eyes(
    struct sj_exchange *x, struct sj_uuid unit_tag, struct sj_uuid *ret_approval)
{
    CLEANUP(sj_buf_clear) struct sj_buf question = SJ_BUF((size_t)16 * 1024);
    struct sj_uuid id;
    TRY(take_id(x, &id));
    *ret_approval = (struct sj_uuid){{0}};
    const bool is_own =
        !sj_uuid_is_nil(unit_tag) && sj_uuid_equal(unit_tag, x->session.actor.tenant_tag);
    if (x->worker->server->config.audit_search_four_eyes == 0 || is_own) {
        return SJ_DONE;
    }
    if (sj_uuid_is_nil(id)) {
        return sj_exchange_unmet(x, "NO_APPROVAL", sj_approval_explain("NO_APPROVAL"));
    }
    TRY(write_question(x, &question));
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    const struct sj_approval_use use = {.kind = sj_approval_kind_find(SJ_TEXT("log:search")),
        .approval = id,
        .parameters = sj_buf_text(&question),
        .any_object = true};
    struct sj_approval approval;
    const char *why = "";
    const sj_status status = sj_approval_check(&desk, &x->session.actor, &use, &approval, &why);
    if (status.code == SJ_GUARD_UNMET) {
        return sj_exchange_unmet(x, why, sj_approval_explain(why));
    }
    TRY(status);
    *ret_approval = approval.id;
    return SJ_DONE;
}
