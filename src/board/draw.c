/* SPDX-License-Identifier: Apache-2.0
 *
 * Which decisions are read? Nobody chooses them: seed and frame do. If the draw could be steered, somebody would pick a judge's
 * worst or best decisions and call them a sample.
 */
#include "sanjeh/board/draw.h"

#include "sanjeh/base/buf.h"
#include "sanjeh/text/persian.h"

#include <stdlib.h>
#include <string.h>

#define NORM_BYTES_MAX ((size_t)256 * 1024)

static int compare_text(struct sj_text a, struct sj_text b)
{
    const size_t shorter = a.len < b.len ? a.len : b.len;
    const int by_bytes = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    return by_bytes != 0 ? by_bytes : (a.len > b.len) - (a.len < b.len);
}

/* ---- the frame ---- */

struct numbered {
    const struct sj_frame_item *item;
    size_t number; /* in the caller's order */
    size_t stratum;
    struct sj_hash key;
};
struct frame {
    struct numbered of[SJ_FRAME_ITEMS_MAX];
    size_t count;
};

static int compare_ref(const void *left, const void *right)
{
    const struct numbered *a = left;
    const struct numbered *b = right;
    return compare_text(a->item->ref, b->item->ref);
}

static sj_status frame_of(const struct sj_frame_item *items, size_t count, struct frame *ret_frame)
{
    ENSURE(count > 0 && count <= SJ_FRAME_ITEMS_MAX, INVALID);
    ret_frame->count = count;
    for (size_t i = 0; i < count; i++) {
        ret_frame->of[i] = (struct numbered){.item = &items[i], .number = i};
    }
    qsort(ret_frame->of, count, sizeof(ret_frame->of[0]), compare_ref);
    for (size_t i = 1; i < count; i++) {
        ENSURE(compare_ref(&ret_frame->of[i - 1], &ret_frame->of[i]) != 0, INVALID);
    }
    return SJ_DONE;
}

static sj_status put_counted(struct sj_buf *buf, struct sj_text text)
{
    TRY(sj_buf_put_u32(buf, (uint32_t)text.len));
    return sj_buf_put_text(buf, text);
}

static sj_status hash_frame(const struct frame *frame, struct sj_hash *ret_hash)
{
    struct sj_hash chain = {{0}};
    TRY(sj_sha256_one(sj_text_bytes(SJ_TEXT("sanjeh/frame/1")), &chain));
    for (size_t i = 0; i < frame->count; i++) {
        const struct sj_frame_item *item = frame->of[i].item;
        struct sj_hash text;
        CLEANUP(sj_buf_clear) struct sj_buf head = SJ_BUF(4096);
        TRY(sj_sha256_one(sj_text_bytes(item->text), &text));
        TRY(put_counted(&head, item->ref));
        TRY(put_counted(&head, item->stratum));
        const struct sj_view parts[] = {sj_view_of(chain.bytes, SJ_HASH_SIZE), sj_buf_view(&head),
            sj_view_of(text.bytes, SJ_HASH_SIZE)};
        TRY(sj_sha256(parts, SJ_COUNT(parts), &chain));
    }
    *ret_hash = chain;
    return SJ_DONE;
}

sj_status sj_frame_hash(const struct sj_frame_item *items, size_t count, struct sj_hash *ret_hash)
{
    struct frame frame;
    TRY(frame_of(items, count, &frame));
    return hash_frame(&frame, ret_hash);
}

/* ---- strata ---- */

struct stratum {
    struct sj_text name;
    size_t count;
    size_t share;
    size_t remainder; /* of size * count / total */
};
struct strata {
    struct stratum of[SJ_FRAME_STRATA_MAX];
    size_t count;
};

static int compare_stratum(const void *left, const void *right)
{
    const struct stratum *a = left;
    const struct stratum *b = right;
    return compare_text(a->name, b->name);
}

static struct stratum *stratum_of(struct strata *strata, struct sj_text name)
{
    for (size_t i = 0; i < strata->count; i++) {
        if (sj_text_equal(strata->of[i].name, name)) {
            return &strata->of[i];
        }
    }
    return NULL;
}

