/* SPDX-License-Identifier: Apache-2.0
 *
 * Where is the file of a bulk import while it waits? In the database, in pieces of at most 60,000 bytes, each sealed
 * for its place under the job's key: what was acknowledged survives a killed server, and nobody reads numbers of
 * people in a dump. Pieces are appended at one offset only, so a client that lost an answer asks where to go on.
 */
#include "bulk_priv.h"

#include "sanjeh/crypto/random.h"

#define PIECE_BYTES 60000u
#define HASH_BYTES  ((int64_t)1024 * 1024)
#define BLOBS_MAX   ((size_t)12 * 1024 * 1024)

struct pieces {
    struct columns columns; /* at_byte, byte_size, id, body */
};

static void pieces_clear(struct pieces *pieces)
{
    columns_clear(&pieces->columns);
}

static sj_status put_piece(
    const struct sj_subject *subject, int64_t at, struct sj_view bytes, struct pieces *pieces)
{
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(2 * PIECE_BYTES);
    TRY(sj_field_seal(
        subject, SJ_TABLE_IMPORT_JOB, SJ_COLUMN_IMPORT_PART, id, SJ_FLE1_BYTES, bytes, &blob));
    struct sj_array *of = pieces->columns.of;
    TRY(sj_array_put_i64(&of[0], at));
    TRY(sj_array_put_i32(&of[1], (int32_t)bytes.len));
    TRY(put_id(&of[2], id));
    return put_blob(&of[3], sj_buf_view(&blob));
}

static sj_status move_end(
    const struct sj_desk *desk, const struct sj_bulk *job, int64_t offset, struct sj_view bytes)
{
    const struct sj_param params[] = {
        sj_p_id(&job->unit), sj_p_id(&job->id), sj_p_i64(offset), sj_p_i64((int64_t)bytes.len)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_IMPORT_JOB_APPEND, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, SERIALIZATION);
    return SJ_DONE;
}

sj_status sj_bulk_append(
    const struct sj_desk *desk, const struct sj_bulk *job, int64_t offset, struct sj_view bytes)
{
    static const uint32_t oids[] = {SJ_OID_INT8, SJ_OID_INT4, SJ_OID_UUID, SJ_OID_BYTEA};
    ENSURE(sj_text_is(job->state, "draft") || sj_text_is(job->state, "uploading"), NO_SUCH_MOVE);
    ENSURE(job->bytes == offset, WRONG_OFFSET);
    ENSURE(bytes.len > 0 && bytes.len <= SJ_BULK_PART_MAX, INVALID);
    ENSURE(offset + (int64_t)bytes.len <= SJ_BULK_FILE_MAX, BODY_TOO_LARGE);
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, job->unit, job->id, &subject));
    CLEANUP(pieces_clear) struct pieces pieces = {.columns = {.count = 0}};
    TRY(columns_init(&pieces.columns, oids, SJ_COUNT(oids)));
    for (size_t at = 0; at < bytes.len; at += PIECE_BYTES) {
        const size_t left = bytes.len - at;
        const struct sj_view piece = {
            bytes.ptr + at, left < PIECE_BYTES ? left : (size_t)PIECE_BYTES};
        TRY(put_piece(&subject, offset + (int64_t)at, piece, &pieces));
    }
    TRY(move_end(desk, job, offset, bytes));
    struct sj_param params[2 + SJ_COUNT(oids)] = {sj_p_id(&job->unit), sj_p_id(&job->id)};
    columns_params(&pieces.columns, params + 2);
    return sj_tx_query(desk->tx, SJ_SQL_IMPORT_PART_INSERT_MANY, params, SJ_COUNT(params), NULL);
}

/* The part of one piece that lies in from .. to. */
static sj_status take_piece(const struct sj_subject *subject, const struct sj_rows *rows,
    size_t row, int64_t from, int64_t to, struct sj_buf *ret_bytes)
{
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(2 * PIECE_BYTES);
    TRY(sj_field_open(subject, SJ_TABLE_IMPORT_JOB, SJ_COLUMN_IMPORT_PART, sj_row_id(rows, row, 2),
        SJ_FLE1_BYTES, sj_row_bytes(rows, row, 3), &plain));
    const int64_t at = sj_row_i64(rows, row, 0);
    ENSURE((int64_t)plain.len == sj_row_i64(rows, row, 1), DECRYPT);
    const int64_t end = at + (int64_t)plain.len;
    const int64_t first = from > at ? from : at;
    const int64_t last = to < end ? to : end;
    return first >= last ? SJ_DONE
                         : sj_buf_put(ret_bytes, plain.ptr + (first - at), (size_t)(last - first));
}

sj_status bulk_read(const struct sj_desk *desk, struct sj_uuid job, int64_t from, int64_t to,
    struct sj_buf *ret_bytes)
{
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, desk->actor->unit, job, &subject));
    const struct sj_param params[] = {
        sj_p_id(&desk->actor->unit), sj_p_id(&job), sj_p_i64(from), sj_p_i64(to)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_IMPORT_PART_LIST, params, SJ_COUNT(params), &rows));
    const size_t before = ret_bytes->len;
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        TRY(take_piece(&subject, rows, row, from, to, ret_bytes));
    }
    /* a piece that somebody took away would shift every row behind it */
    ENSURE((int64_t)(ret_bytes->len - before) == to - from, DECRYPT);
    return SJ_DONE;
}

static sj_status hash_pieces(
    const struct sj_desk *desk, const struct sj_bulk *job, struct sj_sha256_stream *stream)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(BLOBS_MAX);
    for (int64_t at = 0; at < job->bytes; at += HASH_BYTES) {
        const int64_t left = job->bytes - at;
        sj_buf_reset(&bytes);
        TRY(bulk_read(desk, job->id, at, at + (left < HASH_BYTES ? left : HASH_BYTES), &bytes));
        TRY(sj_sha256_stream_put(stream, sj_buf_view(&bytes)));
    }
    return SJ_DONE;
}

sj_status bulk_hash(const struct sj_desk *desk, const struct sj_bulk *job, struct sj_hash *ret_hash)
{
    CLEANUP(sj_sha256_stream_free) struct sj_sha256_stream *stream = NULL;
    TRY(sj_sha256_stream_new(&stream));
    TRY(hash_pieces(desk, job, stream));
    return sj_sha256_stream_end(stream, ret_hash);
}

sj_status bulk_comment(
    const struct sj_desk *desk, const struct sj_bulk *job, struct sj_text *ret_comment)
{
    *ret_comment = (struct sj_text){"", 0};
    if (job->comment_ct.len == 0) {
        return SJ_DONE;
    }
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, job->unit, job->id, &subject));
    return field_text(desk, &subject, SJ_TABLE_IMPORT_JOB, SJ_COLUMN_IMPORT_COMMENT, job->id,
        SJ_FLE1_TEXT, job->comment_ct, ret_comment);
}
