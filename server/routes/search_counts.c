/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a search say about the signed counts? For each whole day that it shows: how many entries the record has committed to and
 * how many the index has. A number that nobody can vouch for is null, never zero.
 */
#include "search_counts.h"

static void write_day(struct sj_json *json, const struct sj_day *day)
{
    char date[11];
    sj_date_format(sj_date_from_days(day->day), date);
    sj_json_object(json, NULL);
    sj_json_str(json, "day", date);
    sj_json_int(json, "from", (int64_t)day->first);
    sj_json_int(json, "to", (int64_t)day->upto);
    if (day->is_signed) {
        sj_json_int(json, "expected", (int64_t)day->expected);
    } else {
        sj_json_null(json, "expected");
    }
    if (day->is_found) {
        sj_json_int(json, "found", (int64_t)day->found);
    } else {
        sj_json_null(json, "found");
    }
    sj_json_object_end(json);
}

void sj_search_counts_write(struct sj_json *json, const struct sj_days_report *report)
{
    uint64_t expected = 0;
    uint64_t found = 0;
    if (report == NULL) {
        sj_json_null(json, "counts");
        return;
    }
    for (size_t i = 0; i < report->count; i++) {
        const struct sj_day *day = &report->days[i];
        expected += day->is_signed && day->is_found ? day->expected : 0;
        found += day->is_signed && day->is_found ? day->found : 0;
    }
    sj_json_object(json, "counts");
    if (report->is_compared) {
        sj_json_bool(json, "agree", report->is_agreed);
    } else {
        sj_json_null(json, "agree");
    }
    sj_json_int(json, "expected", (int64_t)expected);
    sj_json_int(json, "found", (int64_t)found);
    sj_json_array(json, "days");
    for (size_t i = 0; i < report->count; i++) {
        write_day(json, &report->days[i]);
    }
    sj_json_array_end(json);
    sj_json_object_end(json);
}
