/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the condition of a list select exactly the rows that the engine permits one by one? Reads a point by lines
 * (tests/policy/point.h); T {"type","rows"} fills a table with typed columns and one with a jsonb column, L request asks for both
 * which rows may be listed and compares. Prints a line for each L: answer, rows listed, of how many; ends at a difference.
 */
#include "pg.h"
#include "point.h"

#include <libpq-fe.h>
#include <stdlib.h>

#include "sanjeh/policy/residual.h"

#define ROWS 512

struct rows {
    struct point point;
    PGconn *pg;
    struct sj_arena *arena;  /* of the rows */
    struct sj_json_doc *doc; /* whose texts they borrow */
    const struct sj_attr_value *rows[ROWS];
    size_t count;
    uint32_t type;
    unsigned long asked;
    unsigned long whole;
};

static void must(bool good, const char *what, const char *why)
{
    if (!good) {
        point_stop(what, why);
    }
}

static PGresult *run(PGconn *pg, const char *sql, int count, const char *const *params)
{
    PGresult *result = PQexecParams(pg, sql, count, NULL, params, NULL, NULL, 0);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s\n", sql);
        for (int i = 0; i < count; i++) {
            fprintf(stderr, "  $%d = %s\n", i + 1, params[i]);
        }
        point_stop("SQL", PQerrorMessage(pg));
    }
    return result;
}

static void open_database(struct rows *rows)
{
    const struct sj_pg *pg = sj_pg_start_empty();
    rows->pg = PQconnectdb(pg->admin);
    must(PQstatus(rows->pg) == CONNECTION_OK, "connect", PQerrorMessage(rows->pg));
    PQclear(run(rows->pg,
        "create temp table typed (n int4, unit text, owner text, level int2, locked bool, state "
        "text, opened timestamptz, "
        "labels text[], levels int4[], home text)",
        0, NULL));
    PQclear(run(rows->pg, "create temp table loose (n int4, props jsonb)", 0, NULL));
}

static void fill_tables(struct rows *rows, const char *json)
{
    PQclear(run(rows->pg, "truncate typed, loose", 0, NULL));
    PQclear(run(rows->pg,
        "insert into loose select n - 1, r from jsonb_array_elements($1::jsonb) with ordinality "
        "x(r, n)",
        1, &json));
    PQclear(run(rows->pg,
        "insert into typed select n, props->>'unit', props->>'owner', (props->>'level')::int2, "
        "(props->>'locked')::bool, "
        "props->>'state', (props->>'opened')::timestamptz, "
        "case when jsonb_typeof(props->'labels') = 'array' then array(select "
        "jsonb_array_elements_text(props->'labels')) end, "
        "case when jsonb_typeof(props->'levels') = 'array' then array(select "
        "jsonb_array_elements_text(props->'levels')::int4) end, "
        "props->>'home' from loose",
        0, NULL));
}

static const struct sj_json_value *parse(
    struct sj_json_doc **doc, struct sj_arena *arena, struct sj_text json)
{
    struct sj_text detail;
    sj_json_doc_free(doc);
    must(!sj_failed(sj_json_doc_parse(sj_text_bytes(json), doc, &detail, arena)), "json", "none");
    return sj_json_doc_root(*doc);
}

/* "[…]" of the line, for the database. */
static const char *rows_text(struct sj_text line)
{
    const char *at = memchr(line.ptr, '[', line.len);
    must(at != NULL && line.len > 0 && line.ptr[line.len - 1] == '}', "T", "no rows");
    static char text[1u << 20];
    snprintf(text, sizeof text, "%.*s", (int)(line.len - 1 - (size_t)(at - line.ptr)), at);
    return text;
}

static void take_table(struct rows *rows, struct sj_text line)
{
    sj_arena_reset(rows->arena);
    const struct sj_json_value *json = parse(&rows->doc, rows->arena, line);
    rows->type = sj_policy_type_find(rows->point.files[0], point_text(json, "type"));
    must(rows->type != SJ_POLICY_NONE, "T", "no such type");
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *row = NULL;
    rows->count = 0;
    while (sj_json_next(sj_json_get(json, "rows"), &iterator, &none, &row)) {
        struct sj_attr_value *values = NULL;
        const char *wrong = NULL;
        must(rows->count < ROWS, "T", "too many rows");
        must(!sj_failed(sj_policy_attrs_read(
                 rows->point.set, SJ_OF_RESOURCE, rows->type, row, rows->arena, &values, &wrong)) &&
                 wrong == NULL,
            "T", "a row is not of its type");
        rows->rows[rows->count++] = values;
    }
    fill_tables(rows, rows_text(line));
}

