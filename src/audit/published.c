/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tree have witnesses vouched for last, and whom does an export name as such? Rows are hidden without the record's right, and hidden
 * is not "never".
 */
#include "sanjeh/audit/published.h"

#include <fcntl.h>
#include <unistd.h>

#include "sanjeh/audit/tlog_policy.h"
#include "state.h"

sj_status sj_published_newest(struct sj_db *db, const struct sj_context *context, uint64_t to,
    struct sj_buf *ret_note, uint64_t *ret_size, int64_t *ret_cosigned_s)
{
    const struct sj_param param = sj_p_i64(to > INT64_MAX ? INT64_MAX : (int64_t)to);
    const struct sj_query query = {SJ_SQL_AUDIT_COSIGNED_NEWEST, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(db, context, &query, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    *ret_size = (uint64_t)sj_row_i64(rows, 0, 0);
    *ret_cosigned_s = sj_row_i64(rows, 0, 2);
    return sj_buf_put_view(ret_note, sj_row_bytes(rows, 0, 1));
}

static sj_status read_file(const char *path, struct sj_buf *out)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, BAD_CONFIG);
    TRY(sj_buf_reserve(out, SJ_POLICY_TEXT_MAX + 1));
    const ssize_t got = read(fd, out->ptr, SJ_POLICY_TEXT_MAX + 1);
    ENSURE(got >= 0 && got <= SJ_POLICY_TEXT_MAX, BAD_CONFIG);
    out->len = (size_t)got;
    return SJ_DONE;
}

static bool is_log_line(struct sj_text line)
{
    while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        line.ptr++;
        line.len--;
    }
    return sj_text_starts(line, "log ") || sj_text_starts(line, "log\t");
}

sj_status sj_policy_trust_read(const char *path, struct sj_buf *ret_lines)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_TEXT_MAX + 1);
    CLEANUP(sj_freep) struct sj_tlog_policy *policy = NULL;
    void *memory = NULL;
    size_t number = 0;
    TRY(sj_alloc(1, sizeof(struct sj_tlog_policy), &memory));
    policy = memory;
    TRY(read_file(path, &text));
    ENSURE(!sj_failed(sj_tlog_policy_parse_witnesses(sj_buf_view(&text), policy, &number)),
        BAD_CONFIG);
    struct sj_text rest = {(const char *)text.ptr, text.len};
    struct sj_text line;
    while (sj_text_split(&rest, '\n', &line)) {
        if (!is_log_line(line)) {
            TRY(sj_buf_put_text(ret_lines, line));
            TRY(sj_buf_put_byte(ret_lines, '\n'));
        }
    }
    return SJ_DONE;
}
