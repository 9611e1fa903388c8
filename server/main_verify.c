/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh-verify: does an exported record hold? For people who trust neither the server nor its database: reads
 * one bundle and one policy file, asks nobody, says what it found and where. Exit status (CONTRACT 3): 0
 * verified, 1 tampered, 2 incomplete or stale, 3 usage. A failure of this program itself is 3 too: it must never
 * look like a verdict.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "verify_card.h"
#include "verify_fetch.h"

#include "sanjeh/audit/verify.h"
#include "sanjeh/base/buf.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/hash.h"

#define EXIT_USAGE 3
#define MAX_AGE_S  INT64_C(315576000000) /* ten thousand years */
#define JSON_MAX   8192

static const char usage_text[] =
    "Usage: sanjeh-verify FILE.tar|DIR|URL --policy FILE [--since NOTE] [--max-age S] [--json]\n"
    "                     [--tsa-ca FILE] [--ca FILE] [--token-file FILE] [--cache DIR]\n"
    "       sanjeh-verify --card FILE.json --note FILE.note --vkey FILE [--json]\n"
    "       sanjeh-verify --card DIR --vkey FILE [--json]\n"
    "\n"
    "Checks an exported record with public keys alone: every entry, every tile, every root and "
    "signature is\n"
    "recomputed. Any C2SP tlog-tiles log in a tar, a folder or at an address can be checked; what "
    "entries mean is checked only\n"
    "for logs of Sanjeh.\n"
    "\n"
    "  --policy FILE   whom to trust (C2SP tlog-policy); never taken from the bundle\n"
    "  --since NOTE    an older checkpoint that this log must continue\n"
    "  --max-age S     the newest entry or cosignature must be at most S seconds old\n"
    "  --tsa-ca FILE   check tokens of time (RFC 3161) by this authority, and entries' times by "
    "them\n"
    "  --ca FILE       for an address: authority of its certificate; https, or http on this "
    "machine\n"
    "  --token-file F  for an address: file with a bearer token\n"
    "  --cache DIR     for an address: keep full tiles here, so that an interrupted check goes on\n"
    "  --card PATH     check report cards instead: one JSON file with its --note, or a folder of "
    "NAME.json with\n"
    "                  NAME.note, which must be one unbroken piece of the issuer's chain\n"
    "  --note FILE     the signed note of the card\n"
    "  --vkey FILE     the issuer's public key, one C2SP vkey line; never taken from the bundle\n"
    "  --json          one JSON object instead of text\n"
    "  --help          this text\n"
    "\n"
    "Exit status: 0 verified, 1 tampered, 2 incomplete or stale, 3 usage or failure of the "
    "program.\n";

struct arguments {
    const char *path;
    struct sj_verify_options options;
    struct verify_card card;
    struct verify_place place;
    bool json;
    bool help;
};

static bool parse_age(const char *text, int64_t *ret_age)
{
    return !sj_failed(sj_parse_i64(sj_text_of(text), 1, MAX_AGE_S, ret_age));
}

static bool take_option(int option, struct arguments *arguments)
{
    switch (option) {
    case 'p':
        arguments->options.policy_path = optarg;
        return true;
    case 's':
        arguments->options.since_path = optarg;
        return true;
    case 'a':
        return parse_age(optarg, &arguments->options.max_age_s);
    case 'c':
        arguments->card.card = optarg;
        return true;
    case 'n':
        arguments->card.note = optarg;
        return true;
    case 'v':
        arguments->card.vkey = optarg;
        return true;
    case 'T':
        arguments->options.tsa_ca_path = optarg;
        return true;
    case 'A':
        arguments->place.ca_file = optarg;
        return true;
    case 't':
        arguments->place.token_file = optarg;
        return true;
    case 'C':
        arguments->place.cache = optarg;
        return true;
    case 'j':
        arguments->json = true;
        return true;
    case 'h':
        arguments->help = true;
        return true;
    default:
        return false;
    }
}

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'},
        {"since", required_argument, NULL, 's'},
        {"max-age", required_argument, NULL, 'a'},
        {"tsa-ca", required_argument, NULL, 'T'},
        {"ca", required_argument, NULL, 'A'},
        {"token-file", required_argument, NULL, 't'},
        {"cache", required_argument, NULL, 'C'},
        {"card", required_argument, NULL, 'c'},
        {"note", required_argument, NULL, 'n'},
        {"vkey", required_argument, NULL, 'v'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, /* longindex= */ NULL)) != -1) {
        if (!take_option(option, arguments)) {
            return false;
        }
    }
    if (arguments->help) {
        return true;
    }
    if (arguments->card.card != NULL) {
        arguments->card.json = arguments->json;
        return optind == argc && arguments->card.vkey != NULL &&
               arguments->options.policy_path == NULL && arguments->options.since_path == NULL;
    }
    if (arguments->card.note != NULL || arguments->card.vkey != NULL) {
        return false;
    }
    if (optind + 1 != argc || arguments->options.policy_path == NULL) {
        return false;
    }
    arguments->path = argv[optind];
    return true;
}

static bool is_url(const char *path)
{
    return strstr(path, "://") != NULL;
}

