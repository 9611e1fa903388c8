/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh-verify --card: is this report card, or this folder of them, what the issuer signed? Needs the card, its note and the
 * issuer's public key; asks nobody. The module's checks say what was found, this file says it to people or as JSON.
 */
#include "verify_card.h"

#include "sanjeh/card/verify.h"
#include "sanjeh/json/write.h"

#include <stdio.h>

#define EXIT_USAGE 3

static sj_status put_json(struct sj_buf *out, const struct sj_card_report *report)
{
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "verdict", sj_verdict_name(report->verdict));
    sj_json_int(&json, "cards", (int64_t)report->cards);
    sj_json_int(&json, "first", (int64_t)report->first);
    sj_json_int(&json, "last", (int64_t)report->last);
    sj_json_bool(&json, "test", report->is_test);
    sj_json_str(&json, "cause", report->cause);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static int print_report(const struct sj_card_report *report, bool json)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(4096);
    if (json) {
        if (sj_failed(put_json(&text, report)) || sj_failed(sj_buf_put_byte(&text, '\n')) ||
            fwrite(text.ptr, 1, text.len, stdout) != text.len) {
            return EXIT_USAGE;
        }
    } else {
        (void)printf("%s: %llu report cards, numbers %llu to %llu%s\n",
            sj_verdict_name(report->verdict), (unsigned long long)report->cards,
            (unsigned long long)report->first, (unsigned long long)report->last,
            report->is_test ? " (issued under a test clock)" : "");
        if (report->verdict != SJ_VERIFIED) {
            (void)printf("cause: %s\n", report->cause);
        }
    }
    /* a verdict that was not delivered is none */
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? (int)report->verdict : EXIT_USAGE;
}

int verify_card_run(const struct verify_card *arguments)
{
    struct sj_card_report report;
    if (sj_failed(sj_crypto_init())) {
        (void)fputs("sanjeh-verify: the cryptographic library cannot be used\n", stderr);
        return EXIT_USAGE;
    }
    const sj_status status =
        sj_card_verify_files(arguments->card, arguments->note, arguments->vkey, &report);
    if (sj_failed(status)) {
        (void)fprintf(stderr,
            "sanjeh-verify: %s: is the card, its note and the key there, and readable?\n",
            sj_code_name(status.code));
        return EXIT_USAGE;
    }
    return print_report(&report, arguments->json);
}
