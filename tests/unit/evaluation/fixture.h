/* SPDX-License-Identifier: Apache-2.0
 *
 * Two units with a real keeper and a real database: what a request of one of them works with.
 */
#ifndef EVALUATION_FIXTURE_H
#define EVALUATION_FIXTURE_H

#include "pg.h"
#include "sanjeh/evaluation/import.h"
#include "sanjeh/keys/keeper.h"
#include "test.h"

struct place {
    const struct sj_pg *pg;
    struct sj_keeper *keeper;
    struct sj_channel *channel;
    struct sj_db *db;
    struct sj_fields *fields;
    struct sj_uuid unit_a;
    struct sj_uuid unit_b;
    struct sj_uuid unit_c;
    struct sj_uuid walls[2]; /* compartments of unit_c */
};

/* Started once for the program. */
const struct place *place_get(void);

/* A caller: everything of one unit is permitted, or everything about one judge. */
struct caller {
    struct sj_actor actor;
    struct sj_decision decision;
    struct sj_context context;
    struct sj_arena *arena;
    struct sj_desk desk;
};
void caller_of_unit(struct caller *caller, struct sj_uuid unit);
/* One of unit_c, behind a wall of it. */
void caller_of_compartment(struct caller *caller, struct sj_uuid compartment);
void caller_of_judge(struct caller *caller, struct sj_uuid judge);
void caller_clear(struct caller *caller);
/* A transaction with the caller's context in desk.tx. */
void caller_begin(struct caller *caller);
sj_status caller_commit(struct caller *caller);
void caller_rollback(struct caller *caller);

/* Imports in a transaction of its own: committed when nothing was refused. */
sj_status import_text(struct caller *caller, enum sj_import_kind kind, const char *period,
    struct sj_view file, bool is_dry_run, struct sj_import **ret_import);
/* The same that must be accepted. */
void import_accepted(
    struct caller *caller, enum sj_import_kind kind, const char *period, struct sj_view file);
/* Code of the first fault, "" when there is none. */
const char *first_fault(
    struct caller *caller, enum sj_import_kind kind, const char *period, const char *file);

/* tests/data/real/<name>; lives as long as the program. */
struct sj_view real_file(const char *name);
/* Cells of our own files, line by line: optional quotes, which may hold commas. False at the end. */
struct table {
    struct sj_view rest;
    struct sj_text cells[16];
    size_t count;
};
bool next_line(struct table *table);
void put(struct sj_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The ratings as roster and survey_means, the workload as roster and workload. */
void survey_files(struct sj_buf *roster, struct sj_buf *means);
void workload_files(struct sj_buf *roster, struct sj_buf *facts);
/* The first value of a query, as superuser. */
const char *value_of(const char *sql);

#endif
