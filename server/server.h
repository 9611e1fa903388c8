/* SPDX-License-Identifier: Apache-2.0
 *
 * The running server: what all loops share, and how it starts and stops.
 */
#ifndef SJ_SERVER_SERVER_H
#define SJ_SERVER_SERVER_H

#include "anonymous.h"
#include "config.h"
#include "exchange.h"
#include "flood.h"
#include "metrics.h"

#include "policy_point.h"
#include "publish.h"
#include "sanjeh/authzen/registry.h"
#include "stamp.h"

#include <stdatomic.h>

struct sj_own_cache;
struct sj_index;
struct sj_watcher;
struct sj_sinks;

#define SJ_WORKERS_MAX 64
#define SJ_EXPORTS_MAX 1u /* each holds the log in memory once */
#define SJ_IMPORTS_MAX 2u /* each may hold 60 MiB and a connection for seconds */

/* Takes a place if one of max is free; give it back with sj_place_leave. */
bool sj_place_take(_Atomic unsigned *taken, unsigned max);
void sj_place_leave(_Atomic unsigned *taken);

struct sj_server {
    const char *config_path;
    bool is_check; /* sanjehd --check: touches nothing that a running server holds */
    struct sj_config config;
    struct sj_buf installed; /* policy.json and tests.json of [policy] folder */
    struct sj_buf installed_tests;
    _Atomic bool policy_stale; /* the database may have another one in force */
    _Atomic uint64_t policy_alarms;
    struct sj_sinks *sinks;
    struct sj_watcher *watcher;
    _Atomic uint64_t alarms_raised[SJ_ALARM_RULE_COUNT_]; /* since the start */
    _Atomic uint64_t alarms_open[SJ_ALARM_RULE_COUNT_];   /* nobody has acknowledged them */
    _Atomic uint64_t watch_lag;                           /* entries that the rules have not seen */
    _Atomic bool watch_failing;
    _Atomic uint64_t watch_looks; /* at what guards the record */
    _Atomic uint64_t scrub_position;
    _Atomic uint64_t scrub_findings; /* of the last whole walk */
    _Atomic int64_t scrub_finished;  /* when; 0: not yet */
    _Atomic uint64_t glass_overdue;  /* openings of break-glass whose review is overdue */
    struct sj_policy_point *point;   /* the policy in force; a request pins it: exchange.h */
    struct sj_keeper *keeper;
    struct sj_press *press; /* NULL: it could not start; cards are then not printed */
    struct sj_tls *tls;
    struct sj_authn *authn;
    struct sj_db
        *record_db; /* the sequencer's own, so that deeds cannot starve it of connections */
    struct sj_recorder *recorder;   /* of the record: drafts beside the database */
    struct sj_sequencer *sequencer; /* lives on worker 0 */
    atomic_uint payload_turned;     /* counts up when keys of payloads were destroyed */
    _Atomic bool index_rebuild;     /* asked for; the index's worker does it */
    _Atomic bool days_recount;      /* the same for the counts of the days */
    struct sj_index *index;         /* of the record; made when it is open */
    struct sj_stamper *stamper;     /* NULL: no time-stamping authority is configured */
    struct sj_publisher *publisher; /* NULL: no witnesses are configured */
    struct sj_domains *domains;     /* policy domains of other systems */
    struct sj_own_cache *own_cache;
    struct sj_anonymous *anonymous;
    struct sj_flood *flood;
    struct sj_work_pool *work_pool; /* large imports: parsing and sealing would stall a loop */
    struct sj_metrics metrics;
    struct sj_route *routes; /* made from the endpoints */
    size_t route_count;
    struct sj_worker workers[SJ_WORKERS_MAX];
    unsigned worker_count;
    _Atomic bool ready;
    _Atomic bool stopping;
    _Atomic unsigned in_flight;
    _Atomic unsigned tails;       /* of the record, being followed */
    _Atomic unsigned exports;     /* running; at most SJ_EXPORTS_MAX */
    _Atomic unsigned import_wake; /* looks for bulk imports that are still to be made */
    _Atomic unsigned background;  /* fibers of the server's own work */
    _Atomic unsigned imports;     /* large ones running; at most SJ_IMPORTS_MAX */
    int signal_fd;
    int exit_code; /* why a start failed; written on worker 0 before its loop stops */
};

/* Everything up to the sandbox: keeper, certificate, policy, signals. reterr_detail: 256 bytes. */
SJ_MUST_CHECK sj_status sj_server_prepare(const struct sj_config *config, struct sj_server *server,
    char *reterr_detail, size_t detail_size);
/* Runs until SIGTERM or SIGINT; returns the process's exit code. */
int sj_server_run(struct sj_server *server);
void sj_server_clear(struct sj_server *server);

/* All endpoints, once; the table that OpenAPI is checked against. */
size_t sj_endpoint_count(void);
const struct sj_endpoint *sj_endpoint_at(size_t number);
/* SJ_METRICS_ENDPOINTS_MAX for NULL or one of no table. */
size_t sj_endpoint_number(const struct sj_endpoint *endpoint);

/* Whether its answers leave no entry and are not counted: a compiled list. */
bool sj_endpoint_is_exempt(const struct sj_endpoint *endpoint);

/* The http handler of every loop: ctx is its struct sj_worker. */
void sj_exchange_handle(void *ctx, struct sj_request *request);

#endif
