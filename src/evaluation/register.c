/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose register has this number? By blind index, some thousands a query and never one by one: in the own register
 * as row security shows it (own compartment and what has none), and in those of all other units (scope MATCH: blind
 * values and row ids, nothing else). Every other register is asked, not only until the first answers: two answers
 * are none, because whoever registers a colleague's number could otherwise draw the colleague's marks to itself.
 */
#include "register_priv.h"

#include "sanjeh/keys/scopes.h"

#define MATCH_NUMBERS_MAX 4096u
#define CONTEXT_US        (INT64_C(60) * 1000 * 1000)

struct blind_ref {
    struct sj_blind blind;
    size_t number;
};

/* Room for the numbers that are asked for, used again for each register. */
struct asked {
    struct sj_text *texts;
    size_t *numbers;
    struct sj_blind *blinds;
    struct blind_ref *refs; /* sorted */
    size_t count;
};

static void asked_clear(struct asked *asked)
{
    sj_free(asked->texts);
    sj_free(asked->numbers);
    sj_free(asked->blinds);
    sj_free(asked->refs);
}

/* Those without a hit. */
static sj_status asked_init(
    struct asked *asked, const struct sj_text *texts, size_t count, const struct register_hit *hits)
{
    void *memory;
    TRY(sj_alloc(count, sizeof(struct sj_text), &memory));
    asked->texts = memory;
    TRY(sj_alloc(count, sizeof(size_t), &memory));
    asked->numbers = memory;
    TRY(sj_alloc(count, sizeof(struct sj_blind), &memory));
    asked->blinds = memory;
    TRY(sj_alloc(count, sizeof(struct blind_ref), &memory));
    asked->refs = memory;
    for (size_t i = 0; i < count; i++) {
        if (sj_uuid_is_nil(hits[i].id)) {
            asked->texts[asked->count] = texts[i];
            asked->numbers[asked->count++] = i;
        }
    }
    return SJ_DONE;
}

static int compare_blind(const void *left, const void *right)
{
    const struct blind_ref *a = left;
    const struct blind_ref *b = right;
    return memcmp(a->blind.bytes, b->blind.bytes, sizeof(a->blind.bytes));
}

static sj_status blind_for(const struct sj_desk *desk, struct sj_uuid unit,
    enum sj_index_number index, struct asked *asked)
{
    TRY(judge_blinds(desk, unit, index, asked->texts, asked->count, asked->blinds));
    for (size_t i = 0; i < asked->count; i++) {
        asked->refs[i] = (struct blind_ref){asked->blinds[i], asked->numbers[i]};
    }
    qsort(asked->refs, asked->count, sizeof(*asked->refs), compare_blind);
    return SJ_DONE;
}

/* One register to be asked: in desk->tx, or with a context of its own. */
struct question {
    const struct sj_desk *desk;
    struct sj_uuid unit;
    enum sj_index_number index;
    const struct sj_context *context; /* NULL: the own register */
};

static sj_status ask(
    const struct question *question, struct sj_array *values, struct sj_rows **ret_rows)
{
    const struct sj_param params[] = {
        sj_p_id(&question->unit), sj_p_i32((int32_t)question->index), sj_p_array(values)};
    if (question->context == NULL) {
        return sj_tx_query(
            question->desk->tx, SJ_SQL_JUDGE_MATCH, params, SJ_COUNT(params), ret_rows);
    }
    const struct sj_query query = {SJ_SQL_JUDGE_MATCH, params, SJ_COUNT(params)};
    return sj_db_read(question->desk->db, question->context, &query, 1, ret_rows);
}

/* In the own register the later row holds: that of the own compartment. Elsewhere a second judge makes the number
 * nobody's. */
static void note(const struct question *question, struct sj_uuid id, struct register_hit *hit)
{
    if (question->context == NULL || sj_uuid_is_nil(hit->id)) {
        hit->unit = question->unit;
        hit->id = id;
    } else if (!sj_uuid_equal(hit->id, id)) {
        hit->is_ambiguous = true;
    }
}

static sj_status match_some(const struct question *question, const struct blind_ref *refs,
    size_t count, struct register_hit *hits)
{
    CLEANUP(sj_array_clear) struct sj_array values = {0};
    TRY(sj_array_init(&values, SJ_OID_BYTEA, (MATCH_NUMBERS_MAX + 1) * 32u));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_put(&values, refs[i].blind.bytes, sizeof(refs[i].blind.bytes)));
    }
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(question, &values, &rows));
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        struct blind_ref wanted = {.number = 0};
        const struct sj_view bi = sj_row_bytes(rows, row, 0);
        TRY(sj_copy(wanted.blind.bytes, sizeof(wanted.blind.bytes), bi.ptr, bi.len));
        const struct blind_ref *found = bsearch(&wanted, refs, count, sizeof(*refs), compare_blind);
        if (found != NULL) {
            note(question, sj_row_id(rows, row, 1), &hits[found->number]);
        }
    }
    return SJ_DONE;
}

static sj_status match_register(
    const struct question *question, struct asked *asked, struct register_hit *hits)
{
    TRY(blind_for(question->desk, question->unit, question->index, asked));
    for (size_t from = 0; from < asked->count; from += MATCH_NUMBERS_MAX) {
        const size_t left = asked->count - from;
        TRY(match_some(question, asked->refs + from,
            left < MATCH_NUMBERS_MAX ? left : MATCH_NUMBERS_MAX, hits));
    }
    return SJ_DONE;
}

sj_status register_match_own(const struct sj_desk *desk, enum sj_index_number index,
    const struct sj_text *numbers, size_t count, struct register_hit *hits)
{
    if (count == 0) {
        return SJ_DONE;
    }
    CLEANUP(asked_clear) struct asked asked = {.count = 0};
    TRY(asked_init(&asked, numbers, count, hits));
    const struct question question = {desk, desk->actor->unit, index, /* context= */ NULL};
    return match_register(&question, &asked, hits);
}

sj_status register_match_others(const struct sj_desk *desk, const struct sj_text *numbers,
    size_t count, struct register_hit *hits)
{
    CLEANUP(asked_clear) struct asked asked = {.count = 0};
    TRY(asked_init(&asked, numbers, count, hits));
    if (asked.count == 0) {
        return SJ_DONE;
    }
    const struct sj_uuid scope = SJ_SCOPE_MATCH;
    struct sj_context context;
    TRY(ask_context(
        sj_fields_channel(desk->fields), &scope, 1, sj_time_now() + CONTEXT_US, &context));
    const struct sj_param params[] = {sj_p_i32(SJ_INDEX_JUDGE_PERSONNEL_NUMBER)};
    const struct sj_query query = {SJ_SQL_JUDGE_MATCH_UNITS, params, 1};
    CLEANUP(sj_rows_free) struct sj_rows *units = NULL;
    TRY(sj_db_read(desk->db, &context, &query, 1, &units));
    for (size_t row = 0; row < sj_rows_count(units); row++) {
        const struct question question = {
            desk, sj_row_id(units, row, 0), SJ_INDEX_JUDGE_PERSONNEL_NUMBER, &context};
        if (!sj_uuid_equal(question.unit, desk->actor->unit)) {
            TRY(match_register(&question, &asked, hits));
        }
    }
    return SJ_DONE;
}
