/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a payload's key open for its own place alone, and for nobody once the key that wrapped it was changed?
 */
#include <fcntl.h>

#include "keeper_fixture.h"
#include "sanjeh/keys/payload_keys.h"

static const struct sj_uuid unit_a = {{1}};
static const struct sj_uuid anna = {{0xa}};
static const struct sj_uuid bijan = {{0xb}};

struct wrapped {
    struct sj_payload_key_place place;
    struct sj_buf bytes;
    struct sj_key dek;
};

static void make(
    struct fixture *fixture, uint32_t generation, struct sj_uuid subject, struct wrapped *wrapped)
{
    *wrapped = (struct wrapped){
        .place = {.unit = unit_a, .subject = subject, .number = 7}, .bytes = SJ_BUF(512)};
    REQUIRE_OK(ask_payload_new_key(
        fixture->channel, generation, &wrapped->place, &wrapped->bytes, &wrapped->dek));
}

static sj_status open_key(struct fixture *fixture, const struct sj_payload_key_place *place,
    struct sj_view bytes, struct sj_key *ret_dek)
{
    const struct sj_wrapped_payload_key item = {*place, bytes};
    return ask_payload_open_keys(fixture->channel, &item, 1, ret_dek);
}

static bool opens(struct fixture *fixture, const struct wrapped *wrapped)
{
    struct sj_key dek;
    const sj_status status = open_key(fixture, &wrapped->place, sj_buf_view(&wrapped->bytes), &dek);
    return !sj_failed(status) && sj_equal_ct(dek.bytes, wrapped->dek.bytes, SJ_KEY_SIZE);
}

TEST(payload_key_opens_in_its_own_place_alone)
{
    struct fixture fixture;
    struct wrapped wrapped;
    struct sj_key dek;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    make(&fixture, 1, anna, &wrapped);
    CHECK(opens(&fixture, &wrapped));
    struct sj_payload_key_place others[3] = {wrapped.place, wrapped.place, wrapped.place};
    others[0].unit.bytes[15] = 1;
    others[1].subject = bijan;
    others[2].number++;
    for (size_t i = 0; i < SJ_COUNT(others); i++) {
        CHECK_CODE(open_key(&fixture, &others[i], sj_buf_view(&wrapped.bytes), &dek), DECRYPT);
    }
    for (size_t i = 0; i < wrapped.bytes.len; i++) {
        wrapped.bytes.ptr[i] ^= 1;
        CHECK(!opens(&fixture, &wrapped));
        wrapped.bytes.ptr[i] ^= 1;
    }
    fixture_stop(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK(opens(&fixture, &wrapped)); /* the file is the memory */
    sj_buf_clear(&wrapped.bytes);
    fixture_clear(&fixture);
}

/* The command beside a running server: another keeper on the same file. */
static void start_command(const struct fixture *server, struct fixture *command)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s.payload", server->state);
    *command = *server;
    struct sj_keeper_config config = fixture_config(server, SJ_KEEPER_PROVISION);
    config.signer_state = NULL;
    config.payload_keys = path;
    REQUIRE_OK(sj_keeper_start(&config, &command->keeper));
    REQUIRE_OK(sj_channel_open(command->keeper, 0, NULL, &command->channel));
}

