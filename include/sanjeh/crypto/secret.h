/* SPDX-License-Identifier: Apache-2.0
 *
 * Secret bytes that outlive one call: guard pages around, locked, not dumped, not inherited by fork,
 * wiped when freed. A struct, so that "%s", == and strcmp refuse to compile (tests/compile_fail).
 * The bytes are reachable only inside sj_secret_use.
 */
#ifndef SJ_CRYPTO_SECRET_H
#define SJ_CRYPTO_SECRET_H

#include "sanjeh/base/view.h"

struct sj_secret;

/* A secret of len bytes copied from bytes; the source is the caller's to wipe. len 1..4096. */
SJ_MUST_CHECK sj_status sj_secret_new(struct sj_view bytes, struct sj_secret **ret_secret);
/* len random bytes. */
SJ_MUST_CHECK sj_status sj_secret_random(size_t len, struct sj_secret **ret_secret);
/* The first len bytes of a file: mode must not be readable by others (0077 clear), regular, exactly
 * len bytes. Errors: BAD_CONFIG (mode, size), IO. */
SJ_MUST_CHECK sj_status sj_secret_read_file(
    const char *path, size_t len, struct sj_secret **ret_secret);
void sj_secret_free(struct sj_secret **secret);
typedef sj_status sj_secret_fn(struct sj_view bytes, void *ctx);
/* Calls fn with the bytes, which must not be kept. */
SJ_MUST_CHECK sj_status sj_secret_use(const struct sj_secret *secret, sj_secret_fn *fn, void *ctx);
/* Constant time. */
bool sj_secret_equal(const struct sj_secret *a, const struct sj_secret *b);

#endif
