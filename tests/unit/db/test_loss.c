/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens when the line is cut? Whoever waits is told at once, nobody gets another's answer, and the pool
 * works again by itself when the database does.
 */
#include "fixture.h"

#include <signal.h>

static int64_t reader_pid(struct sj_db *db)
{
    int64_t pid = 0;
    CHECK_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &pid));
    return pid;
}

static void terminate(int64_t pid)
{
    char text[80];
    snprintf(text, sizeof(text), "select pg_terminate_backend(%lld)", (long long)pid);
    CHECK(strcmp(sj_pg_value(fixture_start()->admin, text), "t") == 0);
}

struct sleeper {
    struct sj_db *db;
    struct sj_fiber *boss;
    unsigned running;
    unsigned unavailable;
    unsigned other;
};

static void sleeper_main(void *ctx)
{
    struct sleeper *sleeper = ctx;
    const struct sj_param wait = sj_p_i64(3000);
    int64_t ignored = 0;
    const sj_status status =
        fixture_number(sleeper->db, UNIT_A, SJ_SQL_TEST_SLEEP, &wait, 1, &ignored);
    if (status.code == SJ_DATABASE_UNAVAILABLE) {
        sleeper->unavailable++;
    } else {
        sleeper->other++;
    }
    sleeper->running--;
    sj_fiber_wake(sleeper->boss);
}

/* A read that works again within the time, by fiber sleeps so that the loop turns. */
static bool recovers(struct sj_db *db, int64_t within_ms)
{
    const int64_t until = sj_time_monotonic_ms() + within_ms;
    while (sj_time_monotonic_ms() < until) {
        int64_t pid = 0;
        if (!sj_failed(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &pid))) {
            return true;
        }
        sj_fiber_sleep_ms(5);
    }
    return false;
}

static void killed_reader(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 5000, &db));
    struct sleeper sleeper = {.db = db, .boss = sj_fiber_current()};
    const int64_t pid = reader_pid(db);
    for (unsigned i = 0; i < 20; i++) {
        sleeper.running++;
        REQUIRE_OK(sj_fiber_spawn(sj_loop_current(), sleeper_main, &sleeper));
    }
    const int64_t start = sj_time_monotonic_ms();
    terminate(pid);
    while (sleeper.running > 0) {
        sj_fiber_park();
    }
    CHECK(sj_time_monotonic_ms() - start < 1500);
    CHECK(sleeper.unavailable == 20 && sleeper.other == 0);
    CHECK(recovers(db, 2000));
    CHECK(reader_pid(db) != pid);
}

TEST(loss_of_the_reader_ends_all_waiting_reads_and_it_recovers)
{
    sj_test_on_fiber(killed_reader, NULL);
}

static sj_status writer_pid(struct sj_tx *tx, int64_t *ret_pid)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_TEST_PID, NULL, 0, &rows));
    *ret_pid = sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

static sj_status insert(struct sj_tx *tx, int64_t id)
{
    const struct sj_uuid unit = UNIT_A;
    const struct sj_param params[3] = {sj_p_id(&unit), sj_p_i64(id), sj_p_text(SJ_TEXT("lost"))};
    return sj_tx_query(tx, SJ_SQL_TEST_ITEM_INSERT, params, 3, NULL);
}

static void killed_writer(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 5000, &db));
    const struct sj_context context = fixture_context(UNIT_A);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(sj_tx_begin(db, &context, &tx));
    int64_t pid = 0;
    REQUIRE_OK(writer_pid(tx, &pid));
    REQUIRE_OK(insert(tx, 9000));
    terminate(pid);
    sj_fiber_sleep_ms(
        400); /* the pool connects again meanwhile; this transaction must not go on there */
    CHECK_CODE(insert(tx, 9001), DATABASE_UNAVAILABLE);
    CHECK_CODE(sj_tx_commit(&tx), DATABASE_UNAVAILABLE);
    REQUIRE_OK(sj_tx_begin(db, &context, &tx));
    CHECK_OK(insert(tx, 9002));
    CHECK_OK(sj_tx_commit(&tx));
    const struct sj_param text = sj_p_text(SJ_TEXT("lost"));
    int64_t count = 0;
    CHECK_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_ITEM_COUNT, &text, 1, &count));
    CHECK(count == 1);
}

