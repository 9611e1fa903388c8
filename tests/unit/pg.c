/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a test get a real database of its own? initdb as in production (ICU, UTF-8, checksums), the server as a
 * direct child that is told to quit when the test dies, as user postgres when the test runs as root. Making and migrating one takes
 * seconds, so a run of ctest makes one (pg_template.c) that its tests copy.
 * Nothing listens on a network; the folder is readable by its user only, so trust is enough.
 */
#include "pg.h"

#include "sanjeh/crypto/hash.h"
#include "sanjeh/db/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ARGS_MAX 40

struct cluster {
    struct sj_pg pg;
    char bin[64];
    uid_t uid;
    gid_t gid;
    bool started;
    bool migrated;
    pid_t owner; /* only the process that started it stops it */
    char value[4096];
};

static struct cluster *the_cluster(void)
{
    static struct cluster cluster;
    return &cluster;
}

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "private PostgreSQL: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

static void format(char *out, size_t size, const char *first, const char *second, const char *third)
{
    const int len = snprintf(out, size, "%s%s%s", first, second, third);
    if (len < 0 || (size_t)len >= size) {
        give_up("fit a name");
    }
}

/* Becomes the cluster's user, dies with the test, and runs the program. */
static _Noreturn void become(const struct cluster *cluster, const char *const *args, bool quiet)
{
    const bool other = cluster->uid != geteuid();
    if (other && (setgid(cluster->gid) != 0 || setuid(cluster->uid) != 0)) {
        _exit(126);
    }
    if (prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || chdir(cluster->pg.folder) != 0) {
        _exit(126);
    }
    if (quiet) {
        const int log = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
            _exit(126);
        }
    }
    execv(args[0], (char *const *)(uintptr_t)args);
    _exit(127);
}

static pid_t launch(const struct cluster *cluster, const char *const *args)
{
    fflush(stdout);
    fflush(stderr);
    const pid_t pid = fork();
    if (pid == 0) {
        become(cluster, args, true);
    }
    if (pid < 0) {
        give_up("fork");
    }
    return pid;
}

