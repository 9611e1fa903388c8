/* SPDX-License-Identifier: Apache-2.0
 *
 * Which domains have we read already? A few names in an array behind a mutex that is held for the search alone. An answer of the
 * database that was on its way while a change came is used once and not kept (epoch).
 */
#include "store.h"

#include "sanjeh/base/log.h"

#include <pthread.h>

#define DOMAINS_MAX 64 /* in memory; the oldest makes room */

struct kept {
    char name[SJ_DOMAIN_NAME_MAX + 1];
    struct sj_domain *domain;
};

struct sj_domains {
    pthread_mutex_t mutex;
    struct kept items[DOMAINS_MAX];
    size_t count;
    size_t hand;
    uint64_t epoch;
};

sj_status sj_domains_new(struct sj_domains **ret_domains)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_domains), &memory));
    struct sj_domains *domains = memory;
    if (pthread_mutex_init(&domains->mutex, NULL) != 0) {
        sj_free(domains);
        FAIL(OUT_OF_MEMORY);
    }
    *ret_domains = domains;
    return SJ_DONE;
}

static void lock(struct sj_domains *domains)
{
    SJ_ASSERT(pthread_mutex_lock(&domains->mutex) == 0);
}

static void unlock(struct sj_domains *domains)
{
    SJ_ASSERT(pthread_mutex_unlock(&domains->mutex) == 0);
}

void sj_domains_drop(struct sj_domains *domains, struct sj_text name)
{
    lock(domains);
    domains->epoch++;
    size_t kept = 0;
    for (size_t i = 0; i < domains->count; i++) {
        if (name.len == 0 || sj_text_is(name, domains->items[i].name)) {
            sj_domain_release(&domains->items[i].domain);
        } else {
            domains->items[kept++] = domains->items[i];
        }
    }
    domains->count = kept;
    domains->hand = 0;
    unlock(domains);
}

void sj_domains_free(struct sj_domains **domains)
{
    if (domains == NULL || *domains == NULL) {
        return;
    }
    sj_domains_drop(*domains, SJ_TEXT(""));
    (void)pthread_mutex_destroy(&(*domains)->mutex);
    sj_free(*domains);
    *domains = NULL;
}

void sj_domains_on_notify(void *ctx, struct sj_text channel, struct sj_text payload)
{
    (void)channel;
    sj_domains_drop(ctx, payload);
}

static struct sj_domain *find_kept(
    struct sj_domains *domains, struct sj_text name, uint64_t *ret_epoch)
{
    struct sj_domain *found = NULL;
    lock(domains);
    *ret_epoch = domains->epoch;
    for (size_t i = 0; i < domains->count && found == NULL; i++) {
        if (sj_text_is(name, domains->items[i].name)) {
            found = sj_domain_share(domains->items[i].domain);
        }
    }
    unlock(domains);
    return found;
}

static void keep(
    struct sj_domains *domains, struct sj_text name, struct sj_domain *domain, uint64_t epoch)
{
    lock(domains);
    bool wanted = epoch == domains->epoch;
    for (size_t i = 0; i < domains->count; i++) {
        wanted = wanted && !sj_text_is(name, domains->items[i].name);
    }
    if (wanted) {
        struct kept *place = &domains->items[domains->count];
        if (domains->count == DOMAINS_MAX) {
            place = &domains->items[domains->hand];
            domains->hand = (domains->hand + 1) % DOMAINS_MAX;
            sj_domain_release(&place->domain);
        } else {
            domains->count++;
        }
        (void)snprintf(place->name, sizeof place->name, "%.*s", (int)name.len, name.ptr);
        place->domain = sj_domain_share(domain);
    }
    unlock(domains);
}

static sj_status read_row(struct sj_channel *channel, const struct sj_rows *rows,
    struct sj_text name, bool *ret_found, struct sj_domain **ret_domain)
{
    const int64_t version = sj_row_i64(rows, 0, 1);
    const struct sj_view document = sj_row_bytes(rows, 0, 4);
    bool fits = false;
    TRY(store_seal_fits(channel, name, version, document, sj_row_bytes(rows, 0, 5), &fits));
    if (!fits) {
        SJ_LOG(ERROR, "authzen.domain.seal", sj_log_text("domain", name));
        return SJ_DONE;
    }
    struct sj_policy_fault fault;
    const sj_status status = sj_domain_read(document, version, ret_domain, &fault);
    if (status.code == SJ_BAD_CONFIG) {
        /* It was good when it came; a newer program may be stricter. */
        SJ_LOG(ERROR, "authzen.domain.refused", sj_log_text("domain", name));
        return SJ_DONE;
    }
    TRY(status);
    *ret_found = true;
    return SJ_DONE;
}

sj_status sj_domains_get(struct sj_domains *domains, struct sj_db *db, struct sj_channel *channel,
    struct sj_text name, bool *ret_found, struct sj_domain **ret_domain)
{
    *ret_found = false;
    *ret_domain = NULL;
    if (!sj_domain_name_is_valid(name)) {
        return SJ_DONE;
    }
    uint64_t epoch = 0;
    *ret_domain = find_kept(domains, name, &epoch);
    if (*ret_domain != NULL) {
        *ret_found = true;
        return SJ_DONE;
    }
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(store_load(db, channel, name, &rows));
    if (sj_rows_count(rows) == 0) {
        return SJ_DONE;
    }
    TRY(read_row(channel, rows, name, ret_found, ret_domain));
    if (*ret_found) {
        keep(domains, name, *ret_domain, epoch);
    }
    return SJ_DONE;
}
