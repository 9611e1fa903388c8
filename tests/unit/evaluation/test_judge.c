/* SPDX-License-Identifier: Apache-2.0
 *
 * With a real database and a real keeper: does a single read open a judge's fields from the cache and past it, and does
 * an erased key show at once, although the cache still has it?
 */
#include "fixture.h"
#include "sanjeh/evaluation/judge.h"

static const char *const ROSTER = "personnel_number,name\nKEY-1,قاضی نخست\nKEY-2,قاضی دوم\n";

static struct sj_uuid id_of(struct caller *caller, const char *personnel_number)
{
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    const struct sj_judge_query query = {.personnel_number = sj_text_of(personnel_number)};
    CHECK_OK(sj_judge_list(
        &caller->desk, &query, (struct sj_paging){{{0}}, 500}, &judges, &count, &last));
    CHECK(count == 1);
    return count == 1 ? judges[0].id : (struct sj_uuid){{0}};
}

TEST(judge_read_opens_with_and_without_the_cache_and_sees_an_erased_key_at_once)
{
    const struct place *place = place_get();
    struct caller caller;
    caller_of_unit(&caller, place->unit_a);
    import_accepted(&caller, SJ_IMPORT_ROSTER, NULL, sj_view_of(ROSTER, strlen(ROSTER)));
    const struct sj_uuid id = id_of(&caller, "KEY-1");
    bool found = false;
    struct sj_judge judge;
    sj_fields_forget(place->fields, place->unit_a, id);
    for (int round = 0; round < 2; round++) {
        CHECK_OK(sj_judge_find(&caller.desk, id, &found, &judge));
        CHECK(found && !judge.is_erased && sj_text_is(judge.name, "قاضی نخست"));
        CHECK(sj_text_is(judge.personnel_number, "KEY-1"));
    }
    char text[SJ_UUID_TEXT_SIZE];
    char sql[160];
    sj_uuid_format(id, text);
    (void)snprintf(
        sql, sizeof(sql), "delete from sanjeh.subject_key where subject_id = '%s'", text);
    REQUIRE(sj_pg_run(place->pg->admin, sql));
    CHECK_OK(sj_judge_find(&caller.desk, id, &found, &judge));
    CHECK(found && judge.is_erased && judge.name.len == 0 && judge.personnel_number.len == 0);
    CHECK_OK(sj_judge_find(&caller.desk, id_of(&caller, "KEY-2"), &found, &judge));
    CHECK(found && !judge.is_erased && sj_text_is(judge.name, "قاضی دوم"));
    caller_clear(&caller);
}
