/* SPDX-License-Identifier: Apache-2.0
 *
 * Every endpoint of the server in one row, in the order of the tables. Built once before threads start; the
 * audit-coverage and OpenAPI tests walk it (`sanjehd --routes`).
 */
#include "routes/routes.h"
#include "server.h"

struct table {
    const struct sj_endpoint *rows;
    const size_t *count;
};

static const struct table tables[] = {
#define SJ_ROUTES_TABLE(name) {sj_routes_##name, &sj_routes_##name##_count},
#include "routes.def"
#undef SJ_ROUTES_TABLE
};

/* What leaves no entry: the health routes, which tell nobody anything. A new one must be argued for here. */
static const char *const exempt_from_the_record[] = {"/healthz", "/readyz"};

bool sj_endpoint_is_exempt(const struct sj_endpoint *endpoint)
{
    for (size_t i = 0; endpoint != NULL && i < SJ_COUNT(exempt_from_the_record); i++) {
        if (strcmp(endpoint->route.path, exempt_from_the_record[i]) == 0) {
            return true;
        }
    }
    return false;
}

size_t sj_endpoint_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < SJ_COUNT(tables); i++) {
        count += *tables[i].count;
    }
    return count;
}

const struct sj_endpoint *sj_endpoint_at(size_t number)
{
    for (size_t i = 0; i < SJ_COUNT(tables); i++) {
        if (number < *tables[i].count) {
            return &tables[i].rows[number];
        }
        number -= *tables[i].count;
    }
    return NULL;
}

bool sj_place_take(_Atomic unsigned *taken, unsigned max)
{
    if (atomic_fetch_add(taken, 1) < max) {
        return true;
    }
    (void)atomic_fetch_sub(taken, 1);
    return false;
}

void sj_place_leave(_Atomic unsigned *taken)
{
    (void)atomic_fetch_sub(taken, 1);
}

size_t sj_endpoint_number(const struct sj_endpoint *endpoint)
{
    size_t before = 0;
    for (size_t i = 0; i < SJ_COUNT(tables); i++) {
        if (endpoint >= tables[i].rows && endpoint < tables[i].rows + *tables[i].count) {
            return before + (size_t)(endpoint - tables[i].rows);
        }
        before += *tables[i].count;
    }
    return SJ_METRICS_ENDPOINTS_MAX;
}
