/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does a tenant's chain end? See tenants.h. The list grows by doubling; its order is that of first use.
 */
#include "tenants.h"

#include "sanjeh/base/memory.h"

sj_status sj_tenants_init(struct sj_tenants *tenants, size_t max)
{
    *tenants = (struct sj_tenants){0};
    return sj_idmap_init(&tenants->map, max);
}

void sj_tenants_clear(struct sj_tenants *tenants)
{
    sj_idmap_clear(&tenants->map);
    sj_free(tenants->list);
    tenants->list = NULL;
    tenants->capacity = 0;
}

static sj_status grow(struct sj_tenants *tenants)
{
    const size_t capacity = tenants->capacity == 0 ? 32 : tenants->capacity * 2;
    void *memory = NULL;
    TRY(sj_alloc(capacity, sizeof(struct sj_tenant), &memory));
    struct sj_tenant *list = memory;
    for (size_t i = 0; i < tenants->capacity; i++) {
        list[i] = tenants->list[i];
    }
    sj_free(tenants->list);
    tenants->list = list;
    tenants->capacity = capacity;
    return SJ_DONE;
}

sj_status sj_tenants_get(
    struct sj_tenants *tenants, struct sj_uuid tag, struct sj_tenant **ret_tenant)
{
    /* room first: a number must never exist without its place in the list */
    if (tenants->map.count == tenants->capacity) {
        TRY(grow(tenants));
    }
    size_t number = 0;
    bool is_new = false;
    TRY(sj_idmap_get(&tenants->map, tag, &number, &is_new));
    if (is_new) {
        tenants->list[number] = (struct sj_tenant){.tag = tag};
    }
    *ret_tenant = &tenants->list[number];
    return SJ_DONE;
}
