/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a judge found whose name and numbers are ciphertext? By blind indexes (CRYPTO 3.5): HMAC values of the
 * personnel and national number, unique, and of each word of the name in its search form, cut to 10 bits so
 * that a table of them does not give away the names. The keeper computes them, the key never comes here.
 * If tokens differed between writing and searching, people would not be found; if the cut were longer, the
 * table would reveal who shares a surname.
 */
#include "judge_priv.h"

#include "sanjeh/text/persian.h"

/* Words are runs of letters, digits and everything beyond ASCII; punctuation of initials separates. */
static bool is_word_byte(char c)
{
    return ((uint8_t)c & 0x80) != 0 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool has_token(const struct name_tokens *tokens, struct sj_text word)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (sj_text_equal(tokens->items[i], word)) {
            return true;
        }
    }
    return false;
}

sj_status name_tokens_of(
    struct sj_arena *arena, struct sj_text name, struct name_tokens *ret_tokens)
{
    CLEANUP(sj_buf_clear) struct sj_buf norm = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_fa_norm(name, &norm));
    struct sj_text text;
    TRY(sj_arena_text(arena, sj_buf_text(&norm), &text));
    struct name_tokens tokens = {.count = 0};
    size_t at = 0;
    while (at < text.len && tokens.count < NAME_TOKENS_MAX) {
        size_t end = at;
        while (end < text.len && is_word_byte(text.ptr[end])) {
            end++;
        }
        const struct sj_text word = {text.ptr + at, end - at};
        if (word.len > 0 && !has_token(&tokens, word)) {
            tokens.items[tokens.count++] = word;
        }
        at = end + 1;
    }
    *ret_tokens = tokens;
    return SJ_DONE;
}

bool name_tokens_include(const struct name_tokens *all, const struct name_tokens *some)
{
    for (size_t i = 0; i < some->count; i++) {
        if (!has_token(all, some->items[i])) {
            return false;
        }
    }
    return true;
}

static unsigned bits_of(enum sj_index_number index)
{
    return index == SJ_INDEX_JUDGE_NAME_TOKEN ? SJ_INDEX_BITS_NAME_TOKEN : SJ_INDEX_BITS_UNIQUE;
}

size_t judge_blind_size(enum sj_index_number index)
{
    return (bits_of(index) + 7) / 8;
}

sj_status judge_blinds(const struct sj_desk *desk, struct sj_uuid unit, enum sj_index_number index,
    const struct sj_text *values, size_t count, struct sj_blind *ret_blinds)
{
    for (size_t from = 0; from < count; from += BLIND_ASK_MAX) {
        const size_t left = count - from;
        TRY(ask_blind_index(sj_fields_channel(desk->fields), unit, SJ_TABLE_JUDGE, (uint32_t)index,
            BLIND_VERSION, bits_of(index), values + from,
            left < BLIND_ASK_MAX ? left : BLIND_ASK_MAX, ret_blinds + from));
    }
    return SJ_DONE;
}
