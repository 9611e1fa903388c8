/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of the signer's file and the recorder of a log that has ended? The signer, if its file still holds, destroys its
 * epochs' keys and marks the file so that no keeper takes it any more; then both files get a name that says whose they were.
 * Every step may have been done before: the command is run again after a crash.
 */
#include "cli_incarnation.h"

#include "sanjeh/keys/keeper.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define PATH_SIZE (SJ_CONFIG_TEXT_MAX + 64)
#define NAMES_MAX 99u

static sj_status sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    const int len = slash == NULL ? 0 : (int)(slash - path);
    (void)snprintf(folder, sizeof folder, "%.*s%s", len, path, slash == NULL ? "." : "/");
    CLEANUP(sj_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(fd >= 0 && fsync(fd) == 0, IO);
    return SJ_DONE;
}

/* A server that was started with the old origin in between has left a second file of it. */
static sj_status put_aside(const char *path, uint64_t number)
{
    char target[PATH_SIZE];
    unsigned tries = 1;
    (void)snprintf(target, sizeof target, "%s.of-%llu", path, (unsigned long long)number);
    while (access(target, F_OK) == 0 && tries++ < NAMES_MAX) {
        (void)snprintf(
            target, sizeof target, "%s.of-%llu-%u", path, (unsigned long long)number, tries);
    }
    if (access(path, F_OK) == 0) {
        ENSURE(tries <= NAMES_MAX, LIMIT_EXCEEDED);
        ENSURE(rename(path, target) == 0, IO);
    }
    /* also when it was renamed before a crash */
    return sync_folder(path);
}

/* A file that a running server holds is not touched. */
static sj_status ensure_free(const char *path)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ENSURE(fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0, CONFLICT);
    return SJ_DONE;
}

static sj_status start(const struct sj_incarnation_files *files, const char *origin,
    enum sj_keeper_use use, struct sj_keeper **ret_keeper)
{
    char payload_keys[SJ_CONFIG_TEXT_MAX + 16];
    sj_config_payload_keys(files->config, payload_keys, sizeof payload_keys);
    const struct sj_keeper_config keeper = {.root_key_file = files->config->root_key_file,
        .signer_state = files->config->signer_state,
        .payload_keys = payload_keys,
        .origin = origin,
        .instance = files->config->instance,
        .use = use,
        .channels = 1};
    return sj_keeper_start(&keeper, ret_keeper);
}

/* Whether the file is the new log's own already. */
static bool is_new(const struct sj_incarnation_files *files)
{
    struct sj_epoch_status status;
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    sj_status asked = start(files, files->origin, SJ_KEEPER_PROVISION, &keeper);
    if (!sj_failed(asked)) {
        asked = sj_channel_open(keeper, 0, NULL, &channel);
    }
    if (!sj_failed(asked)) {
        asked = ask_epochs(channel, &status);
    }
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
    return !sj_failed(asked);
}

/* A file that does not hold, or was ended before, has nothing to destroy. */
static sj_status end_signer(const struct sj_incarnation_files *files)
{
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    const sj_status started = start(files, files->former, SJ_KEEPER_SERVE, &keeper);
    if (sj_failed(started)) {
        ENSURE(started.code == SJ_LOG_TAMPERED, IO);
        return SJ_DONE;
    }
    sj_status status = sj_channel_open(keeper, 0, NULL, &channel);
    if (!sj_failed(status)) {
        status = ask_log_end(channel);
    }
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
    return status;
}

sj_status sj_incarnation_put_aside(const struct sj_incarnation_files *files, const char **ret_why)
{
    const struct sj_config *config = files->config;
    char recorder[PATH_SIZE];
    (void)snprintf(recorder, sizeof recorder, "%s%s",
        config->recorder[0] == '\0' ? config->signer_state : config->recorder,
        config->recorder[0] == '\0' ? ".recorder" : "");
    *ret_why =
        "a server holds [keeper] signer_state or [audit] recorder: stop it, then run this again";
    TRY(ensure_free(config->signer_state));
    TRY(ensure_free(recorder));
    *ret_why = "the signer's file and the recorder could not be put aside: run this again";
    if (access(config->signer_state, F_OK) != 0) {
        TRY(sync_folder(config->signer_state));
    } else if (!is_new(files)) {
        TRY(end_signer(files));
        TRY(put_aside(config->signer_state, files->former_number));
    }
    if (!files->is_begun) {
        TRY(put_aside(recorder, files->former_number));
    }
    *ret_why = "";
    return SJ_DONE;
}
