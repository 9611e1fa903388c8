/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the log's signing keys stand: what the keeper tells of them.
 */
#ifndef SJ_KEYS_EPOCH_H
#define SJ_KEYS_EPOCH_H

#include "sanjeh/base/time.h"
#include "sanjeh/crypto/rotation.h"

enum sj_epoch_phase {
    SJ_EPOCH_STEADY = 0,   /* one key */
    SJ_EPOCH_PREPARED = 1, /* the next exists; nothing says so yet */
    SJ_EPOCH_OVERLAP = 2   /* an entry appoints it: both sign, until the old one is destroyed */
};

struct sj_epoch_status {
    enum sj_epoch_phase phase;
    uint64_t number;  /* of the key in force before the next */
    sj_time_us since; /* when that one took over, by the keeper's clock */
    uint8_t genesis[SJ_ED25519_PUBLIC];
    uint8_t now[SJ_ED25519_PUBLIC];
    struct sj_rotation rotation; /* of the next, but in phase STEADY; first holds in OVERLAP */
};

#endif
