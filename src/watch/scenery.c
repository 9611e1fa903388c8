/* SPDX-License-Identifier: Apache-2.0
 *
 * Has somebody changed what guards the record? An event trigger would tell of each statement, and a superuser would first turn it
 * off. So nobody has to tell: the catalogue is read now and then and compared with the last look, of which
 * the server keeps a copy under a MAC. What was changed and put back between two looks shows by its row version (xmin).
 */
#include "sanjeh/watch/scenery.h"

sj_status sj_scenery_look(
    struct sj_db *db, const struct sj_context *context, int64_t *ret_migration, struct sj_buf *out)
{
    const struct sj_query query = {.sql = SJ_SQL_SCENERY_LIST};
    struct sj_rows *taken = NULL;
    TRY(sj_db_read(db, context, &query, 1, &taken));
    CLEANUP(sj_rows_free) struct sj_rows *rows = taken;
    ENSURE(sj_rows_count(rows) == 1, INTERNAL);
    *ret_migration = sj_row_i64(rows, 0, 0);
    return sj_buf_put_text(out, sj_row_text(rows, 0, 1));
}

sj_status sj_superusers_look(struct sj_db *db, const struct sj_context *context, struct sj_buf *out)
{
    const struct sj_query query = {.sql = SJ_SQL_SUPERUSER_LIST};
    struct sj_rows *taken = NULL;
    TRY(sj_db_read(db, context, &query, 1, &taken));
    CLEANUP(sj_rows_free) struct sj_rows *rows = taken;
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        if (i > 0) {
            TRY(sj_buf_put_byte(out, '\n'));
        }
        TRY(sj_buf_put_text(out, sj_row_text(rows, i, 1)));
    }
    return SJ_DONE;
}

/* Name and digest of the first line; the digest holds no blank. */
static bool first_line(struct sj_text text, struct sj_text *name, struct sj_text *digest)
{
    struct sj_text line = {NULL, 0};
    if (text.len == 0 || !sj_text_split(&text, '\n', &line)) {
        return false;
    }
    size_t at = line.len;
    while (at > 0 && line.ptr[at - 1] != ' ') {
        at--;
    }
    *name = (struct sj_text){line.ptr, at > 0 ? at - 1 : line.len};
    *digest = (struct sj_text){line.ptr + at, at > 0 ? line.len - at : 0};
    return true;
}

static void skip_line(struct sj_text *text)
{
    struct sj_text line;
    (void)sj_text_split(text, '\n', &line);
}

/* As the database sorts them: by bytes. */
static int compare(struct sj_text a, struct sj_text b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);
    return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len ? 1 : 0;
}

static void say(struct sj_scenery_change *change, struct sj_text name, const char *how)
{
    change->name = name;
    (void)snprintf(change->how, sizeof change->how, "%s", how);
}

bool sj_scenery_next(struct sj_scenery_walk *walk, struct sj_scenery_change *ret_change)
{
    for (;;) {
        struct sj_text old_name = {NULL, 0};
        struct sj_text old_digest = {NULL, 0};
        struct sj_text name = {NULL, 0};
        struct sj_text digest = {NULL, 0};
        const bool has_old = first_line(walk->before, &old_name, &old_digest);
        const bool has_new = first_line(walk->now, &name, &digest);
        if (!has_old && !has_new) {
            return false;
        }
        const int order = !has_old ? 1 : !has_new ? -1 : compare(old_name, name);
        if (order <= 0) {
            skip_line(&walk->before);
        }
        if (order >= 0) {
            skip_line(&walk->now);
        }
        if (order != 0) {
            say(ret_change, order < 0 ? old_name : name, order < 0 ? "gone" : "new");
            return true;
        }
        if (!sj_text_equal(old_digest, digest)) {
            say(ret_change, name, "changed");
            return true;
        }
    }
}
