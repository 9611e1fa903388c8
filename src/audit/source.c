/* SPDX-License-Identifier: Apache-2.0
 *
 * Where in the bundle is this member? A tar is walked once, its headers alone; names that a bundle has are kept
 * as sorted keys (16 bytes each), others are passed over. Lookups then read at an offset: the order of members
 * does not matter, and nothing is unpacked. A name that stands twice makes the bundle ambiguous: two readers
 * could see two logs in it.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sanjeh/audit/tar.h"
#include "sanjeh/base/file.h"

#define MEMBERS_MAX ((size_t)1 << 26) /* 17 billion entries */

/* What identifies a member in 64 bits: kind 3, level + 1 8 (entries first, as they are exported), n 45, width 8. */
struct sj_source_member {
    uint64_t key;
    uint64_t offset; /* of its header */
};

#define N_LIMIT ((uint64_t)1 << 45)

_Static_assert(SJ_MEMBER_TILE < 8, "a kind has three bits");

static uint64_t pack(const struct sj_member_key *key)
{
    return (uint64_t)key->kind << 61 | (uint64_t)(uint8_t)(key->tile.level + 1) << 53 |
           key->tile.n << 8 | key->tile.width;
}

static void sift(struct sj_source_member *heap, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child].key < heap[child + 1].key) {
            child++;
        }
        if (heap[at].key >= heap[child].key) {
            return;
        }
        const struct sj_source_member held = heap[at];
        heap[at] = heap[child];
        heap[child] = held;
        at = child;
    }
}

/* In place: the library's would take as much memory again. */
static void sort_members(struct sj_source_member *members, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) {
        sift(members, i, count);
    }
    for (size_t end = count; end-- > 1;) {
        const struct sj_source_member largest = members[0];
        members[0] = members[end];
        members[end] = largest;
        sift(members, 0, end);
    }
}

static const struct sj_source_member *find_member(const struct sj_source *source, uint64_t key)
{
    size_t low = 0;
    size_t high = source->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (source->members[middle].key < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < source->count && source->members[low].key == key ? &source->members[low] : NULL;
}

/* By number of the kind. */
static const char *const names[] = {
    "checkpoint", "notes", "payloads", "timestamps", "manifest", "before", "policy"};

bool sj_source_key(struct sj_text name, struct sj_member_key *ret_key)
{
    struct sj_text checked;
    *ret_key = (struct sj_member_key){0};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        if (sj_text_is(name, names[i])) {
            ret_key->kind = (enum sj_member_kind)i;
            return true;
        }
    }
    ret_key->kind = SJ_MEMBER_TILE;
    return !sj_failed(sj_text_check(sj_text_bytes(name), SJ_TAR_NAME_MAX, &checked)) &&
           !sj_failed(sj_tile_name_parse(checked, &ret_key->tile));
}

static sj_status add_member(struct sj_source *source, const struct sj_source_member *member)
{
    if (source->count == source->capacity) {
        const size_t capacity = source->capacity == 0 ? 256 : source->capacity * 2;
        void *memory = NULL;
        ENSURE(capacity <= MEMBERS_MAX, LIMIT_EXCEEDED);
        TRY(sj_alloc(capacity, sizeof(*member), &memory));
        struct sj_source_member *members = memory;
        for (size_t i = 0; i < source->count; i++) {
            members[i] = source->members[i];
        }
        sj_free(source->members);
        source->members = members;
        source->capacity = capacity;
    }
    source->members[source->count++] = *member;
    return SJ_DONE;
}

static sj_status walk(struct sj_source *source, uint64_t end, enum sj_source_state *state)
{
    uint8_t block[SJ_TAR_BLOCK];
    uint64_t offset = 0;
    while (offset < end) {
        struct sj_tar_member header;
        size_t got = 0;
        TRY(sj_read_at(source->fd, offset, block, sizeof(block), &got));
        if (got != sizeof(block) || sj_failed(sj_tar_read_header(block, &header))) {
            *state = offset == 0 ? SJ_SOURCE_NO_TAR : SJ_SOURCE_CUT;
            return SJ_DONE;
        }
        if (header.is_end) {
            return SJ_DONE;
        }
        const uint64_t header_at = offset;
        struct sj_member_key key;
        offset += SJ_TAR_BLOCK;
        if (header.size > end - offset) {
            *state = SJ_SOURCE_CUT;
            return SJ_DONE;
        }
        if (header.is_file && sj_source_key(sj_text_of(header.name), &key) &&
            key.tile.n < N_LIMIT) {
            const struct sj_source_member member = {.key = pack(&key), .offset = header_at};
            TRY(add_member(source, &member));
        }
        offset += (header.size + SJ_TAR_BLOCK - 1) / SJ_TAR_BLOCK * SJ_TAR_BLOCK;
    }
    *state = SJ_SOURCE_CUT; /* no end mark */
    return SJ_DONE;
}

static sj_status index_tar(struct sj_source *source, uint64_t end, enum sj_source_state *state)
{
    TRY(walk(source, end, state));
    sort_members(source->members, source->count);
    for (size_t i = 1; i < source->count; i++) {
        if (source->members[i - 1].key == source->members[i].key) {
            *state = SJ_SOURCE_AMBIGUOUS;
        }
    }
    return SJ_DONE;
}