static sj_status strata_of(const struct frame *frame, struct strata *ret_strata)
{
    ret_strata->count = 0;
    for (size_t i = 0; i < frame->count; i++) {
        const struct sj_text name = frame->of[i].item->stratum;
        struct stratum *stratum = stratum_of(ret_strata, name);
        if (stratum == NULL) {
            ENSURE(ret_strata->count < SJ_FRAME_STRATA_MAX, INVALID);
            stratum = &ret_strata->of[ret_strata->count++];
            *stratum = (struct stratum){.name = name};
        }
        stratum->count++;
    }
    qsort(ret_strata->of, ret_strata->count, sizeof(ret_strata->of[0]), compare_stratum);
    return SJ_DONE;
}

/* The first stratum (they are in the order of names) with the largest remainder that has room; NULL: none. */
static struct stratum *neediest(struct strata *strata)
{
    struct stratum *found = NULL;
    for (size_t i = 0; i < strata->count; i++) {
        struct stratum *stratum = &strata->of[i];
        if (stratum->share < stratum->count &&
            (found == NULL || stratum->remainder > found->remainder)) {
            found = stratum;
        }
    }
    return found;
}

/* One from the largest share to a stratum without any. */
static void spare_one(struct strata *strata, struct stratum *empty)
{
    struct stratum *largest = NULL;
    for (size_t i = 0; i < strata->count; i++) {
        if (largest == NULL || strata->of[i].share > largest->share) {
            largest = &strata->of[i];
        }
    }
    if (largest != NULL && largest->share > 1) {
        largest->share--;
        empty->share = 1;
    }
}

static void allot(struct strata *strata, size_t total, size_t size)
{
    size_t given = 0;
    for (size_t i = 0; i < strata->count; i++) {
        struct stratum *stratum = &strata->of[i];
        stratum->share = size * stratum->count / total;
        stratum->remainder = size * stratum->count % total;
        given += stratum->share;
    }
    while (given < size) {
        struct stratum *stratum = neediest(strata);
        SJ_ASSERT(stratum != NULL); /* size <= total */
        stratum->share++;
        stratum->remainder = 0;
        given++;
    }
    for (size_t i = 0; i < strata->count; i++) {
        if (strata->of[i].share == 0) {
            spare_one(strata, &strata->of[i]);
        }
    }
}

/* ---- the draw ---- */

static int compare_key(const void *left, const void *right)
{
    const struct numbered *a = left;
    const struct numbered *b = right;
    return memcmp(a->key.bytes, b->key.bytes, SJ_HASH_SIZE);
}

static sj_status sort_by_key(const struct sj_hash *seed, struct frame *frame)
{
    struct sj_hash hash;
    TRY(hash_frame(frame, &hash));
    for (size_t i = 0; i < frame->count; i++) {
        const struct sj_view parts[] = {
            sj_view_of(hash.bytes, SJ_HASH_SIZE), sj_text_bytes(frame->of[i].item->ref)};
        TRY(sj_hmac_sha256(
            sj_view_of(seed->bytes, SJ_HASH_SIZE), parts, SJ_COUNT(parts), &frame->of[i].key));
    }
    qsort(frame->of, frame->count, sizeof(frame->of[0]), compare_key);
    return SJ_DONE;
}

sj_status sj_sample_draw(const struct sj_hash *seed, const struct sj_frame_item *items,
    size_t count, size_t size, size_t *ret_picks)
{
    struct frame frame;
    struct strata strata;
    TRY(frame_of(items, count, &frame));
    ENSURE(size >= SJ_SAMPLE_SIZE_MIN && size <= SJ_SAMPLE_SIZE_MAX && size <= count, INVALID);
    TRY(strata_of(&frame, &strata));
    allot(&strata, count, size);
    TRY(sort_by_key(seed, &frame));
    size_t drawn = 0;
    for (size_t i = 0; i < count; i++) {
        struct stratum *stratum = stratum_of(&strata, frame.of[i].item->stratum);
        SJ_ASSERT(stratum != NULL);
        if (stratum->share > 0) {
            stratum->share--;
            frame.of[drawn++] = frame.of[i];
        }
    }
    SJ_ASSERT(drawn == size);
    qsort(frame.of, drawn, sizeof(frame.of[0]), compare_ref);
    for (size_t i = 0; i < drawn; i++) {
        ret_picks[i] = frame.of[i].number;
    }
    return SJ_DONE;
}

