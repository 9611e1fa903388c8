/* SPDX-License-Identifier: Apache-2.0
 *
 * Did the product write this row, or somebody with a superuser's hands? Passwords, challenges and sessions carry the
 * keeper's HMAC over what is believed of them (docs/KEYS.md; accounts: src/unit/account_seal.c). Each encoding starts
 * with its own label and has one reading. Without the check, whoever may write to PostgreSQL signs in as anybody.
 */
#include "authn_priv.h"

#include "sanjeh/base/log.h"

static struct sj_view id_view(const struct sj_uuid *id)
{
    return sj_view_of(id->bytes, sizeof id->bytes);
}

static struct sj_view hash_view(const struct sj_hash *hash)
{
    return sj_view_of(hash->bytes, sizeof hash->bytes);
}

#define LABEL_VIEW(text) sj_view_of((text), sizeof(text) - 1)

sj_status authn_seal_password(
    struct sj_uuid account, const struct verifier *verifier, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(256);
    TRY(sj_buf_put_view(&bytes, LABEL_VIEW("sanjeh/seal/password/1")));
    TRY(sj_buf_put_view(&bytes, id_view(&account)));
    TRY(sj_buf_put_u32(&bytes, verifier->memory_kib));
    TRY(sj_buf_put_u32(&bytes, verifier->passes));
    TRY(sj_buf_put_u32(&bytes, verifier->lanes));
    TRY(sj_buf_put_u32(&bytes, verifier->pepper_version));
    TRY(sj_buf_put_view(&bytes, hash_view(&verifier->tag)));
    TRY(sj_buf_put(
        &bytes, verifier->salt, verifier->salt_len)); /* last: its length is what is left */
    ret_item->purpose = SJ_SEAL_PASSWORD;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

sj_status authn_seal_challenge(
    const struct sj_hash *token, struct sj_uuid account, struct sj_seal_item *ret_item)
{
    const struct sj_view parts[] = {
        LABEL_VIEW("sanjeh/seal/challenge/1"), hash_view(token), id_view(&account)};
    ret_item->purpose = SJ_SEAL_CHALLENGE;
    return sj_sha256(parts, SJ_COUNT(parts), &ret_item->hash);
}

sj_status authn_seal_session(const struct session_facts *facts, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(256);
    TRY(sj_buf_put_view(&bytes, LABEL_VIEW("sanjeh/seal/session/1")));
    TRY(sj_buf_put_view(&bytes, id_view(&facts->id)));
    TRY(sj_buf_put_view(&bytes, hash_view(&facts->token)));
    TRY(sj_buf_put_view(&bytes, id_view(&facts->account)));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)facts->created_at));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)facts->expires_at));
    ret_item->purpose = SJ_SEAL_SESSION;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

void authn_stored_seal(struct sj_view bytes, struct sj_hash *ret_seal)
{
    /* No seal is all zeros but with a chance of 2^-256: what is missing or of another length never fits. */
    *ret_seal = (struct sj_hash){{0}};
    if (bytes.len == sizeof ret_seal->bytes) {
        sj_ignore(sj_copy(ret_seal->bytes, sizeof ret_seal->bytes, bytes.ptr, bytes.len),
            "the lengths are equal");
    }
}

static const char *row_name(enum sj_seal_purpose purpose)
{
    switch (purpose) {
    case SJ_SEAL_ACCOUNT:
        return "account";
    case SJ_SEAL_PASSWORD:
        return "password";
    case SJ_SEAL_CHALLENGE:
        return "login_challenge";
    case SJ_SEAL_SESSION:
        return "session";
    case SJ_SEAL_APPROVAL:
    case SJ_SEAL_APPROVAL_VOTE:
    case SJ_SEAL_POLICY:
    case SJ_SEAL_POLICY_DOMAIN:
    case SJ_SEAL_BREAK_GLASS:
        break; /* others prove them */
    case SJ_SEAL_SESSION_ROLE:
        return "session_role";
    case SJ_SEAL_STEP_UP:
        return "session_step_up";
    case SJ_SEAL_ENROLMENT:
        return "enrolment";
    }
    return "none";
}

bool authn_seals_fit(const struct sj_seal_item *items, const struct sj_hash *right,
    const struct sj_hash *stored, size_t count, struct sj_uuid account)
{
    bool fit = true;
    for (size_t i = 0; i < count; i++) {
        if (!sj_hash_equal(&right[i], &stored[i])) {
            fit = false;
            SJ_LOG(ERROR, "authn.seal.broken", sj_log_str("row", row_name(items[i].purpose)),
                sj_log_id("user.id", account));
        }
    }
    return fit;
}