sj_status sj_source_open(
    const char *path, struct sj_source *ret_source, enum sj_source_state *ret_state)
{
    struct stat info;
    *ret_source = (struct sj_source){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    *ret_state = SJ_SOURCE_WHOLE;
    ENSURE(ret_source->fd >= 0, BAD_PARAMETER);
    ENSURE(fstat(ret_source->fd, &info) == 0, IO);
    ret_source->is_folder = S_ISDIR(info.st_mode);
    if (ret_source->is_folder) {
        return SJ_DONE;
    }
    ENSURE(S_ISREG(info.st_mode), BAD_PARAMETER);
    if (info.st_size == 0) {
        *ret_state = SJ_SOURCE_NO_TAR;
        return SJ_DONE;
    }
    return index_tar(ret_source, (uint64_t)info.st_size, ret_state);
}

void sj_source_close(struct sj_source *source)
{
    sj_closep(&source->fd);
    source->fd = -1;
    sj_free(source->members);
    source->members = NULL;
    source->count = 0;
}

static sj_status put_path(const struct sj_member_key *key, struct sj_buf *out)
{
    if (key->kind == SJ_MEMBER_TILE) {
        return sj_tile_name_format(&key->tile, out);
    }
    return sj_buf_put_str(out, names[key->kind]);
}

static sj_status stream_of_file(const struct sj_source *source, const struct sj_member_key *key,
    struct sj_stream *stream, bool *ret_found)
{
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(128);
    const char *name = NULL;
    struct stat info;
    TRY(put_path(key, &path));
    TRY(sj_buf_cstr(&path, &name));
    stream->fd = openat(source->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    stream->owns_fd = stream->fd >= 0;
    if (stream->fd < 0) {
        ENSURE(errno == ENOENT || errno == ENOTDIR, IO);
        return SJ_DONE;
    }
    ENSURE(fstat(stream->fd, &info) == 0, IO);
    *ret_found = S_ISREG(info.st_mode);
    stream->left = (uint64_t)info.st_size;
    return SJ_DONE;
}

/* Its header is read again: the length is not kept. */
static sj_status stream_of_member(const struct sj_source *source,
    const struct sj_source_member *member, struct sj_stream *stream, bool *ret_found)
{
    uint8_t block[SJ_TAR_BLOCK];
    struct sj_tar_member header;
    size_t got = 0;
    if (member == NULL) {
        return SJ_DONE;
    }
    TRY(sj_read_at(source->fd, member->offset, block, sizeof(block), &got));
    if (got != sizeof(block) || sj_failed(sj_tar_read_header(block, &header))) {
        return SJ_DONE; /* a file that changes meanwhile */
    }
    *ret_found = true;
    stream->fd = source->fd;
    stream->offset = member->offset + SJ_TAR_BLOCK;
    stream->left = header.size;
    return SJ_DONE;
}

sj_status sj_source_stream(const struct sj_source *source, const struct sj_member_key *key,
    struct sj_stream *ret_stream, bool *ret_found)
{
    ret_stream->fd = -1;
    ret_stream->owns_fd = false;
    ret_stream->offset = 0;
    ret_stream->left = 0;
    ret_stream->filled = 0;
    ret_stream->used = 0;
    *ret_found = false;
    if (source->fetch != NULL) {
        return SJ_DONE; /* what a log at an address has is tiles and a checkpoint */
    }
    if (source->is_folder) {
        return stream_of_file(source, key, ret_stream, ret_found);
    }
    if (key->tile.n >= N_LIMIT) {
        return SJ_DONE;
    }
    return stream_of_member(source, find_member(source, pack(key)), ret_stream, ret_found);
}

void sj_stream_close(struct sj_stream *stream)
{
    if (stream->owns_fd) {
        sj_closep(&stream->fd);
        stream->owns_fd = false;
    }
    stream->left = 0;
    stream->filled = 0;
    stream->used = 0;
}

static sj_status refill(struct sj_stream *stream)
{
    const size_t want =
        stream->left < sizeof(stream->buffer) ? (size_t)stream->left : sizeof(stream->buffer);
    stream->used = 0;
    TRY(sj_read_at(stream->fd, stream->offset, stream->buffer, want, &stream->filled));
    stream->offset += stream->filled;
    /* a file that shrinks meanwhile is a short one */
    stream->left = stream->filled < want ? 0 : stream->left - stream->filled;
    return SJ_DONE;
}

sj_status sj_stream_read(struct sj_stream *stream, uint8_t *dst, size_t len, size_t *ret_got)
{
    *ret_got = 0;
    while (*ret_got < len) {
        if (stream->used == stream->filled) {
            if (stream->left == 0) {
                break;
            }
            TRY(refill(stream));
            continue;
        }
        const size_t have = stream->filled - stream->used;
        const size_t more = len - *ret_got < have ? len - *ret_got : have;
        TRY(sj_copy(dst + *ret_got, more, stream->buffer + stream->used, more));
        stream->used += more;
        *ret_got += more;
    }
    return SJ_DONE;
}

static sj_status fetch_member(const struct sj_source *source, const struct sj_member_key *key,
    size_t max, struct sj_buf *ret_bytes, bool *ret_found)
{
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(128);
    TRY(put_path(key, &path));
    return source->fetch(source->fetch_ctx, sj_buf_text(&path), max, ret_bytes, ret_found);
}

sj_status sj_source_read(const struct sj_source *source, const struct sj_member_key *key,
    size_t max, struct sj_buf *ret_bytes, bool *ret_found)
{
    if (source->fetch != NULL) {
        sj_buf_reset(ret_bytes);
        return fetch_member(source, key, max, ret_bytes, ret_found);
    }
    CLEANUP(sj_stream_close) struct sj_stream stream;
    size_t got = 0;
    sj_buf_reset(ret_bytes);
    TRY(sj_source_stream(source, key, &stream, ret_found));
    if (!*ret_found || stream.left > max) {
        *ret_found = false;
        return SJ_DONE;
    }
    const size_t size = (size_t)stream.left;
    TRY(sj_buf_reserve(ret_bytes, size));
    TRY(sj_read_at(stream.fd, stream.offset, ret_bytes->ptr, size, &got));
    ret_bytes->len = got;
    return SJ_DONE;
}
