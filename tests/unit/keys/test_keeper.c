/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a real, forked keeper answer what its phase permits, and nothing and nobody else?
 */
#include "keeper_fixture.h"
#include "keeper_priv.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/fields.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct sj_uuid unit_a = {{0xa}};
static const struct sj_uuid unit_b = {{0xb}};
static const struct sj_uuid subject_a = {{1, 2, 3}};

static sj_status load_unit(struct sj_channel *channel, struct sj_uuid unit, uint32_t epoch)
{
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(1024);
    TRY(ask_new_unit_key(channel, unit, epoch, &wrapped));
    return ask_load_unit_key(channel, unit, epoch, sj_buf_view(&wrapped));
}

TEST(keeper_root_key_is_made_once_and_for_its_owner_only)
{
    struct fixture fixture;
    struct stat info;
    fixture_files(&fixture);
    CHECK(stat(fixture.root, &info) == 0 && (info.st_mode & 0777) == 0400 && info.st_size == 32);
    CHECK_CODE(sj_keeper_create_root(fixture.root), IO);
    fixture_clear(&fixture);
}

TEST(keeper_refuses_a_root_key_that_others_may_read)
{
    struct fixture fixture;
    fixture_files(&fixture);
    CHECK(chmod(fixture.root, 0440) == 0);
    CHECK_CODE(fixture_start(&fixture, SJ_KEEPER_PROVISION), BAD_CONFIG);
    CHECK(chmod(fixture.root, 0600) == 0);
    CHECK(truncate(fixture.root, 31) == 0);
    CHECK_CODE(fixture_start(&fixture, SJ_KEEPER_PROVISION), BAD_CONFIG);
    CHECK(unlink(fixture.root) == 0);
    CHECK_CODE(fixture_start(&fixture, SJ_KEEPER_PROVISION), IO);
    fixture_clear(&fixture);
}

TEST(keeper_wraps_and_unwraps_subject_keys)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK(sj_keeper_is_alive(fixture.keeper) && sj_keeper_pid(fixture.keeper) != getpid());
    CHECK_OK(load_unit(fixture.channel, unit_a, 1));
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(1024);
    struct sj_key dek;
    struct sj_key opened;
    REQUIRE_OK(ask_new_subject_key(fixture.channel, unit_a, subject_a, 1, &wrapped, &dek));
    struct sj_wrapped_dek item = {unit_a, subject_a, 1, sj_buf_view(&wrapped)};
    CHECK_OK(ask_unwrap(fixture.channel, &item, 1, &opened));
    CHECK(sj_equal_ct(dek.bytes, opened.bytes, SJ_KEY_SIZE));
    /* the same bytes for another subject, version or unit */
    item.subject = unit_b;
    CHECK_CODE(ask_unwrap(fixture.channel, &item, 1, &opened), DECRYPT);
    item = (struct sj_wrapped_dek){unit_a, subject_a, 2, sj_buf_view(&wrapped)};
    CHECK_CODE(ask_unwrap(fixture.channel, &item, 1, &opened), DECRYPT);
    CHECK_OK(load_unit(fixture.channel, unit_b, 1));
    item = (struct sj_wrapped_dek){unit_b, subject_a, 1, sj_buf_view(&wrapped)};
    CHECK_CODE(ask_unwrap(fixture.channel, &item, 1, &opened), DECRYPT);
    fixture_clear(&fixture);
}

TEST(keeper_knows_only_loaded_units)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(1024);
    struct sj_key dek;
    CHECK_CODE(
        ask_new_subject_key(fixture.channel, unit_a, subject_a, 1, &wrapped, &dek), NOT_FOUND);
    const struct sj_text value = SJ_TEXT("1");
    struct sj_blind blind;
    CHECK_CODE(
        ask_blind_index(fixture.channel, unit_a, 1, 1, 1, 128, &value, 1, &blind), NOT_FOUND);
    CHECK_CODE(ask_new_unit_key(fixture.channel, unit_a, 0, &wrapped), INVALID);
    CHECK_CODE(ask_new_unit_key(fixture.channel, unit_a, 2, &wrapped), INVALID);
    fixture_clear(&fixture);
}