/* The rows that the condition selects, by number. */
static void select_rows(
    struct rows *rows, const char *table, const struct sj_residual *residual, bool listed[ROWS])
{
    static char sql[SJ_RESIDUAL_BYTES + 256];
    const char *params[SJ_RESIDUAL_PARAMS];
    for (uint32_t i = 0; i < residual->param_count; i++) {
        params[i] = residual->params[i].ptr; /* sj_arena_text ends with a NUL */
    }
    snprintf(sql, sizeof sql, "select t.n from %s t where %.*s", table, (int)residual->sql.len,
        residual->sql.ptr);
    PGresult *result = run(rows->pg, sql, (int)residual->param_count, params);
    for (int i = 0; i < PQntuples(result); i++) {
        int64_t n = 0;
        for (const char *digit = PQgetvalue(result, i, 0); *digit != '\0'; digit++) {
            n = n * 10 + (*digit - '0');
        }
        listed[n] = true;
    }
    PQclear(result);
}

static void compare(
    struct rows *rows, const char *table, struct sj_text line, const struct sj_residual *residual)
{
    bool listed[ROWS] = {false};
    select_rows(rows, table, residual, listed);
    for (size_t i = 0; i < rows->count; i++) {
        struct sj_policy_decision decision;
        rows->point.request.resource = rows->rows[i];
        sj_policy_set_decide(rows->point.set, &rows->point.request, &decision);
        const bool wrong = decision.permit != listed[i];
        /* Whole rows are decided one by one: only "never" could be wrong. */
        if (wrong && residual->answer != SJ_RESIDUAL_ROWS) {
            printf("DIFFERENT %s row %zu: engine %s %s, condition %s\n%.*s\n%.*s\n", table, i,
                decision.permit ? "permits" : "refuses", decision.code,
                listed[i] ? "lists" : "leaves out", (int)line.len, line.ptr, (int)residual->sql.len,
                residual->sql.ptr);
            exit(1);
        }
    }
    rows->point.request.resource = NULL;
}

static void ask(struct rows *rows, struct sj_text line)
{
    static const char *const answers[] = {"never", "some", "always", "rows"};
    static const char *const stored[] = {
        "unit", "owner", "level", "locked", "state", "opened", "labels", "levels", "home"};
    struct sj_residual_column typed[SJ_POLICY_ATTRS] = {{0}};
    struct sj_residual_column loose[SJ_POLICY_ATTRS] = {{0}};
    struct point *point = &rows->point;
    const size_t count = sj_policy_attr_count(point->files[0], SJ_OF_RESOURCE, rows->type);
    for (size_t slot = 0; slot < count; slot++) {
        const char *name =
            sj_policy_attr_at(point->files[0], SJ_OF_RESOURCE, rows->type, slot)->name;
        for (size_t i = 0; i < SJ_COUNT(stored); i++) {
            if (strcmp(stored[i], name) == 0) {
                typed[slot].column = stored[i];
                loose[slot] = (struct sj_residual_column){"props", stored[i]};
            }
        }
    }
    struct sj_json_doc *doc = NULL;
    point_request(point, parse(&doc, point->arena, line));
    const struct sj_residual_table tables[] = {{typed, count, "t", 1}, {loose, count, "t", 1}};
    for (size_t i = 0; i < 2; i++) {
        struct sj_residual residual;
        must(!sj_failed(sj_policy_residual(
                 point->set, &point->request, &tables[i], point->arena, &residual)),
            "L", "no residual");
        compare(rows, i == 0 ? "typed" : "loose", line, &residual);
        printf("%s%s", i == 0 ? "" : " ", answers[residual.answer]);
    }
    printf(" %zu\n", rows->count);
    sj_json_doc_free(&doc);
    sj_arena_reset(point->arena);
}

int main(void)
{
    static struct rows rows;
    static char line[1u << 20];
    if (sj_failed(sj_arena_new(16u << 20, &rows.point.arena)) ||
        sj_failed(sj_arena_new(16u << 20, &rows.arena))) {
        return 2;
    }
    open_database(&rows);
    while (fgets(line, sizeof line, stdin) != NULL) {
        const size_t len = strlen(line);
        const struct sj_text text = {line, len > 0 && line[len - 1] == '\n' ? len - 1 : len};
        const struct sj_text rest = {line + 2, text.len > 2 ? text.len - 2 : 0};
        if (point_line(&rows.point, text)) {
            continue;
        }
        if (line[0] == 'T') {
            take_table(&rows, rest);
        } else if (line[0] == 'L') {
            ask(&rows, rest);
        } else {
            point_stop("line", "no such letter");
        }
    }
    point_clear(&rows.point);
    sj_json_doc_free(&rows.doc);
    sj_arena_free(&rows.arena);
    PQfinish(rows.pg);
    return 0;
}
