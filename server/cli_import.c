/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a person bring a file in from the command line? As over the API: an import is a person's act with two factors, so this
 * signs in like a browser does and does nothing that the person may not. Password and code come from the terminal or a descriptor,
 * never from arguments or the environment, which everybody on the machine can read. Words and progress go to standard error, faulty rows
 * to standard output.
 */
#include "cli.h"
#include "cli_remote.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/client/import.h"
#include "sanjeh/crypto/hash.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/stat.h>

struct arguments {
    struct sj_cli_remote remote;
    const char *resume;
    const char *file;
    int64_t part_bytes;
    bool is_dry_run;
    struct sj_client_order order;
};

struct session {
    const struct sj_command *command;
    struct sj_cli_remote *remote;
    int fd;
    int64_t file_bytes;
    struct sj_client_job job;
    int64_t told; /* progress was told up to here */
    bool is_terminal;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* ---- arguments ---- */

enum { KIND = 256, FORMAT, ACCEPT, PERIOD, CYCLE, COMMENT, SUPERSEDES };

static const char **text_of(struct arguments *arguments, int option)
{
    const char **const places[] = {&arguments->order.kind, &arguments->order.format,
        &arguments->order.accept, &arguments->order.period, &arguments->order.cycle,
        &arguments->order.comment, &arguments->order.supersedes};
    const int number = option - KIND;
    return number >= 0 && number < (int)SJ_COUNT(places) ? places[number] : NULL;
}

static bool take_number(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
    return !sj_failed(sj_parse_i64(sj_text_of(text), min, max, ret_number));
}

static bool take_option(struct arguments *arguments, int option, const char *value)
{
    const char **place = text_of(arguments, option);
    if (place != NULL) {
        *place = value;
        return true;
    }
    switch (option) {
    case 'r':
        arguments->resume = value;
        return true;
    case 'n':
        arguments->is_dry_run = true;
        return true;
    case 'o':
        arguments->order.is_held = true;
        return true;
    case 'p':
        return take_number(value, (int64_t)SJ_CLIENT_PART_MIN, (int64_t)SJ_CLIENT_PART_MAX,
            &arguments->part_bytes);
    default:
        return sj_cli_remote_option(&arguments->remote, option, value);
    }
}

static const char *format_of(const char *file)
{
    const size_t len = strlen(file);
    if (len > 4 && strcmp(file + len - 4, ".csv") == 0) {
        return "csv";
    }
    return len > 7 && strcmp(file + len - 7, ".ndjson") == 0 ? "ndjson" : NULL;
}

static const struct option options[] = {SJ_CLI_REMOTE_OPTIONS,
    {"kind", required_argument, NULL, KIND}, {"format", required_argument, NULL, FORMAT},
    {"accept", required_argument, NULL, ACCEPT}, {"period", required_argument, NULL, PERIOD},
    {"cycle", required_argument, NULL, CYCLE}, {"comment", required_argument, NULL, COMMENT},
    {"supersedes", required_argument, NULL, SUPERSEDES}, {"hold", no_argument, NULL, 'o'},
    {"dry-run", no_argument, NULL, 'n'}, {"resume", required_argument, NULL, 'r'},
    {"part-bytes", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    *ret_exit = SJ_EXIT_OK;
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            (void)sj_cli_help(command, SJ_EXIT_OK);
            return false;
        }
        if (!take_option(arguments, option, optarg)) {
            *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
            return false;
        }
    }
    const bool is_complete = arguments->remote.url != NULL && arguments->remote.user != NULL &&
                             optind == argc - 1 &&
                             (arguments->order.kind != NULL || arguments->resume != NULL);
    if (is_complete) {
        arguments->file = argv[optind];
        if (arguments->order.format == NULL) {
            arguments->order.format = format_of(arguments->file);
        }
    }
    if (!is_complete || (arguments->order.format == NULL && arguments->resume == NULL)) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

/* ---- looking on ---- */

static void tell(void *ctx, const struct sj_client_job *job, int64_t file_bytes)
{
    struct session *session = ctx;
    const bool is_sending =
        strcmp(job->state, "draft") == 0 || strcmp(job->state, "uploading") == 0;
    const int64_t done = is_sending ? job->bytes : job->bytes_done;
    const int64_t percent = file_bytes == 0 ? 100 : done * 100 / file_bytes;
    const int64_t mark =
        percent + (is_sending ? 0 : 1000) + (strcmp(job->state, "writing") == 0 ? 1000 : 0);
    if (mark == session->told) {
        return;
    }
    session->told = mark;
    (void)fprintf(stderr, "%s%s: %lld %% of %lld bytes, %lld rows, %lld refused%s",
        session->is_terminal ? "\r\033[K" : "", job->state, (long long)percent,
        (long long)file_bytes, (long long)job->rows_read, (long long)job->rows_rejected,
        session->is_terminal ? "" : "\n");
    (void)fflush(stderr);
}

static void print_fault(void *ctx, const struct sj_client_fault *fault)
{
    (void)ctx;
    char column[81];
    size_t len = 0;
    /* a column's name may be the file's own text: what a terminal would obey is not repeated */
    for (; len < fault->column.len && len < sizeof column - 1; len++) {
        const char c = fault->column.ptr[len];
        column[len] = c >= ' ' && c < 0x7f ? c : '?';
    }
    column[len] = '\0';
    (void)printf(
        "%lld\t%s\t%s\t%s\n", (long long)fault->row, column, fault->code.ptr, fault->detail.ptr);
}

/* ---- the steps ---- */

static sj_status open_file(const struct arguments *arguments, struct session *session)
{
    session->remote->why = "FILE: a file that can be read";
    session->fd = open(arguments->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ENSURE(session->fd >= 0, BAD_CONFIG);
    struct stat info;
    ENSURE(fstat(session->fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0, BAD_CONFIG);
    session->file_bytes = info.st_size;
    session->remote->why = "";
    return SJ_DONE;
}

static sj_status hash_file(const struct session *session, char ret_hex[65])
{
    CLEANUP(sj_sha256_stream_free) struct sj_sha256_stream *stream = NULL;
    TRY(sj_sha256_stream_new(&stream));
    uint8_t piece[16384];
    int64_t at = 0;
    for (ssize_t got = 1; got > 0; at += got) {
        got = pread(session->fd, piece, sizeof piece, at);
        ENSURE(got >= 0, IO);
        TRY(sj_sha256_stream_put(stream, sj_view_of(piece, (size_t)got)));
    }
    struct sj_hash hash;
    TRY(sj_sha256_stream_end(stream, &hash));
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(128);
    TRY(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    (void)snprintf(ret_hex, 65, "%.*s", (int)hex.len, (const char *)hex.ptr);
    return SJ_DONE;
}

/* The server hashed what it put together from the parts; a file that was changed between two attempts shows here. */
static sj_status compare(struct session *session)
{
    char here[65];
    char there[65];
    if (session->job.contribution[0] == '\0') {
        return SJ_DONE;
    }
    TRY(hash_file(session, here));
    TRY(sj_client_import_hash(session->remote->client, &session->job, there));
    session->remote->why =
        "the server received other bytes than this file has: it was changed on the way";
    ENSURE(strcmp(here, there) == 0, CONFLICT);
    session->remote->why = "";
    (void)fprintf(stderr, "SHA-256 %s, as the server received it\n", here);
    return SJ_DONE;
}

static sj_status work(const struct arguments *arguments, struct session *session)
{
    TRY(open_file(arguments, session));
    TRY(sj_cli_remote_open(session->remote));
    if (arguments->resume != NULL) {
        TRY(sj_client_import_find(session->remote->client, arguments->resume, &session->job));
    } else {
        TRY(sj_client_import_create(session->remote->client, &arguments->order, &session->job));
    }
    (void)fprintf(stderr, "import %s\n", session->job.id);
    const struct sj_client_watch watch = {tell, session, &stopped};
    const bool is_over =
        strcmp(session->job.state, "failed") == 0 || strcmp(session->job.state, "cancelled") == 0;
    if (!is_over) {
        TRY(sj_client_import_send(session->remote->client, session->fd, session->file_bytes,
            (size_t)arguments->part_bytes, &watch, &session->job));
        TRY(sj_client_import_run(session->remote->client, arguments->is_dry_run,
            session->file_bytes, &watch, &session->job));
    }
    TRY(sj_client_import_faults(session->remote->client, &session->job, print_fault, NULL));
    return compare(session);
}

/* ---- the end ---- */

static int tell_end(const struct arguments *arguments, const struct session *session)
{
    const struct sj_client_job *job = &session->job;
    (void)fprintf(stderr, "%s%s%s%s: %lld rows, %lld good, %lld refused\n",
        session->is_terminal ? "\n" : "", job->state, job->failure[0] == '\0' ? "" : " ",
        job->failure, (long long)job->rows_read, (long long)job->rows_ok,
        (long long)job->rows_rejected);
    if (strcmp(job->state, "done") != 0) {
        (void)fputs(
            "Nothing of it is in force. Put the rows right and import the file anew.\n", stderr);
        return SJ_EXIT_FAILED;
    }
    if (job->is_dry_run) {
        (void)fprintf(stderr,
            "Nothing was written. Next: the same command with --resume %s and without --dry-run.\n",
            job->id);
    } else if (job->is_held) {
        (void)fprintf(stderr,
            "Next: another person accepts or rejects it: POST /api/v1/contributions/%s/moves "
            "{\"to\": \"validated\"}, then \"accepted\".\n",
            job->contribution);
    } else if (job->rows_rejected > 0) {
        (void)fprintf(stderr,
            "The good rows are in force (batch %s). Next: put the refused rows right and import "
            "them alone.\n",
            job->contribution);
    } else {
        (void)fprintf(stderr, "In force: batch %s. It is replaced with --supersedes %s.\n",
            job->contribution, job->contribution);
    }
    (void)arguments;
    return job->rows_rejected > 0 ? SJ_EXIT_FAILED : SJ_EXIT_OK;
}

static int tell_failure(struct session *session, sj_status status)
{
    if (session->is_terminal) {
        (void)fputc('\n', stderr);
    }
    const int code = sj_cli_remote_end(session->remote, session->command, status, false);
    if (session->job.id[0] != '\0' && status.code != SJ_CONFLICT) {
        (void)fprintf(stderr, "Next: the same command with --resume %s goes on where it stopped.\n",
            session->job.id);
    }
    return code;
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {
        .remote = {.credentials_fd = -1, .why = ""}, .part_bytes = (int64_t)SJ_CLIENT_PART_MAX};
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code)) {
        return code;
    }
    const struct sigaction ending = {.sa_handler = stop};
    (void)sigaction(SIGINT, &ending, NULL);
    (void)sigaction(SIGTERM, &ending, NULL);
    struct session session = {.command = command,
        .remote = &arguments.remote,
        .fd = -1,
        .told = -1,
        .is_terminal = isatty(STDERR_FILENO) == 1};
    const sj_status status = work(&arguments, &session);
    if (sj_failed(status)) {
        code = tell_failure(&session, status);
    } else {
        code = tell_end(&arguments, &session);
        (void)sj_cli_remote_end(&arguments.remote, command, status, /* print= */ false);
    }
    sj_closep(&session.fd);
    return code;
}

const struct sj_command sj_command_import = {"import", NULL,
    "bring a file of rows in, as a person with two factors",
    "usage: sanjeh import --url URL --user NAME [--ca FILE] {--kind KIND | --resume ID} "
    "[--dry-run]\n"
    "                     [--format F] [--accept A] [--period P] [--cycle CODE] [--comment TEXT] "
    "[--hold]\n"
    "                     [--supersedes BATCH] [--credentials-fd N] "
    "[--part-bytes N] FILE\n\n"
    "Password and code are asked on the terminal, or read from standard input or --credentials-fd, "
    "one line each.\n"
    "KIND: roster, workload, survey_means, measures. FILE: .csv or .ndjson, or "
    "--format says which.\n"
    "--ca: the authority of the server's certificate (PEM); without it those of the system. "
    "--dry-run checks and writes\n"
    "nothing; --resume goes on with an import that was cut off, or writes one that was checked. "
    "--accept: all_or_nothing\n"
    "(as a rule) or valid_rows. --period: YYYY, YYYY-MM or YYYY-MM-DD/YYYY-MM-DD, also in Jalali "
    "years. --hold: until\n"
    "another person accepts or rejects it. --supersedes: take the place of this batch, which is "
    "kept.\n"
    "--part-bytes: 65536 to 4194304.\n\n"
    "Prints each refused row: row, column, code, sentence; tab between them. Exit status: 0 "
    "everything is in (or good), 1\n"
    "rows were refused or it failed, 2 usage, 3 not signed in or not allowed, 4 not found, 5 "
    "conflict, 6 not reachable, not\n"
    "trusted or stopped.\n",
    run};
