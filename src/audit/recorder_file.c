/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in the recorder's file, and is it still the file? Two regions are written in turn, frames one behind another;
 * a region is begun anew with a higher generation only when everything in it has its place in the signed log. A frame is
 * believed when its MAC holds, which covers where it stands and in which generation, so neither a torn end nor a frame
 * of an earlier lap is taken for one. The file has all of its bytes from the beginning. Before each flush counts, the
 * name must still lead to the file that is open (a deleted file with an open descriptor is a silent loss).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder_priv.h"
#include "sanjeh/base/file.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/reader.h"
#include "sanjeh/crypto/random.h"

#define MAGIC      "SJREC\x00\x00\x01"
#define MAGIC_SIZE 8
#define HEAD_SIZE  4096
#define ZERO_STEP  65536

static off_t region_at(const struct recorder_file *file, unsigned region)
{
    return (off_t)(HEAD_SIZE + (size_t)region * file->region_bytes);
}

static size_t file_bytes(const struct recorder_file *file)
{
    return HEAD_SIZE + RECORDER_REGIONS * file->region_bytes;
}

static sj_status write_at(int fd, const void *bytes, size_t len, off_t at)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t written =
            pwrite(fd, (const uint8_t *)bytes + done, len - done, at + (off_t)done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        ENSURE(written > 0, IO);
        done += (size_t)written;
    }
    return SJ_DONE;
}

static sj_status read_whole(int fd, uint64_t at, uint8_t *dst, size_t len)
{
    size_t got = 0;
    TRY(sj_read_at(fd, at, dst, len, &got));
    ENSURE(got == len, IO);
    return SJ_DONE;
}

static sj_status sync_folder(const char *path)
{
    char folder[RECORDER_PATH_MAX];
    (void)snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        *(slash == folder ? slash + 1 : slash) = '\0';
    }
    CLEANUP(sj_closep)
    int fd = open(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(fd >= 0 && fsync(fd) == 0, IO);
    return SJ_DONE;
}

static sj_status fill(struct recorder_file *file, int fd)
{
    uint8_t head[HEAD_SIZE] = {0};
    static const uint8_t zeros[ZERO_STEP];
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(64);
    TRY(sj_uuid_new(&file->id));
    TRY(sj_buf_put(&text, MAGIC, MAGIC_SIZE));
    TRY(sj_buf_put(&text, file->id.bytes, sizeof(file->id.bytes)));
    TRY(sj_buf_put_u64(&text, file->region_bytes));
    TRY(sj_copy(head, sizeof(head), text.ptr, text.len));
    for (size_t at = HEAD_SIZE; at < file_bytes(file); at += ZERO_STEP) {
        const size_t left = file_bytes(file) - at;
        TRY(write_at(fd, zeros, left < ZERO_STEP ? left : ZERO_STEP, (off_t)at));
    }
    TRY(write_at(fd, head, sizeof(head), 0));
    ENSURE(fsync(fd) == 0, IO);
    return SJ_DONE;
}

/* Whole before it has its name: a crash leaves no half of it. */
static sj_status make(struct recorder_file *file)
{
    char name[RECORDER_PATH_MAX + 8];
    (void)snprintf(name, sizeof(name), "%s.new", file->path);
    (void)unlink(name);
    CLEANUP(sj_closep)
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    ENSURE(fd >= 0, IO);
    const sj_status status = fill(file, fd);
    if (sj_failed(status) || rename(name, file->path) != 0) {
        (void)unlink(name);
        TRY(status);
        FAIL(IO);
    }
    file->is_new = true;
    return sync_folder(file->path);
}

static sj_status check_head(struct recorder_file *file)
{
    uint8_t head[MAGIC_SIZE + 16 + 8];
    struct stat info;
    uint64_t region_bytes = 0;
    struct sj_view magic;
    ENSURE(fstat(file->fd, &info) == 0, IO);
    ENSURE(S_ISREG(info.st_mode) && info.st_size >= HEAD_SIZE, LOG_TAMPERED);
    TRY(read_whole(file->fd, 0, head, sizeof(head)));
    struct sj_reader reader = sj_reader_of(sj_view_of(head, sizeof(head)));
    TRY(sj_read_view(&reader, MAGIC_SIZE, &magic));
    TRY(sj_read_bytes(&reader, file->id.bytes, sizeof(file->id.bytes)));
    TRY(sj_read_u64(&reader, &region_bytes));
    ENSURE(sj_view_equal(magic, sj_view_of(MAGIC, MAGIC_SIZE)), LOG_TAMPERED);
    file->region_bytes = (size_t)region_bytes;
    ENSURE(region_bytes >= RECORDER_REGION_MIN && region_bytes <= RECORDER_REGION_MAX &&
               (size_t)info.st_size == file_bytes(file),
        LOG_TAMPERED);
    file->device = info.st_dev;
    file->inode = info.st_ino;
    file->mode = info.st_mode;
    return SJ_DONE;
}

