/* SPDX-License-Identifier: Apache-2.0
 *
 * Where do all tenants stand, in one hash? A tenant that holds its own entries and the place of its chain's end in this
 * tree has everything that was recorded about it, and learns nothing of the others but how many there are. Beside it the
 * day's counts of each tenant and action: whoever searches by an action can count whether the index shows him all.
 */
#include "heads.h"

#include <stdlib.h>
#include <string.h>

#include "sanjeh/base/detail.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/random.h"

#define ACTION_MAX  64
#define ACTIONS_MAX 4096
#define PAIRS_MAX   1000000
#define DAY_US      INT64_C(86400000000)

struct sj_heads_action {
    char text[ACTION_MAX + 1];
    uint8_t len;
};

sj_status sj_heads_init(struct sj_heads *heads)
{
    *heads = (struct sj_heads){.has_day = false};
    TRY(sj_idmap_init(&heads->tag_map, PAIRS_MAX));
    TRY(sj_idmap_init(&heads->action_map, ACTIONS_MAX));
    return sj_idmap_init(&heads->pair_map, PAIRS_MAX);
}

void sj_heads_clear(struct sj_heads *heads)
{
    sj_idmap_clear(&heads->tag_map);
    sj_idmap_clear(&heads->action_map);
    sj_idmap_clear(&heads->pair_map);
    sj_free(heads->actions);
    sj_free(heads->pairs);
    *heads = (struct sj_heads){.has_day = false};
}

int64_t sj_heads_day(sj_time_us time)
{
    return time / DAY_US;
}

/* Sixteen bytes that stand for the action in the map: itself when it is short, else a hash of it. */
static sj_status action_key(struct sj_text action, struct sj_uuid *ret_key)
{
    *ret_key = (struct sj_uuid){{0}};
    if (action.len < sizeof(ret_key->bytes)) {
        TRY(sj_copy(ret_key->bytes, sizeof(ret_key->bytes), action.ptr, action.len));
        return SJ_DONE; /* ends in a zero, which no action has */
    }
    struct sj_hash hash;
    TRY(sj_sha256_one(sj_text_bytes(action), &hash));
    TRY(sj_copy(ret_key->bytes, sizeof(ret_key->bytes), hash.bytes, sizeof(ret_key->bytes)));
    ret_key->bytes[15] |= 1;
    return SJ_DONE;
}

/* Room for one more of size bytes; memory and capacity change together. */
static sj_status grow(void **list, size_t *capacity, size_t used, size_t size)
{
    if (used < *capacity) {
        return SJ_DONE;
    }
    const size_t more = *capacity == 0 ? 64 : *capacity * 2;
    void *memory = NULL;
    TRY(sj_alloc(more, size, &memory)); /* a copy of what fits cannot fail */
    TRY(sj_copy(memory, more * size, *list, used * size));
    sj_free(*list);
    *list = memory;
    *capacity = more;
    return SJ_DONE;
}

static sj_status action_number(struct sj_heads *heads, struct sj_text action, size_t *ret_number)
{
    struct sj_uuid key;
    bool is_new = false;
    void *list = heads->actions;
    ENSURE(action.len >= 1 && action.len <= ACTION_MAX, INVALID);
    TRY(grow(
        &list, &heads->action_capacity, heads->action_map.count, sizeof(struct sj_heads_action)));
    heads->actions = list;
    TRY(action_key(action, &key));
    TRY(sj_idmap_get(&heads->action_map, key, ret_number, &is_new));
    if (is_new) {
        struct sj_heads_action *made = &heads->actions[*ret_number];
        TRY(sj_copy(made->text, ACTION_MAX, action.ptr, action.len));
        made->text[action.len] = '\0';
        made->len = (uint8_t)action.len;
    }
    return SJ_DONE;
}

