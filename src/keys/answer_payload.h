/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the keeper only: the questions about keys of payloads.
 */
#ifndef SJ_KEYS_ANSWER_PAYLOAD_H
#define SJ_KEYS_ANSWER_PAYLOAD_H

#include "answer.h"
#include "sanjeh/base/reader.h"

/* Each reads the body to its end and appends the answer, as those of answer.c do; NOT_FOUND without a file. */
SJ_MUST_CHECK sj_status answer_payload_file(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer);
SJ_MUST_CHECK sj_status answer_payload_new_key(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer);
SJ_MUST_CHECK sj_status answer_payload_open_keys(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer);
SJ_MUST_CHECK sj_status answer_payload_prepare(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer);
SJ_MUST_CHECK sj_status answer_payload_rewrap(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer);
SJ_MUST_CHECK sj_status answer_payload_finish(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer);

#endif