TEST(keeper_refuses_a_unit_key_that_was_moved_or_made_twice)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CLEANUP(sj_buf_clear) struct sj_buf first = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf second = SJ_BUF(1024);
    CHECK_OK(ask_new_unit_key(fixture.channel, unit_a, 1, &first));
    CHECK_OK(ask_new_unit_key(fixture.channel, unit_a, 1, &second));
    CHECK_CODE(ask_load_unit_key(fixture.channel, unit_b, 1, sj_buf_view(&first)), DECRYPT);
    CHECK_CODE(ask_load_unit_key(fixture.channel, unit_a, 2, sj_buf_view(&first)), DECRYPT);
    CHECK_CODE(ask_load_unit_key(fixture.channel, unit_a, 1, sj_view_of(NULL, 0)), DECRYPT);
    CHECK_OK(ask_load_unit_key(fixture.channel, unit_a, 1, sj_buf_view(&first)));
    CHECK_OK(ask_load_unit_key(fixture.channel, unit_a, 1, sj_buf_view(&first)));
    CHECK_CODE(ask_load_unit_key(fixture.channel, unit_a, 1, sj_buf_view(&second)), CONFLICT);
    fixture_clear(&fixture);
}

TEST(keeper_new_epoch_reads_old_keys_and_keeps_blind_indexes)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_OK(load_unit(fixture.channel, unit_a, 1));
    const struct sj_text value = SJ_TEXT("0012345678");
    struct sj_blind before;
    struct sj_blind after;
    CLEANUP(sj_buf_clear) struct sj_buf old_wrap = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf new_wrap = SJ_BUF(1024);
    struct sj_key dek;
    struct sj_key deks[2];
    CHECK_OK(ask_blind_index(fixture.channel, unit_a, 1, 1, 1, 128, &value, 1, &before));
    CHECK_OK(ask_new_subject_key(fixture.channel, unit_a, subject_a, 1, &old_wrap, &dek));
    CHECK_OK(load_unit(fixture.channel, unit_a, 2));
    CHECK_OK(ask_blind_index(fixture.channel, unit_a, 1, 1, 1, 128, &value, 1, &after));
    CHECK(memcmp(&before, &after, sizeof(before)) == 0);
    CHECK_OK(ask_new_subject_key(fixture.channel, unit_a, subject_a, 2, &new_wrap, &dek));
    CHECK(old_wrap.ptr[4] == 1 && new_wrap.ptr[4] == 2);
    const struct sj_wrapped_dek items[] = {{unit_a, subject_a, 1, sj_buf_view(&old_wrap)},
        {unit_a, subject_a, 2, sj_buf_view(&new_wrap)}};
    CHECK_OK(ask_unwrap(fixture.channel, items, 2, deks));
    CHECK(sj_equal_ct(deks[1].bytes, dek.bytes, SJ_KEY_SIZE));
    fixture_clear(&fixture);
}

TEST(keeper_answers_a_full_batch_in_one_message)
{
    static struct sj_uuid subjects[SJ_UNWRAP_MAX];
    static struct sj_key made[SJ_UNWRAP_MAX];
    static struct sj_key opened[SJ_UNWRAP_MAX];
    static struct sj_wrapped_dek items[SJ_UNWRAP_MAX];
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_OK(load_unit(fixture.channel, unit_a, 1));
    for (size_t i = 0; i < SJ_UNWRAP_MAX; i++) {
        CHECK_OK(sj_uuid_new(&subjects[i]));
    }
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF((size_t)1 << 20);
    size_t len = 0;
    REQUIRE_OK(ask_new_subject_keys(
        fixture.channel, unit_a, subjects, SJ_UNWRAP_MAX, 1, &len, &wrapped, made));
    REQUIRE(wrapped.len == len * SJ_UNWRAP_MAX);
    for (size_t i = 0; i < SJ_UNWRAP_MAX; i++) {
        items[i] =
            (struct sj_wrapped_dek){unit_a, subjects[i], 1, sj_view_of(wrapped.ptr + i * len, len)};
    }
    CHECK_OK(ask_unwrap(fixture.channel, items, SJ_UNWRAP_MAX, opened));
    CHECK(sj_equal_ct(made, opened, sizeof(made)));
    CHECK_CODE(ask_unwrap(fixture.channel, items, SJ_UNWRAP_MAX + 1, opened), LIMIT_EXCEEDED);
    items[255].version = 2;
    CHECK_CODE(ask_unwrap(fixture.channel, items, SJ_UNWRAP_MAX, opened), DECRYPT);
    fixture_clear(&fixture);
}

