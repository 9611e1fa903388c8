/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an officer carry away what he found? One file: the question, the hits with their proofs, the signed checkpoint and the signed counts
 * of the days, which sanjeh-verify checks without us. A search that has more hits goes on with `to` where the file ends.
 */
#include "search_file.h"

#include "../server.h"
#include "evaluation_desk.h"

#define DAYS_BYTES ((size_t)512 * 1024)

sj_status sj_search_file_wanted(struct sj_exchange *x, bool *ret_wanted)
{
    struct sj_text text;
    TRY(sj_filter_text(x, "format", &text));
    *ret_wanted = sj_text_is(text, "file");
    return text.len == 0 || *ret_wanted || sj_text_is(text, "json")
               ? SJ_DONE
               : sj_filter_refuse(x, "format", "UNKNOWN", "json or file");
}

sj_status sj_search_file_answer(struct sj_exchange *x, const struct sj_search_file *file)
{
    x->content_type = "application/octet-stream";
    TRY(sj_found_put_head(file->reading, &file->question, file->count, &x->body));
    TRY(sj_buf_put_view(&x->body, file->hits));
    return sj_found_put_days(file->reading, x->worker->db, file->context, &file->question,
        file->counts, DAYS_BYTES, &x->body);
}
