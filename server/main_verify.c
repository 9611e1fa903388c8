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
#include "verify_proof.h"
#include "verify_show.h"
#include "verify_witness.h"

#include "sanjeh/audit/verify.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/hash.h"

#define MAX_AGE_S   INT64_C(315576000000) /* ten thousand years */
#define PATIENCE_MS 30000 /* a log publishes what its witnesses have seen within seconds */

static const char usage_text[] =
    "Usage: sanjeh-verify FILE.tar|DIR|URL --policy FILE [--since NOTE|URL] [--witnesses]\n"
    "                     [--state FILE] [--max-age S] [--tsa-ca FILE] [--ca FILE] [--token-file "
    "FILE] [--cache DIR]\n"
    "                     [--json] [--quiet]\n"
    "       sanjeh-verify --proof FILE --policy FILE [--entry FILE] [--leaf HASH] [--json]\n"
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
    "  --since NOTE    an older checkpoint that this log must continue; or the address of a "
    "witness's copies\n"
    "  --witnesses     ask the policy's witnesses what they have seen, which this log must "
    "continue\n"
    "  --state FILE    keep here how far the check is; the next one with the same policy goes on "
    "from there\n"
    "  --max-age S     the newest entry or cosignature must be at most S seconds old\n"
    "  --tsa-ca FILE   check tokens of time (RFC 3161) by this authority, and entries' times by "
    "them\n"
    "  --ca FILE       for an address: authority of its certificate; https, or http on this "
    "machine\n"
    "  --token-file F  for an address: file with a bearer token\n"
    "  --cache DIR     for an address: keep full tiles here, so that an interrupted check goes on\n"
    "  --proof FILE    check a receipt instead: a C2SP tlog-proof, or the JSON of "
    "/api/v1/audit/receipts/ID\n"
    "  --entry FILE    the receipt's entry, its bytes\n"
    "  --leaf HASH     or its hash, as in the header Audit-Leaf (base64, or hex)\n"
    "  --card PATH     check report cards instead: one JSON file with its --note, or a folder of "
    "NAME.json with\n"
    "                  NAME.note, which must be one unbroken piece of the issuer's chain\n"
    "  --note FILE     the signed note of the card\n"
    "  --vkey FILE     the issuer's public key, one C2SP vkey line; never taken from the bundle\n"
    "  --json          one JSON object instead of text\n"
    "  --quiet         no progress on the terminal, and no text about a log that holds\n"
    "  --help          this text\n"
    "\n"
    "Exit status: 0 verified, 1 tampered, 2 incomplete or stale, 3 usage or failure of the "
    "program.\n";

struct arguments {
    const char *path;
    struct sj_verify_options options;
    struct verify_card card;
    struct verify_place place;
    struct verify_proof proof;
    struct verify_show show;
    const char *since_url;
    bool asks_witnesses;
    bool help;
};

static bool parse_age(const char *text, int64_t *ret_age)
{
    return !sj_failed(sj_parse_i64(sj_text_of(text), 1, MAX_AGE_S, ret_age));
}

static bool is_url(const char *path)
{
    return strstr(path, "://") != NULL;
}

static bool take_option(int option, struct arguments *arguments)
{
    switch (option) {
    case 'p':
        arguments->options.policy_path = optarg;
        return true;
    case 's':
        *(is_url(optarg) ? &arguments->since_url : &arguments->options.since_path) = optarg;
        return true;
    case 'w':
        arguments->asks_witnesses = true;
        return true;
    case 'S':
        arguments->options.state_path = optarg;
        return true;
    case 'P':
        arguments->proof.proof = optarg;
        return true;
    case 'e':
        arguments->proof.entry = optarg;
        return true;
    case 'l':
        arguments->proof.leaf = optarg;
        return true;
    case 'q':
        arguments->show.quiet = true;
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
        arguments->show.json = true;
        return true;
    case 'h':
        arguments->help = true;
        return true;
    default:
        return false;
    }
}

