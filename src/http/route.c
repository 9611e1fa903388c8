/* SPDX-License-Identifier: Apache-2.0
 *
 * Which route does a path lead to? All routes of one path are gathered once at start, with the text
 * of their Allow header (RFC 9110 section 10.2.1). A path without parameters is one hash lookup; one
 * with parameters is compared segment by segment among those of equal length, literals before
 * parameters. Literals are compared as sent, without percent-decoding: another spelling of a path is
 * not found, so that what is routed, authorised and recorded is one text.
 */
#include "route.h"

#include "sanjeh/base/memory.h"

struct sj_http_router {
    struct sj_http_path *paths;
    size_t path_count;
    const struct sj_http_path **exact; /* open addressing, power of two */
    size_t exact_mask;
    const struct sj_http_path **patterns; /* sorted: segment count, then literals first */
    size_t pattern_count;
    size_t pattern_first[SJ_HTTP_SEGMENTS_MAX + 2]; /* index by segment count */
};

struct sj_text sj_http_method_name(enum sj_method method)
{
    static const struct sj_text names[SJ_METHOD_COUNT_] = {
        [SJ_GET] = {"GET", 3},
        [SJ_HEAD] = {"HEAD", 4},
        [SJ_POST] = {"POST", 4},
        [SJ_PUT] = {"PUT", 3},
        [SJ_PATCH] = {"PATCH", 5},
        [SJ_DELETE] = {"DELETE", 6},
        [SJ_OPTIONS] = {"OPTIONS", 7},
    };
    return method < SJ_METHOD_COUNT_ ? names[method] : SJ_TEXT("");
}

/* FNV-1a: the table holds our own constants, a client cannot choose its keys. */
static uint64_t hash(struct sj_text text)
{
    uint64_t value = 14695981039346656037u;
    for (size_t i = 0; i < text.len; i++) {
        value = (value ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    }
    return value ^ (value >> 32);
}

/* "/a/b" is {"a","b"}, "/" is {""}. False when there are too many. */
static bool split_path(struct sj_text path, struct sj_text *segments, size_t *ret_count)
{
    size_t count = 0;
    size_t start = 1;
    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/') {
            continue;
        }
        if (count == SJ_HTTP_SEGMENTS_MAX) {
            return false;
        }
        segments[count++] = (struct sj_text){path.ptr + start, i - start};
        start = i + 1;
    }
    *ret_count = count;
    return true;
}

static sj_status fill_segments(struct sj_http_path *path)
{
    struct sj_text parts[SJ_HTTP_SEGMENTS_MAX];
    ENSURE(split_path(path->text, parts, &path->segment_count), BAD_CONFIG);
    for (size_t i = 0; i < path->segment_count; i++) {
        const struct sj_text part = parts[i];
        struct sj_http_segment *segment = &path->segments[i];
        segment->text = part;
        if (part.len > 0 && part.ptr[0] == '{') {
            ENSURE(part.len > 2 && part.ptr[part.len - 1] == '}', BAD_CONFIG);
            segment->takes_rest = part.ptr[part.len - 2] == '*';
            ENSURE(
                !segment->takes_rest || (i == path->segment_count - 1 && part.len > 3), BAD_CONFIG);
            segment->text =
                (struct sj_text){part.ptr + 1, part.len - 2 - (segment->takes_rest ? 1 : 0)};
            segment->is_param = true;
            path->param_count++;
        }
    }
    return SJ_DONE;
}

static struct sj_http_path *find_or_add(struct sj_http_router *router, const char *text)
{
    for (size_t i = 0; i < router->path_count; i++) {
        if (sj_text_is(router->paths[i].text, text)) {
            return &router->paths[i];
        }
    }
    struct sj_http_path *path = &router->paths[router->path_count++];
    path->text = sj_text_of(text);
    return path;
}

static sj_status fill_allow(struct sj_http_path *path)
{
    size_t len = 0;
    for (enum sj_method method = SJ_GET; method < SJ_METHOD_COUNT_; method++) {
        if (sj_http_path_route(path, method) == NULL) {
            continue;
        }
        const struct sj_text name = sj_http_method_name(method);
        if (len > 0) {
            TRY(sj_copy(path->allow + len, sizeof(path->allow) - 1 - len, ", ", 2));
            len += 2;
        }
        TRY(sj_copy(path->allow + len, sizeof(path->allow) - 1 - len, name.ptr, name.len));
        len += name.len;
    }
    return SJ_DONE;
}

static int compare_patterns(const void *left, const void *right)
{
    const struct sj_http_path *a = *(const struct sj_http_path *const *)left;
    const struct sj_http_path *b = *(const struct sj_http_path *const *)right;
    if (a->segment_count != b->segment_count) {
        return a->segment_count < b->segment_count ? -1 : 1;
    }
    for (size_t i = 0; i < a->segment_count; i++) {
        if (a->segments[i].is_param != b->segments[i].is_param) {
            return a->segments[i].is_param ? 1 : -1;
        }
    }
    return 0;
}

static void add_exact(struct sj_http_router *router, const struct sj_http_path *path)
{
    size_t at = hash(path->text) & router->exact_mask;
    while (router->exact[at] != NULL) {
        at = (at + 1) & router->exact_mask;
    }
    router->exact[at] = path;
}

