/* SPDX-License-Identifier: Apache-2.0
 *
 * What does an answer say? A server is as foreign to its client as the other way round: answers are parsed by the same strict reader as
 * requests, every text is bounded, and what is not there reads as nothing.
 */
#include "client_priv.h"

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

sj_status answer_open(const struct sj_client *client, struct answer *ret_answer)
{
    *ret_answer = (struct answer){.root = NULL};
    TRY(sj_arena_new(ARENA_BYTES, &ret_answer->arena));
    struct sj_text detail;
    TRY(sj_json_doc_parse(sj_client_body(client), &ret_answer->doc, &detail, ret_answer->arena));
    ret_answer->root = sj_json_doc_root(ret_answer->doc);
    return SJ_DONE;
}

void answer_clear(struct answer *answer)
{
    sj_json_doc_free(&answer->doc);
    sj_arena_free(&answer->arena);
    answer->root = NULL;
}

void member_text(const struct sj_json_value *object, const char *name, char *ret_text, size_t size)
{
    struct sj_text text = {"", 0};
    const struct sj_json_value *value = sj_json_get(object, name);
    ret_text[0] = '\0';
    if (value != NULL && sj_json_as_text(value, &text) && text.len < size) {
        (void)snprintf(ret_text, size, "%.*s", (int)text.len, text.ptr);
    }
}

int64_t member_int(const struct sj_json_value *object, const char *name)
{
    int64_t number = 0;
    const struct sj_json_value *value = sj_json_get(object, name);
    return value != NULL && sj_json_as_int(value, &number) ? number : 0;
}

bool member_bool(const struct sj_json_value *object, const char *name)
{
    bool is_true = false;
    const struct sj_json_value *value = sj_json_get(object, name);
    return value != NULL && sj_json_as_bool(value, &is_true) && is_true;
}

sj_status sj_client_text(struct sj_client *client, const char *name, char *ret_text, size_t size)
{
    CLEANUP(answer_clear) struct answer answer = {.root = NULL};
    TRY(answer_open(client, &answer));
    member_text(answer.root, name, ret_text, size);
    return SJ_DONE;
}

sj_status sj_client_int(struct sj_client *client, const char *name, int64_t *ret_number)
{
    CLEANUP(answer_clear) struct answer answer = {.root = NULL};
    TRY(answer_open(client, &answer));
    *ret_number = member_int(answer.root, name);
    return SJ_DONE;
}