sj_status recorder_file_open(const char *path, size_t region_bytes, struct recorder_file *file)
{
    *file = (struct recorder_file){.fd = -1, .region_bytes = region_bytes};
    const size_t len = strlen(path);
    ENSURE(len > 0 && len < sizeof(file->path), BAD_CONFIG);
    TRY(sj_copy(file->path, sizeof(file->path) - 1, path, len));
    struct stat info;
    if (lstat(path, &info) != 0) {
        ENSURE(errno == ENOENT, IO);
        TRY(make(file));
    }
    file->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    ENSURE(file->fd >= 0, IO);
    ENSURE(flock(file->fd, LOCK_EX | LOCK_NB) == 0, CONFLICT);
    return check_head(file);
}

void recorder_file_close(struct recorder_file *file)
{
    sj_closep(&file->fd);
}

/* A name that this user may not walk to (the keeper's folder) tells nothing; the link count does. */
sj_status recorder_file_check(const struct recorder_file *file)
{
    struct stat open_info;
    struct stat named_info;
    ENSURE(fstat(file->fd, &open_info) == 0 && open_info.st_nlink >= 1, IO);
    ENSURE(open_info.st_mode == file->mode && (size_t)open_info.st_size == file_bytes(file), IO);
    if (lstat(file->path, &named_info) != 0) {
        ENSURE(errno == EACCES, IO);
        return SJ_DONE;
    }
    ENSURE(named_info.st_ino == file->inode && named_info.st_dev == file->device, IO);
    return SJ_DONE;
}

sj_status recorder_file_flush(
    const struct recorder_file *file, unsigned region, size_t at, struct sj_view bytes)
{
    TRY(recorder_file_check(file));
    TRY(write_at(file->fd, bytes.ptr, bytes.len, region_at(file, region) + (off_t)at));
    ENSURE(fdatasync(file->fd) == 0, IO);
    return SJ_DONE;
}

static sj_status frame_mac(const struct sj_key *key, const struct recorder_frame *frame,
    const struct recorder_place *place, struct sj_hash *ret_mac)
{
    CLEANUP(sj_buf_clear) struct sj_buf head = SJ_BUF(64);
    TRY(sj_buf_put_byte(&head, frame->kind));
    TRY(sj_buf_put_u64(&head, place->generation));
    TRY(sj_buf_put_u64(&head, place->at));
    TRY(sj_buf_put(&head, frame->emitter.bytes, sizeof(frame->emitter.bytes)));
    const struct sj_view parts[] = {
        sj_view_of("sanjeh/recorder", 15), sj_buf_view(&head), frame->payload};
    return sj_hmac_sha256(sj_view_of(key->bytes, SJ_KEY_SIZE), parts, SJ_COUNT(parts), ret_mac);
}

sj_status recorder_frame_put(const struct sj_key *key, const struct recorder_frame *frame,
    const struct recorder_place *place, struct sj_buf *out)
{
    struct sj_hash mac;
    TRY(frame_mac(key, frame, place, &mac));
    TRY(sj_buf_put_u32(out, (uint32_t)frame->payload.len));
    TRY(sj_buf_put_byte(out, frame->kind));
    TRY(sj_buf_put_u64(out, place->generation));
    TRY(sj_buf_put(out, frame->emitter.bytes, sizeof(frame->emitter.bytes)));
    TRY(sj_buf_put(out, mac.bytes, SJ_HASH_SIZE));
    return sj_buf_put_view(out, frame->payload);
}

sj_status recorder_frame_take(struct sj_view region, size_t at, struct recorder_frame *ret_frame,
    struct recorder_place *ret_place, struct sj_hash *ret_mac, bool *ret_there)
{
    struct sj_reader reader = sj_reader_of(sj_view_of(region.ptr + at, region.len - at));
    uint32_t len = 0;
    *ret_there = !sj_failed(sj_read_u32(&reader, &len)) &&
                 !sj_failed(sj_read_u8(&reader, &ret_frame->kind)) &&
                 !sj_failed(sj_read_u64(&reader, &ret_place->generation)) &&
                 !sj_failed(sj_read_bytes(&reader, ret_frame->emitter.bytes, 16)) &&
                 !sj_failed(sj_read_bytes(&reader, ret_mac->bytes, SJ_HASH_SIZE)) &&
                 !sj_failed(sj_read_view(&reader, len, &ret_frame->payload)) &&
                 ret_place->generation != 0;
    ret_place->at = at;
    return SJ_DONE;
}

bool recorder_frame_holds(const struct sj_key *key, const struct recorder_frame *frame,
    const struct recorder_place *place, const struct sj_hash *mac)
{
    struct sj_hash expected;
    return !sj_failed(frame_mac(key, frame, place, &expected)) &&
           sj_equal_ct(expected.bytes, mac->bytes, SJ_HASH_SIZE);
}

sj_status recorder_file_load(
    const struct recorder_file *file, unsigned region, struct sj_buf *ret_bytes)
{
    TRY(sj_buf_reserve(ret_bytes, file->region_bytes));
    TRY(read_whole(
        file->fd, (uint64_t)region_at(file, region), ret_bytes->ptr, file->region_bytes));
    ret_bytes->len = file->region_bytes;
    return SJ_DONE;
}
