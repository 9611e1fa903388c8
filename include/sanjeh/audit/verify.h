/* SPDX-License-Identifier: Apache-2.0
 *
 * The check of an exported record (audit/bundle.h) with public keys alone: no database, no server. Everything is
 * recomputed from the entries; nothing in the bundle is believed but signatures of keys in the caller's policy.
 */
#ifndef SJ_AUDIT_VERIFY_H
#define SJ_AUDIT_VERIFY_H

#include "sanjeh/base/buf.h"
#include "sanjeh/crypto/hash.h"

enum sj_verdict { SJ_VERIFIED = 0, SJ_TAMPERED = 1, SJ_INCOMPLETE = 2 };
/* "verified", "tampered", "incomplete". */
const char *sj_verdict_name(enum sj_verdict verdict);

/* A log that lies elsewhere (C2SP tlog-tiles at an address): the bytes of `checkpoint` or `tile/…`, at most max, into ret_bytes (emptied
 * first). *ret_found false: it is not there, or longer. A status ends the check: the log could not be asked. */
typedef sj_status sj_verify_fetch_fn(
    void *ctx, struct sj_text name, size_t max, struct sj_buf *ret_bytes, bool *ret_found);

/* Somebody who has seen this log before: asked for "<hex of SHA-256 of the origin>/checkpoint" (C2SP tlog-witness, monitoring). */
struct sj_verify_witness {
    const char *
        name; /* that of a witness of the policy, whose cosignature is then asked for; else any, for people */
    sj_verify_fetch_fn *fetch;
    void *fetch_ctx;
};
#define SJ_VERIFY_WITNESSES_MAX 64

/* How far the check is, after each bundle of entries. True: it shall end here (its state is saved). */
typedef bool sj_verify_tick_fn(void *ctx, uint64_t checked, uint64_t size);

struct sj_verify_options {
    const char *policy_path;   /* tlog-policy; mandatory */
    const char *since_path;    /* an older checkpoint that must be consistent; or NULL */
    const char *tsa_ca_path;   /* checks tokens of time by this authority (PEM); or NULL */
    int64_t max_age_s;         /* 0: no freshness check */
    sj_verify_fetch_fn *fetch; /* instead of the path; NULL: a file or folder */
    void *fetch_ctx;
    const char *state_path; /* where the run before has come to, and this one will have; or NULL */
    const struct sj_verify_witness *witnesses;
    size_t witness_count;
    int64_t
        patience_ms; /* a log at an address that is behind a witness is asked again for so long */
    sj_verify_tick_fn *tick; /* or NULL */
    void *tick_ctx;
};

struct sj_verify_report {
    enum sj_verdict verdict;
    uint64_t size;
    uint64_t entries_checked; /* in all, those of the run before included */
    uint64_t resumed_from;    /* entries that the run before has checked */
    bool is_refused;          /* cause says what is wrong with what the caller gave */
    bool is_interrupted;      /* by tick: there is no verdict */
    bool has_bad_index;
    uint64_t bad_index;
    char cause
        [256]; /* what was found, or what is wrong with what the caller gave (BAD_PARAMETER); for people */
    char note[160];       /* what else there is to say, for people; empty: nothing */
    char checkpoint[320]; /* the checkpoint it contradicts: "origin size" */
    bool is_sealed; /* a sealed export of entries sealed_first up to, not including, sealed_end */
    uint64_t sealed_first;
    uint64_t sealed_end;
    struct sj_hash manifest; /* SHA-256 of its manifest, when verified */
    char goes_on_from
        [320]; /* the log before, of which this one names that size: "origin size"; "": none */
};

/* path: a tar file or a folder, ignored with fetch. Streams: memory grows with the number of tenants, emitters and files, not of
 * entries. A status only for our own failures and usage (BAD_PARAMETER: unreadable policy or arguments, a state of another log or
 * policy; cause says why). */
SJ_MUST_CHECK sj_status sj_bundle_verify(
    const char *path, const struct sj_verify_options *options, struct sj_verify_report *ret_report);

#endif
