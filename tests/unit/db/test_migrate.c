/* SPDX-License-Identifier: Apache-2.0
 *
 * Does migrating lead from nothing to the newest schema, do nothing the second time, and refuse a database whose
 * history is not this program's before it changes anything?
 */
#include "pg.h"
#include "test.h"

#include "sanjeh/db/migrate.h"

struct progress {
    unsigned applied;
    unsigned already;
    char last[64];
};

static void on_progress(void *ctx, const char *name, bool already_applied)
{
    struct progress *progress = ctx;
    progress->applied += already_applied ? 0 : 1;
    progress->already += already_applied ? 1 : 0;
    snprintf(progress->last, sizeof(progress->last), "%s", name);
}

static sj_status migrate(uint8_t pad, struct progress *progress, char detail[256])
{
    uint8_t pads[128];
    memset(pads, pad, sizeof(pads));
    memset(pads + 64, pad + 1, 64);
    detail[0] = '\0';
    return sj_migrate(sj_pg_start_empty()->migrator, sj_view_of(pads, sizeof(pads)), on_progress,
        progress, detail, 256);
}

TEST(migrate_leads_from_nothing_to_the_newest_and_then_does_nothing)
{
    const struct sj_pg *pg = sj_pg_start_empty();
    char detail[256];
    struct progress first = {0};
    struct progress second = {0};
    REQUIRE_OK(migrate(1, &first, detail));
    CHECK(first.applied >= 3 && first.already == 0);
    char newest[16];
    snprintf(newest, sizeof(newest), "%u", sj_migrate_newest());
    CHECK(strcmp(sj_pg_value(pg->admin, "select max(number) from sanjeh.schema_migration"),
              newest) == 0);
    CHECK_OK(migrate(1, &second, detail));
    CHECK(second.applied == 0 && second.already == first.applied);
    CHECK(strcmp(first.last, second.last) == 0);
}

TEST(migrate_stores_the_pads_of_its_last_run)
{
    const struct sj_pg *pg = sj_pg_start_empty();
    const char *question = "select (select count(*) = 1 from sanjeh.context_key) and"
                           " inner_pad = decode(repeat('05', 64), 'hex') and"
                           " outer_pad = decode(repeat('06', 64), 'hex') from sanjeh.context_key";
    char detail[256];
    struct progress progress = {0};
    REQUIRE_OK(migrate(5, &progress, detail));
    CHECK(strcmp(sj_pg_value(pg->admin, question), "t") == 0);
    REQUIRE_OK(migrate(7, &progress, detail));
    CHECK(strcmp(sj_pg_value(pg->admin, question), "f") == 0);
}

TEST(migrate_refuses_a_history_that_is_not_its_own)
{
    static const struct {
        const char *make;
        const char *undo;
    } cases[] = {
        {"update sanjeh.schema_migration set sha256 = sha256('other') where number = 1",
            "update sanjeh.schema_migration set sha256 = (select sha256 from public.kept"
            " where number = 1) where number = 1"},
        {"insert into sanjeh.schema_migration (number, name, sha256)"
         " values (9999, 'newer', sha256(''))",
            "delete from sanjeh.schema_migration where number = 9999"},
        {"delete from sanjeh.schema_migration where number = 1",
            "insert into sanjeh.schema_migration select * from public.kept where number = 1"},
    };
    const struct sj_pg *pg = sj_pg_start_empty();
    char detail[256];
    struct progress progress = {0};
    REQUIRE_OK(migrate(1, &progress, detail));
    REQUIRE(sj_pg_run(pg->admin, "create table public.kept as table sanjeh.schema_migration"));
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        progress = (struct progress){0};
        REQUIRE(sj_pg_run(pg->admin, cases[i].make));
        CHECK_CODE(migrate(9, &progress, detail), SCHEMA_MISMATCH);
        CHECK(progress.applied == 0 && detail[0] != '\0');
        CHECK(
            strcmp(sj_pg_value(pg->admin, "select get_byte(inner_pad, 0) from sanjeh.context_key"),
                "1") == 0);
        REQUIRE(sj_pg_run(pg->admin, cases[i].undo));
    }
    REQUIRE(sj_pg_run(pg->admin, "drop table public.kept"));
    CHECK_OK(migrate(1, &progress, detail));
}

TEST(migrate_applies_each_migration_wholly_or_not)
{
    const struct sj_pg *pg = sj_pg_start_empty();
    char detail[256];
    struct progress progress = {0};
    /* A table that stands in the way of 0003's second table: its first must not stay. */
    REQUIRE(sj_pg_run(pg->admin, "drop schema sanjeh cascade;"
                                 "create schema sanjeh authorization sanjeh_owner;"
                                 "grant usage on schema sanjeh to sanjeh_app, sanjeh_auditor;"
                                 "create table sanjeh.subject_key (id int)"));
    CHECK_CODE(migrate(1, &progress, detail), CONSTRAINT);
    CHECK(strstr(detail, "0003_create_keys") != NULL && strstr(detail, "subject_key") != NULL);
    CHECK(
        strcmp(sj_pg_value(pg->admin, "select to_regclass('sanjeh.unit_key') is null"), "t") == 0);
    CHECK(strcmp(sj_pg_value(pg->admin, "select max(number) from sanjeh.schema_migration"), "2") ==
          0);
    REQUIRE(sj_pg_run(pg->admin, "drop table sanjeh.subject_key"));
    progress = (struct progress){0};
    CHECK_OK(migrate(1, &progress, detail));
    CHECK(progress.already == 2 && progress.applied >= 1);
}

TEST(migrate_refuses_other_roles_and_other_ways)
{
    const struct sj_pg *pg = sj_pg_start_empty();
    const uint8_t pads[128] = {0};
    const struct sj_view view = sj_view_of(pads, sizeof(pads));
    char detail[256] = "";
    CHECK_CODE(sj_migrate(pg->app, view, NULL, NULL, detail, sizeof(detail)), CONSTRAINT);
    CHECK(strstr(detail, "become_owner") != NULL);
    CHECK_CODE(sj_migrate("host=/tmp/no-such-folder user=sanjeh_migrator dbname=sanjeh", view, NULL,
                   NULL, detail, sizeof(detail)),
        DATABASE_UNAVAILABLE);
    CHECK_CODE(sj_migrate("host=/tmp password=secret", view, NULL, NULL, detail, sizeof(detail)),
        BAD_CONFIG);
    CHECK_CODE(sj_migrate(pg->migrator, sj_view_of(pads, 127), NULL, NULL, detail, sizeof(detail)),
        BAD_CONFIG);
}
