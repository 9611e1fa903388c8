/* SPDX-License-Identifier: Apache-2.0
 *
 * Do values keep their meaning on the way to the server and back? Each is compared with the text that the
 * server itself makes of it, so a mistake on both of our sides cannot hide.
 */
#include "fixture.h"

struct values {
    int64_t big;
    int32_t small;
    bool flag;
    const char *text;
    struct sj_view bytes;
    struct sj_uuid id;
    sj_time_us time;
    int64_t day;
};

static sj_status ask(const struct values *values, struct sj_rows **ret_rows)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    TRY(fixture_open(NULL, 1, 5000, &db));
    const struct sj_context context = fixture_context(UNIT_A);
    const struct sj_param params[8] = {sj_p_i64(values->big), sj_p_i32(values->small),
        sj_p_bool(values->flag), sj_p_text(sj_text_of(values->text)), sj_p_bytes(values->bytes),
        sj_p_id_or_null(&values->id), sj_p_time(values->time), sj_p_day(values->day)};
    const struct sj_query query = {SJ_SQL_TEST_VALUES, params, 8};
    return sj_db_read(db, &context, &query, 1, ret_rows);
}

static void check_values(const struct values *values, const char *const *texts)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    REQUIRE_OK(ask(values, &rows));
    REQUIRE(sj_rows_count(rows) == 1);
    CHECK(sj_row_i64(rows, 0, 0) == values->big);
    CHECK(sj_row_i64(rows, 0, 2) == values->small);
    CHECK(sj_row_bool(rows, 0, 4) == values->flag);
    CHECK(sj_text_is(sj_row_text(rows, 0, 6), values->text));
    CHECK(sj_view_equal(sj_row_bytes(rows, 0, 8), values->bytes));
    CHECK(sj_uuid_equal(sj_row_id(rows, 0, 10), values->id));
    CHECK(sj_row_is_null(rows, 0, 10) == sj_uuid_is_nil(values->id));
    CHECK(sj_row_time(rows, 0, 12) == values->time);
    CHECK(sj_row_day(rows, 0, 14) == values->day);
    CHECK(sj_row_i64(rows, 0, 16) == values->big);
    for (size_t i = 0; i < 8; i++) {
        if (texts[i] != NULL) {
            CHECK(sj_text_is(sj_row_text(rows, 0, 2 * i + 1), texts[i]));
        }
    }
}

TEST(values_travel_unchanged)
{
    const uint8_t bytes[5] = {0, 0xff, '\\', '\'', 0x80};
    const struct values values = {.big = 32767,
        .small = INT32_MIN,
        .flag = true,
        .text = "علی‌رضا \\ ' \"",
        .bytes = sj_view_of(bytes, sizeof(bytes)),
        .id = UNIT_B,
        .time = 1764057095123456,
        .day = 20782};
    const char *const texts[8] = {"32767", "-2147483648", "true", NULL, "00ff5c2780",
        "bb000000-0000-8000-8000-000000000002", "2025-11-25T07:51:35.123456Z", "2026-11-25"};
    check_values(&values, texts);
}

TEST(values_below_their_epochs_and_empty_ones_travel_unchanged)
{
    const struct values values = {.big = -1,
        .small = 0,
        .flag = false,
        .text = "",
        .bytes = {NULL, 0},
        .id = {{0}},
        .time = -1,
        .day = -25567};
    const char *const texts[8] = {
        "-1", "0", "false", "0", "", NULL, "1969-12-31T23:59:59.999999Z", "1900-01-01"};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    REQUIRE_OK(ask(&values, &rows));
    CHECK(!sj_row_is_null(rows, 0, 6) && !sj_row_is_null(rows, 0, 8));
    CHECK(sj_row_is_null(rows, 0, 10));
    check_values(&values, texts);
}

struct arrays {
    struct sj_array numbers;
    struct sj_array bytes;
    struct sj_array texts;
    struct sj_array ids;
    struct sj_array days;
};