TEST(loss_of_a_writer_ends_its_transaction_only)
{
    sj_test_on_fiber(killed_writer, NULL);
}

TEST(loss_is_mended_in_blocking_mode)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    terminate(reader_pid(db));
    int64_t pid = 0;
    CHECK_CODE(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &pid), DATABASE_UNAVAILABLE);
    CHECK_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &pid));
}

/* A server that is stopped does not answer its own timeout: ours must. */
static void hanging_server(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 200, &db));
    const int64_t pid = reader_pid(db);
    REQUIRE(kill((pid_t)pid, SIGSTOP) == 0);
    int64_t ignored = 0;
    const int64_t start = sj_time_monotonic_ms();
    CHECK_CODE(fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &ignored), DATABASE_TIMEOUT);
    CHECK(sj_time_monotonic_ms() - start < 1500);
    CHECK(recovers(db, 2000));
    CHECK(kill((pid_t)pid, SIGCONT) == 0);
}

TEST(server_that_hangs_costs_one_connection_and_a_timeout)
{
    sj_test_on_fiber(hanging_server, NULL);
}

static void whole_server(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 2, 2000, &db));
    CHECK(sj_db_is_ready(db));
    sj_pg_crash();
    sj_fiber_sleep_ms(100);
    CHECK(!sj_db_is_ready(db));
    int64_t ignored = 0;
    const int64_t start = sj_time_monotonic_ms();
    CHECK_CODE(
        fixture_number(db, UNIT_A, SJ_SQL_TEST_PID, NULL, 0, &ignored), DATABASE_UNAVAILABLE);
    const struct sj_context context = fixture_context(UNIT_A);
    struct sj_tx *tx = NULL;
    CHECK_CODE(sj_tx_begin(db, &context, &tx), DATABASE_UNAVAILABLE);
    CHECK(sj_time_monotonic_ms() - start <
          1000); /* at once, on a loaded machine; waiting would be 2 s */
    sj_pg_resume(NULL);
    CHECK(recovers(db, 5000));
    sj_fiber_sleep_ms(2500);
    CHECK(sj_db_is_ready(db));
    REQUIRE_OK(sj_tx_begin(db, &context, &tx));
    CHECK_OK(insert(tx, 9100));
    CHECK_OK(sj_tx_commit(&tx));
}

TEST(loss_of_the_whole_server_is_told_at_once_and_mended)
{
    sj_test_on_fiber(whole_server, NULL);
}

TEST(open_refuses_passwords_plain_networks_and_absent_servers)
{
    static const struct {
        const char *conninfo;
        enum sj_code code;
    } cases[] = {
        {"host=/tmp/no-such-folder user=sanjeh_app dbname=sanjeh", SJ_DATABASE_UNAVAILABLE},
        {"host=/tmp password=secret", SJ_BAD_CONFIG},
        {"postgresql://sanjeh_app:secret@/sanjeh?host=/tmp", SJ_BAD_CONFIG},
        {"host=localhost", SJ_BAD_CONFIG},
        {"host=localhost sslmode=require", SJ_BAD_CONFIG},
        {"host=/tmp,db.example sslmode=prefer", SJ_BAD_CONFIG},
        {"hostaddr=127.0.0.1", SJ_BAD_CONFIG},
        {"host=/tmp service=other", SJ_BAD_CONFIG},
        {"host=/tmp options='-c search_path=public'", SJ_BAD_CONFIG},
        {"nonsense", SJ_BAD_CONFIG},
    };
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        const struct sj_db_config config = {.conninfo = cases[i].conninfo,
            .read_connections = 1,
            .write_connections = 1,
            .connect_timeout_ms = 1000,
            .statement_timeout_ms = 1000};
        struct sj_db *db = NULL;
        CHECK(sj_db_open(&config, NULL, &db).code == cases[i].code);
        CHECK(db == NULL);
    }
}
