/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading answers, inside this folder.
 */
#ifndef CLIENT_PRIV_H
#define CLIENT_PRIV_H

#include "sanjeh/client/client.h"
#include "sanjeh/json/decode.h"

/* An answer taken apart; clear it. */
struct answer {
    struct sj_arena *arena;
    struct sj_json_doc *doc;
    const struct sj_json_value *root;
};
SJ_MUST_CHECK sj_status answer_open(const struct sj_client *client, struct answer *ret_answer);
void answer_clear(struct answer *answer);
/* "" for a member that is absent, null, no text or longer than size - 1. */
void member_text(const struct sj_json_value *object, const char *name, char *ret_text, size_t size);
/* 0 and false for what is absent. */
int64_t member_int(const struct sj_json_value *object, const char *name);
bool member_bool(const struct sj_json_value *object, const char *name);
/* The client's own words about a failure that no call told. */
void client_say(struct sj_client *client, const char *why);

#endif
