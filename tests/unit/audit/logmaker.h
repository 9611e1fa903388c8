/* SPDX-License-Identifier: Apache-2.0
 *
 * A signed log made in memory, to be damaged in every way before it is written out as a bundle. Notes and
 * checkpoint are signed when the log is made; what a test does to the entries afterwards is tampering.
 */
#ifndef SJ_TEST_AUDIT_LOGMAKER_H
#define SJ_TEST_AUDIT_LOGMAKER_H

#include "sanjeh/audit/entry.h"
#include "sanjeh/audit/tile_path.h"
#include "sanjeh/crypto/note.h"
#include "tiles.h"

#define MAKER_ORIGIN "maker.example/audit"

struct maker {
    struct sj_buf *entries;
    size_t count;
    size_t capacity;
    size_t batch; /* entries between two notes */
    struct sj_uuid log_id;
    struct sj_hash *leaves; /* of the entries as they were signed */
    struct sj_buf notes;    /* u16 length and note, one after another */
    struct sj_buf checkpoint;
    struct sj_signing_key *secret;
    struct sj_note_key key;
    struct sj_frontier frontier;
    struct maker_plan *plan; /* NULL: one key, plain entries */
};

/* What a log says besides, and who signs it. Set before the log is made. */
struct maker_plan {
    void *ctx;
    /* Entry number i, before it is encoded. NULL: as it is. */
    void (*edit)(void *ctx, struct sj_entry *entry);
    /* After the entry has its leaf. NULL: nothing. */
    void (*placed)(void *ctx, const struct sj_entry *entry, const struct sj_hash *leaf);
    /* Appends the note over the text of a checkpoint. NULL: the maker's key alone. */
    void (*sign)(void *ctx, uint64_t size, struct sj_text text, struct sj_buf *out);
};

/* count entries of three tenants and two emitters, a note every batch entries. */
void maker_init(struct maker *maker, size_t count, size_t batch, uint8_t seed);
void maker_clear(struct maker *maker);
void maker_init_planned(struct maker *maker, size_t count, size_t batch, struct maker_plan *plan);
/* Entry number i, before it is signed: tests may change what it says. */
typedef void maker_edit_fn(struct sj_entry *entry);
void maker_init_edited(
    struct maker *maker, size_t count, size_t batch, size_t index, maker_edit_fn *edit);

enum maker_tiles {
    MAKER_TILES_SIGNED,  /* tiles of the entries as they were signed */
    MAKER_TILES_ENTRIES, /* tiles recomputed from what the entries are now */
    MAKER_TILES_NONE
};
struct maker_output {
    enum maker_tiles tiles;
    bool without_notes;
    bool without_checkpoint;
    size_t skip_bundle;            /* number + 1 of a bundle of entries to leave out */
    const struct sj_buf *payloads; /* the member of that name; NULL: none */
    size_t skip_tile;              /* number + 1 of a level-0 tile to leave out */
};
/* The whole tar. */
void maker_tar(const struct maker *maker, const struct maker_output *output, struct sj_buf *out);
/* "log <vkey>" and "quorum none". */
void maker_policy(const struct maker *maker, struct sj_buf *out);
void maker_write(const char *path, struct sj_view bytes);

#endif