static sj_status gather(struct sj_http_router *router, const struct sj_route *routes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ENSURE(routes[i].path[0] == '/' && routes[i].method < SJ_METHOD_COUNT_, BAD_CONFIG);
        struct sj_http_path *path = find_or_add(router, routes[i].path);
        ENSURE(path->by_method[routes[i].method] == NULL, BAD_CONFIG);
        path->by_method[routes[i].method] = &routes[i];
    }
    for (size_t i = 0; i < router->path_count; i++) {
        TRY(fill_segments(&router->paths[i]));
        TRY(fill_allow(&router->paths[i]));
    }
    return SJ_DONE;
}

static void index_paths(struct sj_http_router *router)
{
    for (size_t i = 0; i < router->path_count; i++) {
        const struct sj_http_path *path = &router->paths[i];
        if (path->param_count == 0) {
            add_exact(router, path);
        } else {
            router->patterns[router->pattern_count++] = path;
        }
    }
    if (router->pattern_count > 1) {
        qsort(router->patterns, router->pattern_count, sizeof(*router->patterns), compare_patterns);
    }
    size_t at = 0;
    for (size_t segments = 0; segments <= SJ_HTTP_SEGMENTS_MAX + 1; segments++) {
        while (at < router->pattern_count && router->patterns[at]->segment_count < segments) {
            at++;
        }
        router->pattern_first[segments] = at;
    }
}

sj_status sj_http_router_new(
    const struct sj_route *routes, size_t count, struct sj_http_router **ret_router)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_http_router), &memory));
    CLEANUP(sj_http_router_free) struct sj_http_router *router = memory;
    size_t buckets = 16;
    while (buckets < count * 4) {
        buckets *= 2;
    }
    TRY(sj_alloc(count + 1, sizeof(*router->paths), &memory));
    router->paths = memory;
    TRY(sj_alloc(buckets, sizeof(*router->exact), &memory));
    router->exact = memory;
    router->exact_mask = buckets - 1;
    TRY(sj_alloc(count + 1, sizeof(*router->patterns), &memory));
    router->patterns = memory;
    TRY(gather(router, routes, count));
    index_paths(router);
    *ret_router = TAKE(router);
    return SJ_DONE;
}

void sj_http_router_free(struct sj_http_router **router)
{
    struct sj_http_router *self = *router;
    if (self != NULL) {
        sj_free(self->paths);
        sj_free(self->exact);
        sj_free(self->patterns);
        sj_free(self);
        *router = NULL;
    }
}

static bool matches(const struct sj_http_path *pattern, const struct sj_text *segments)
{
    for (size_t i = 0; i < pattern->segment_count; i++) {
        const struct sj_http_segment *segment = &pattern->segments[i];
        const bool is_ok =
            segment->is_param ? segments[i].len > 0 : sj_text_equal(segment->text, segments[i]);
        if (!is_ok) {
            return false;
        }
    }
    return true;
}

static const struct sj_http_path *find_exact(
    const struct sj_http_router *router, struct sj_text path)
{
    for (size_t at = hash(path) & router->exact_mask; router->exact[at] != NULL;
         at = (at + 1) & router->exact_mask) {
        if (sj_text_equal(router->exact[at]->text, path)) {
            return router->exact[at];
        }
    }
    return NULL;
}

static bool takes_rest(const struct sj_http_path *pattern)
{
    return pattern->segments[pattern->segment_count - 1].takes_rest;
}

/* Those whose last parameter takes what is left: after all others, the longest first. */
static const struct sj_http_path *find_rest(const struct sj_http_router *router,
    struct sj_text path, struct sj_text *segments, size_t count, size_t *ret_segment_count)
{
    for (size_t i = router->pattern_first[count]; i-- > 0;) {
        const struct sj_http_path *pattern = router->patterns[i];
        if (takes_rest(pattern) && matches(pattern, segments)) {
            struct sj_text *last = &segments[pattern->segment_count - 1];
            last->len = (size_t)(path.ptr + path.len - last->ptr);
            *ret_segment_count = pattern->segment_count;
            return pattern;
        }
    }
    return NULL;
}

const struct sj_http_path *sj_http_router_find(const struct sj_http_router *router,
    struct sj_text path, struct sj_text *segments, size_t *ret_segment_count)
{
    *ret_segment_count = 0;
    const struct sj_http_path *exact = find_exact(router, path);
    size_t count = 0;
    if (exact != NULL || path.len == 0 || !split_path(path, segments, &count)) {
        return exact;
    }
    for (size_t i = router->pattern_first[count]; i < router->pattern_first[count + 1]; i++) {
        if (matches(router->patterns[i], segments)) {
            *ret_segment_count = count;
            return router->patterns[i];
        }
    }
    return find_rest(router, path, segments, count, ret_segment_count);
}

const struct sj_route *sj_http_path_route(const struct sj_http_path *path, enum sj_method method)
{
    if (method >= SJ_METHOD_COUNT_) {
        return NULL;
    }
    const struct sj_route *route = path->by_method[method];
    return route == NULL && method == SJ_HEAD ? path->by_method[SJ_GET] : route;
}
