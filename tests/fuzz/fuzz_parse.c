/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any text break the readers of numbers, ids, times and encodings? What is accepted must be the
 * only spelling: written again it is the same text.
 */
#include "sanjeh/base/id.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_numbers(struct sj_text text)
{
    CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(64);
    int64_t number = 0;
    uint64_t natural = 0;

    if (!sj_failed(sj_parse_i64(text, INT64_MIN, INT64_MAX, &number))) {
        SJ_ASSERT(!sj_failed(sj_buf_put_decimal(&again, number)));
        SJ_ASSERT(sj_text_equal(sj_buf_text(&again), text));
        SJ_ASSERT(number < 0 || (!sj_failed(sj_parse_u64(text, 0, UINT64_MAX, &natural)) &&
                                    natural == (uint64_t)number));
    }
}

static void check_encodings(struct sj_text text)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(1 << 20);
    CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(1 << 21);
    uint8_t token[32];
    char token_text[44];

    if (!sj_failed(sj_parse_base64(text, &bytes))) {
        SJ_ASSERT(!sj_failed(sj_buf_put_base64(&again, sj_buf_view(&bytes))));
        SJ_ASSERT(sj_text_equal(sj_buf_text(&again), text));
    }
    if (!sj_failed(sj_parse_base64url(text, token, sizeof(token)))) {
        sj_format_base64url(token, sizeof(token), token_text);
        SJ_ASSERT(sj_text_is(text, token_text));
    }
    sj_ignore(sj_parse_hex(text, token, sizeof(token)), "only its memory accesses matter here");
}

static void check_ids_and_times(struct sj_text text)
{
    struct sj_uuid id = {{0}};
    struct sj_date date = {0, 0, 0};
    sj_time_us time = 0;
    char again[40];

    if (!sj_failed(sj_uuid_parse(text, &id))) {
        sj_uuid_format(id, again);
        SJ_ASSERT(sj_text_is(text, again));
    }
    if (!sj_failed(sj_date_parse(text, &date))) {
        sj_date_format(date, again);
        SJ_ASSERT(sj_text_is(text, again));
    }
    if (!sj_failed(sj_time_parse(text, &time))) {
        sj_time_us time_again = 0;
        sj_time_format(time, again);
        SJ_ASSERT(!sj_failed(sj_time_parse(sj_text_of(again), &time_again)));
        SJ_ASSERT(time == time_again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_text text = {NULL, 0};

    if (size == 0 || sj_failed(sj_text_check(sj_view_of(data, size), 1 << 16, &text))) {
        return 0;
    }
    check_numbers(text);
    check_encodings(text);
    check_ids_and_times(text);
    return 0;
}
