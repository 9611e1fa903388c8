/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the verifier find nothing in a long log in which nothing is wrong, and what is wrong in one where something is? The log has
 * everything that a year of a house brings: lives of servers, voids, commands by the thousand, heads, payloads, changes of the key.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "longlog.h"
#include "sanjeh/audit/verify.h"
#include "test.h"

struct place {
    char folder[64];
    char bundle[96];
    char log[96];
    char policy[96];
    char lasting[96];
};

static void open_place(struct place *place)
{
    snprintf(place->folder, sizeof place->folder, "/tmp/sanjeh-longlog-XXXXXX");
    CHECK(mkdtemp(place->folder) != NULL);
    snprintf(place->bundle, sizeof place->bundle, "%s/bundle.tar", place->folder);
    snprintf(place->log, sizeof place->log, "%s/log", place->folder);
    snprintf(place->policy, sizeof place->policy, "%s/policy", place->folder);
    snprintf(place->lasting, sizeof place->lasting, "%s/policy.lasting", place->folder);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void close_place(const struct place *place)
{
    CHECK(nftw(place->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static struct sj_verify_report verify(const char *path, const char *policy)
{
    struct sj_verify_report report;
    const struct sj_verify_options options = {.policy_path = policy};
    CHECK_OK(sj_bundle_verify(path, &options, &report));
    if (report.verdict != SJ_VERIFIED) {
        printf("    %llu: %s\n", (unsigned long long)report.bad_index, report.cause);
    }
    return report;
}

static struct longlog_plan plan_of(const struct place *place, uint64_t entries)
{
    return (struct longlog_plan){.folder = place->folder,
        .entries = entries,
        .batch = 60,
        .command_every = 10,
        .rotate_every = 4000,
        .bend = UINT64_MAX,
        .repeat = UINT64_MAX};
}

TEST(longlog_in_which_nothing_is_wrong_verifies)
{
    const bool is_long = getenv("SANJEH_LONG") != NULL;
    struct place place;
    struct longlog_sizes sizes;
    open_place(&place);
    const struct longlog_plan plan = plan_of(&place, is_long ? 1000000 : 20000);
    longlog_make(&plan, &sizes);
    CHECK(sizes.emitters > plan.entries / 10 && sizes.payloads > plan.entries / 300);
    struct sj_verify_report report = verify(place.bundle, place.policy);
    CHECK(report.verdict == SJ_VERIFIED && report.entries_checked == plan.entries);
    report = verify(place.log, place.lasting);
    CHECK(report.verdict == SJ_VERIFIED && report.entries_checked == plan.entries);
    close_place(&place);
}

TEST(longlog_attack_11_a_command_that_is_repeated_is_found)
{
    struct place place;
    struct longlog_sizes sizes;
    open_place(&place);
    struct longlog_plan plan = plan_of(&place, 3000);
    plan.without_log = true;
    plan.repeat = 2500;
    longlog_make(&plan, &sizes);
    const struct sj_verify_report report = verify(place.bundle, place.policy);
    CHECK(report.verdict == SJ_TAMPERED && report.bad_index == 2500);
    CHECK(sj_text_starts(sj_text_of(report.cause), "the entry repeats a number of its emitter"));
    close_place(&place);
}

TEST(longlog_attack_1_one_changed_entry_is_found)
{
    struct place place;
    struct longlog_sizes sizes;
    open_place(&place);
    struct longlog_plan plan = plan_of(&place, 3000);
    plan.without_log = true;
    plan.bend = 1778;
    longlog_make(&plan, &sizes);
    const struct sj_verify_report report = verify(place.bundle, place.policy);
    /* its tile was changed with it: the next note's root, or the unit's next entry, contradicts it */
    CHECK(report.verdict == SJ_TAMPERED && report.bad_index >= 1740 && report.bad_index < 1860);
    close_place(&place);
}
