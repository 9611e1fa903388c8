/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjehd: the server program. Reads its configuration, hands over to server.c, returns why it ended.
 */
#include "server.h"

#include "sanjeh/base/log.h"
#include "sanjeh/sandbox/sandbox.h"

#include <getopt.h>
#include <sys/resource.h>

enum { EXIT_USAGE = 2 };

#define DESCRIPTORS_BESIDE 256 /* database, keeper, press, loops, files */

static const char help[] =
    "usage: sanjehd --config FILE [--check]\n"
    "\n"
    "Serves Sanjeh over TLS until SIGTERM.\n"
    "\n"
    "  --config FILE   configuration, see sanjeh.conf(5)\n"
    "  --check         read configuration, certificate, keys and policy, then exit\n"
    "  --routes        print every route as 'METHOD path', 'exempt' behind those outside the "
    "record\n"
    "  --help          this text\n"
    "\n"
    "Signals: TERM finishes what is in flight (10 s at most), HUP reads certificate and key "
    "again.\n"
    "Exit: 0 stopped, 1 failed, 2 usage, 3 the database is unsafe or of another version,\n"
    "      4 the audit log in the database is not the one that was signed.\n"
    "Next: `sanjeh migrate --config FILE` prepares the database, `scripts/demo` shows all of it.\n";

static const char *const methods[SJ_METHOD_COUNT_] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

static int print_routes(void)
{
    for (size_t i = 0; i < sj_endpoint_count(); i++) {
        const struct sj_route *route = &sj_endpoint_at(i)->route;
        (void)printf("%s %s%s\n", methods[route->method], route->path,
            sj_endpoint_is_exempt(sj_endpoint_at(i)) ? " exempt" : "");
    }
    return EXIT_SUCCESS;
}

static int fail(sj_status status, const char *detail)
{
    (void)fprintf(stderr, "sanjehd: %s%s%s\n", sj_code_title(status.code),
        detail[0] == '\0' ? "" : ": ", detail);
    return status.code == SJ_BAD_CONFIG ? EXIT_USAGE : EXIT_FAILURE;
}

/* Each connection is a descriptor, and a service starts with 1,024 of which it may take more: at the limit new connections would wait
 * unanswered instead of being served or refused. */
static void allow_connections(const struct sj_config *config)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* what holds is read below */
    const rlim_t wanted = (rlim_t)config->connection_limit + DESCRIPTORS_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        SJ_LOG(WARN, "server.descriptors.few", sj_log_int("allowed", (int64_t)limit.rlim_cur),
            sj_log_int("wanted", (int64_t)wanted));
    }
}

static int serve(const char *path, bool check)
{
    static struct sj_server server; /* too large for a stack; the only one of the process */
    struct sj_config config;
    char detail[SJ_CONFIG_DETAIL_SIZE] = {0};
    sj_status status = sj_config_load(path, &config, detail);
    if (sj_failed(status)) {
        return fail(status, detail);
    }
    sj_config_apply_log_level(&config);
    server.config_path = path;
    server.is_check = check;
    sj_log_set_process("front");
    allow_connections(&config);
    status = sj_server_prepare(&config, &server, detail, sizeof detail);
    if (sj_failed(status)) {
        sj_server_clear(&server);
        return fail(status, detail);
    }
    const int code = check ? EXIT_SUCCESS : sj_server_run(&server);
    if (check) {
        (void)puts("configuration, certificate, keys and policy are usable");
    }
    sj_server_clear(&server);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'}, {"routes", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *path = NULL;
    bool check = false;
    sj_memory_setup();
    if (sj_failed(sj_sandbox_no_dump())) {
        return EXIT_FAILURE;
    }
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'c') {
            path = optarg;
        } else if (option == 'k') {
            check = true;
        } else if (option == 'r') {
            return print_routes();
        } else {
            (void)fputs(help, option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
        }
    }
    if (path == NULL || optind != argc) {
        (void)fputs(help, stderr);
        return EXIT_USAGE;
    }
    return serve(path, check);
}