static void put_u64(uint8_t at[8], uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        at[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

static struct sj_uuid pair_key(size_t tenant, size_t action)
{
    struct sj_uuid key;
    put_u64(key.bytes, tenant);
    put_u64(key.bytes + 8, action);
    return key;
}

static sj_status begin_day(struct sj_heads *heads, int64_t day)
{
    if (heads->has_day && heads->day == day) {
        return SJ_DONE;
    }
    heads->has_day = true;
    heads->day = day;
    sj_idmap_clear(&heads->pair_map);
    return sj_idmap_init(&heads->pair_map, PAIRS_MAX);
}

sj_status sj_heads_see(
    struct sj_heads *heads, struct sj_uuid tag, struct sj_text action, sj_time_us time)
{
    return sj_heads_add(heads, tag, action, sj_heads_day(time), 1);
}

sj_status sj_heads_add(
    struct sj_heads *heads, struct sj_uuid tag, struct sj_text action, int64_t day, uint64_t n)
{
    size_t tenant = 0;
    size_t action_at = 0;
    size_t number = 0;
    bool is_new = false;
    void *list = heads->pairs;
    TRY(begin_day(heads, day));
    TRY(sj_idmap_get(&heads->tag_map, tag, &tenant, &is_new));
    TRY(action_number(heads, action, &action_at));
    TRY(grow(&list, &heads->pair_capacity, heads->pair_map.count, sizeof(struct sj_heads_pair)));
    heads->pairs = list;
    TRY(sj_idmap_get(&heads->pair_map, pair_key(tenant, action_at), &number, &is_new));
    if (is_new) {
        heads->pairs[number] = (struct sj_heads_pair){.tag = tag, .action = action_at};
    }
    heads->pairs[number].count += n;
    return SJ_DONE;
}

void sj_heads_pair(const struct sj_heads *heads, size_t i, struct sj_uuid *ret_tag,
    struct sj_text *ret_action, uint64_t *ret_count)
{
    const struct sj_heads_pair *pair = &heads->pairs[i];
    const struct sj_heads_action *action = &heads->actions[pair->action];
    *ret_tag = pair->tag;
    *ret_action = (struct sj_text){action->text, action->len};
    *ret_count = pair->count;
}

sj_status sj_heads_put_back(
    struct sj_heads *heads, int64_t day, struct sj_uuid tag, struct sj_text action, uint64_t count)
{
    const size_t before = heads->pair_map.count;
    ENSURE(count >= 1 && (!heads->has_day || heads->day == day), INVALID);
    TRY(sj_heads_see(heads, tag, action, (sj_time_us)day * DAY_US));
    ENSURE(heads->pair_map.count == before + 1, INVALID);
    heads->pairs[before].count = count;
    return SJ_DONE;
}

/* ---- the two trees ---- */

sj_status sj_heads_leaf(const struct sj_tenant *tenant, struct sj_hash *ret_leaf)
{
    uint8_t bytes[16 + 8 + SJ_HASH_SIZE];
    TRY(sj_copy(bytes, 16, tenant->tag.bytes, 16));
    put_u64(bytes + 16, tenant->seq);
    TRY(sj_copy(bytes + 24, SJ_HASH_SIZE, tenant->leaf.bytes, SJ_HASH_SIZE));
    return sj_leaf_hash(sj_view_of(bytes, sizeof(bytes)), ret_leaf);
}

static int compare_tenants(const void *left, const void *right)
{
    const struct sj_tenant *const *a = left;
    const struct sj_tenant *const *b = right;
    return memcmp((*a)->tag.bytes, (*b)->tag.bytes, 16);
}

struct order {
    const struct sj_tenant **list; /* ascending by tag */
    size_t count;
};

static void clear_order(struct order *order)
{
    sj_free(order->list);
    order->list = NULL;
}

static sj_status sort_tenants(const struct sj_tenants *tenants, struct order *ret_order)
{
    void *memory = NULL;
    TRY(sj_alloc(tenants->map.count + 1, sizeof(struct sj_tenant *), &memory));
    ret_order->list = memory;
    ret_order->count = 0;
    for (size_t i = 0; i < tenants->map.count; i++) {
        if (tenants->list[i].seq != 0) {
            ret_order->list[ret_order->count++] = &tenants->list[i];
        }
    }
    qsort(ret_order->list, ret_order->count, sizeof(ret_order->list[0]), compare_tenants);
    return SJ_DONE;
}

/* The node of the tree over the sorted tenants (sj_node_fn). */
static sj_status tenant_node(void *ctx, unsigned level, uint64_t index, struct sj_hash *ret_hash)
{
    const struct order *order = ctx;
    struct sj_frontier frontier = {.size = 0};
    const uint64_t count = UINT64_C(1) << level;
    for (uint64_t i = index * count; i < (index + 1) * count; i++) {
        struct sj_hash leaf;
        TRY(sj_heads_leaf(order->list[i], &leaf));
        TRY(sj_frontier_append(&frontier, &leaf));
    }
    return sj_frontier_root(&frontier, ret_hash);
}

sj_status sj_heads_prove(
    const struct sj_tenants *tenants, struct sj_uuid tag, struct sj_heads_proof *ret_proof)
{
    CLEANUP(clear_order) struct order order = {NULL, 0};
    TRY(sort_tenants(tenants, &order));
    for (size_t i = 0; i < order.count; i++) {
        if (sj_uuid_equal(order.list[i]->tag, tag)) {
            ret_proof->place = i;
            ret_proof->tenants = order.count;
            return sj_inclusion_prove(i, order.count, tenant_node, &order, &ret_proof->proof);
        }
    }
    FAIL(NOT_FOUND);
}

struct pair_order {
    const struct sj_heads_pair *pair;
    const struct sj_heads_action *action;
};

static int compare_pairs(const void *left, const void *right)
{
    const struct pair_order *a = left;
    const struct pair_order *b = right;
    const int order = memcmp(a->pair->tag.bytes, b->pair->tag.bytes, 16);
    return order != 0 ? order : strcmp(a->action->text, b->action->text);
}

static sj_status put_pair(const struct pair_order *item, struct sj_buf *out)
{
    TRY(sj_buf_put(out, item->pair->tag.bytes, 16));
    TRY(sj_buf_put(out, &item->action->len, 1));
    TRY(sj_buf_put(out, item->action->text, item->action->len));
    return sj_buf_put_u64(out, item->pair->count);
}

static void clear_pairs(struct pair_order **order)
{
    sj_free(*order);
    *order = NULL;
}

static sj_status sort_pairs(const struct sj_heads *heads, struct pair_order **ret_order)
{
    void *memory = NULL;
    const size_t count = heads->pair_map.count;
    TRY(sj_alloc(count + 1, sizeof(struct pair_order), &memory));
    struct pair_order *order = memory;
    for (size_t i = 0; i < count; i++) {
        order[i] = (struct pair_order){&heads->pairs[i], &heads->actions[heads->pairs[i].action]};
    }
    qsort(order, count, sizeof(order[0]), compare_pairs);
    *ret_order = order;
    return SJ_DONE;
}

static sj_status counts_root(const struct sj_heads *heads, struct sj_hash *ret_root)
{
    CLEANUP(clear_pairs) struct pair_order *order = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(16 + 1 + ACTION_MAX + 8);
    struct sj_frontier frontier = {.size = 0};
    TRY(sort_pairs(heads, &order));
    for (size_t i = 0; i < heads->pair_map.count; i++) {
        struct sj_hash leaf;
        sj_buf_reset(&bytes);
        TRY(put_pair(&order[i], &bytes));
        TRY(sj_leaf_hash(sj_buf_view(&bytes), &leaf));
        TRY(sj_frontier_append(&frontier, &leaf));
    }
    return sj_frontier_root(&frontier, ret_root);
}

sj_status sj_heads_put_counts(const struct sj_heads *heads, struct sj_buf *out)
{
    CLEANUP(clear_pairs) struct pair_order *order = NULL;
    TRY(sort_pairs(heads, &order));
    for (size_t i = 0; i < heads->pair_map.count; i++) {
        TRY(put_pair(&order[i], out));
    }
    return SJ_DONE;
}

sj_status sj_heads_take_count(struct sj_reader *reader, struct sj_heads_count *ret_count)
{
    uint8_t len = 0;
    struct sj_view action;
    struct sj_heads_count count;
    const uint8_t *begin = reader->ptr;
    TRY(sj_read_bytes(reader, count.tag.bytes, sizeof(count.tag.bytes)));
    TRY(sj_read_u8(reader, &len));
    TRY(sj_read_view(reader, len, &action));
    TRY(sj_read_u64(reader, &count.count));
    ENSURE(len >= 1 && len <= ACTION_MAX, INVALID);
    count.action = (struct sj_text){(const char *)action.ptr, action.len};
    TRY(sj_leaf_hash(sj_view_of(begin, (size_t)(reader->ptr - begin)), &count.leaf));
    *ret_count = count;
    return SJ_DONE;
}

static sj_status tenants_root(
    const struct sj_tenants *tenants, uint64_t *ret_count, struct sj_hash *ret_root)
{
    CLEANUP(clear_order) struct order order = {NULL, 0};
    struct sj_frontier frontier = {.size = 0};
    TRY(sort_tenants(tenants, &order));
    for (size_t i = 0; i < order.count; i++) {
        struct sj_hash leaf;
        TRY(sj_heads_leaf(order.list[i], &leaf));
        TRY(sj_frontier_append(&frontier, &leaf));
    }
    *ret_count = order.count;
    return sj_frontier_root(&frontier, ret_root);
}

/* ---- the detail ---- */

sj_status sj_heads_detail(const struct sj_heads *heads, const struct sj_tenants *tenants,
    sj_time_us time, struct sj_buf *out)
{
    uint64_t count = 0;
    struct sj_hash root;
    struct sj_hash counts;
    char day[11];
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_HEADS_DETAIL_MAX);
    TRY(tenants_root(tenants, &count, &root));
    TRY(counts_root(heads, &counts));
    sj_date_format(sj_date_from_days(heads->has_day ? heads->day : sj_heads_day(time)), day);
    TRY(sj_detail_put_u64(&text, "tenants", count));
    TRY(sj_detail_put_hex(&text, "root", sj_view_of(root.bytes, SJ_HASH_SIZE)));
    TRY(sj_detail_put(&text, "day", sj_text_of(day)));
    TRY(sj_detail_put_u64(&text, "counts", heads->pair_map.count));
    TRY(sj_detail_put_hex(&text, "counts_root", sj_view_of(counts.bytes, SJ_HASH_SIZE)));
    return sj_buf_put_view(out, sj_buf_view(&text));
}

sj_status sj_heads_parse(struct sj_text detail, struct sj_heads_claim *ret_claim)
{
    struct sj_heads_claim claim;
    struct sj_text day;
    struct sj_date date = {.year = 0};
    const bool is_read =
        sj_detail_take_u64(&detail, "tenants", &claim.tenants) &&
        sj_detail_take_hex(&detail, "root", claim.root.bytes, SJ_HASH_SIZE) &&
        sj_detail_take(&detail, "day", &day) &&
        sj_detail_take_u64(&detail, "counts", &claim.counts) &&
        sj_detail_take_hex(&detail, "counts_root", claim.counts_root.bytes, SJ_HASH_SIZE) &&
        detail.len == 0 && !sj_failed(sj_date_parse(day, &date));
    ENSURE(is_read, INVALID);
    claim.day = sj_date_to_days(date);
    *ret_claim = claim;
    return SJ_DONE;
}
