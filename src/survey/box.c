/* SPDX-License-Identifier: Apache-2.0
 *
 * How are answers kept so that nobody can say whose one is? As places of a ballot box: parts of one size, each sealed.
 * Whoever changes anything opens all parts, shuffles all places, seals all parts anew and writes them in one
 * statement. Before and after, all ciphertexts differ, all have one size and one xmin; which place changed, whether one was
 * filled or a comment decided on, and in what order they were filled is in no byte of the database (ADR-0017).
 */
#include "survey_priv.h"

#include "sanjeh/base/reader.h"
#include "sanjeh/crypto/random.h"

sj_status random_below(uint32_t bound, uint32_t *ret_number)
{
    SJ_ASSERT(bound > 0);
    const uint32_t limit = UINT32_MAX - UINT32_MAX % bound;
    uint32_t number;
    do {
        TRY(sj_random(&number, sizeof number));
    } while (number >= limit);
    *ret_number = number % bound;
    return SJ_DONE;
}

size_t box_places(const struct box *box)
{
    return box->part_count * PLACES_OF_PART;
}

void box_clear(struct box *box)
{
    if (box->places != NULL) {
        sj_wipe(box->places, box_places(box) * sizeof(struct place));
        sj_free(box->places);
    }
    *box = (struct box){.part_count = 0};
}

/* ---- one part ---- */

static sj_status write_place(const struct place *place, struct sj_buf *out)
{
    static const uint8_t padding[PLACE_BYTES] = {0};
    const size_t start = out->len;
    TRY(sj_buf_put(out, place->id.bytes, sizeof place->id.bytes));
    TRY(sj_buf_put_byte(out, place->group));
    TRY(sj_buf_put(out, place->marks, sizeof place->marks));
    TRY(sj_buf_put_byte(out, place->comment_state));
    TRY(sj_buf_put_byte(out, place->comment_released));
    TRY(sj_buf_put_u16(out, place->comment_len));
    TRY(sj_buf_put(out, place->comment, sizeof place->comment));
    return sj_buf_put(out, padding, PLACE_BYTES - (out->len - start));
}

static sj_status read_place(struct sj_reader *in, struct place *place)
{
    struct sj_view bytes;
    TRY(sj_read_view(in, PLACE_BYTES, &bytes));
    struct sj_reader reader = sj_reader_of(bytes);
    TRY(sj_read_bytes(&reader, place->id.bytes, sizeof place->id.bytes));
    TRY(sj_read_u8(&reader, &place->group));
    TRY(sj_read_bytes(&reader, place->marks, sizeof place->marks));
    TRY(sj_read_u8(&reader, &place->comment_state));
    TRY(sj_read_u8(&reader, &place->comment_released));
    TRY(sj_read_u16(&reader, &place->comment_len));
    TRY(sj_read_bytes(&reader, place->comment, sizeof place->comment));
    ENSURE(place->group == NO_GROUP || place->group < SJ_SURVEY_GROUPS, DECRYPT);
    ENSURE(place->comment_len <= SJ_SURVEY_COMMENT_MAX, DECRYPT);
    for (size_t i = 0; i < SJ_SURVEY_CRITERIA; i++) {
        ENSURE(place->marks[i] <= SJ_SURVEY_MARKS, DECRYPT);
    }
    return SJ_DONE;
}

static sj_status blank(struct place *place)
{
    *place = (struct place){.group = NO_GROUP};
    return sj_uuid_new(&place->id);
}

static sj_status seal_part(const struct sj_subject *subject, struct sj_uuid id,
    const struct place *places, struct sj_array *bodies)
{
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(PART_BYTES);
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(PART_BLOB_MAX);
    for (size_t i = 0; i < PLACES_OF_PART; i++) {
        TRY(write_place(&places[i], &plain));
    }
    TRY(sj_field_seal(subject, SJ_TABLE_SURVEY_ANSWER, SJ_COLUMN_SURVEY_ANSWER_BODY, id,
        SJ_FLE1_BYTES, sj_buf_view(&plain), &blob));
    return sj_array_put(bodies, blob.ptr, blob.len);
}

