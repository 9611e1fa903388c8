/* SPDX-License-Identifier: Apache-2.0
 *
 * The recorder: a server's own file beside the database, in which every draft stands before anything about it is committed.
 * A database superuser who deletes a draft, or a database that loses its newest commits, therefore loses nothing: the next
 * start brings it from here. Format, MAC and order of durability: docs/AUDIT.md.
 */
#ifndef SJ_AUDIT_RECORDER_H
#define SJ_AUDIT_RECORDER_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"

struct sj_recorder;

#define SJ_RECORDER_REGION ((size_t)8 * 1024 * 1024) /* half of a server's file */

/* Opens the file, makes it (all of its size, so that a full disk cannot stop it later) when it is not there, and locks it.
 * Before the sandbox. Errors: CONFLICT (another server has it), LOG_TAMPERED (not a recorder, or of another size), IO. */
SJ_MUST_CHECK sj_status sj_recorder_open(
    const char *path, size_t region_bytes, struct sj_recorder **ret_recorder);
/* Ends its thread, which may hang with its disk for at most two seconds. NULL-safe. */
void sj_recorder_close(struct sj_recorder **recorder);
/* Random, made with the file. */
struct sj_uuid sj_recorder_id(const struct sj_recorder *recorder);
/* Whether sj_recorder_open made the file. */
bool sj_recorder_is_new(const struct sj_recorder *recorder);

#endif