TEST(payload_keys_of_before_a_change_open_nowhere_after_it)
{
    struct fixture server;
    struct fixture command;
    struct wrapped gone;
    struct wrapped kept;
    struct sj_payload_file file;
    size_t each = 0;
    CLEANUP(sj_buf_clear) struct sj_buf anew = SJ_BUF(512);
    struct sj_key dek;
    fixture_files(&server);
    REQUIRE_OK(fixture_start(&server, SJ_KEEPER_SERVE));
    make(&server, 1, anna, &gone);
    make(&server, 1, bijan, &kept);
    start_command(&server, &command);
    REQUIRE_OK(ask_payload_prepare(command.channel, &file));
    CHECK(file.generation == 1 && file.next == 2);
    REQUIRE_OK(ask_payload_prepare(command.channel, &file)); /* again: the same one */
    CHECK(file.generation == 1 && file.next == 2);
    const struct sj_wrapped_payload_key item = {kept.place, sj_buf_view(&kept.bytes)};
    REQUIRE_OK(ask_payload_rewrap(command.channel, file.next, &item, 1, &each, &anew));
    CHECK(each == anew.len);
    /* until it is finished both are there, for the server as well */
    CHECK(opens(&server, &gone) && opens(&server, &kept));
    CHECK_OK(open_key(&server, &kept.place, sj_buf_view(&anew), &dek));
    CHECK_CODE(ask_payload_finish(command.channel, 3, &file), NOT_FOUND);
    REQUIRE_OK(ask_payload_finish(command.channel, 2, &file));
    CHECK(file.generation == 2 && file.next == 0);
    CHECK_CODE(open_key(&server, &gone.place, sj_buf_view(&gone.bytes), &dek), NOT_FOUND);
    CHECK_CODE(open_key(&server, &kept.place, sj_buf_view(&kept.bytes), &dek), NOT_FOUND);
    CHECK_OK(open_key(&server, &kept.place, sj_buf_view(&anew), &dek));
    CHECK(sj_equal_ct(dek.bytes, kept.dek.bytes, SJ_KEY_SIZE));
    CHECK_CODE(ask_payload_new_key(server.channel, 1, &gone.place, &anew, &dek), NOT_FOUND);
    sj_channel_close(&command.channel);
    sj_keeper_stop(&command.keeper);
    sj_buf_clear(&gone.bytes);
    sj_buf_clear(&kept.bytes);
    fixture_clear(&server);
}

TEST(payload_wrapping_key_leaves_no_byte_in_the_file_that_it_stood_in)
{
    struct fixture server;
    struct fixture command;
    struct sj_payload_file file;
    uint8_t before[1025];
    uint8_t after[1025];
    char path[128];
    fixture_files(&server);
    REQUIRE_OK(fixture_start(&server, SJ_KEEPER_SERVE));
    start_command(&server, &command);
    (void)snprintf(path, sizeof path, "%s.payload", server.state);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0 && pread(fd, before, sizeof before, 0) == 1024);
    REQUIRE_OK(ask_payload_prepare(command.channel, &file));
    REQUIRE_OK(ask_payload_finish(command.channel, 2, &file));
    REQUIRE(pread(fd, after, sizeof after, 0) == 1024);
    CHECK(memmem(before, 1024, before + 40, 125) != NULL);
    CHECK(memmem(after, 1024, before + 40, 125) == NULL);
    close(fd);
    sj_channel_close(&command.channel);
    sj_keeper_stop(&command.keeper);
    fixture_clear(&server);
}

TEST(payload_file_that_was_edited_or_is_of_another_root_is_refused)
{
    struct fixture fixture;
    char path[128];
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    fixture_stop(&fixture);
    (void)snprintf(path, sizeof path, "%s.payload", fixture.state);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t byte[2] = {0, 0};
    REQUIRE(fd >= 0);
    for (off_t at = 60; at < 1024; at += 512) {
        REQUIRE(pread(fd, byte, 1, at) == 1);
        byte[0] ^= 1;
        REQUIRE(pwrite(fd, byte, 1, at) == 1);
    }
    close(fd);
    CHECK_CODE(fixture_start(&fixture, SJ_KEEPER_SERVE), LOG_TAMPERED);
    fixture_clear(&fixture);
}

TEST(payload_wrapping_key_is_changed_by_a_command_alone)
{
    struct fixture fixture;
    struct sj_payload_file file;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK_OK(ask_payload_file(fixture.channel, &file));
    CHECK_CODE(ask_payload_prepare(fixture.channel, &file), KEEPER_UNAVAILABLE);
    CHECK(!sj_channel_is_open(fixture.channel));
    fixture_clear(&fixture);
}
