/* SPDX-License-Identifier: Apache-2.0
 *
 * A real keeper in a folder of its own, for the tests of this module.
 */
#ifndef SJ_TEST_KEEPER_FIXTURE_H
#define SJ_TEST_KEEPER_FIXTURE_H

#include "sanjeh/base/memory.h"
#include "sanjeh/keys/keeper.h"
#include "test.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIXTURE_ORIGIN "log.example/test"

struct fixture {
    char folder[64];
    char root[96];
    char state[96];
    struct sj_keeper *keeper;
    struct sj_channel *channel;
};

static inline struct sj_keeper_config fixture_config(
    const struct fixture *fixture, enum sj_keeper_use use)
{
    return (struct sj_keeper_config){.root_key_file = fixture->root,
        .signer_state = fixture->state,
        .origin = FIXTURE_ORIGIN,
        .use = use,
        .channels = 2};
}

static inline void fixture_files(struct fixture *fixture)
{
    *fixture = (struct fixture){.folder = "/tmp/sanjeh-keys-XXXXXX"};
    CHECK(mkdtemp(fixture->folder) != NULL);
    (void)snprintf(fixture->root, sizeof(fixture->root), "%s/root", fixture->folder);
    (void)snprintf(fixture->state, sizeof(fixture->state), "%s/signer", fixture->folder);
    CHECK_OK(sj_keeper_create_root(fixture->root));
}

static inline sj_status fixture_start(struct fixture *fixture, enum sj_keeper_use use)
{
    const struct sj_keeper_config config = fixture_config(fixture, use);
    TRY(sj_keeper_start(&config, &fixture->keeper));
    return sj_channel_open(fixture->keeper, 0, NULL, &fixture->channel);
}

static inline void fixture_stop(struct fixture *fixture)
{
    sj_channel_close(&fixture->channel);
    sj_keeper_stop(&fixture->keeper);
}

static inline int fixture_remove_one(
    const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void fixture_clear(struct fixture *fixture)
{
    fixture_stop(fixture);
    (void)nftw(fixture->folder, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
