/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sequencer's tests share: the private PostgreSQL, a real keeper with its own state in a folder of the
 * test, and a rig that holds both for one test. A rig starts with an empty log.
 */
#ifndef SJ_TEST_AUDIT_FIXTURE_H
#define SJ_TEST_AUDIT_FIXTURE_H

#include "pg.h"
#include "sanjeh/audit/bundle.h"
#include "sanjeh/audit/sequencer.h"
#include "test.h"

struct rig {
    const struct sj_pg *pg;
    struct sj_keeper *keeper;
    struct sj_loop *loop;
    struct sj_db *db;
    struct sj_channel *channel;
    struct sj_recorder *recorder;
    struct sj_sequencer *sequencer;
    char reason[256];
    int64_t deadline_ms;  /* 0: default */
    unsigned queue_max;   /* 0: default */
    int64_t heads_ms;     /* 0: default */
    int64_t key_epoch_ms; /* 0: default */
    bool by_genesis;      /* rig_verify goes by the first epoch's key, not the lasting one */
    const char *origin;   /* NULL: "test.example/audit" */
    const char *instance; /* NULL: the first server; else a short name */
    char also[512];       /* lines of the policy for other servers' keys */
    struct sj_payload_keys *payloads; /* rig_verify opens payloads with them; NULL: no payloads */
};

/* An empty log in the database and a keeper that has signed nothing. Outside a loop. */
void rig_fresh(struct rig *rig);
/* A further server of the record that rig_fresh made, with a keeper and a recorder of its own. name: of one letter, lasting. */
void rig_beside(const struct rig *first, const char *name, struct rig *rig);
/* The line of this server's key for another one's policy. Connected. */
void rig_trust(struct rig *rig, struct rig *other);
/* One more keeper on the same state file, beside the one that runs. */
sj_status rig_second_keeper(const struct rig *rig, struct sj_keeper **ret_keeper);
/* Another keeper process with the same state file; stops the old one. */
void rig_restart_keeper(struct rig *rig);
void rig_end(struct rig *rig);
/* Keeps and puts back the keeper's state file: a keeper that did not live to sign. */
void rig_keep_state(const struct rig *rig);
void rig_put_back_state(const struct rig *rig);

/* Takes the recorder's file away; keeps it aside and puts it back. */
void rig_new_recorder(const struct rig *rig);
void rig_keep_recorder(const struct rig *rig);
void rig_put_back_recorder(const struct rig *rig);
const char *rig_recorder_path(void);
/* The path of a file of this log: "root", "signer.payload" … */
const char *rig_file(const char *name);

/* On a fiber: pool, channel and sequencer of this loop. */
sj_status rig_open(struct rig *rig);
void rig_close(struct rig *rig);
/* Pool and channel alone. */
sj_status rig_connect(struct rig *rig);
void rig_disconnect(struct rig *rig);
/* Connected: the sequencer alone, and its end. */
sj_status rig_start(struct rig *rig);
void rig_stop(struct rig *rig);

/* A signed context: of scope RECORD, or of a deed in some unit. Connected. */
void rig_record_context(struct rig *rig, struct sj_context *ret_context);
void rig_deed_context(struct rig *rig, struct sj_context *ret_context);
struct sj_draft rig_draft(const char *action);
/* The newest signed tree as a bundle; the log lines of a policy for it are appended. On a fiber, connected. */
sj_status rig_export(struct rig *rig, const char *path, struct sj_buf *ret_lines);
/* Exports to a temporary file and verifies it with the keeper's key. On a fiber, connected. */
sj_status rig_verify(struct rig *rig, struct sj_verify_report *report);
/* One record on this fiber. */
sj_status rig_record(struct rig *rig, const char *action, struct sj_receipt *receipt);
/* The exported log verifies and has at least so many entries. */
void rig_verify_clean(struct rig *rig, uint64_t at_least);
/* For sj_test_on_fiber: start, 300 records, verify, stop: 302 entries more. */
void rig_short_run(void *ctx);
/* For rig_run_and_kill: keeps the keeper's state, commits and signs one more batch, kills its process. */
void rig_commit_and_die(void *ctx);
/* Runs fn on a fiber of a process of its own, with a keeper of its own, until it is killed. */
void rig_run_and_kill(struct rig *rig, void (*fn)(void *ctx));
/* As superuser, triggers off. */
bool rig_forge(const struct rig *rig, const char *sql);
int64_t rig_number(const struct rig *rig, const char *sql);

#endif
