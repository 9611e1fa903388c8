/* SPDX-License-Identifier: Apache-2.0
 *
 * Courtroom observations of a file: written once by an observer, seen by the board after the lock and by the judge after disclosure, who
 * does not learn the observers' names.
 */
#include "board_desk.h"
#include "routes.h"

#include "sanjeh/board/observation.h"

#define DAY_TEXT_MAX 32u

static void write_observation(
    struct sj_json *json, const struct sj_observation *observation, bool with_observer)
{
    char day[11];
    sj_date_format(sj_date_from_days(observation->day), day);
    sj_json_object(json, NULL);
    sj_json_id(json, "id", observation->id);
    sj_json_id(json, "evaluation_id", observation->evaluation);
    if (with_observer) {
        sj_json_id(json, "account_id", observation->account);
    } else {
        sj_json_null(json, "account_id");
    }
    sj_json_str(json, "observed_on", day);
    if (observation->body.len > 0) {
        sj_json_raw(json, "body", observation->body);
    } else {
        sj_json_null(json, "body");
    }
    sj_json_time(json, "created_at", observation->created_at);
    sj_json_object_end(json);
}

static bool is_subject(const struct sj_desk *desk, const struct sj_file *file)
{
    return sj_uuid_equal(file->judge, desk->actor->person);
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_observation *items = NULL;
    size_t count = 0;
    TRY(sj_observation_list(&desk, &file, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_observation(&json, &items[i], !is_subject(&desk, &file));
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    bool found = false;
    struct sj_observation observation;
    struct sj_file file;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_observation_find(&desk, id, &found, &observation, &file));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_subject(x, file.judge));
    struct sj_json json = sj_json_begin(&x->body);
    write_observation(&json, &observation, !is_subject(&desk, &file));
    return sj_json_end(&json);
}

struct body {
    struct sj_text observed_on;
    struct sj_text voice;
    struct sj_text neutrality;
    struct sj_text respect;
    struct sj_text trust;
    struct sj_text notes;
};
#define MEMBER(field, is_required, bound)                                                          \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct body, field),              \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member members[] = {
    MEMBER(observed_on, true, DAY_TEXT_MAX),
    MEMBER(voice, true, 16),
    MEMBER(neutrality, true, 16),
    MEMBER(respect, true, 16),
    MEMBER(trust, true, 16),
    MEMBER(notes, false, SJ_BOARD_PROSE_MAX),
};

static sj_status decode(
    struct sj_exchange *x, int64_t *ret_day, struct sj_observation_text *ret_text)
{
    struct body body = {.notes = {"", 0}};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    if (body.notes.len > 0) {
        TRY(sj_prose_of(x, "/notes", &body.notes));
    }
    if (sj_failed(sj_day_parse(body.observed_on, ret_day))) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/observed_on"), "FORMAT",
            SJ_TEXT("a day, Jalali or Gregorian")));
        FAIL(INVALID);
    }
    *ret_text = (struct sj_observation_text){.notes = body.notes};
    ret_text->marks[SJ_RUBRIC_VOICE] = body.voice;
    ret_text->marks[SJ_RUBRIC_NEUTRALITY] = body.neutrality;
    ret_text->marks[SJ_RUBRIC_RESPECT] = body.respect;
    ret_text->marks[SJ_RUBRIC_TRUST] = body.trust;
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    int64_t day;
    struct sj_observation_text text;
    struct sj_file file;
    struct sj_observation observation;
    struct sj_refusal refusal = {0};
    TRY(decode(x, &day, &text));
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_refused(
        x, sj_observation_create(&desk, &file, day, &text, &observation, &refusal), &refusal));
    TRY(sj_exchange_created(x, "/api/v1/observations", observation.id));
    struct sj_json json = sj_json_begin(&x->body);
    write_observation(&json, &observation, true);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_observations[] = {
    {{SJ_GET, "/api/v1/evaluations/{id}/observations", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_READ, SJ_ACTION_OBSERVATION_LIST, list},
    {{SJ_POST, "/api/v1/evaluations/{id}/observations", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_OBSERVATION_CREATE, create},
    {{SJ_GET, "/api/v1/observations/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_OBSERVATION_LIST, read_one},
};
const size_t sj_routes_observations_count = SJ_COUNT(sj_routes_observations);