/* What was asked for is one thing, and has all that it needs. */
static bool fits_together(int argc, struct arguments *arguments, char **argv)
{
    const struct sj_verify_options *options = &arguments->options;
    const bool is_proof = arguments->proof.proof != NULL;
    const bool has_walk = options->since_path != NULL || options->state_path != NULL ||
                          options->max_age_s != 0 || arguments->since_url != NULL ||
                          arguments->asks_witnesses;
    if (arguments->card.card != NULL) {
        arguments->card.json = arguments->show.json;
        return optind == argc && arguments->card.vkey != NULL && options->policy_path == NULL &&
               !is_proof && !has_walk;
    }
    if (arguments->card.note != NULL || arguments->card.vkey != NULL ||
        options->policy_path == NULL) {
        return false;
    }
    if (is_proof) {
        arguments->proof.policy = options->policy_path;
        return optind == argc && !has_walk;
    }
    if (optind + 1 != argc || arguments->proof.entry != NULL || arguments->proof.leaf != NULL) {
        return false;
    }
    arguments->path = argv[optind];
    return true;
}

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'},
        {"since", required_argument, NULL, 's'},
        {"witnesses", no_argument, NULL, 'w'},
        {"state", required_argument, NULL, 'S'},
        {"proof", required_argument, NULL, 'P'},
        {"entry", required_argument, NULL, 'e'},
        {"leaf", required_argument, NULL, 'l'},
        {"quiet", no_argument, NULL, 'q'},
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
    return arguments->help || fits_together(argc, arguments, argv);
}

static int verify(struct arguments *arguments, const struct verify_fetch *fetch)
{
    struct sj_verify_report report;
    if (arguments->options.state_path != NULL) {
        verify_show_catch_signals();
    }
    arguments->options.tick = verify_show_tick;
    arguments->options.tick_ctx = &arguments->show;
    arguments->options.patience_ms = PATIENCE_MS;
    const sj_status status = sj_bundle_verify(arguments->path, &arguments->options, &report);
    if (sj_failed(status)) {
        report.is_interrupted = false;
        verify_show_end(&arguments->show);
    }
    if (sj_failed(status) && report.is_refused) {
        return verify_show_complain(report.cause, "");
    }
    if (status.code == SJ_BAD_PARAMETER) {
        return verify_show_complain("cannot use the bundle, the policy or the --since note",
            "is there, readable, and signed as it must be?");
    }
    if (sj_failed(status) && fetch != NULL && verify_fetch_why(fetch)[0] != '\0') {
        return verify_show_complain(sj_code_title(status.code), verify_fetch_why(fetch));
    }
    if (sj_failed(status)) {
        return verify_show_complain("could not finish the check", sj_code_name(status.code));
    }
    return verify_show_report(&arguments->show, &report);
}

static int verify_address(struct arguments *arguments)
{
    CLEANUP(verify_fetch_free) struct verify_fetch *fetch = NULL;
    arguments->place.url = arguments->path;
    if (sj_failed(verify_fetch_new(&arguments->place, &fetch))) {
        return verify_show_complain(
            "an address must be https (http on this machine only), and --token-file "
            "and --cache usable",
            arguments->path);
    }
    arguments->options.fetch = verify_fetch_member;
    arguments->options.fetch_ctx = fetch;
    return verify(arguments, fetch);
}

static int verify_log(struct arguments *arguments)
{
    static struct verify_witnesses witnesses;
    const char *ca_file = arguments->place.ca_file;
    if (arguments->since_url != NULL && sj_failed(verify_witnesses_add(&witnesses,
                                            arguments->since_url, arguments->since_url, ca_file))) {
        return verify_show_complain(
            "an address must be https (http on this machine only)", arguments->since_url);
    }
    if (arguments->asks_witnesses && sj_failed(verify_witnesses_of_policy(
                                         &witnesses, arguments->options.policy_path, ca_file))) {
        verify_witnesses_clear(&witnesses);
        return verify_show_complain(
            "no witness of the policy has an address (https, or http on this machine)",
            arguments->options.policy_path);
    }
    arguments->options.witnesses = witnesses.list;
    arguments->options.witness_count = witnesses.count;
    const int result =
        is_url(arguments->path) ? verify_address(arguments) : verify(arguments, NULL);
    verify_witnesses_clear(&witnesses);
    return result;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (!parse_arguments(argc, argv, &arguments)) {
        fputs(usage_text, stderr);
        return VERIFY_EXIT_USAGE;
    }
    if (arguments.help) {
        fputs(usage_text, stdout);
        return 0;
    }
    if (arguments.card.card != NULL) {
        return verify_card_run(&arguments.card);
    }
    if (sj_failed(sj_crypto_init())) {
        return verify_show_complain("the cryptographic library cannot be used", "");
    }
    if (arguments.proof.proof != NULL) {
        return verify_proof_run(&arguments.proof, &arguments.show);
    }
    return verify_log(&arguments);
}
