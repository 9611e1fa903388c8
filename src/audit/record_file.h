/* SPDX-License-Identifier: Apache-2.0
 *
 * A piece of the record in one file (docs/AUDIT.md 7.1, 7.3) while it is checked: a signed checkpoint, and entries with their proofs in its
 * tree. Every take says through *ret_whole whether the file was long enough.
 */
#ifndef SJ_AUDIT_RECORD_FILE_H
#define SJ_AUDIT_RECORD_FILE_H

#include "check.h"
#include "sanjeh/audit/proof.h"

#define SJ_RECORD_FILE_MAGIC 8 /* bytes */

struct sj_record_file {
    struct sj_check *c; /* policy and report */
    struct sj_stream in;
    struct sj_buf note;
    struct sj_buf bytes;
    uint64_t size; /* of the signed tree */
    struct sj_hash root;
    struct sj_proof proof;
    struct sj_entry entry; /* the newest read */
    struct sj_hash leaf;
};

bool sj_record_file_is(const char *path, const char *magic);
/* Errors: BAD_PARAMETER (not there, or --since, --witnesses or --state, which only a whole tree can be held against), IO. */
SJ_MUST_CHECK sj_status sj_record_file_open(
    struct sj_record_file *file, struct sj_check *c, const char *path);
void sj_record_file_close(struct sj_record_file *file);

SJ_MUST_CHECK sj_status sj_record_file_take(
    struct sj_record_file *file, void *dst, size_t len, bool *ret_whole);
/* bytes: 1 to 8. */
SJ_MUST_CHECK sj_status sj_record_file_number(
    struct sj_record_file *file, size_t bytes, uint64_t *ret_number, bool *ret_whole);
SJ_MUST_CHECK sj_status sj_record_file_buf(
    struct sj_record_file *file, size_t len, struct sj_buf *out, bool *ret_whole);
SJ_MUST_CHECK sj_status sj_record_file_proof(
    struct sj_record_file *file, struct sj_proof *proof, bool *ret_whole);
/* Magic and the signed checkpoint, against the policy. A finding stops the check. */
SJ_MUST_CHECK sj_status sj_record_file_head(struct sj_record_file *file);
/* An entry, and that it is in the signed tree. A finding stops the check. */
SJ_MUST_CHECK sj_status sj_record_file_entry(struct sj_record_file *file);
/* The file is too short: a finding. */
void sj_record_file_cut(struct sj_record_file *file);
/* Nothing stands behind what the file said; else a finding. */
void sj_record_file_end(struct sj_record_file *file);

#endif
