/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry of the record: what somebody did or tried, as fixed big-endian bytes (docs/AUDIT.md), stored
 * and hashed exactly so. Identities are the random ids of accounts, units and objects: a reader of the
 * table learns who only with the registers. A draft is an entry before the sequencer gave it its place.
 */
#ifndef SJ_AUDIT_ENTRY_H
#define SJ_AUDIT_ENTRY_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"
#include "sanjeh/base/time.h"
#include "sanjeh/crypto/hash.h"

enum sj_entry_kind {
    SJ_ENTRY_ACCESS = 1,    /* one request, answered or refused */
    SJ_ENTRY_SIGN_IN = 2,   /* one sign-in attempt */
    SJ_ENTRY_ANONYMOUS = 3, /* a minute of requests without a session from one prefix */
    SJ_ENTRY_EMITTER_OPEN = 4,
    SJ_ENTRY_EMITTER_CLOSE = 5,
    SJ_ENTRY_VOID = 6,     /* a sequence number whose deed was rolled back */
    SJ_ENTRY_RECOVERY = 7, /* the log was picked up after a crash */
    SJ_ENTRY_CONFIG = 8,   /* configuration, roles, policy, local administration */
    SJ_ENTRY_KEY = 9,      /* administration of keys that the record itself does not stand on */
    SJ_ENTRY_TENANT_HEADS = 10, /* where every tenant's chain stands (audit/heads.h) */
    SJ_ENTRY_KEY_ROTATE = 11,   /* the log's next signing key */
    SJ_ENTRY_ERASE = 12,        /* payloads or keys destroyed */
    SJ_ENTRY_PRUNE = 13,        /* entries before an index are no longer served */
    SJ_ENTRY_CLOCK = 14,        /* the clock jumped */
    SJ_ENTRY_ALARM = 15,        /* a rule of the watch has fired */
    SJ_ENTRY_STREAM_START = 16, /* before the first byte of a long answer */
    SJ_ENTRY_STREAM_END = 17,   /* after its last, or when it broke off */
    SJ_ENTRY_SCRUB = 18,        /* everything was hashed again */
    SJ_ENTRY_INCARNATION = 19,  /* the log goes on from one that ended (audit/incarnation.h) */
    SJ_ENTRY_KIND_COUNT_
};

enum sj_outcome { SJ_OUTCOME_DENIED = 0, SJ_OUTCOME_PERMITTED = 1, SJ_OUTCOME_FAILED = 2 };

/* "access", "tenant-heads" …; NULL for a number that is no kind. */
const char *sj_entry_kind_name(enum sj_entry_kind kind);

#define SJ_ENTRY_ACTION_MAX 64
#define SJ_ENTRY_TYPE_MAX   32
#define SJ_ENTRY_DETAIL_MAX 1024
#define SJ_ENTRY_MAX        4096
#define SJ_SUBJECTS_MAX     500 /* judges whose data one request opened */
#define SJ_PAYLOAD_NONE     ((struct sj_hash){{0}})

/* The erasable part of a draft, in the form in which it is stored. */
struct sj_payload {
    struct sj_uuid unit;
    struct sj_uuid subject; /* whose key seals content; nil: in clear */
    uint32_t key_version;   /* of that key; 0 in clear */
    struct sj_view content; /* salt 32 and payload, or an FLE1 blob of both */
};
#define SJ_PAYLOAD_MAX      65000 /* what is committed to */
#define SJ_PAYLOAD_SALT     32
#define SJ_PAYLOAD_KEY_SIZE 36    /* unit, subject, version in front of content */
#define SJ_PAYLOAD_STORED   66000 /* key and content */

struct sj_draft {
    enum sj_entry_kind kind;
    struct sj_uuid emitter;
    uint64_t emitter_seq;
    struct sj_uuid tenant_tag; /* random tag of the unit, nil: the platform */
    struct sj_uuid request_id;
    struct sj_uuid actor;  /* account; nil: nobody signed in */
    struct sj_uuid object; /* nil: a collection or nothing */
    enum sj_outcome outcome;
    uint16_t http_status; /* 0 when it was not a request */
    uint32_t policy_version;
    uint32_t payload_len;
    struct sj_hash payload_commit; /* SHA-256(0x02 || salt || payload), zero when there is none */
    char action[SJ_ENTRY_ACTION_MAX + 1];    /* "judge:read" */
    char object_type[SJ_ENTRY_TYPE_MAX + 1]; /* "judge" */
    char detail[SJ_ENTRY_DETAIL_MAX + 1];    /* "key=value;…" ASCII, no personal data */
    /* Whose data were opened (table file_opening); not in the bytes, their count and hash are in detail. Borrowed. */
    const struct sj_uuid *subjects;
    size_t subject_count;
    /* What payload_commit commits to; stored beside the entry, not in its bytes. Borrowed; NULL: none is stored. */
    const struct sj_payload *payload;
};

struct sj_entry {
    uint64_t index;
    struct sj_uuid log_id;
    sj_time_us time;
    uint64_t tenant_seq;        /* 1 for a tenant's first */
    struct sj_hash tenant_prev; /* leaf hash of that tenant's entry before, zero for the first */
    struct sj_draft draft;
};

SJ_MUST_CHECK sj_status sj_entry_encode(const struct sj_entry *entry, struct sj_buf *out);
/* Hostile bytes. Errors: PROTOCOL. Every accepted byte string encodes back to itself. */
SJ_MUST_CHECK sj_status sj_entry_decode(struct sj_view bytes, struct sj_entry *ret_entry);
/* Sorts ids in place, has the draft refer to them and appends "subjects=3;subjects_sha256=<hex>" to its detail. ids live as
 * long as the draft. Nothing for count 0. Errors: LIMIT_EXCEEDED (count, or no place in detail). */
SJ_MUST_CHECK sj_status sj_subjects_seal(struct sj_draft *draft, struct sj_uuid *ids, size_t count);
/* Whether sorted ids (16 bytes each) are exactly those that the detail commits to. */
SJ_MUST_CHECK sj_status sj_subjects_fit(const char *detail, struct sj_view ids, bool *ret_fit);
/* Commits the draft to payload (1 to SJ_PAYLOAD_MAX bytes) under a fresh salt; appends salt and payload to ret_salted, for
 * struct sj_payload's content as they are or sealed. Errors: LIMIT_EXCEEDED, CRYPTO. */
SJ_MUST_CHECK sj_status sj_payload_commit(
    struct sj_draft *draft, struct sj_view payload, struct sj_buf *ret_salted);
/* Whether salt and payload are what an entry of this length and commitment was made with. Hostile bytes. */
SJ_MUST_CHECK sj_status sj_payload_fits(
    uint32_t payload_len, const struct sj_hash *commit, struct sj_view salted, bool *ret_fits);
/* Whether an entry of this detail may be without its payload: a draft that came back from the recorder brings none. */
bool sj_payload_may_lack(const char *detail);
/* The stored form, and back (borrowing bytes). Errors: INVALID; PROTOCOL. */
SJ_MUST_CHECK sj_status sj_payload_encode(const struct sj_payload *payload, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_payload_decode(struct sj_view stored, struct sj_payload *ret_payload);
/* The draft alone, for the outbox; the same rules. */
SJ_MUST_CHECK sj_status sj_draft_encode(const struct sj_draft *draft, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_draft_decode(struct sj_view bytes, struct sj_draft *ret_draft);

#endif
