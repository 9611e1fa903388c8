/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose file was opened? The ids stand in the table file_opening; what the entry itself carries, and the keeper signs, is
 * their count and the SHA-256 over the sorted ids. So a row that somebody adds to or takes from an entry's rows shows as soon
 * as they are read.
 */
#include "sanjeh/audit/entry.h"

#include <stdio.h>
#include <stdlib.h>

#include "sanjeh/base/memory.h"

#define COMMITMENT_MAX 128

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sj_uuid));
}

static sj_status commitment(struct sj_view ids, char ret_text[COMMITMENT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    struct sj_hash hash;
    TRY(sj_sha256_one(ids, &hash));
    char hex[2 * SJ_HASH_SIZE + 1] = "";
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        hex[2 * i] = digits[hash.bytes[i] >> 4];
        hex[2 * i + 1] = digits[hash.bytes[i] & 15];
    }
    (void)snprintf(ret_text, COMMITMENT_MAX, "subjects=%zu;subjects_sha256=%s",
        ids.len / sizeof(struct sj_uuid), hex);
    return SJ_DONE;
}

sj_status sj_subjects_seal(struct sj_draft *draft, struct sj_uuid *ids, size_t count)
{
    if (count == 0) {
        return SJ_DONE;
    }
    ENSURE(count <= SJ_SUBJECTS_MAX, LIMIT_EXCEEDED);
    qsort(ids, count, sizeof *ids, compare);
    char text[COMMITMENT_MAX];
    TRY(commitment(sj_view_of(ids, count * sizeof *ids), text));
    const size_t used = strlen(draft->detail);
    ENSURE(used + 1 + strlen(text) <= SJ_ENTRY_DETAIL_MAX, LIMIT_EXCEEDED);
    (void)snprintf(
        draft->detail + used, sizeof draft->detail - used, "%s%s", used == 0 ? "" : ";", text);
    draft->subjects = ids;
    draft->subject_count = count;
    return SJ_DONE;
}

sj_status sj_subjects_fit(const char *detail, struct sj_view ids, bool *ret_fit)
{
    const char *found = strstr(detail, "subjects=");
    char text[COMMITMENT_MAX] = "";
    if (ids.len > 0) {
        TRY(commitment(ids, text));
    }
    /* the commitment is always the last of the detail */
    *ret_fit = ids.len % sizeof(struct sj_uuid) == 0 && (found == NULL) == (ids.len == 0) &&
               (found == NULL || strcmp(found, text) == 0);
    return SJ_DONE;
}