static int finish(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void show_log(const struct cluster *cluster)
{
    char path[96];
    format(path, sizeof(path), cluster->pg.folder, "/log", "");
    FILE *file = fopen(path, "re");
    char line[512];
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        fputs(line, stderr);
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void run(const struct cluster *cluster, const char *program, const char *const *args)
{
    char path[128];
    format(path, sizeof(path), cluster->bin, "/", program);
    const char *all[ARGS_MAX] = {path};
    for (size_t i = 0; args[i] != NULL; i++) {
        all[i + 1] = args[i];
    }
    if (finish(launch(cluster, all)) != 0) {
        show_log(cluster);
        give_up(program);
    }
}

static void find_programs(struct cluster *cluster)
{
    for (int version = 19; version >= 15; version--) {
        const int len =
            snprintf(cluster->bin, sizeof(cluster->bin), "/usr/lib/postgresql/%d/bin", version);
        char path[96];
        format(path, sizeof(path), cluster->bin, "/initdb", "");
        if (len > 0 && access(path, X_OK) == 0) {
            return;
        }
    }
    give_up("find initdb under /usr/lib/postgresql");
}

static void make_folder(struct cluster *cluster)
{
    format(cluster->pg.folder, sizeof(cluster->pg.folder), "/tmp/sanjeh-pg-XXXXXX", "", "");
    if (mkdtemp(cluster->pg.folder) == NULL) {
        give_up("make a folder");
    }
    cluster->uid = geteuid();
    cluster->gid = getegid();
    if (cluster->uid == 0) {
        const struct passwd *user = getpwnam("postgres");
        if (user == NULL || chown(cluster->pg.folder, user->pw_uid, user->pw_gid) != 0) {
            give_up("hand the folder to user postgres");
        }
        cluster->uid = user->pw_uid;
        cluster->gid = user->pw_gid;
    }
}

static void start_server(struct cluster *cluster, const char *const *options)
{
    char program[96];
    char data[96];
    format(program, sizeof(program), cluster->bin, "/postgres", "");
    format(data, sizeof(data), cluster->pg.folder, "/data", "");
    const char *args[ARGS_MAX] = {program, "-D", data, "-k", cluster->pg.folder, "-c",
        "listen_addresses=", "-c", "shared_buffers=64MB", "-c", "max_connections=60", "-c",
        "max_wal_size=256MB", "-c", "autovacuum=off", "-c", "log_min_messages=warning"};
    size_t count = 17;
    for (size_t i = 0; options != NULL && options[i] != NULL && i < 8; i++) {
        args[count++] = options[i];
    }
    cluster->pg.pid = launch(cluster, args);
    for (int tries = 0; PQping(cluster->pg.admin) != PQPING_OK; tries++) {
        if (tries > 600) {
            show_log(cluster);
            give_up("reach the server");
        }
        usleep(50000);
    }
}

/* A program of the system's, as who we are. */
static int run_tool(const char *const *args)
{
    const pid_t pid = fork();
    if (pid == 0) {
        execv(args[0], (char *const *)(uintptr_t)args);
        _exit(127);
    }
    return pid > 0 ? finish(pid) : -1;
}

static void remove_folder(const struct cluster *cluster)
{
    const char *const args[] = {"/bin/rm", "-rf", cluster->pg.folder, NULL};
    (void)run_tool(args);
}

static bool copy_folder(const char *from, const char *to)
{
    const char *const args[] = {"/bin/cp", "-a", from, to, NULL};
    return run_tool(args) == 0;
}

static void stop(void)
{
    struct cluster *cluster = the_cluster();
    if (!cluster->started || cluster->owner != getpid()) {
        return;
    }
    cluster->started = false;
    if (cluster->pg.pid > 0 && kill(cluster->pg.pid, SIGQUIT) == 0) {
        finish(cluster->pg.pid);
    }
    remove_folder(cluster);
}

/* A process of its own that outlives a killed test only to remove its folder: the pipe's other end closes with
 * the test, the server dies by its parent's death. */
static void leave_caretaker(const struct cluster *cluster)
{
    int line[2];
    fflush(stdout);
    fflush(stderr);
    if (pipe2(line, O_CLOEXEC) != 0) {
        give_up("make a pipe");
    }
    const pid_t pid = fork();
    if (pid < 0) {
        give_up("fork");
    }
    if (pid > 0) {
        close(line[0]);
        finish(pid);
        return; /* line[1] stays open as long as this process lives */
    }
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fork() != 0 || setsid() < 0 || nothing < 0 || dup2(nothing, 0) < 0 ||
        dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0) {
        _exit(0);
    }
    close(line[1]);
    char byte;
    while (read(line[0], &byte, 1) < 0 && errno == EINTR) {
    }
    char lock[96];
    format(lock, sizeof(lock), cluster->pg.folder, "/data/postmaster.pid", "");
    for (int tries = 0; tries < 50 && access(lock, F_OK) == 0; tries++) {
        usleep(100000);
    }
    remove_folder(cluster);
    _exit(0);
}

static void write_conninfo(
    char out[192], const char *folder, const char *role, const char *database)
{
    const int len = snprintf(out, 192, "host=%s user=%s dbname=%s", folder, role, database);
    if (len < 0 || len >= 192) {
        give_up("fit a conninfo");
    }
}

static void make_data(const struct cluster *cluster, const char *data)
{
    const char *const init[] = {"-D", data, "-U", "postgres", "-A", "trust", "-N", "-k",
        "--locale-provider=icu", "--icu-locale=fa-IR", "--locale=C.UTF-8", "-E", "UTF8", NULL};
    run(cluster, "initdb", init);
}

static void make_roles(struct cluster *cluster)
{
    char admin[192];
    write_conninfo(admin, cluster->pg.folder, "postgres", "postgres");
    if (!sj_pg_run(admin, "create database sanjeh")) {
        give_up("create the database");
    }
    /* The server's user cannot read the sources everywhere, so psql gets the file on standard input. */
    const int roles = open(SJ_TEST_SOURCE "/migrations/roles.sql", O_RDONLY | O_CLOEXEC);
    const int saved = dup(STDIN_FILENO);
    if (roles < 0 || dup2(roles, STDIN_FILENO) < 0) {
        give_up("open migrations/roles.sql");
    }
    const char *const psql[] = {"-X", "-q", "-d", cluster->pg.admin, "-v", "app_password=app", "-v",
        "migrator_password=migrator", "-v", "auditor_password=auditor", NULL};
    run(cluster, "psql", psql);
    if (saved >= 0 && dup2(saved, STDIN_FILENO) >= 0) {
        close(saved);
    }
    close(roles);
}

/* template: a folder with the data of a stopped cluster, or NULL. */
static void make_cluster(struct cluster *cluster, const char *template)
{
    find_programs(cluster);
    make_folder(cluster);
    cluster->owner = getpid();
    cluster->started = true;
    if (atexit(stop) != 0) {
        give_up("register the end");
    }
    leave_caretaker(cluster);
    struct sj_pg *pg = &cluster->pg;
    char data[96];
    format(data, sizeof(data), pg->folder, "/data", "");
    write_conninfo(pg->admin, pg->folder, "postgres", "sanjeh");
    write_conninfo(pg->app, pg->folder, "sanjeh_app", "sanjeh");
    write_conninfo(pg->migrator, pg->folder, "sanjeh_migrator", "sanjeh");
    write_conninfo(pg->auditor, pg->folder, "sanjeh_auditor", "sanjeh");
    const bool is_copy = template != NULL && copy_folder(template, data);
    if (!is_copy) {
        make_data(cluster, data);
    }
    start_server(cluster, NULL);
    if (!is_copy) {
        make_roles(cluster);
    }
}

static const struct sj_pg *start_from(const char *template)
{
    struct cluster *cluster = the_cluster();
    if (!cluster->started) {
        if (sj_failed(sj_crypto_init())) {
            give_up("start the cryptographic library");
        }
        make_cluster(cluster, template);
    }
    return &cluster->pg;
}

const struct sj_pg *sj_pg_start_empty(void)
{
    return start_from(NULL);
}

static void test_pads(uint8_t pads[128])
{
    for (size_t i = 0; i < 128; i++) {
        const uint8_t key = (i % 64) < 32 ? (uint8_t)(i % 64 + 1) : 0;
        pads[i] = key ^ (i < 64 ? 0x36u : 0x5cu);
    }
}

const struct sj_pg *sj_pg_start(struct sj_view pads)
{
    struct cluster *cluster = the_cluster();
    const char *template = getenv("SANJEH_PG_TEMPLATE");
    const bool is_there = template != NULL && access(template, F_OK) == 0;
    const struct sj_pg *pg = start_from(is_there ? template : NULL);
    if (cluster->migrated) {
        return pg;
    }
    uint8_t own[128];
    test_pads(own);
    char detail[512] = "";
    const sj_status status = sj_migrate(pg->migrator,
        pads.len == 0 ? sj_view_of(own, sizeof(own)) : pads, NULL, NULL, detail, sizeof(detail));
    if (sj_failed(status)) {
        fprintf(stderr, "migrate: %s\n", detail);
        give_up("migrate");
    }
    cluster->migrated = true;
    return pg;
}

void sj_pg_sign(
    const struct sj_uuid *scopes, size_t count, int64_t valid_s, struct sj_context *ret_context)
{
    char body[400];
    int len =
        snprintf(body, sizeof(body), "v1.%lld.", (long long)(sj_time_now() / 1000000 + valid_s));
    for (size_t i = 0; i < count && len > 0 && (size_t)len + 40 < sizeof(body); i++) {
        char id[SJ_UUID_TEXT_SIZE];
        sj_uuid_format(scopes[i], id);
        len += snprintf(body + len, sizeof(body) - (size_t)len, "%s%s", i == 0 ? "" : ",", id);
    }
    uint8_t key[32];
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)(i + 1);
    }
    const struct sj_view text = sj_view_of(body, (size_t)len);
    struct sj_hash mac;
    if (sj_failed(sj_hmac_sha256(sj_view_of(key, sizeof(key)), &text, 1, &mac))) {
        give_up("sign a context");
    }
    char hex[2 * SJ_HASH_SIZE + 1];
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        snprintf(hex + 2 * i, 3, "%02x", mac.bytes[i]);
    }
    format(ret_context->text, sizeof(ret_context->text), body, ".", hex);
}

