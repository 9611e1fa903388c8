/* SPDX-License-Identifier: Apache-2.0
 *
 * Partitions of the record: entries find theirs, the next one is there in time, and each is guarded like the whole.
 */
#include <stdio.h>

#include "fixture.h"

TEST(partition_of_an_entry)
{
    struct rig rig;
    rig_fresh(&rig);
    CHECK(rig_forge(&rig,
        "insert into sanjeh.audit_entry select i, '', '' from unnest(array[0, 4194303,"
        " 4194304, 8388607, 8388608]) as i"));
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_entry_p0") == 2);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_entry_p1") == 2);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_entry_rest") == 1);
    CHECK(rig_forge(&rig, "delete from sanjeh.audit_entry"));
    rig_end(&rig);
}

TEST(partition_is_made_before_it_is_needed)
{
    struct rig rig;
    rig_fresh(&rig);
    CHECK(rig_number(&rig, "select sanjeh.audit_partition_next(0)") == 0);
    CHECK(rig_number(&rig, "select sanjeh.audit_partition_next(4194303)") == 0);
    CHECK(rig_number(&rig, "select sanjeh.audit_partition_next(4194304)") == 1);
    CHECK(rig_number(&rig, "select sanjeh.audit_partition_next(4194305)") == 0);
    CHECK(rig_forge(&rig, "insert into sanjeh.audit_entry values (8388608, '', '')"));
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_entry_p2") == 1);
    CHECK(rig_forge(&rig, "drop table sanjeh.audit_entry_p2"));
    rig_end(&rig);
}

TEST(partition_refuses_what_the_whole_refuses)
{
    static const char *const refused[] = {
        "select count(*) from sanjeh.audit_entry_p0",
        "insert into sanjeh.audit_entry_p0 values (1, '', '')",
        "delete from sanjeh.audit_entry_rest",
        "select sanjeh.audit_partition_next(0)",
        "select sanjeh.audit_partition_add()",
    };
    static const char *const triggers[] = {
        "set role sanjeh_owner; delete from sanjeh.audit_entry_p0",
        "set role sanjeh_owner; update sanjeh.audit_entry_p1 set idx = 1",
        "set role sanjeh_owner; truncate sanjeh.audit_entry_p0",
        "set role sanjeh_owner; truncate sanjeh.audit_entry_rest",
    };
    struct rig rig;
    rig_fresh(&rig);
    CHECK(rig_forge(&rig,
        "insert into sanjeh.audit_entry select i, '', '' from unnest(array[0, 4194304]) as i"));
    for (size_t i = 0; i < SJ_COUNT(refused); i++) {
        CHECK(sj_text_is(sj_text_of(sj_pg_state(rig.pg->app, refused[i])), "42501"));
    }
    for (size_t i = 0; i < SJ_COUNT(triggers); i++) {
        CHECK(sj_text_is(sj_text_of(sj_pg_state(rig.pg->migrator, triggers[i])), "42501"));
    }
    CHECK(rig_forge(&rig, "delete from sanjeh.audit_entry"));
    rig_end(&rig);
}
