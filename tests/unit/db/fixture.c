/* SPDX-License-Identifier: Apache-2.0
 *
 * Which database do the pool's tests run against? The real migrations, two units, and one more table made and
 * protected as a migration would make it. Everything isolation depends on is the product's own.
 */
#include "fixture.h"

static const char *const setup[] = {
    "insert into sanjeh.unit (id, code, name_fa, name_en) values"
    " ('aa000000-0000-8000-8000-000000000001', 'AAA', 'الف', 'A'),"
    " ('bb000000-0000-8000-8000-000000000002', 'BBB', 'ب', 'B') on conflict do nothing",
    "set role sanjeh_owner;"
    "create table sanjeh.test_item (unit_id uuid not null, id bigint not null, a text not null, b "
    "int,"
    " c int, d bigint, e timestamptz, f bytea, g bytea,"
    " constraint test_item_pkey primary key (unit_id, id),"
    " constraint test_item_a_short check (length(a) < 100));"
    "select sanjeh.protect('sanjeh.test_item');"
    "grant select, insert, update, delete on sanjeh.test_item to sanjeh_app;"
    "create function sanjeh.test_raise(state text) returns integer language plpgsql as $$ begin"
    " raise exception 'raised' using errcode = state, constraint = 'named_by_function'; end $$;"
    "grant execute on function sanjeh.test_raise(text) to sanjeh_app",
};

const struct sj_pg *fixture_start(void)
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    if (sj_pg_value(pg->admin, "select to_regclass('sanjeh.test_item')")[0] != '\0') {
        return pg;
    }
    for (size_t i = 0; i < sizeof(setup) / sizeof(setup[0]); i++) {
        if (!sj_pg_run(pg->admin, setup[i])) {
            exit(1);
        }
    }
    return pg;
}

sj_status fixture_open(
    struct sj_loop *loop, unsigned writers, int64_t statement_timeout_ms, struct sj_db **ret_db)
{
    const struct sj_db_config config = {.conninfo = fixture_start()->app,
        .read_connections = 1,
        .write_connections = writers,
        .connect_timeout_ms = 10000,
        .statement_timeout_ms = statement_timeout_ms};
    return sj_db_open(&config, loop, ret_db);
}

struct sj_context fixture_context(struct sj_uuid unit)
{
    struct sj_context context;
    sj_pg_sign(&unit, 1, 3000, &context);
    return context;
}

sj_status fixture_number(struct sj_db *db, struct sj_uuid unit, enum sj_sql sql,
    const struct sj_param *params, size_t count, int64_t *ret_number)
{
    const struct sj_context context = fixture_context(unit);
    const struct sj_query query = {sql, params, count};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, &context, &query, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    *ret_number = sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}