sj_status sj_sample_pair(const struct sj_hash *seed, uint32_t no, const struct sj_uuid *reviewers,
    size_t count, struct sj_uuid *ret_one, struct sj_uuid *ret_two)
{
    ENSURE(count >= 2 && count <= SJ_SAMPLE_REVIEWERS_MAX, INVALID);
    struct sj_hash keys[SJ_SAMPLE_REVIEWERS_MAX];
    const uint8_t number[4] = {
        (uint8_t)(no >> 24), (uint8_t)(no >> 16), (uint8_t)(no >> 8), (uint8_t)no};
    size_t first = 0;
    size_t second = count;
    for (size_t i = 0; i < count; i++) {
        const struct sj_view parts[] = {sj_text_bytes(SJ_TEXT("reviewer")),
            sj_view_of(number, sizeof number), sj_view_of(reviewers[i].bytes, 16)};
        TRY(sj_hmac_sha256(
            sj_view_of(seed->bytes, SJ_HASH_SIZE), parts, SJ_COUNT(parts), &keys[i]));
        if (i == 0) {
            continue;
        }
        if (memcmp(keys[i].bytes, keys[first].bytes, SJ_HASH_SIZE) < 0) {
            second = first;
            first = i;
        } else if (second == count || memcmp(keys[i].bytes, keys[second].bytes, SJ_HASH_SIZE) < 0) {
            second = i;
        }
    }
    ENSURE(!sj_uuid_equal(reviewers[first], reviewers[second]), INVALID);
    *ret_one = reviewers[first];
    *ret_two = reviewers[second];
    return SJ_DONE;
}

/* ---- names ---- */

/* ASCII but letters and digits; Persian comma, semicolon, question mark, guillemets; U+2000 to U+206F. */
static size_t separator_at(struct sj_text text, size_t at)
{
    const unsigned char a = (unsigned char)text.ptr[at];
    const unsigned char b = at + 1 < text.len ? (unsigned char)text.ptr[at + 1] : 0;
    if (a < 0x80) {
        const bool is_word =
            (a >= '0' && a <= '9') || (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z');
        return is_word ? 0 : 1;
    }
    if ((a == 0xd8 && (b == 0x8c || b == 0x9b || b == 0x9f)) ||
        (a == 0xc2 && (b == 0xab || b == 0xbb))) {
        return 2;
    }
    return a == 0xe2 && (b == 0x80 || b == 0x81) && at + 2 < text.len ? 3 : 0;
}

/* The next word; false at the end. */
static bool next_word(struct sj_text text, size_t *at, struct sj_text *ret_word)
{
    size_t width;
    while (*at < text.len && (width = separator_at(text, *at)) > 0) {
        *at += width;
    }
    const size_t from = *at;
    while (*at < text.len && separator_at(text, *at) == 0) {
        (*at)++;
    }
    if (*at == from) {
        return false;
    }
    *ret_word = (struct sj_text){text.ptr + from, *at - from};
    return true;
}

static size_t letters_of(struct sj_text word)
{
    size_t letters = 0;
    for (size_t i = 0; i < word.len; i++) {
        letters += ((unsigned char)word.ptr[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return letters;
}

sj_status sj_text_names(struct sj_text text, struct sj_text name, bool *ret_names)
{
    CLEANUP(sj_buf_clear) struct sj_buf norm_text = SJ_BUF(NORM_BYTES_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf norm_name = SJ_BUF(NORM_BYTES_MAX);
    *ret_names = false;
    TRY(sj_fa_norm(text, &norm_text));
    TRY(sj_fa_norm(name, &norm_name));
    const struct sj_text whole = sj_buf_text(&norm_text);
    const struct sj_text names = sj_buf_text(&norm_name);
    struct sj_text token;
    struct sj_text word;
    for (size_t n = 0; next_word(names, &n, &token);) {
        for (size_t at = 0; letters_of(token) >= 2 && next_word(whole, &at, &word);) {
            *ret_names = *ret_names || sj_text_equal(word, token);
        }
    }
    return SJ_DONE;
}
