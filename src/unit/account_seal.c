/* SPDX-License-Identifier: Apache-2.0
 *
 * What exactly is an account, in one hash? The bytes that the keeper seals (docs/KEYS.md): everything that decides
 * what a person may do, in an encoding that has one reading (fixed widths, lengths before texts). Roles are a set:
 * they are put in order of bytes here, so that neither SQL's order nor a collation has a say.
 * If two different accounts had one encoding, a superuser of the database could make one out of the other.
 */
#include "unit_priv.h"

#include "sanjeh/base/memory.h"

#define ROLES_MAX 64
#define LABEL     "sanjeh/seal/account/1"

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

sj_status sj_account_seal_hash(const struct sj_account *account, struct sj_hash *ret_hash)
{
    struct role_set roles = {.count = 0};
    TRY(take_roles(account->roles, &roles));
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(32768);
    TRY(sj_buf_put_str(&bytes, LABEL));
    TRY(put_id(&bytes, account->id));
    TRY(put_id(&bytes, account->unit));
    TRY(put_id(&bytes, account->compartment));
    TRY(put_id(&bytes, account->judge));
    TRY(put_text(&bytes, account->username));
    TRY(put_text(&bytes, account->status));
    for (size_t i = 0; i < roles.count; i++) {
        TRY(put_text(&bytes, roles.names[i]));
    }
    if (!sj_uuid_is_nil(account->person_judge)) {
        /* a role's length is never 0 (role_assignment_role_form): with and without stay apart, older seals hold */
        TRY(sj_buf_put_byte(&bytes, 0));
        TRY(put_id(&bytes, account->person_judge));
    }
    return sj_sha256_one(sj_buf_view(&bytes), ret_hash);
}