static sj_status arrays_init(struct arrays *arrays)
{
    TRY(sj_array_init(&arrays->numbers, SJ_OID_INT8, 100000));
    TRY(sj_array_init(&arrays->bytes, SJ_OID_BYTEA, 100000));
    TRY(sj_array_init(&arrays->texts, SJ_OID_TEXT, 100000));
    TRY(sj_array_init(&arrays->ids, SJ_OID_UUID, 100000));
    return sj_array_init(&arrays->days, SJ_OID_DATE, 100000);
}

static void arrays_clear(struct arrays *arrays)
{
    sj_array_clear(&arrays->numbers);
    sj_array_clear(&arrays->bytes);
    sj_array_clear(&arrays->texts);
    sj_array_clear(&arrays->ids);
    sj_array_clear(&arrays->days);
}

static sj_status arrays_ask(struct sj_db *db, struct arrays *arrays, struct sj_rows **ret_rows)
{
    const struct sj_context context = fixture_context(UNIT_A);
    const struct sj_param params[5] = {sj_p_array(&arrays->numbers), sj_p_array(&arrays->bytes),
        sj_p_array(&arrays->texts), sj_p_array(&arrays->ids), sj_p_array(&arrays->days)};
    const struct sj_query query = {SJ_SQL_TEST_ARRAYS, params, 5};
    return sj_db_read(db, &context, &query, 1, ret_rows);
}

static sj_status arrays_fill(struct arrays *arrays, int64_t count)
{
    const struct sj_uuid id = UNIT_A;
    for (int64_t i = 0; i < count; i++) {
        TRY(sj_array_put_i64(&arrays->numbers, i * INT64_C(10000000000)));
        TRY(sj_array_put(&arrays->bytes, &i, i % 9 < 8 ? (size_t)(i % 9) : 8));
        TRY(i % 3 == 0 ? sj_array_put(&arrays->texts, NULL, 0)
                       : sj_array_put(&arrays->texts, "متن", 6));
        TRY(sj_array_put(&arrays->ids, id.bytes, sizeof(id.bytes)));
        TRY(sj_array_put_i32(&arrays->days, (int32_t)i));
    }
    return SJ_DONE;
}

TEST(arrays_become_rows_and_an_empty_one_none)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(arrays_clear) struct arrays arrays;
    REQUIRE_OK(arrays_init(&arrays));
    CLEANUP(sj_rows_free) struct sj_rows *none = NULL;
    REQUIRE_OK(arrays_ask(db, &arrays, &none));
    CHECK(sj_rows_count(none) == 0);
    REQUIRE_OK(arrays_fill(&arrays, 1000));
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    REQUIRE_OK(arrays_ask(db, &arrays, &rows));
    REQUIRE(sj_rows_count(rows) == 1000);
    for (size_t i = 0; i < 1000; i += 111) {
        CHECK(sj_row_i64(rows, i, 0) == (int64_t)i * INT64_C(10000000000));
        CHECK(sj_row_bytes(rows, i, 1).len == i % 9);
        CHECK(sj_row_is_null(rows, i, 2) == (i % 3 == 0));
        CHECK(i % 3 == 0 || sj_text_is(sj_row_text(rows, i, 2), "متن"));
        CHECK(sj_uuid_equal(sj_row_id(rows, i, 3), UNIT_A));
        CHECK(sj_row_day(rows, i, 4) == (int64_t)i + 10957);
    }
    sj_array_reset(&arrays.numbers);
    CHECK(arrays.numbers.count == 0);
    CHECK_OK(sj_array_put_i64(&arrays.numbers, 1));
}

TEST(array_refuses_more_than_its_limit_and_stays_whole)
{
    CLEANUP(sj_array_clear) struct sj_array array;
    REQUIRE_OK(sj_array_init(&array, SJ_OID_BYTEA, 64));
    uint8_t bytes[30] = {0};
    CHECK_OK(sj_array_put(&array, bytes, sizeof(bytes)));
    const size_t len = array.bytes.len;
    CHECK_CODE(sj_array_put(&array, bytes, sizeof(bytes)), LIMIT_EXCEEDED);
    CHECK(array.count == 1 && array.bytes.len == len);
}
