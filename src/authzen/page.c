/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does a search go on? A token names a place among the candidates and, by a hash, the search and the version that it is a
 * place of: with anything else it is refused, so that no result is skipped or told twice. It holds no secret and gives no right.
 */
#include "authzen_priv.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/hash.h"

#define PLACE_BYTES 8
#define CHECK_BYTES 16
#define TOKEN_BYTES (PLACE_BYTES + CHECK_BYTES)
#define HASHED_MAX  ((size_t)4 * 1024 * 1024)

/* Any value, in one reading. Depth is bounded by the parser. */
static sj_status put_value(struct sj_buf *out, const struct sj_json_value *value)
{
    struct sj_text text;
    int64_t number = 0;
    bool flag = false;
    if (value == NULL || sj_json_is_null(value)) {
        return sj_buf_put_byte(out, 'n');
    }
    if (sj_json_as_text(value, &text)) {
        TRY(sj_buf_put_byte(out, 't'));
        TRY(sj_buf_put_u64(out, text.len));
        return sj_buf_put_text(out, text);
    }
    if (sj_json_as_int(value, &number)) {
        TRY(sj_buf_put_byte(out, 'i'));
        return sj_buf_put_u64(out, (uint64_t)number);
    }
    if (sj_json_as_bool(value, &flag)) {
        return sj_buf_put_byte(out, flag ? '1' : '0');
    }
    if (!sj_json_is_object(value) && !sj_json_is_array(value)) {
        return sj_buf_put_byte(out, 'r');
    }
    TRY(sj_buf_put_byte(out, sj_json_is_object(value) ? '{' : '['));
    size_t iterator = 0;
    const struct sj_json_value *item = NULL;
    while (sj_json_next(value, &iterator, &text, &item)) {
        TRY(sj_buf_put_u64(out, text.len));
        TRY(sj_buf_put_text(out, text));
        TRY(put_value(out, item));
    }
    return sj_buf_put_byte(out, '.');
}

static sj_status put_entity(struct sj_buf *out, const struct wire_entity *entity, bool with_id)
{
    TRY(sj_buf_put_u64(out, entity->type.len));
    TRY(sj_buf_put_text(out, entity->type));
    const struct sj_text id = with_id && entity->has_id ? entity->id : SJ_TEXT("");
    TRY(sj_buf_put_u64(out, id.len));
    TRY(sj_buf_put_text(out, id));
    return put_value(out, entity->properties);
}

static sj_status check_of(const struct sj_authzen_request *request, enum sj_authzen_search what,
    const struct wire_parts *parts, struct sj_hash *ret_hash)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(HASHED_MAX);
    TRY(sj_buf_put_str(&bytes, "sanjeh/authzen/page/1"));
    TRY(sj_buf_put_byte(&bytes, (uint8_t)what));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)request->domain->version));
    TRY(sj_buf_put_str(&bytes, request->domain->digest));
    TRY(put_entity(&bytes, &parts->subject, what != SJ_SEARCH_SUBJECT));
    TRY(put_entity(&bytes, &parts->resource, what != SJ_SEARCH_RESOURCE));
    if (what != SJ_SEARCH_ACTION) {
        TRY(put_entity(&bytes, &parts->action, false));
    }
    TRY(put_value(&bytes, parts->context));
    return sj_sha256_one(sj_buf_view(&bytes), ret_hash);
}

sj_status page_token(const struct sj_authzen_request *request, enum sj_authzen_search what,
    const struct wire_parts *parts, uint64_t place, struct sj_buf *out)
{
    struct sj_hash check;
    TRY(check_of(request, what, parts, &check));
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(TOKEN_BYTES);
    TRY(sj_buf_put_u64(&bytes, place));
    TRY(sj_buf_put(&bytes, check.bytes, CHECK_BYTES));
    char text[TOKEN_BYTES * 2];
    sj_format_base64url(bytes.ptr, bytes.len, text);
    return sj_buf_put_str(out, text);
}

sj_status page_place(const struct sj_authzen_request *request, enum sj_authzen_search what,
    const struct wire_parts *parts, struct sj_text token, uint64_t *ret_place,
    struct wire_fault *fault)
{
    static const char why[] = "is not a token of this search";
    uint8_t bytes[TOKEN_BYTES];
    struct sj_hash check;
    if (sj_failed(sj_parse_base64url(token, bytes, sizeof bytes))) {
        return wire_refuse(fault, "/page/token", why);
    }
    TRY(check_of(request, what, parts, &check));
    if (memcmp(bytes + PLACE_BYTES, check.bytes, CHECK_BYTES) != 0) {
        return wire_refuse(fault, "/page/token", why);
    }
    *ret_place = 0;
    for (size_t i = 0; i < PLACE_BYTES; i++) {
        *ret_place = *ret_place << 8 | bytes[i];
    }
    return SJ_DONE;
}
