/* SPDX-License-Identifier: Apache-2.0
 *
 * Do many fibers read over one connection without ever getting each other's rows or context, and does a slow
 * or broken one end with its own error only?
 */
#include "fixture.h"

#define FIBERS 100
#define READS  20

struct crowd {
    struct sj_db *db;
    struct sj_fiber *boss;
    size_t running;
    size_t wrong;
    size_t failed;
    int64_t pid;
};

struct member {
    struct crowd *crowd;
    size_t number;
};

/* Values and rows of this member only, beside its own context. */
static sj_status read_once(const struct member *member, int64_t count, bool *ret_right)
{
    const bool is_a = member->number % 2 == 0;
    const struct sj_context context = fixture_context(is_a ? UNIT_A : UNIT_B);
    const struct sj_param params[2] = {sj_p_i64(count), sj_p_i32((int32_t)(count % 50))};
    const struct sj_query queries[2] = {{SJ_SQL_TEST_PID, NULL, 0}, {SJ_SQL_TEST_ROWS, params, 2}};
    struct sj_rows *rows[2] = {NULL, NULL};
    TRY(sj_db_read(member->crowd->db, &context, queries, 2, rows));
    const bool same = sj_text_is(sj_row_text(rows[0], 0, 1), context.text) &&
                      sj_text_is(sj_row_text(rows[0], 0, 2), "on");
    const size_t last = (size_t)count - 1;
    *ret_right = same && sj_rows_count(rows[1]) == (size_t)count &&
                 sj_row_i64(rows[1], last, 0) == count &&
                 sj_row_text(rows[1], last, 1).len == (size_t)(count % 50);
    member->crowd->pid = sj_row_i64(rows[0], 0, 0);
    sj_rows_free(&rows[0]);
    sj_rows_free(&rows[1]);
    return SJ_DONE;
}

static void crowd_leave(struct crowd *crowd)
{
    crowd->running--;
    if (crowd->running == 0) {
        sj_fiber_wake(crowd->boss);
    }
}

static void member_main(void *ctx)
{
    const struct member member = *(const struct member *)ctx;
    for (size_t i = 0; i < READS; i++) {
        bool right = false;
        const int64_t count = (int64_t)(member.number * 7 + i) % 90 + 1;
        if (sj_failed(read_once(&member, count, &right))) {
            member.crowd->failed++;
        } else if (!right) {
            member.crowd->wrong++;
        }
    }
    crowd_leave(member.crowd);
}

static void crowd_run(struct crowd *crowd, sj_loop_fn *fn)
{
    struct member members[FIBERS];
    crowd->boss = sj_fiber_current();
    crowd->running = FIBERS + 1;
    for (size_t i = 0; i < FIBERS; i++) {
        members[i] = (struct member){crowd, i};
        if (sj_failed(sj_fiber_spawn(sj_loop_current(), fn, &members[i]))) {
            crowd->failed++;
            crowd->running--;
        }
    }
    crowd->running--;
    while (crowd->running > 0) {
        sj_fiber_park();
    }
}

static void many_fibers(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 5000, &db));
    struct crowd crowd = {.db = db};
    crowd_run(&crowd, member_main);
    CHECK(crowd.wrong == 0);
    CHECK(crowd.failed == 0);
}

TEST(read_gives_each_fiber_its_own_rows_and_context)
{
    sj_test_on_fiber(many_fibers, NULL);
}

TEST(read_leaves_no_context_behind)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    int64_t pid = 0;
    REQUIRE_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &pid));
    const struct sj_context nothing = {.text = ""};
    const struct sj_query query = {SJ_SQL_TEST_PID, NULL, 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    REQUIRE_OK(sj_db_read(db, &nothing, &query, 1, &rows));
    CHECK(sj_row_i64(rows, 0, 0) == pid);
    CHECK(sj_text_is(sj_row_text(rows, 0, 1), ""));
}

/* A list that sorts or wakes workers reads a whole unit for one page. */
TEST(read_plans_for_pages)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    int64_t generic_unsorted_alone = 0;
    REQUIRE_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_PLANNER, NULL, 0, &generic_unsorted_alone));
    CHECK(generic_unsorted_alone == 1);
}

static sj_status raise(struct sj_db *db, const char *state)
{
    int64_t ignored = 0;
    const struct sj_param param = sj_p_text(sj_text_of(state));
    return fixture_number(db, UNIT_A, SJ_SQL_TEST_RAISE, &param, 1, &ignored);
}

