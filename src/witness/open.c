/* SPDX-License-Identifier: Apache-2.0
 *
 * Which logs does this witness know, and is its folder its own? Two processes on one folder would be two memories of one
 * witness, so the folder is locked for the life of the process. Every state file is read at the start: one that does not
 * hold stops it, because a witness that starts from nothing would cosign a second history.
 */
#include "witness_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void say(char *reason, const char *what, const char *about)
{
    (void)snprintf(reason, SJ_WITNESS_REASON, "%s: %.180s", what, about);
}

static void free_origin(struct origin *origin)
{
    sj_buf_clear(&origin->note);
    (void)pthread_mutex_destroy(&origin->lock);
    sj_free(origin);
}

void sj_witness_close(struct sj_witness **witness)
{
    struct sj_witness *w = TAKE(*witness);
    if (w == NULL) {
        return;
    }
    for (size_t i = 0; i < w->origin_count; i++) {
        free_origin(w->origins[i]);
    }
    (void)pthread_rwlock_destroy(&w->logs);
    sj_closep(&w->lock);
    sj_closep(&w->folder);
    sj_free(w);
}

static sj_status open_folder(struct sj_witness *w, const char *path, char *reason)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        say(reason, "cannot make the folder of the state", path);
        FAIL(BAD_CONFIG);
    }
    w->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->lock = w->folder < 0 ? -1 : openat(w->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (w->lock < 0) {
        say(reason, "cannot use the folder of the state", path);
        FAIL(BAD_CONFIG);
    }
    if (flock(w->lock, LOCK_EX | LOCK_NB) != 0) {
        say(reason, "another witness works with this folder", path);
        FAIL(CONFLICT);
    }
    return SJ_DONE;
}

static bool knows(const struct sj_witness *w, const char *name)
{
    for (size_t i = 0; i < w->origin_count; i++) {
        if (strcmp(w->origins[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static sj_status add_origin(struct sj_witness *w, const char *name, char *reason)
{
    void *memory = NULL;
    if (w->origin_count == SJ_COUNT(w->origins)) {
        say(reason, "more origins than one process remembers; restart it", name);
        FAIL(BAD_CONFIG);
    }
    TRY(sj_alloc(1, sizeof(struct origin), &memory));
    struct origin *origin = memory;
    SJ_ASSERT(pthread_mutex_init(&origin->lock, NULL) == 0);
    origin->note = SJ_BUF(SJ_NOTE_MAX + 1024);
    sj_status status = sj_copy(origin->name, SJ_NOTE_NAME_MAX, name, strlen(name));
    if (!sj_failed(status)) {
        status = witness_hex(sj_text_of(name), origin->hex);
    }
    if (!sj_failed(status)) {
        status = witness_load(w, origin);
    }
    if (sj_failed(status)) {
        say(reason, "the state file of this origin is not one that this witness wrote",
            origin->hex);
        free_origin(origin);
        return status;
    }
    w->origins[w->origin_count++] = origin;
    return SJ_DONE;
}

static sj_status check_keys(const struct sj_note_key *keys, size_t count, char *reason)
{
    if (count == 0 || count > SJ_NOTE_KEYS_MAX) {
        say(reason, "the number of logs must be from 1 to", SJ_STR(SJ_NOTE_KEYS_MAX));
        FAIL(BAD_CONFIG);
    }
    for (size_t i = 0; i < count; i++) {
        if (keys[i].type != 1) {
            say(reason, "not a log's key", keys[i].name);
            FAIL(BAD_CONFIG);
        }
        for (size_t k = 0; k < i; k++) {
            /* two keys that answer to one name and id: nobody could say which one signed */
            if (strcmp(keys[i].name, keys[k].name) == 0 &&
                memcmp(keys[i].id, keys[k].id, sizeof keys[i].id) == 0) {
                say(reason, "a log's key stands twice", keys[i].name);
                FAIL(BAD_CONFIG);
            }
        }
    }
    return SJ_DONE;
}

static sj_status set_logs(
    struct sj_witness *w, const struct sj_note_key *keys, size_t count, char *reason)
{
    TRY(check_keys(keys, count, reason));
    for (size_t i = 0; i < count; i++) {
        if (!knows(w, keys[i].name)) {
            TRY(add_origin(w, keys[i].name, reason));
        }
    }
    TRY(sj_copy(w->log_keys, sizeof w->log_keys, keys, count * sizeof keys[0]));
    w->log_key_count = count;
    return SJ_DONE;
}

sj_status sj_witness_set_logs(struct sj_witness *witness, const struct sj_note_key *log_keys,
    size_t log_key_count, char reterr_reason[SJ_WITNESS_REASON])
{
    reterr_reason[0] = '\0';
    SJ_ASSERT(pthread_rwlock_wrlock(&witness->logs) == 0);
    const sj_status status = set_logs(witness, log_keys, log_key_count, reterr_reason);
    SJ_ASSERT(pthread_rwlock_unlock(&witness->logs) == 0);
    return status;
}

sj_status sj_witness_open(const struct sj_witness_config *config, struct sj_witness **ret_witness,
    char reterr_reason[SJ_WITNESS_REASON])
{
    void *memory = NULL;
    reterr_reason[0] = '\0';
    if (config->key.type != 4 || config->secret == NULL) {
        say(reterr_reason, "not a witness's key", config->key.name);
        FAIL(BAD_CONFIG);
    }
    TRY(sj_alloc(1, sizeof(struct sj_witness), &memory));
    CLEANUP(sj_witness_close) struct sj_witness *w = memory;
    w->folder = -1;
    w->lock = -1;
    SJ_ASSERT(pthread_rwlock_init(&w->logs, NULL) == 0);
    w->key = config->key;
    w->secret = config->secret;
    TRY(open_folder(w, config->folder, reterr_reason));
    TRY(set_logs(w, config->log_keys, config->log_key_count, reterr_reason));
    *ret_witness = TAKE(w);
    return SJ_DONE;
}