static sj_status open_part(const struct sj_desk *desk, const struct box *box,
    const struct sj_rows *rows, size_t row, struct place *places)
{
    ENSURE(!sj_row_is_null(rows, row, 3), DECRYPT);
    const struct sj_wrapped_dek key = {
        .unit = box->unit,
        .subject = box->survey,
        .version = (uint32_t)sj_row_i64(rows, row, 2),
        .wrapped = sj_row_bytes(rows, row, 3),
    };
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_open(desk->fields, &key, 1, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(PART_BLOB_MAX);
    TRY(sj_field_open(&subject, SJ_TABLE_SURVEY_ANSWER, SJ_COLUMN_SURVEY_ANSWER_BODY,
        sj_row_id(rows, row, 0), SJ_FLE1_BYTES, sj_row_bytes(rows, row, 1), &plain));
    ENSURE(plain.len == PART_BYTES, DECRYPT);
    struct sj_reader reader = sj_reader_of(sj_buf_view(&plain));
    for (size_t i = 0; i < PLACES_OF_PART; i++) {
        TRY(read_place(&reader, &places[i]));
    }
    return SJ_DONE;
}

/* ---- all parts ---- */

static sj_status write_parts(const struct sj_desk *desk, const struct box *box, enum sj_sql sql)
{
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, box->unit, box->survey, &subject));
    CLEANUP(sj_array_clear) struct sj_array ids = {0};
    CLEANUP(sj_array_clear) struct sj_array bodies = {0};
    TRY(sj_array_init(&ids, SJ_OID_UUID, 4096));
    TRY(sj_array_init(&bodies, SJ_OID_BYTEA, (size_t)(PARTS_MAX + 1) * PART_BLOB_MAX));
    for (size_t part = 0; part < box->part_count; part++) {
        TRY(sj_array_put(&ids, box->parts[part].bytes, sizeof box->parts[part].bytes));
        TRY(seal_part(&subject, box->parts[part], box->places + part * PLACES_OF_PART, &bodies));
    }
    const struct sj_param params[] = {sj_p_id(&box->unit), sj_p_id(&box->survey),
        sj_p_i32((int32_t)subject.version), sj_p_array(&ids), sj_p_array(&bodies)};
    return sj_tx_query(desk->tx, sql, params, SJ_COUNT(params), NULL);
}

sj_status box_open(
    const struct sj_desk *desk, struct sj_uuid unit, struct sj_uuid survey, struct box *ret_box)
{
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&survey)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_ANSWER_LIST, params, SJ_COUNT(params), &rows));
    CLEANUP(box_clear)
    struct box box = {.unit = unit, .survey = survey, .part_count = sj_rows_count(rows)};
    ENSURE(box.part_count > 0 && box.part_count <= PARTS_MAX, LIMIT_EXCEEDED);
    void *memory;
    TRY(sj_alloc(box_places(&box), sizeof(struct place), &memory));
    box.places = memory;
    for (size_t part = 0; part < box.part_count; part++) {
        box.parts[part] = sj_row_id(rows, part, 0);
        TRY(open_part(desk, &box, rows, part, box.places + part * PLACES_OF_PART));
    }
    *ret_box = box;
    box = (struct box){.part_count = 0};
    return SJ_DONE;
}

static sj_status shuffle(struct box *box)
{
    for (size_t left = box_places(box); left > 1; left--) {
        uint32_t at;
        TRY(random_below((uint32_t)left, &at));
        const struct place kept = box->places[at];
        box->places[at] = box->places[left - 1];
        box->places[left - 1] = kept;
    }
    return SJ_DONE;
}

sj_status box_close(const struct sj_desk *desk, struct box *box)
{
    TRY(shuffle(box));
    return write_parts(desk, box, SJ_SQL_SURVEY_ANSWER_REWRITE);
}

static size_t parts_for(size_t invited)
{
    return (invited + PLACES_OF_PART - 1) / PLACES_OF_PART;
}

sj_status box_widen(const struct sj_desk *desk, struct sj_uuid unit, struct sj_uuid survey,
    size_t invited_before, size_t invited)
{
    CLEANUP(box_clear)
    struct box more = {.unit = unit,
        .survey = survey,
        .part_count = parts_for(invited) - parts_for(invited_before)};
    if (more.part_count == 0) {
        return SJ_DONE;
    }
    SJ_ASSERT(more.part_count <= PARTS_MAX);
    void *memory;
    TRY(sj_alloc(box_places(&more), sizeof(struct place), &memory));
    more.places = memory;
    for (size_t i = 0; i < box_places(&more); i++) {
        TRY(blank(&more.places[i]));
    }
    for (size_t part = 0; part < more.part_count; part++) {
        TRY(sj_uuid_new(&more.parts[part]));
    }
    return write_parts(desk, &more, SJ_SQL_SURVEY_ANSWER_INSERT);
}

void box_count(const struct box *box, struct sj_survey_tally *ret_tally)
{
    *ret_tally = (struct sj_survey_tally){.answers = {.all = {.shows_mean = false}}};
    for (size_t at = 0; at < box_places(box); at++) {
        const struct place *place = &box->places[at];
        if (place->group == NO_GROUP) {
            continue;
        }
        ret_tally->answers.groups[place->group].marks[0]++;
        for (size_t i = 0; i < SJ_SURVEY_CRITERIA; i++) {
            if (place->marks[i] > 0) {
                ret_tally->criteria[i].groups[place->group].marks[place->marks[i] - 1]++;
            }
        }
    }
}