static const char *verdict_name(enum sj_verdict verdict)
{
    switch (verdict) {
    case SJ_VERIFIED:
        return "verified";
    case SJ_TAMPERED:
        return "tampered";
    case SJ_INCOMPLETE:
        return "incomplete";
    }
    return "incomplete";
}

/* RFC 8259 7. The record is checked without a JSON parser; only --card has one. */
static sj_status put_json_text(struct sj_buf *out, const char *text)
{
    TRY(sj_buf_put_byte(out, '"'));
    for (const char *at = text; *at != '\0'; at++) {
        const unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') {
            TRY(sj_buf_put_byte(out, '\\'));
            TRY(sj_buf_put_byte(out, c));
        } else if (c < 0x20) {
            TRY(sj_buf_put_str(out, "\\u00"));
            TRY(sj_buf_put_hex(out, sj_view_of(&c, 1)));
        } else {
            TRY(sj_buf_put_byte(out, c));
        }
    }
    return sj_buf_put_byte(out, '"');
}

static sj_status put_json(struct sj_buf *out, const struct sj_verify_report *report)
{
    TRY(sj_buf_put_str(out, "{\"verdict\":"));
    TRY(put_json_text(out, verdict_name(report->verdict)));
    TRY(sj_buf_put_str(out, ",\"size\":"));
    TRY(sj_buf_put_decimal(out, (int64_t)report->size));
    TRY(sj_buf_put_str(out, ",\"entries_checked\":"));
    TRY(sj_buf_put_decimal(out, (int64_t)report->entries_checked));
    TRY(sj_buf_put_str(out, ",\"bad_index\":"));
    if (report->has_bad_index) {
        TRY(sj_buf_put_decimal(out, (int64_t)report->bad_index));
    } else {
        TRY(sj_buf_put_str(out, "null"));
    }
    TRY(sj_buf_put_str(out, ",\"cause\":"));
    TRY(put_json_text(out, report->cause));
    TRY(sj_buf_put_str(out, ",\"checkpoint\":"));
    TRY(put_json_text(out, report->checkpoint));
    return sj_buf_put_str(out, "}\n");
}

static void print_text(const struct sj_verify_report *report)
{
    printf("%s: %llu of %llu entries checked\n", verdict_name(report->verdict),
        (unsigned long long)report->entries_checked, (unsigned long long)report->size);
    if (report->verdict == SJ_VERIFIED) {
        return;
    }
    printf("cause: %s\n", report->cause);
    if (report->has_bad_index) {
        printf("first bad index: %llu\n", (unsigned long long)report->bad_index);
    }
    if (report->verdict == SJ_TAMPERED && report->checkpoint[0] != '\0') {
        printf("contradicts: checkpoint %s\n", report->checkpoint);
    }
}

static int print_report(const struct sj_verify_report *report, bool json)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(JSON_MAX);
    if (!json) {
        print_text(report);
    } else if (sj_failed(put_json(&text, report)) ||
               fwrite(text.ptr, 1, text.len, stdout) != text.len) {
        return EXIT_USAGE;
    }
    /* a verdict that was not delivered is none */
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? (int)report->verdict : EXIT_USAGE;
}

static int complain(const char *what, const char *about)
{
    fprintf(stderr, "sanjeh-verify: %s%s%s\n", what, about[0] != '\0' ? ": " : "", about);
    return EXIT_USAGE;
}

static int verify(const struct arguments *arguments, const struct verify_fetch *fetch)
{
    struct sj_verify_report report;
    const sj_status status = sj_bundle_verify(arguments->path, &arguments->options, &report);
    if (status.code == SJ_BAD_PARAMETER) {
        return complain("cannot use the bundle, the policy or the --since note",
            "is there, readable, and signed as it must be?");
    }
    if (sj_failed(status) && fetch != NULL && verify_fetch_why(fetch)[0] != '\0') {
        return complain(sj_code_title(status.code), verify_fetch_why(fetch));
    }
    if (sj_failed(status)) {
        return complain("could not finish the check", sj_code_name(status.code));
    }
    return print_report(&report, arguments->json);
}

static int verify_address(struct arguments *arguments)
{
    CLEANUP(verify_fetch_free) struct verify_fetch *fetch = NULL;
    arguments->place.url = arguments->path;
    if (sj_failed(verify_fetch_new(&arguments->place, &fetch))) {
        return complain("an address must be https (http on this machine only), and --token-file "
                        "and --cache usable",
            arguments->path);
    }
    arguments->options.fetch = verify_fetch_member;
    arguments->options.fetch_ctx = fetch;
    return verify(arguments, fetch);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (!parse_arguments(argc, argv, &arguments)) {
        fputs(usage_text, stderr);
        return EXIT_USAGE;
    }
    if (arguments.help) {
        fputs(usage_text, stdout);
        return 0;
    }
    if (arguments.card.card != NULL) {
        return verify_card_run(&arguments.card);
    }
    if (sj_failed(sj_crypto_init())) {
        return complain("the cryptographic library cannot be used", "");
    }
    return is_url(arguments.path) ? verify_address(&arguments) : verify(&arguments, NULL);
}
