/* SPDX-License-Identifier: Apache-2.0
 *
 * Did the product write this version of the policy, and did enough persons sign exactly it? Without this check whoever may write
 * to PostgreSQL would say who may do what. A signature that was taken away, one over another digest and a row without any are
 * no version at all, whatever state the row claims.
 */
#include "version_priv.h"

#include "sanjeh/base/log.h"
#include "sanjeh/json/write.h"

sj_status sj_digest_of(struct sj_view bytes, char ret_digest[SJ_DIGEST_TEXT_SIZE])
{
    struct sj_hash hash;
    TRY(sj_sha256_one(bytes, &hash));
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_DIGEST_TEXT_SIZE);
    TRY(sj_buf_put_str(&text, "sha256:"));
    TRY(sj_buf_put_hex(&text, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    TRY(sj_copy(ret_digest, SJ_DIGEST_TEXT_SIZE - 1, text.ptr, text.len));
    ret_digest[text.len] = '\0';
    return SJ_DONE;
}

static sj_status put_id(struct sj_buf *bytes, struct sj_uuid id)
{
    return sj_buf_put(bytes, id.bytes, sizeof id.bytes);
}

static sj_status put_text(struct sj_buf *bytes, struct sj_text text)
{
    TRY(sj_buf_put_u32(bytes, (uint32_t)text.len));
    return sj_buf_put_text(bytes, text);
}

/* Long texts by their digest. */
static sj_status put_long(struct sj_buf *bytes, struct sj_text text)
{
    struct sj_hash hash;
    TRY(sj_sha256_one(sj_text_bytes(text), &hash));
    return sj_buf_put(bytes, hash.bytes, SJ_HASH_SIZE);
}

static sj_status seal_item(const struct sj_policy_version *version, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(4096);
    TRY(sj_buf_put_str(&bytes, "sanjeh/seal/policy-version/1"));
    TRY(put_id(&bytes, version->id));
    TRY(put_text(&bytes, version->policy));
    TRY(sj_buf_put_u32(&bytes, version->number));
    const struct sj_text texts[] = {version->owner_unit, version->origin, version->digest,
        version->previous, version->report_digest, version->diff_digest};
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        TRY(put_text(&bytes, texts[i]));
    }
    const struct sj_text longs[] = {
        version->document, version->tests, version->report, version->diff};
    for (size_t i = 0; i < SJ_COUNT(longs); i++) {
        TRY(put_long(&bytes, longs[i]));
    }
    TRY(sj_buf_put_byte(&bytes, version->passed ? 1 : 0));
    TRY(sj_buf_put_byte(&bytes, version->widens ? 1 : 0));
    TRY(sj_buf_put_u32(&bytes, version->need));
    TRY(put_id(&bytes, version->author));
    TRY(put_id(&bytes, version->approval));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)version->created_at));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)version->activation));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)version->activated_at));
    ret_item->purpose = SJ_SEAL_POLICY;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

sj_status version_seal_make(struct sj_channel *channel, struct sj_policy_version *version)
{
    struct sj_seal_item item;
    TRY(seal_item(version, &item));
    return ask_seals(channel, &item, 1, &version->seal);
}

sj_status version_seal_prove(struct sj_channel *channel, const struct sj_policy_version *version)
{
    struct sj_seal_item item;
    struct sj_hash right;
    TRY(seal_item(version, &item));
    TRY(ask_seals(channel, &item, 1, &right));
    if (!sj_hash_equal(&right, &version->seal)) {
        SJ_LOG(ERROR, "policy.seal.broken", sj_log_id("policy.version.id", version->id));
        FAIL(CONFLICT);
    }
    return SJ_DONE;
}

sj_status sj_version_parameters(
    const struct sj_policy_version *version, struct sj_buf *ret_parameters)
{
    char tests[SJ_DIGEST_TEXT_SIZE];
    TRY(sj_digest_of(sj_text_bytes(version->tests), tests));
    struct sj_json json = sj_json_begin(ret_parameters);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "diff", version->diff_digest);
    sj_json_text(&json, "digest", version->digest);
    sj_json_text(&json, "policy", version->policy);
    sj_json_text(&json, "previous", version->previous);
    sj_json_text(&json, "report", version->report_digest);
    sj_json_str(&json, "tests", tests);
    sj_json_int(&json, "version", version->number);
    sj_json_bool(&json, "widens", version->widens);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static bool is_fit(const struct sj_policy_version *version, const struct sj_approval *approval,
    const struct sj_hash *operation)
{
    const uint32_t least = version->widens ? SJ_POLICY_SIGNATURES_WIDENING : SJ_POLICY_SIGNATURES;
    const uint32_t need = version->need > least ? version->need : least;
    return sj_hash_equal(&approval->operation, operation) && sj_text_is(approval->state, "used") &&
           sj_uuid_equal(approval->requested_by, version->author) &&
           sj_approval_count(approval) >= need;
}

sj_status sj_version_prove(const struct sj_approval_desk *desk,
    const struct sj_policy_version *version, bool *ret_fit, const char **reterr_why)
{
    *reterr_why = "";
    *ret_fit = true;
    if (sj_text_is(version->origin, "installed")) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(SJ_APPROVAL_PARAMETERS_MAX);
    TRY(sj_version_parameters(version, &parameters));
    struct sj_text canonical;
    struct sj_hash operation;
    TRY(sj_approval_operation(desk->arena, SJ_TEXT("policy:activate"), version->id,
        sj_buf_text(&parameters), &canonical, &operation));
    bool found = false;
    struct sj_approval approval;
    const sj_status status =
        sj_approval_find(desk, version->approval, &found, &approval, reterr_why);
    if (status.code == SJ_CONFLICT) {
        *ret_fit = false;
        return SJ_DONE;
    }
    TRY(status);
    if (!found || !is_fit(version, &approval, &operation)) {
        *reterr_why = found ? "NOT_APPROVED" : "NO_APPROVAL";
        *ret_fit = false;
    }
    return SJ_DONE;
}
