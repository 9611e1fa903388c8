/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole exported record from outside: archive, notes, tiles and entries. The key of the policy signs nothing but
 * the corpus, so a fuzzed archive that is still called verified has the entries that were signed.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sanjeh/audit/verify.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key of tests/unit/audit/logmaker.c with seed 1, which made the corpus. */
static const char policy_text[] =
    "log maker.example/audit+5015b8d0+AQFm27Gik4MDxmq9gT9trJVEtzAVt/iNeR9DMTy6riXW\nquorum none\n";

static int file_of(const void *bytes, size_t size, char path[64])
{
    const int fd = memfd_create("bundle", MFD_CLOEXEC);
    SJ_ASSERT(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char policy_path[64];
    char bundle_path[64];
    struct sj_verify_report report;
    if (sj_failed(sj_crypto_init())) {
        return 0;
    }
    int policy = file_of(policy_text, sizeof(policy_text) - 1, policy_path);
    int bundle = file_of(data, size, bundle_path);
    const struct sj_verify_options options = {.policy_path = policy_path};
    SJ_ASSERT(!sj_failed(sj_bundle_verify(bundle_path, &options, &report)));
    SJ_ASSERT(report.verdict != SJ_VERIFIED || report.entries_checked == report.size);
    SJ_ASSERT(report.verdict == SJ_VERIFIED || report.cause[0] != '\0');
    sj_closep(&policy);
    sj_closep(&bundle);
    return 0;
}
