/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh-witness: cosigns what a log shows to it, when it continues what it showed before. A program of its own, to be run by
 * somebody else on another machine: it has no database, no keeper and nothing of the server's but its HTTP.
 */
#include "settings.h"
#include "witness_run.h"

#include "sanjeh/base/buf.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/sandbox/sandbox.h"
#include "sanjeh/witness/witness.h"

#include <getopt.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_STATE = 4 };

static const char help[] =
    "usage: sanjeh-witness --config FILE [--check]\n"
    "       sanjeh-witness --make-key FILE --name NAME\n"
    "\n"
    "Cosigns checkpoints of transparency logs (C2SP tlog-witness) over TLS until SIGTERM.\n"
    "\n"
    "  --config FILE    settings, see sanjeh-witness(8)\n"
    "  --check          read settings, key, policy and state, then exit\n"
    "  --make-key FILE  make a new key of the witness NAME in a new file and print its vkey\n"
    "  --name NAME      the witness's name, as it stands in its lines: w1.example.org\n"
    "  --help           this text\n"
    "\n"
    "Signals: TERM stops, HUP reads certificate and policy again.\n"
    "Exit: 0 stopped, 1 failed, 2 usage or settings, 4 the state is not what this witness wrote.\n";

#define TEXT(name, field, fallback)                                                                \
    {                                                                                              \
        "witness", name, true, offsetof(struct sj_witness_settings, field), 0, 0, 0, fallback      \
    }
#define NUMBER(name, field, min, max, fallback)                                                    \
    {                                                                                              \
        "witness", name, false, offsetof(struct sj_witness_settings, field), min, max, fallback,   \
            ""                                                                                     \
    }

static const struct sj_setting keys[] = {
    TEXT("address", address, "127.0.0.1"),
    NUMBER("port", port, 1, 65535, 8444),
    TEXT("cert_file", cert_file, NULL),
    TEXT("tls_key_file", tls_key_file, NULL),
    TEXT("key_file", key_file, NULL),
    TEXT("policy_file", policy_file, NULL),
    TEXT("state", state, NULL),
    TEXT("user", user, ""),
    NUMBER("connection_limit", connection_limit, 4, 10000, 256),
    NUMBER("per_ip_limit", per_ip_limit, 1, 10000, 64),
    NUMBER("head_deadline_s", head_deadline_s, 1, 600, 10),
    NUMBER("body_deadline_s", body_deadline_s, 1, 600, 30),
};

static int complain(sj_status status, const char *detail)
{
    (void)fprintf(stderr, "sanjeh-witness: %s%s%s\n", sj_code_title(status.code),
        detail[0] == '\0' ? "" : ": ", detail);
    switch ((int)status.code) {
    case SJ_BAD_CONFIG:
    case SJ_INVALID:
    case SJ_DUPLICATE:
        return EXIT_USAGE;
    case SJ_LOG_TAMPERED:
        return EXIT_STATE;
    default:
        return EXIT_FAILED;
    }
}

static int serve(const char *path, bool check)
{
    struct sj_witness_settings settings = {.port = 0};
    char detail[SJ_CONFIG_DETAIL_SIZE] = {0};
    sj_status status = sj_settings_load(path, keys, SJ_COUNT(keys), &settings, detail);
    if (!sj_failed(status)) {
        status = sj_witness_run(&settings, check, detail);
    }
    if (sj_failed(status)) {
        return complain(status, detail);
    }
    if (check) {
        (void)puts("settings, certificate, key, policy and state are usable");
    }
    return EXIT_SUCCESS;
}

static sj_status print_key(const struct sj_note_key *key)
{
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    TRY(sj_note_key_format(key, &vkey));
    TRY(sj_buf_put_byte(&vkey, '\n'));
    ENSURE(fwrite(vkey.ptr, 1, vkey.len, stdout) == vkey.len && fflush(stdout) == 0, IO);
    return SJ_DONE;
}

static int make_key(const char *path, const char *name)
{
    struct sj_note_key key;
    sj_status status = sj_witness_key_create(path, sj_text_of(name), &key);
    if (!sj_failed(status)) {
        status = print_key(&key);
    }
    return sj_failed(status) ? complain(status, path) : EXIT_SUCCESS;
}

struct arguments {
    const char *config;
    const char *key;
    const char *name;
    bool check;
};

static int run(const struct arguments *arguments)
{
    if (sj_failed(sj_crypto_init()) || sj_failed(sj_sandbox_no_dump())) {
        return EXIT_FAILED;
    }
    if (arguments->key != NULL && arguments->name != NULL && arguments->config == NULL) {
        return make_key(arguments->key, arguments->name);
    }
    if (arguments->config != NULL && arguments->key == NULL && arguments->name == NULL) {
        return serve(arguments->config, arguments->check);
    }
    (void)fputs(help, stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'}, {"make-key", required_argument, NULL, 'm'},
        {"name", required_argument, NULL, 'n'}, {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    struct arguments arguments = {.check = false};
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'c') {
            arguments.config = optarg;
        } else if (option == 'k') {
            arguments.check = true;
        } else if (option == 'm') {
            arguments.key = optarg;
        } else if (option == 'n') {
            arguments.name = optarg;
        } else {
            (void)fputs(help, option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
        }
    }
    if (optind != argc) {
        (void)fputs(help, stderr);
        return EXIT_USAGE;
    }
    return run(&arguments);
}
