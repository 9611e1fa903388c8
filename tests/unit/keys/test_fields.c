/* SPDX-License-Identifier: Apache-2.0
 *
 * Do fields seal and open with keys from a real keeper and a real database, also when two write at once?
 */
#include "keeper_fixture.h"
#include "pg.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/fields.h"
#include "sanjeh/keys/scopes.h"
#include <pthread.h>
#include <string.h>

static const struct sj_uuid unit_a = {{0xaa, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};
static const struct sj_uuid unit_b = {{0xbb, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 2}};

/* One keeper for the whole program: its root key signs the contexts that the database believes. */
struct world {
    struct fixture keys;
    const struct sj_pg *pg;
    bool is_ready;
};

static struct sj_db *open_db(const struct sj_pg *pg)
{
    struct sj_db *db = NULL;
    const struct sj_db_config config = {.conninfo = pg->app,
        .read_connections = 1,
        .write_connections = 2,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = 10000};
    CHECK_OK(sj_db_open(&config, NULL, &db));
    return db;
}

static struct sj_context context_of(struct sj_channel *channel, struct sj_uuid scope)
{
    struct sj_context context = {""};
    CHECK_OK(ask_context(channel, &scope, 1, sj_time_now() + 60000000, &context));
    return context;
}

static void store_unit_key(struct sj_db *db, struct sj_channel *channel, struct sj_uuid unit)
{
    const struct sj_context context = context_of(channel, SJ_SCOPE_KEYS);
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(1024);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(ask_new_unit_key(channel, unit, 1, &wrapped));
    REQUIRE_OK(sj_tx_begin(db, &context, &tx));
    const struct sj_param params[] = {
        sj_p_id(&unit), sj_p_i32(1), sj_p_bytes(sj_buf_view(&wrapped))};
    CHECK_OK(sj_tx_query(tx, SJ_SQL_UNIT_KEY_INSERT, params, 3, NULL));
    CHECK_OK(sj_tx_commit(&tx));
}

static struct world the_world;

static struct world *world(void)
{
    if (the_world.is_ready) {
        return &the_world;
    }
    uint8_t pads[128];
    fixture_files(&the_world.keys);
    CHECK_OK(fixture_start(&the_world.keys, SJ_KEEPER_PROVISION));
    CHECK_OK(ask_context_pads(the_world.keys.channel, pads));
    the_world.pg = sj_pg_start(sj_view_of(pads, sizeof(pads)));
    CHECK(
        sj_pg_run(the_world.pg->admin, "insert into sanjeh.unit (id, code, name_fa, name_en) values"
                                       " ('aa000000-0000-8000-8000-000000000001', 'A', 'a', 'a'),"
                                       " ('bb000000-0000-8000-8000-000000000002', 'B', 'b', 'b')"));
    struct sj_db *db = open_db(the_world.pg);
    store_unit_key(db, the_world.keys.channel, unit_a);
    store_unit_key(db, the_world.keys.channel, unit_b);
    sj_db_close(&db);
    the_world.is_ready = true;
    return &the_world;
}

__attribute__((destructor)) static void world_end(void)
{
    fixture_clear(&the_world.keys);
}

/* What a test needs of the world, its own. */
struct desk {
    struct sj_db *db;
    struct sj_fields *fields;
    struct sj_context context; /* unit A */
};

static struct desk desk_open(struct sj_channel *channel)
{
    struct desk desk = {.db = open_db(world()->pg)};
    CHECK_OK(sj_fields_new(desk.db, channel, &desk.fields));
    desk.context = context_of(channel, unit_a);
    return desk;
}

static void desk_close(struct desk *desk)
{
    sj_fields_free(&desk->fields);
    sj_db_close(&desk->db);
}

static struct sj_uuid fresh_id(void)
{
    struct sj_uuid id = {{0}};
    CHECK_OK(sj_uuid_new(&id));
    return id;
}

static bool same_key(const struct sj_subject *a, const struct sj_subject *b)
{
    return a->version == b->version && sj_equal_ct(a->dek.bytes, b->dek.bytes, SJ_KEY_SIZE);
}

/* Reads the stored key as a list would, and opens it. */
static sj_status open_stored(struct desk *desk, struct sj_uuid subject, struct sj_subject *ret)
{
    CLEANUP(sj_array_clear) struct sj_array subjects = {0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_array_init(&subjects, SJ_OID_UUID, 1024));
    TRY(sj_array_put(&subjects, subject.bytes, sizeof(subject.bytes)));
    const struct sj_param params[] = {sj_p_id(&unit_a), sj_p_array(&subjects)};
    const struct sj_query query = {SJ_SQL_SUBJECT_KEY_NEWEST, params, 2};
    TRY(sj_db_read(desk->db, &desk->context, &query, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    const struct sj_wrapped_dek item = {
        unit_a, sj_row_id(rows, 0, 0), (uint32_t)sj_row_i64(rows, 0, 1), sj_row_bytes(rows, 0, 2)};
    return sj_fields_open(desk->fields, &item, 1, ret);
}

/* First in the program: the keeper has no unit key loaded yet. */
TEST(fields_load_a_missing_unit_by_themselves_and_keep_the_key)
{
    struct desk desk = desk_open(world()->keys.channel);
    const struct sj_uuid subject = fresh_id();
    struct sj_subject made;
    struct sj_subject again;
    struct sj_subject stored;
    struct sj_tx *tx = NULL;
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    REQUIRE_OK(sj_fields_subject_for_write(desk.fields, tx, unit_a, subject, &made));
    CHECK(made.version == 1 && sj_uuid_equal(made.subject, subject));
    CHECK_OK(sj_fields_subject_for_write(desk.fields, tx, unit_a, subject, &again));
    CHECK(same_key(&made, &again));
    REQUIRE_OK(sj_tx_commit(&tx));
    REQUIRE_OK(open_stored(&desk, subject, &stored));
    CHECK(same_key(&made, &stored));
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    CHECK_OK(sj_fields_subject_for_write(desk.fields, tx, unit_a, subject, &again));
    CHECK(same_key(&made, &again));
    sj_tx_rollback(&tx);
    desk_close(&desk);
}

TEST(fields_of_a_rolled_back_transaction_are_forgotten)
{
    struct desk desk = desk_open(world()->keys.channel);
    const struct sj_uuid subject = fresh_id();
    struct sj_subject lost;
    struct sj_subject kept;
    struct sj_subject stored;
    struct sj_tx *tx = NULL;
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    CHECK_OK(sj_fields_subject_for_write(desk.fields, tx, unit_a, subject, &lost));
    sj_tx_rollback(&tx);
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    CHECK_OK(sj_fields_subject_for_write(desk.fields, tx, unit_a, subject, &kept));
    CHECK_OK(sj_tx_commit(&tx));
    CHECK(!same_key(&lost, &kept));
    CHECK_OK(open_stored(&desk, subject, &stored));
    CHECK(same_key(&kept, &stored));
    desk_close(&desk);
}

TEST(fields_many_subjects_in_order_with_repeats)
{
    enum { COUNT = 600 };
    static struct sj_uuid subjects[COUNT];
    static struct sj_subject made[COUNT];
    static struct sj_subject again[COUNT];
    struct desk desk = desk_open(world()->keys.channel);
    struct sj_tx *tx = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        subjects[i] = i % 3 == 2 ? subjects[i / 2] : fresh_id();
    }
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    REQUIRE_OK(sj_fields_subjects_for_write(desk.fields, tx, unit_a, subjects, COUNT, made));
    CHECK_OK(sj_tx_commit(&tx));
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    REQUIRE_OK(sj_fields_subjects_for_write(desk.fields, tx, unit_a, subjects, COUNT, again));
    sj_tx_rollback(&tx);
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(sj_uuid_equal(made[i].subject, subjects[i]) && same_key(&made[i], &again[i]));
        CHECK(i % 3 != 2 || same_key(&made[i], &made[i / 2]));
        CHECK(i == 0 || sj_uuid_equal(subjects[i], subjects[i - 1]) ||
              !sj_equal_ct(made[i].dek.bytes, made[i - 1].dek.bytes, SJ_KEY_SIZE));
    }
    desk_close(&desk);
}

TEST(fields_open_answers_a_long_page_with_repeats)
{
    enum { KEYS = 300, PAGE = 900 };
    static struct sj_uuid subjects[KEYS];
    static struct sj_key deks[KEYS];
    static struct sj_wrapped_dek items[PAGE];
    static struct sj_subject opened[PAGE];
    struct desk desk = desk_open(world()->keys.channel);
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF((size_t)1 << 20);
    size_t len = 0;
    REQUIRE_OK(sj_fields_load_units(desk.fields));
    for (size_t i = 0; i < KEYS; i++) {
        subjects[i] = fresh_id();
    }
    REQUIRE_OK(ask_new_subject_keys(
        world()->keys.channel, unit_a, subjects, 150, 7, &len, &wrapped, deks));
    REQUIRE_OK(ask_new_subject_keys(
        world()->keys.channel, unit_a, subjects + 150, 150, 7, &len, &wrapped, deks + 150));
    for (size_t i = 0; i < PAGE; i++) {
        items[i] = (struct sj_wrapped_dek){
            unit_a, subjects[i % KEYS], 7, sj_view_of(wrapped.ptr + i % KEYS * len, len)};
    }
    for (size_t round = 0; round < 2; round++) {
        REQUIRE_OK(sj_fields_open(desk.fields, items, PAGE, opened));
        for (size_t i = 0; i < PAGE; i++) {
            CHECK(opened[i].version == 7 && sj_uuid_equal(opened[i].subject, subjects[i % KEYS]));
            CHECK(sj_equal_ct(opened[i].dek.bytes, deks[i % KEYS].bytes, SJ_KEY_SIZE));
        }
    }
    /* one that was moved spoils the page, and nothing is handed out */
    sj_fields_forget(desk.fields, (struct sj_uuid){{0}}, (struct sj_uuid){{0}});
    items[299].wrapped = items[0].wrapped;
    CHECK_CODE(sj_fields_open(desk.fields, items, PAGE, opened), DECRYPT);
    CHECK(opened[0].version == 0 && opened[0].dek.bytes[0] == 0);
    desk_close(&desk);
}

TEST(fields_of_another_unit_cannot_be_made)
{
    struct desk desk = desk_open(world()->keys.channel);
    struct sj_subject made = {0};
    struct sj_tx *tx = NULL;
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    CHECK(sj_failed(sj_fields_subject_for_write(desk.fields, tx, unit_b, fresh_id(), &made)));
    CHECK(made.version == 0);
    sj_tx_rollback(&tx);
    desk_close(&desk);
}

TEST(fields_of_a_unit_without_a_key_cannot_be_made)
{
    struct desk desk = desk_open(world()->keys.channel);
    struct sj_subject made = {0};
    struct sj_tx *tx = NULL;
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    CHECK_CODE(
        sj_fields_subject_for_write(desk.fields, tx, fresh_id(), fresh_id(), &made), NOT_FOUND);
    sj_tx_rollback(&tx);
    desk_close(&desk);
}

struct rival {
    struct sj_uuid subject;
    struct sj_subject made;
};

static void *write_as_rival(void *ctx)
{
    struct rival *rival = ctx;
    struct sj_channel *channel = NULL;
    CHECK_OK(sj_channel_open(world()->keys.keeper, 1, NULL, &channel));
    struct desk desk = desk_open(channel);
    struct sj_tx *tx = NULL;
    CHECK_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    CHECK_OK(sj_fields_subject_for_write(desk.fields, tx, unit_a, rival->subject, &rival->made));
    CHECK_OK(sj_tx_commit(&tx));
    desk_close(&desk);
    sj_channel_close(&channel);
    return NULL;
}

/* The rival's insert waits for ours: the lock on the key's row shows it. */
static bool rival_waits(void)
{
    for (size_t i = 0; i < 200; i++) {
        const char *count = sj_pg_value(world()->pg->admin,
            "select count(*) from pg_locks where not granted and locktype = 'transactionid'");
        if (strcmp(count, "0") != 0) {
            return true;
        }
        const struct timespec pause = {.tv_nsec = 20000000};
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

static void race(bool first_commits)
{
    struct desk desk = desk_open(world()->keys.channel);
    struct rival rival = {.subject = fresh_id()};
    struct sj_subject ours;
    struct sj_subject stored;
    struct sj_tx *tx = NULL;
    pthread_t thread;
    REQUIRE_OK(sj_tx_begin(desk.db, &desk.context, &tx));
    REQUIRE_OK(sj_fields_subject_for_write(desk.fields, tx, unit_a, rival.subject, &ours));
    REQUIRE(pthread_create(&thread, NULL, write_as_rival, &rival) == 0);
    CHECK(rival_waits());
    if (first_commits) {
        CHECK_OK(sj_tx_commit(&tx));
    } else {
        sj_tx_rollback(&tx);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(same_key(&ours, &rival.made) == first_commits);
    CHECK_OK(open_stored(&desk, rival.subject, &stored));
    CHECK(same_key(&stored, &rival.made));
    desk_close(&desk);
}

TEST(fields_two_transactions_end_up_with_the_first_ones_key)
{
    race(/* first_commits= */ true);
}

TEST(fields_second_transaction_keeps_its_key_when_the_first_gives_up)
{
    race(/* first_commits= */ false);
}

TEST(field_opens_only_where_it_was_sealed)
{
    struct sj_subject subject = {.unit = unit_a, .subject = unit_b, .version = 1, .dek = {{1}}};
    const struct sj_uuid row = {{7}};
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(1024);
    REQUIRE_OK(sj_field_seal(&subject, SJ_TABLE_JUDGE, SJ_COLUMN_JUDGE_NAME, row, SJ_FLE1_TEXT,
        sj_view_of("name", 4), &blob));
    const struct sj_view view = sj_buf_view(&blob);
    CHECK_OK(sj_field_open(
        &subject, SJ_TABLE_JUDGE, SJ_COLUMN_JUDGE_NAME, row, SJ_FLE1_TEXT, view, &plain));
    CHECK(sj_view_equal(sj_buf_view(&plain), sj_view_of("name", 4)));
    CHECK_CODE(
        sj_field_open(&subject, SJ_TABLE_JUDGE, 2, row, SJ_FLE1_TEXT, view, &plain), DECRYPT);
    CHECK_CODE(sj_field_open(&subject, 2, 1, row, SJ_FLE1_TEXT, view, &plain), DECRYPT);
    CHECK_CODE(sj_field_open(&subject, 1, 1, unit_a, SJ_FLE1_TEXT, view, &plain), DECRYPT);
    CHECK_CODE(sj_field_open(&subject, 1, 1, row, SJ_FLE1_BYTES, view, &plain), DECRYPT);
    sj_subject_clear(&subject);
    CHECK_CODE(sj_field_open(&subject, 1, 1, row, SJ_FLE1_TEXT, view, &plain), DECRYPT);
    CHECK_CODE(sj_field_seal(&subject, 1, 1, row, SJ_FLE1_TEXT, view, &blob), CRYPTO);
}
