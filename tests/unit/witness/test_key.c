/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a witness's key made once, and read only from a file that is nobody else's?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sanjeh/witness/witness.h"
#include "test.h"

TEST(witness_key_is_made_once_and_read_only_when_it_is_private)
{
    char folder[] = "/tmp/sanjeh-witness-XXXXXX";
    char path[64];
    struct sj_note_key made;
    struct sj_note_key loaded;
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    REQUIRE(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/key", folder);
    CHECK_CODE(sj_witness_key_load(path, &loaded, &secret), BAD_CONFIG);
    CHECK_CODE(sj_witness_key_create(path, SJ_TEXT("a b"), &made), INVALID);
    CHECK_OK(sj_witness_key_create(path, SJ_TEXT("w.example"), &made));
    CHECK_CODE(sj_witness_key_create(path, SJ_TEXT("w.example"), &made), DUPLICATE);
    CHECK_OK(sj_witness_key_load(path, &loaded, &secret));
    CHECK(loaded.type == 4 && strcmp(loaded.name, "w.example") == 0);
    CHECK(memcmp(loaded.public_key, made.public_key, SJ_ED25519_PUBLIC) == 0);
    sj_signing_key_free(&secret);
    CHECK(chmod(path, 0640) == 0);
    CHECK_CODE(sj_witness_key_load(path, &loaded, &secret), BAD_CONFIG);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
}