TEST(keeper_blind_indexes_differ_by_unit_table_index_and_version)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_OK(load_unit(fixture.channel, unit_a, 1));
    CHECK_OK(load_unit(fixture.channel, unit_b, 1));
    const struct sj_text value = SJ_TEXT("0012345678");
    struct sj_blind blinds[5];
    CHECK_OK(ask_blind_index(fixture.channel, unit_a, 1, 1, 1, 128, &value, 1, &blinds[0]));
    CHECK_OK(ask_blind_index(fixture.channel, unit_b, 1, 1, 1, 128, &value, 1, &blinds[1]));
    CHECK_OK(ask_blind_index(fixture.channel, unit_a, 2, 1, 1, 128, &value, 1, &blinds[2]));
    CHECK_OK(ask_blind_index(fixture.channel, unit_a, 1, 2, 1, 128, &value, 1, &blinds[3]));
    CHECK_OK(ask_blind_index(fixture.channel, unit_a, 1, 1, 2, 128, &value, 1, &blinds[4]));
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = i + 1; j < 5; j++) {
            CHECK(memcmp(&blinds[i], &blinds[j], sizeof(blinds[i])) != 0);
        }
    }
    struct sj_blind cut;
    CHECK_OK(ask_blind_index(fixture.channel, unit_a, 1, 1, 1, 10, &value, 1, &cut));
    CHECK(cut.bytes[0] == blinds[0].bytes[0] && cut.bytes[1] == (blinds[0].bytes[1] & 0xc0));
    for (size_t i = 2; i < sizeof(cut.bytes); i++) {
        CHECK(cut.bytes[i] == 0);
    }
    CHECK_CODE(
        ask_blind_index(fixture.channel, unit_a, 1, 1, 1, 7, &value, 1, &cut), LIMIT_EXCEEDED);
    fixture_clear(&fixture);
}

TEST(keeper_context_carries_a_mac_of_the_pads)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    uint8_t pads[128];
    struct sj_context context;
    const struct sj_uuid scopes[] = {unit_a, unit_b};
    const sj_time_us now = sj_time_now();
    REQUIRE_OK(ask_context_pads(fixture.channel, pads));
    REQUIRE_OK(ask_context(fixture.channel, scopes, 2, now + 60000000, &context));
    const char *dot = strrchr(context.text, '.');
    REQUIRE(dot != NULL && strlen(dot) == 65);
    char expected[64];
    (void)snprintf(
        expected, sizeof(expected), "v1.%lld.0a000000-", (long long)((now + 60000000) / 1000000));
    CHECK(strncmp(context.text, expected, strlen(expected)) == 0);
    /* as the database computes it: SHA-256(outer || SHA-256(inner || text)) */
    struct sj_hash hash;
    const struct sj_view inner[] = {
        sj_view_of(pads, 64), sj_view_of(context.text, (size_t)(dot - context.text))};
    CHECK_OK(sj_sha256(inner, 2, &hash));
    const struct sj_view outer[] = {sj_view_of(pads + 64, 64), sj_view_of(hash.bytes, 32)};
    CHECK_OK(sj_sha256(outer, 2, &hash));
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(64);
    CHECK_OK(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, 32)));
    CHECK(memcmp(hex.ptr, dot + 1, 64) == 0);
    CHECK_CODE(ask_context(fixture.channel, scopes, 2, now - 1, &context), INVALID);
    CHECK_CODE(ask_context(fixture.channel, scopes, 2, now + 3700000000, &context), INVALID);
    CHECK_CODE(ask_context(fixture.channel, scopes, 0, now + 60000000, &context), INVALID);
    fixture_clear(&fixture);
}

