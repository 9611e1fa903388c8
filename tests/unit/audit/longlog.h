/* SPDX-License-Identifier: Apache-2.0
 *
 * A long log made in a stream, as a server of many units makes it: two servers' lives with their opens, closes and voids, commands
 * of one entry, tenant-heads, payloads, changes of the log's key, a signed note for each batch. For figures and for clean runs; what
 * damages a log is made by logmaker.h.
 */
#ifndef SJ_TEST_AUDIT_LONGLOG_H
#define SJ_TEST_AUDIT_LONGLOG_H

#include "sanjeh/audit/entry.h"

#define LONGLOG_ORIGIN "longlog.example/audit"

struct longlog_plan {
    const char *
        folder; /* exists; gets `bundle.tar`, `policy` (the first epoch's key), `policy.lasting`, and the tree `log` (checkpoint and tiles) */
    uint64_t entries;
    uint64_t batch;         /* entries between two notes */
    uint64_t command_every; /* each of so many entries is the only one of its emitter; 0: none */
    uint64_t rotate_every;  /* the log's key changes near each of so many entries; 0: never */
    uint64_t keep_from;     /* no notes in the bundle below this size; 0: all */
    bool without_log;       /* the bundle alone */
    uint64_t
        bend; /* index whose entry is changed after it was signed, its tile too; UINT64_MAX: none */
    uint64_t
        repeat; /* index whose entry repeats the number of the command before it; UINT64_MAX: none */
};

struct longlog_sizes {
    uint64_t entry_bytes; /* in bundles, with their lengths */
    uint64_t notes;
    uint64_t payloads;
    uint64_t emitters;
};

/* The same plan gives the same bytes. A longer log of the same batch and commands continues a shorter one. Fails the test or program
 * on any error. */
void longlog_make(const struct longlog_plan *plan, struct longlog_sizes *ret_sizes);

#endif
