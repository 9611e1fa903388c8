/* SPDX-License-Identifier: Apache-2.0
 *
 * One unit's record from outside (docs/AUDIT.md 7.1): lengths, proofs and entries are whoever's choice. The key of the policy has signed nothing but the
 * corpus, so a fuzzed file that is still called verified shows the entries that were signed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sanjeh/audit/verify.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the record from which tests/unit/audit/test_unit_record.c once exported the corpus. */
static const char policy_text[] =
    "log test.example/audit+91071c8b+AelKg5x/2h+W65PFuiyHW51ru+rtMkJ6iVUFAU1iywHv\nquorum none\n";
static const char magic[] = "SJUNIT\x00\x01";

static int file_of(const void *bytes, size_t size, char path[64])
{
    const int fd = memfd_create("unit", MFD_CLOEXEC);
    SJ_ASSERT(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char policy_path[64];
    char unit_path[64];
    struct sj_verify_report report;
    if (sj_failed(sj_crypto_init()) || size < sizeof(magic) - 1 ||
        memcmp(data, magic, sizeof(magic) - 1) != 0) {
        return 0; /* the other kinds are fuzz_bundle's */
    }
    int policy = file_of(policy_text, sizeof(policy_text) - 1, policy_path);
    int unit = file_of(data, size, unit_path);
    const struct sj_verify_options options = {.policy_path = policy_path};
    SJ_ASSERT(!sj_failed(sj_bundle_verify(unit_path, &options, &report)));
    SJ_ASSERT(report.verdict == SJ_VERIFIED || report.cause[0] != '\0');
    SJ_ASSERT(report.entries_checked <= report.size);
    sj_closep(&policy);
    sj_closep(&unit);
    return 0;
}
