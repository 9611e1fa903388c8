/* SPDX-License-Identifier: Apache-2.0
 *
 * /disclosures: the issuer serves the whole file, the judge opens it (the first opening is stamped) and may ask once for more
 * time to reply.
 */
#include "remedy_desk.h"

#include "sanjeh/remedy/disclosure.h"

static sj_status serve(struct sj_exchange *x)
{
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(remedy_need_issuer(x, &evaluation));
    ENSURE(
        evaluation.state == SJ_EVALUATION_DRAFTED || evaluation.state == SJ_EVALUATION_CALIBRATED,
        NO_SUCH_MOVE);
    TRY(sj_issuer_check(x, &evaluation));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_record record;
    const sj_status status = sj_disclosure_serve(&desk, &evaluation, &record);
    if (status.code == SJ_GUARD_UNMET) {
        return remedy_unmet(x, "NO_DRAFT", "there is no draft of this round to serve");
    }
    TRY(status);
    TRY(remedy_move(x, &evaluation, SJ_EVALUATION_DISCLOSED, (struct sj_text){"", 0}));
    TRY(sj_exchange_created(x, "/api/v1/disclosures", record.id));
    return remedy_answer(x, SJ_RECORD_DISCLOSURE, &record);
}

static sj_status list(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_DISCLOSURE);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_record record;
    TRY(remedy_record(x, SJ_RECORD_DISCLOSURE, &record));
    if (record.opened_at == 0 && sj_uuid_equal(x->session.actor.judge, record.judge)) {
        const struct sj_desk desk = sj_desk_of(x);
        TRY(sj_disclosure_open(&desk, &record));
        TRY(remedy_record(x, SJ_RECORD_DISCLOSURE, &record));
    }
    return remedy_answer(x, SJ_RECORD_DISCLOSURE, &record);
}

static sj_status extend(struct sj_exchange *x)
{
    struct sj_record record;
    struct sj_evaluation evaluation;
    TRY(remedy_record(x, SJ_RECORD_DISCLOSURE, &record));
    TRY(remedy_evaluation(x, record.evaluation, &evaluation));
    TRY(remedy_need_judge(x, &evaluation));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_deadline_extend(&desk, &evaluation, "reply", "reply_extension"));
    bool found = false;
    sj_time_us due = 0;
    TRY(sj_deadline_find(&desk, &evaluation, "reply", &found, &due));
    ENSURE(found, CONFLICT);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "id", record.id);
    sj_json_id(&json, "evaluation_id", record.evaluation);
    sj_json_time(&json, "reply_due_at", due);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_disclosures[] = {
    {{SJ_GET, "/api/v1/disclosures", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_DISCLOSURE_LIST, list},
    {{SJ_POST, "/api/v1/evaluations/{id}/disclosures", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_WRITE, SJ_ACTION_DISCLOSURE_CREATE, serve},
    {{SJ_GET, "/api/v1/disclosures/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_WRITE,
        SJ_ACTION_DISCLOSURE_READ, read_one},
    {{SJ_POST, "/api/v1/disclosures/{id}/extension", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_WRITE, SJ_ACTION_DISCLOSURE_EXTEND, extend},
};
const size_t sj_routes_disclosures_count = SJ_COUNT(sj_routes_disclosures);
