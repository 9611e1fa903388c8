/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a transaction wholly there or wholly absent, whatever fails in it, and is its connection clean for the next
 * one? Including the server's own trap: COMMIT after an error is a ROLLBACK without an error.
 */
#include "fixture.h"

#include "db_priv.h"

static sj_status insert(struct sj_tx *tx, bool wait, int64_t id, const char *text)
{
    const struct sj_uuid unit = UNIT_A;
    const struct sj_param params[3] = {sj_p_id(&unit), sj_p_i64(id), sj_p_text(sj_text_of(text))};
    return wait ? sj_tx_query(tx, SJ_SQL_TEST_ITEM_INSERT, params, 3, NULL)
                : sj_tx_send(tx, SJ_SQL_TEST_ITEM_INSERT, params, 3);
}

static int64_t count_of(struct sj_db *db, const char *text)
{
    int64_t count = -1;
    const struct sj_param param = sj_p_text(sj_text_of(text));
    CHECK_OK(fixture_number(db, UNIT_A, SJ_SQL_TEST_ITEM_COUNT, &param, 1, &count));
    return count;
}

static sj_status begin(struct sj_db *db, struct sj_uuid unit, struct sj_tx **ret_tx)
{
    const struct sj_context context = fixture_context(unit);
    return sj_tx_begin(db, &context, ret_tx);
}

static void committed_work(void *ctx)
{
    struct sj_loop *loop = ctx == NULL ? NULL : sj_loop_current();
    const char *text = ctx == NULL ? "blocking" : "parking";
    const int64_t base = ctx == NULL ? 1000 : 2000;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(loop, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    CHECK_OK(insert(tx, true, base + 1, text));
    CHECK_OK(insert(tx, false, base + 2, text));
    CHECK_OK(insert(tx, false, base + 3, text));
    CHECK(count_of(db, text) == 0);
    REQUIRE_OK(sj_tx_commit(&tx));
    CHECK(tx == NULL);
    CHECK(count_of(db, text) == 3);
}

TEST(tx_commit_makes_all_statements_visible)
{
    int on_fiber = 1;
    committed_work(NULL);
    sj_test_on_fiber(committed_work, &on_fiber);
}

TEST(tx_rollback_leaves_nothing_and_the_connection_clean)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    for (int64_t round = 0; round < 3; round++) {
        CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
        REQUIRE_OK(begin(db, UNIT_A, &tx));
        CHECK_OK(insert(tx, round > 0, 3000 + round, "rolled back"));
        CHECK_OK(round > 1 ? insert(tx, false, 3010 + round, "rolled back") : SJ_DONE);
    }
    CHECK(count_of(db, "rolled back") == 0);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    CHECK_OK(insert(tx, false, 3100, "after rollback"));
    CHECK_OK(sj_tx_commit(&tx));
    CHECK(count_of(db, "after rollback") == 1);
}

TEST(tx_that_failed_cannot_be_committed)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    CHECK_OK(insert(tx, true, 4000, "failed"));
    CHECK_CODE(insert(tx, true, 4000, "failed"), DUPLICATE);
    CHECK(strcmp(sj_tx_constraint(tx), "test_item_pkey") == 0);
    CHECK_CODE(insert(tx, true, 4001, "failed"), DUPLICATE);
    CHECK_CODE(sj_tx_commit(&tx), DUPLICATE);
    CHECK(tx == NULL);
    CHECK(count_of(db, "failed") == 0);
}

TEST(tx_error_of_a_queued_statement_comes_with_the_commit)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    CHECK_OK(insert(tx, false, 5000, "queued"));
    CHECK_OK(insert(tx, false, 5000, "queued"));
    CHECK_OK(insert(tx, false, 5001, "queued"));
    CHECK_CODE(sj_tx_commit(&tx), DUPLICATE);
    CHECK(count_of(db, "queued") == 0);
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    CHECK_OK(insert(tx, false, 5000, "queued"));
    CHECK_OK(sj_tx_commit(&tx));
    CHECK(count_of(db, "queued") == 1);
}

TEST(tx_error_of_a_queued_statement_comes_with_the_next_query)
{
    char text[120];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    CHECK_OK(insert(tx, false, 5100, text));
    CHECK_CODE(insert(tx, true, 5101, "next"), CONSTRAINT);
    CHECK(strcmp(sj_tx_constraint(tx), "test_item_a_short") == 0);
    sj_tx_rollback(&tx);
    CHECK(count_of(db, "next") == 0);
}

TEST(tx_cannot_write_into_another_unit)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_B, &tx));
    CHECK_CODE(insert(tx, true, 6000, "foreign"), FORBIDDEN);
}

TEST(tx_without_statements_commits_and_rolls_back)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    CHECK_OK(sj_tx_commit(&tx));
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    sj_tx_rollback(&tx);
    sj_tx_rollback(&tx);
    CHECK(strcmp(sj_tx_constraint(tx), "") == 0);
}