TEST(read_maps_each_sqlstate_and_the_connection_stays)
{
    static const struct {
        const char *state;
        enum sj_code code;
    } cases[] = {
        {"23505", SJ_DUPLICATE},
        {"23503", SJ_CONSTRAINT},
        {"23514", SJ_CONSTRAINT},
        {"23502", SJ_CONSTRAINT},
        {"40001", SJ_SERIALIZATION},
        {"40P01", SJ_SERIALIZATION},
        {"57014", SJ_DATABASE_TIMEOUT},
        {"55P03", SJ_BUSY},
        {"57P03", SJ_DATABASE_UNAVAILABLE},
        {"08006", SJ_DATABASE_UNAVAILABLE},
        {"53100", SJ_DATABASE_UNAVAILABLE},
        {"42501", SJ_FORBIDDEN},
        {"25006", SJ_FORBIDDEN},
        {"22003", SJ_INVALID},
        {"SJ001", SJ_CONFLICT},
        {"XX000", SJ_INTERNAL},
        {"P0001", SJ_INTERNAL},
    };
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    int64_t before = 0;
    int64_t after = 0;
    REQUIRE_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &before));
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        CHECK(raise(db, cases[i].state).code == cases[i].code);
    }
    REQUIRE_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &after));
    CHECK(before == after);
}

TEST(read_cannot_write)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    const struct sj_uuid unit = UNIT_A;
    const struct sj_param params[3] = {sj_p_id(&unit), sj_p_i64(1), sj_p_text(SJ_TEXT("x"))};
    int64_t ignored = 0;
    CHECK_CODE(fixture_number(db, UNIT_A, SJ_SQL_TEST_ITEM_INSERT, params, 3, &ignored), FORBIDDEN);
}

static void one_broken_among_many(void *ctx)
{
    struct member *member = ctx;
    if (member->number == 3) {
        if (raise(member->crowd->db, "XX000").code != SJ_INTERNAL) {
            member->crowd->wrong++;
        }
        crowd_leave(member->crowd);
        return;
    }
    member_main(ctx);
}

static void broken_fiber(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 5000, &db));
    struct crowd crowd = {.db = db};
    crowd_run(&crowd, one_broken_among_many);
    CHECK(crowd.wrong == 0 && crowd.failed == 0);
}

TEST(read_that_fails_does_not_touch_its_neighbours)
{
    sj_test_on_fiber(broken_fiber, NULL);
}

/* Larger than the socket's buffers in both directions. */
static void large_values(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 20000, &db));
    const size_t size = 4000000;
    void *memory = NULL;
    REQUIRE_OK(sj_alloc(size, 1, &memory));
    CLEANUP(sj_freep) uint8_t *bytes = memory;
    bytes[size - 1] = 0x5a;
    const struct sj_uuid id = UNIT_A;
    const struct sj_param params[8] = {sj_p_i64(1), sj_p_i32(2), sj_p_bool(true),
        sj_p_text(SJ_TEXT("x")), sj_p_bytes(sj_view_of(bytes, size)), sj_p_id(&id), sj_p_time(0),
        sj_p_day(0)};
    const struct sj_query query = {SJ_SQL_TEST_VALUES, params, 8};
    const struct sj_context context = fixture_context(UNIT_A);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    REQUIRE_OK(sj_db_read(db, &context, &query, 1, &rows));
    const struct sj_view back = sj_row_bytes(rows, 0, 8);
    CHECK(back.len == size && back.ptr[size - 1] == 0x5a);
}

TEST(read_carries_values_larger_than_the_socket_buffers)
{
    sj_test_on_fiber(large_values, NULL);
}

static void slow_statement(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 200, &db));
    const struct sj_param wait = sj_p_i64(5000);
    int64_t pid = 0;
    const int64_t start = sj_time_monotonic_ms();
    CHECK_CODE(fixture_number(db, UNIT_A, SJ_SQL_TEST_SLEEP, &wait, 1, &pid), DATABASE_TIMEOUT);
    CHECK(sj_time_monotonic_ms() - start < 1000);
    CHECK_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &pid));
}

TEST(read_that_is_too_slow_times_out_and_the_next_one_works)
{
    sj_test_on_fiber(slow_statement, NULL);
}
