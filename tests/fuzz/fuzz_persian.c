/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any text break the readers of names, numbers and periods? The search form must be its own
 * search form and UTF-8, canonical numbers must be canonical, periods must read back.
 */
#include "sanjeh/text/persian.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_search_form(struct sj_text text)
{
    CLEANUP(sj_buf_clear) struct sj_buf form = SJ_BUF(1 << 20);
    struct sj_text checked = {NULL, 0};

    SJ_ASSERT(!sj_failed(sj_fa_norm(text, &form)));
    SJ_ASSERT(!sj_failed(sj_text_check(sj_buf_view(&form), form.max, &checked)));
    /* Composition may join what a removed mark had kept apart: the form settles, it does not grow. */
    CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(1 << 20);
    SJ_ASSERT(!sj_failed(sj_fa_norm(sj_buf_text(&form), &again)));
    SJ_ASSERT(again.len <= form.len * 3);
}

static void check_numbers(struct sj_text text)
{
    CLEANUP(sj_buf_clear) struct sj_buf first = SJ_BUF(64);
    CLEANUP(sj_buf_clear) struct sj_buf second = SJ_BUF(64);
    char number[11] = "";
    char again[11] = "";

    if (!sj_failed(sj_national_number_check(text, number))) {
        SJ_ASSERT(!sj_failed(sj_national_number_check(sj_text_of(number), again)));
        SJ_ASSERT(sj_text_is(sj_text_of(number), again));
    }
    if (!sj_failed(sj_personnel_number_check(text, &first))) {
        SJ_ASSERT(!sj_failed(sj_personnel_number_check(sj_buf_text(&first), &second)));
        SJ_ASSERT(sj_view_equal(sj_buf_view(&first), sj_buf_view(&second)));
    }
}

static void check_period(struct sj_text text)
{
    struct sj_period period = {0, 0};
    struct sj_period again = {0, 0};
    char form[22];

    if (!sj_failed(sj_period_parse(text, &period))) {
        SJ_ASSERT(sj_period_days(period) >= 1);
        sj_period_format(period, form);
        SJ_ASSERT(!sj_failed(sj_period_parse(sj_text_of(form), &again)));
        SJ_ASSERT(again.from_day == period.from_day && again.to_day == period.to_day);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_text text = {NULL, 0};

    if (size == 0 || sj_failed(sj_text_check(sj_view_of(data, size), 1 << 12, &text))) {
        return 0;
    }
    check_search_form(text);
    check_numbers(text);
    check_period(text);
    sj_ignore(sj_name_check(text), "only its memory accesses matter here");
    sj_ignore(sj_label_check(text), "only its memory accesses matter here");
    return 0;
}
