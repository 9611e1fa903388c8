/* SPDX-License-Identifier: Apache-2.0
 *
 * What exactly is an account, in one hash? The bytes that the keeper seals (docs/KEYS.md): everything that decides
 * what a person may do, in an encoding that has one reading (fixed widths, lengths before texts). Assignments are a set:
 * they are put in order of their ids here, so that SQL's order has no say. Which of them count at a moment is decided later;
 * the seal covers all that are not revoked, with their times.
 * If two different accounts had one encoding, a superuser of the database could make one out of the other.
 */
#include "unit_priv.h"

#include "sanjeh/base/memory.h"

#define ROLES_MAX    64
#define LABEL        "sanjeh/seal/account/2"
#define FORMER_LABEL "sanjeh/seal/account/1"

static sj_status put_id(struct sj_buf *bytes, struct sj_uuid id)
{
    return sj_buf_put(bytes, id.bytes, sizeof id.bytes);
}

static sj_status put_text(struct sj_buf *bytes, struct sj_text text)
{
    ENSURE(text.len <= UINT8_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_put_byte(bytes, (uint8_t)text.len));
    return sj_buf_put_text(bytes, text);
}

static sj_status put_account(struct sj_buf *bytes, const struct sj_account *account)
{
    TRY(put_id(bytes, account->id));
    TRY(put_id(bytes, account->unit));
    TRY(put_id(bytes, account->compartment));
    TRY(put_id(bytes, account->judge));
    TRY(put_text(bytes, account->username));
    return put_text(bytes, account->status);
}

static sj_status put_assignment(struct sj_buf *bytes, const struct sj_assignment *item)
{
    const sj_time_us times[] = {item->valid_from, item->valid_until, item->locked_from,
        item->locked_until, item->certified_at};
    TRY(put_id(bytes, item->id));
    TRY(put_text(bytes, sj_text_of(item->role)));
    TRY(sj_buf_put_byte(bytes, (uint8_t)item->kind));
    TRY(sj_buf_put_byte(bytes, (uint8_t)item->depth));
    TRY(put_id(bytes, item->granted_by));
    TRY(put_id(bytes, item->source));
    for (size_t i = 0; i < SJ_COUNT(times); i++) {
        TRY(sj_buf_put_u64(bytes, (uint64_t)times[i]));
    }
    return SJ_DONE;
}

sj_status sj_account_seal_hash(const struct sj_account *account, const struct sj_assignment *items,
    size_t count, struct sj_hash *ret_hash)
{
    ENSURE(count <= SJ_ASSIGNMENTS_MAX, LIMIT_EXCEEDED);
    const struct sj_assignment *order[SJ_ASSIGNMENTS_MAX];
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        while (at > 0 && memcmp(items[i].id.bytes, order[at - 1]->id.bytes, 16) < 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = &items[i];
    }
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(8192);
    TRY(sj_buf_put_str(&bytes, LABEL));
    TRY(put_account(&bytes, account));
    TRY(put_id(&bytes, account->person_judge));
    TRY(sj_buf_put_byte(&bytes, (uint8_t)count));
    for (size_t i = 0; i < count; i++) {
        TRY(put_assignment(&bytes, order[i]));
    }
    return sj_sha256_one(sj_buf_view(&bytes), ret_hash);
}

/* ---- the former seal, over the set of the names of roles ---- */

struct role_set {
    struct sj_text names[ROLES_MAX];
    size_t count;
};

static bool is_before(struct sj_text a, struct sj_text b)
{
    const size_t common = a.len < b.len ? a.len : b.len;
    const int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    return order < 0 || (order == 0 && a.len < b.len);
}

static sj_status take_roles(struct sj_text list, struct role_set *set)
{
    struct sj_text name;
    while (list.len > 0 && sj_text_split(&list, ',', &name)) {
        ENSURE(set->count < ROLES_MAX, LIMIT_EXCEEDED);
        ENSURE(name.len > 0, INVALID);
        size_t at = set->count++;
        while (at > 0 && is_before(name, set->names[at - 1])) {
            set->names[at] = set->names[at - 1];
            at--;
        }
        set->names[at] = name;
    }
    return SJ_DONE;
}

sj_status sj_account_former_seal_hash(
    const struct sj_account *account, struct sj_text names, struct sj_hash *ret_hash)
{
    struct role_set roles = {.count = 0};
    TRY(take_roles(names, &roles));
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(32768);
    TRY(sj_buf_put_str(&bytes, FORMER_LABEL));
    TRY(put_account(&bytes, account));
    for (size_t i = 0; i < roles.count; i++) {
        TRY(put_text(&bytes, roles.names[i]));
    }
    if (!sj_uuid_is_nil(account->person_judge)) {
        /* a role's length is never 0 (role_assignment_role_form): with and without stay apart */
        TRY(sj_buf_put_byte(&bytes, 0));
        TRY(put_id(&bytes, account->person_judge));
    }
    return sj_sha256_one(sj_buf_view(&bytes), ret_hash);
}