static void swallow_notice(void *ctx, const PGresult *result)
{
    (void)ctx;
    (void)result;
}

/* The last result of the statements; PQclear is the caller's. */
static PGresult *ask(const char *conninfo, const char *sql)
{
    PGconn *conn = PQconnectdb(conninfo);
    PQsetNoticeReceiver(conn, swallow_notice, NULL);
    PGresult *result = PQexec(conn, sql);
    if (PQstatus(conn) != CONNECTION_OK) {
        fprintf(stderr, "private PostgreSQL: %s\n", PQerrorMessage(conn));
    }
    PQfinish(conn);
    return result;
}

bool sj_pg_run(const char *conninfo, const char *sql)
{
    PGresult *result = ask(conninfo, sql);
    const ExecStatusType kind = PQresultStatus(result);
    const bool fine = kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK;
    if (!fine) {
        fprintf(stderr, "%s: %s\n", sql, PQresultErrorMessage(result));
    }
    PQclear(result);
    return fine;
}

const char *sj_pg_state(const char *conninfo, const char *sql)
{
    struct cluster *cluster = the_cluster();
    PGresult *result = ask(conninfo, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    format(cluster->value, sizeof(cluster->value), state == NULL ? "00000" : state, "", "");
    PQclear(result);
    return cluster->value;
}

const char *sj_pg_value(const char *conninfo, const char *sql)
{
    struct cluster *cluster = the_cluster();
    PGresult *result = ask(conninfo, sql);
    cluster->value[0] = '\0';
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0) {
        format(cluster->value, sizeof(cluster->value), PQgetvalue(result, 0, 0), "", "");
    } else if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fprintf(stderr, "%s: %s\n", sql, PQresultErrorMessage(result));
    }
    PQclear(result);
    return cluster->value;
}

void sj_pg_keep(const char *folder)
{
    struct cluster *cluster = the_cluster();
    char data[96];
    format(data, sizeof(data), cluster->pg.folder, "/data", "");
    if (kill(cluster->pg.pid, SIGINT) != 0 || finish(cluster->pg.pid) != 0) {
        give_up("stop the server");
    }
    cluster->pg.pid = 0;
    const char *const remove[] = {"/bin/rm", "-rf", folder, NULL};
    if (run_tool(remove) != 0 || !copy_folder(data, folder)) {
        give_up("keep the data");
    }
}

void sj_pg_crash(void)
{
    struct cluster *cluster = the_cluster();
    if (kill(cluster->pg.pid, SIGQUIT) != 0) {
        give_up("crash the server");
    }
    finish(cluster->pg.pid);
    cluster->pg.pid = 0;
}

void sj_pg_resume(const char *const *options)
{
    start_server(the_cluster(), options);
}