TEST(keeper_derivations_stay_the_same_over_restarts)
{
    struct fixture fixture;
    struct sj_hash pepper[3];
    struct sj_key emitter[3];
    const struct sj_hash tag = {{9}};
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK_OK(ask_pepper(fixture.channel, 1, &tag, &pepper[0]));
    CHECK_OK(ask_pepper(fixture.channel, 2, &tag, &pepper[1]));
    CHECK_OK(ask_emitter_key(fixture.channel, unit_a, &emitter[0]));
    CHECK_OK(ask_emitter_key(fixture.channel, unit_b, &emitter[1]));
    CHECK(!sj_hash_equal(&pepper[0], &pepper[1]));
    CHECK(!sj_equal_ct(&emitter[0], &emitter[1], sizeof(emitter[0])));
    fixture_stop(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_OK(ask_pepper(fixture.channel, 1, &tag, &pepper[2]));
    CHECK_OK(ask_emitter_key(fixture.channel, unit_a, &emitter[2]));
    CHECK(sj_hash_equal(&pepper[0], &pepper[2]));
    CHECK(sj_equal_ct(&emitter[0], &emitter[2], sizeof(emitter[0])));
    CHECK_CODE(ask_pepper(fixture.channel, 0, &tag, &pepper[2]), INVALID);
    fixture_clear(&fixture);
}

static void emitter_key_of(
    const struct fixture *fixture, const char *origin, struct sj_key *ret_key)
{
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    const struct sj_keeper_config config = {.root_key_file = fixture->root,
        .origin = origin,
        .use = SJ_KEEPER_PROVISION,
        .channels = 1};
    REQUIRE_OK(sj_keeper_start(&config, &keeper));
    CHECK_OK(sj_channel_open(keeper, 0, NULL, &channel));
    CHECK_OK(ask_emitter_key(channel, unit_a, ret_key));
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
}

/* The last three are logs that go on from another; what only looks like it is a first log. */
TEST(keeper_emitter_keys_are_of_one_log)
{
    static const char log[] = "a.example/log/01234567-89ab-cdef-0123-456789abcdef";
    char origins[6][128] = {FIXTURE_ORIGIN, "b.example/other"};
    struct sj_key keys[SJ_COUNT(origins)];
    struct fixture fixture;
    fixture_files(&fixture);
    (void)snprintf(origins[2], sizeof origins[2], "%s/1", log);
    (void)snprintf(origins[3], sizeof origins[3], "%s/2", log);
    (void)snprintf(origins[4], sizeof origins[4], "%s/3", log);
    (void)snprintf(origins[5], sizeof origins[5], "b%s/2", log + 1);
    for (size_t i = 0; i < SJ_COUNT(origins); i++) {
        emitter_key_of(&fixture, origins[i], &keys[i]);
        for (size_t j = 0; j < i; j++) {
            CHECK(sj_equal_ct(&keys[i], &keys[j], sizeof keys[i]) == (i < 3));
        }
    }
    fixture_clear(&fixture);
}

TEST(keeper_seals_by_purpose_and_the_same_over_restarts)
{
    struct fixture fixture;
    struct sj_hash macs[3];
    struct sj_hash again;
    const struct sj_seal_item items[] = {
        {SJ_SEAL_ACCOUNT, {{9}}}, {SJ_SEAL_SESSION, {{9}}}, {SJ_SEAL_ACCOUNT, {{8}}}};
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_OK(ask_seals(fixture.channel, items, SJ_COUNT(items), macs));
    CHECK(!sj_hash_equal(&macs[0], &macs[1]));
    CHECK(!sj_hash_equal(&macs[0], &macs[2]));
    fixture_stop(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK_OK(ask_seal(fixture.channel, SJ_SEAL_SESSION, &items[1].hash, &again));
    CHECK(sj_hash_equal(&macs[1], &again));
    CHECK_CODE(ask_seal(fixture.channel, (enum sj_seal_purpose)0, &items[0].hash, &again), INVALID);
    CHECK_CODE(ask_seal(fixture.channel, (enum sj_seal_purpose)(SJ_SEAL_PURPOSE_LAST + 1),
                   &items[0].hash, &again),
        INVALID);
    CHECK_CODE(ask_seals(fixture.channel, items, 0, macs), LIMIT_EXCEEDED);
    CHECK_CODE(ask_seals(fixture.channel, items, SJ_SEALS_MAX + 1, macs), LIMIT_EXCEEDED);
    CHECK_OK(ask_seal(fixture.channel, SJ_SEAL_ACCOUNT, &items[0].hash, &again));
    CHECK(sj_hash_equal(&macs[0], &again));
    fixture_clear(&fixture);
}

TEST(keeper_that_provisions_never_signs)
{
    struct fixture fixture;
    struct sj_signed_head head;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(4096);
    const struct sj_hash leaf = {{1}};
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_CODE(ask_signed_head(fixture.channel, &head, &out), KEEPER_UNAVAILABLE);
    fixture_stop(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_CODE(ask_extend(fixture.channel, 0, &leaf, 1, &leaf, &out), KEEPER_UNAVAILABLE);
    CHECK(access(fixture.state, F_OK) != 0);
    fixture_clear(&fixture);
}

TEST(keeper_that_serves_does_not_give_the_context_key_away)
{
    struct fixture fixture;
    uint8_t pads[128];
    struct sj_channel *other = NULL;
    struct sj_context context;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK_CODE(ask_context_pads(fixture.channel, pads), KEEPER_UNAVAILABLE);
    /* that channel is closed for good, the other one is not touched */
    CHECK_CODE(ask_context(fixture.channel, &unit_a, 1, sj_time_now() + 1000000, &context),
        KEEPER_UNAVAILABLE);
    REQUIRE_OK(sj_channel_open(fixture.keeper, 1, NULL, &other));
    CHECK_OK(ask_context(other, &unit_a, 1, sj_time_now() + 1000000, &context));
    sj_channel_close(&other);
    fixture_clear(&fixture);
}

TEST(keeper_closes_the_channel_on_a_malformed_question)
{
    static const uint8_t questions[][8] = {{0}, {0, 0, 0, 1, 0}, {0, 0, 0, 1, 200},
        {0, 0, 0, 1, WIRE_UNWRAP, 0, 0}, {0, 0, 0, 1, WIRE_CONTEXT}};
    static const size_t lens[] = {1, 5, 5, 7, 8};
    for (size_t i = 0; i < SJ_COUNT(questions); i++) {
        struct fixture fixture;
        fixture_files(&fixture);
        REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
        uint8_t byte;
        CHECK(send(fixture.keeper->lines[0].fd, questions[i], lens[i], 0) == (ssize_t)lens[i]);
        CHECK(recv(fixture.keeper->lines[0].fd, &byte, 1, 0) == 0);
        CHECK(sj_keeper_is_alive(fixture.keeper));
        fixture_clear(&fixture);
    }
}

TEST(keeper_killed_is_unavailable_at_once_and_never_a_hang)
{
    struct fixture fixture;
    struct sj_context context;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK(kill(sj_keeper_pid(fixture.keeper), SIGKILL) == 0);
    const int64_t before = sj_time_monotonic_ms();
    CHECK_CODE(ask_context(fixture.channel, &unit_a, 1, sj_time_now() + 1000000, &context),
        KEEPER_UNAVAILABLE);
    CHECK(sj_time_monotonic_ms() - before < 1500);
    /* the kernel closes its lines a moment before it is a zombie */
    for (int i = 0; i < 200 && sj_keeper_is_alive(fixture.keeper); i++) {
        (void)usleep(5000);
    }
    CHECK(!sj_keeper_is_alive(fixture.keeper));
    fixture_clear(&fixture);
}

TEST(keeper_stopped_is_unavailable_after_the_deadline)
{
    struct fixture fixture;
    struct sj_context context;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK(kill(sj_keeper_pid(fixture.keeper), SIGSTOP) == 0);
    const int64_t before = sj_time_monotonic_ms();
    CHECK_CODE(ask_context(fixture.channel, &unit_a, 1, sj_time_now() + 60000000, &context),
        KEEPER_UNAVAILABLE);
    const int64_t waited = sj_time_monotonic_ms() - before;
    CHECK(waited >= 1900 && waited < 4000);
    /* the late answer finds nobody; the next question gets its own */
    CHECK(kill(sj_keeper_pid(fixture.keeper), SIGCONT) == 0);
    CHECK_OK(ask_context(fixture.channel, &unit_b, 1, sj_time_now() + 60000000, &context));
    CHECK(strstr(context.text, "0b000000-") != NULL);
    fixture_clear(&fixture);
}

TEST(keeper_ignores_the_terminal_and_ends_with_its_parent)
{
    struct fixture fixture;
    struct sj_context context;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK(kill(sj_keeper_pid(fixture.keeper), SIGTERM) == 0);
    CHECK(kill(sj_keeper_pid(fixture.keeper), SIGINT) == 0);
    CHECK_OK(ask_context(fixture.channel, &unit_a, 1, sj_time_now() + 1000000, &context));
    const int pid = sj_keeper_pid(fixture.keeper);
    fixture_stop(&fixture);
    CHECK(kill(pid, 0) != 0);
    fixture_clear(&fixture);
}

TEST(keeper_channel_is_taken_once_and_can_be_opened_again)
{
    struct fixture fixture;
    struct sj_channel *second = NULL;
    struct sj_context context;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK_CODE(sj_channel_open(fixture.keeper, 0, NULL, &second), CONFLICT);
    CHECK_CODE(sj_channel_open(fixture.keeper, 2, NULL, &second), BAD_CONFIG);
    sj_channel_close(&fixture.channel);
    REQUIRE_OK(sj_channel_open(fixture.keeper, 0, NULL, &second));
    CHECK_OK(ask_context(second, &unit_a, 1, sj_time_now() + 1000000, &context));
    sj_channel_close(&second);
    fixture_clear(&fixture);
}

struct crowd {
    struct fixture fixture;
    unsigned left;
    unsigned answered;
    struct sj_fiber *starter;
};

static void ask_many(void *ctx)
{
    struct crowd *crowd = ctx;
    struct sj_uuid id;
    CHECK_OK(sj_uuid_new(&id));
    for (unsigned i = 0; i < 20; i++) {
        struct sj_context context;
        char text[SJ_UUID_TEXT_SIZE];
        CHECK_OK(ask_context(crowd->fixture.channel, &id, 1, sj_time_now() + 60000000, &context));
        sj_uuid_format(id, text);
        CHECK(strstr(context.text, text) != NULL);
        crowd->answered++;
    }
    if (--crowd->left == 0) {
        sj_fiber_wake(crowd->starter);
    }
}

static void ask_from_many_fibers(void *ctx)
{
    struct crowd *crowd = ctx;
    REQUIRE_OK(
        sj_channel_open(crowd->fixture.keeper, 1, sj_loop_current(), &crowd->fixture.channel));
    crowd->starter = sj_fiber_current();
    crowd->left = 50;
    for (unsigned i = 0; i < 50; i++) {
        CHECK_OK(sj_fiber_spawn(sj_loop_current(), ask_many, crowd));
    }
    while (crowd->left > 0) {
        sj_fiber_park();
    }
    sj_channel_close(&crowd->fixture.channel);
}

TEST(keeper_serves_many_fibers_on_one_channel)
{
    struct crowd crowd = {0};
    fixture_files(&crowd.fixture);
    REQUIRE_OK(fixture_start(&crowd.fixture, SJ_KEEPER_SERVE));
    sj_channel_close(&crowd.fixture.channel);
    sj_test_on_fiber(ask_from_many_fibers, &crowd);
    CHECK(crowd.answered == 1000);
    fixture_clear(&crowd.fixture);
}

static void ask_dying(void *ctx)
{
    struct crowd *crowd = ctx;
    struct sj_context context;
    REQUIRE_OK(
        sj_channel_open(crowd->fixture.keeper, 1, sj_loop_current(), &crowd->fixture.channel));
    CHECK(kill(sj_keeper_pid(crowd->fixture.keeper), SIGKILL) == 0);
    const int64_t before = sj_time_monotonic_ms();
    CHECK_CODE(ask_context(crowd->fixture.channel, &unit_a, 1, sj_time_now() + 1000000, &context),
        KEEPER_UNAVAILABLE);
    CHECK(sj_time_monotonic_ms() - before < 1500);
    sj_channel_close(&crowd->fixture.channel);
}

TEST(keeper_killed_wakes_the_fibers_that_wait)
{
    struct crowd crowd = {0};
    fixture_files(&crowd.fixture);
    REQUIRE_OK(fixture_start(&crowd.fixture, SJ_KEEPER_SERVE));
    sj_channel_close(&crowd.fixture.channel);
    sj_test_on_fiber(ask_dying, &crowd);
    fixture_clear(&crowd.fixture);
}