struct queue {
    struct sj_db *db;
    struct sj_fiber *boss;
    unsigned running;
    unsigned done;
    unsigned busy;
};

static void queue_main(void *ctx)
{
    struct queue *queue = ctx;
    struct sj_tx *tx = NULL;
    const sj_status status = begin(queue->db, UNIT_A, &tx);
    if (status.code == SJ_BUSY) {
        queue->busy++;
    } else if (!sj_failed(status)) {
        const struct sj_param wait = sj_p_i64(20);
        queue->done += sj_failed(sj_tx_query(tx, SJ_SQL_TEST_SLEEP, &wait, 1, NULL)) ? 0 : 1;
        sj_tx_rollback(&tx);
    }
    queue->running--;
    sj_fiber_wake(queue->boss);
}

static void queue_run(struct queue *queue, unsigned fibers)
{
    queue->boss = sj_fiber_current();
    for (unsigned i = 0; i < fibers; i++) {
        queue->running++;
        REQUIRE_OK(sj_fiber_spawn(sj_loop_current(), queue_main, queue));
    }
    while (queue->running > 0) {
        sj_fiber_park();
    }
}

static void waiting_fibers(void *ctx)
{
    (void)ctx;
    struct queue queue = {.db = NULL};
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 2, 5000, &db));
    queue.db = db;
    queue_run(&queue, 30);
    CHECK(queue.done == 30 && queue.busy == 0);
}

TEST(tx_begin_waits_its_turn_for_a_connection)
{
    sj_test_on_fiber(waiting_fibers, NULL);
}

static void too_many_fibers(void *ctx)
{
    (void)ctx;
    struct queue queue = {.db = NULL};
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 150, &db));
    queue.db = db;
    queue_run(&queue, 40);
    CHECK(queue.done >= 3 && queue.busy >= 10 && queue.done + queue.busy == 40);
    queue = (struct queue){.db = db};
    queue_run(&queue, 2);
    CHECK(queue.done == 2);
}

TEST(tx_begin_gives_busy_when_no_connection_gets_free)
{
    sj_test_on_fiber(too_many_fibers, NULL);
}

TEST(tx_begin_gives_busy_when_nobody_could_free_one)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    struct sj_tx *other = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    CHECK_CODE(begin(db, UNIT_A, &other), BUSY);
}

TEST(tx_that_waits_for_a_lock_gives_busy)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 2, 600, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *first = NULL;
    CLEANUP(sj_tx_rollback) struct sj_tx *second = NULL;
    const struct sj_uuid unit = UNIT_A;
    const struct sj_param params[2] = {sj_p_id(&unit), sj_p_i64(7000)};
    REQUIRE_OK(begin(db, UNIT_A, &first));
    REQUIRE_OK(insert(first, true, 7000, "locked"));
    REQUIRE_OK(sj_tx_commit(&first));
    REQUIRE_OK(begin(db, UNIT_A, &first));
    REQUIRE_OK(begin(db, UNIT_A, &second));
    CHECK_OK(sj_tx_query(first, SJ_SQL_TEST_ITEM_LOCK, params, 2, NULL));
    CHECK_CODE(sj_tx_query(second, SJ_SQL_TEST_ITEM_LOCK, params, 2, NULL), BUSY);
}

TEST(tx_rows_affected_counts_what_was_written)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    const struct sj_uuid unit = UNIT_A;
    const struct sj_param params[3] = {sj_p_id(&unit), sj_p_i64(8000), sj_p_text(SJ_TEXT("one"))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    REQUIRE_OK(sj_tx_query(tx, SJ_SQL_TEST_ITEM_INSERT, params, 3, &rows));
    CHECK(sj_rows_affected(rows) == 1 && sj_rows_count(rows) == 0);
}

/* Lines of the protocol's trace that hold the word. */
static unsigned count_messages(FILE *trace, const char *word)
{
    unsigned count = 0;
    char line[8192];
    rewind(trace);
    while (fgets(line, sizeof(line), trace) != NULL) {
        count += strstr(line, word) != NULL ? 1 : 0;
    }
    return count;
}

TEST(tx_of_queued_statements_is_one_round_trip)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 5000, &db));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(db, UNIT_A, &tx));
    FILE *trace = tmpfile();
    REQUIRE(trace != NULL);
    PQtrace(tx->conn->pg, trace);
    PGconn *traced = tx->conn->pg;
    CHECK_OK(insert(tx, false, 8500, "trip"));
    CHECK_OK(insert(tx, false, 8501, "trip"));
    CHECK(count_messages(trace, "Sync") == 0);
    CHECK_OK(sj_tx_commit(&tx));
    PQuntrace(traced);
    CHECK(count_messages(trace, "Sync") == 1);
    CHECK(count_messages(trace, "ReadyForQuery") == 1);
    CHECK(count_messages(trace, "Execute") == 5); /* BEGIN, context, two rows, COMMIT */
    fclose(trace);
    CHECK(count_of(db, "trip") == 2);
}
