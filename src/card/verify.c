/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this report card the one that was issued?
 * In this order: the signature (nothing in an unsigned note is believed), the hash of the very bytes of the JSON, that
 * they are canonical, and that the card says of itself what was signed about it. If one were left out, a true signature
 * could be shown beside another card's text.
 */
#include "sanjeh/card/verify.h"
#include "card_priv.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/json/decode.h"
#include <stdio.h>
#include <string.h>

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

static sj_status parse_hash(struct sj_text line, struct sj_hash *ret_hash)
{
    for (size_t i = 0; i < line.len; i++) {
        ENSURE(line.ptr[i] < 'A' || line.ptr[i] > 'F', INVALID);
    }
    ENSURE(!sj_failed(sj_parse_hex(line, ret_hash->bytes, SJ_HASH_SIZE)), INVALID);
    return SJ_DONE;
}

sj_status sj_card_claim_parse(struct sj_text text, struct sj_card_claim *ret_claim)
{
    struct sj_text rest = text;
    struct sj_text line[5];
    struct sj_card_claim claim;
    ENSURE(text.len > 0 && text.ptr[text.len - 1] == '\n', INVALID);
    rest.len--;
    for (size_t i = 0; i < SJ_COUNT(line); i++) {
        ENSURE(sj_text_split(&rest, '\n', &line[i]), INVALID);
    }
    ENSURE(rest.len == 0 && sj_text_is(line[0], SJ_CARD_NOTE_FORMAT), INVALID);
    ENSURE(text.len == line[0].len + line[1].len + line[2].len + line[3].len + line[4].len + 5,
        INVALID);
    ENSURE(!sj_failed(sj_uuid_parse(line[1], &claim.evaluation)), INVALID);
    ENSURE(!sj_failed(sj_parse_u64(line[2], 1, INT64_MAX, &claim.number)), INVALID);
    TRY(parse_hash(line[3], &claim.former));
    TRY(parse_hash(line[4], &claim.content));
    *ret_claim = claim;
    return SJ_DONE;
}

void card_report_say(struct sj_card_report *report, enum sj_verdict verdict, const char *cause)
{
    report->verdict = verdict;
    (void)snprintf(report->cause, sizeof(report->cause), "%s", cause);
}

static bool says_text(const struct sj_json_value *object, const char *name, const char *expected)
{
    struct sj_text text;
    const struct sj_json_value *value = sj_json_get(object, name);
    return value != NULL && sj_json_as_text(value, &text) && sj_text_is(text, expected);
}

static bool says_hash(
    const struct sj_json_value *object, const char *name, const struct sj_hash *expected)
{
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(2 * SJ_HASH_SIZE + 1);
    const char *string = "";
    return !sj_failed(sj_buf_put_hex(&hex, sj_view_of(expected->bytes, SJ_HASH_SIZE))) &&
           !sj_failed(sj_buf_cstr(&hex, &string)) && says_text(object, name, string);
}

/* The card's own words against the signed ones. */
static const char *contradiction(
    const struct sj_json_value *card, const struct sj_card_claim *claim)
{
    char id[SJ_UUID_TEXT_SIZE];
    int64_t number = 0;
    sj_uuid_format(claim->evaluation, id);
    const struct sj_json_value *chain = sj_json_get(card, "chain");
    const struct sj_json_value *no = chain == NULL ? NULL : sj_json_get(chain, "number");
    if (!says_text(card, "format", SJ_CARD_FORMAT)) {
        return "the JSON is not a report card of this format";
    }
    if (!says_text(card, "evaluation_id", id)) {
        return "the card names another evaluation than its signature";
    }
    if (no == NULL || !sj_json_as_int(no, &number) || number != (int64_t)claim->number) {
        return "the card has another number than its signature";
    }
    if (!says_hash(chain, "prev_sha256", &claim->former)) {
        return "the card names another former card than its signature";
    }
    return NULL;
}

static void doc_free(struct sj_json_doc **doc)
{
    sj_json_doc_free(doc);
}

/* NULL when the bytes are canonical and agree with the claim. */
static sj_status check_content(struct sj_view json, const struct sj_card_claim *claim,
    struct sj_card_report *report, const char **ret_fault)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(doc_free) struct sj_json_doc *doc = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf canonical = SJ_BUF(SJ_CARD_BYTES_MAX);
    struct sj_text detail;
    bool is_test = false;
    TRY(sj_arena_new(ARENA_MAX, &arena));
    const sj_status status = sj_card_canonical(json, arena, &canonical);
    if (status.code == SJ_OUT_OF_MEMORY) {
        return status;
    }
    if (sj_failed(status) || !sj_view_equal(json, sj_buf_view(&canonical))) {
        *ret_fault = "the JSON is not in canonical form";
        return SJ_DONE;
    }
    TRY(sj_json_doc_parse(json, &doc, &detail, arena));
    const struct sj_json_value *card = sj_json_doc_root(doc);
    const struct sj_json_value *test = sj_json_get(card, "test");
    report->is_test |= test != NULL && sj_json_as_bool(test, &is_test) && is_test;
    *ret_fault = contradiction(card, claim);
    return SJ_DONE;
}

sj_status sj_card_verify(struct sj_view json, struct sj_view note, const struct sj_note_key *key,
    struct sj_card_claim *ret_claim, struct sj_card_report *ret_report)
{
    struct sj_note opened;
    struct sj_hash hash;
    const char *fault = NULL;
    *ret_report = (struct sj_card_report){.verdict = SJ_TAMPERED, .cards = 1};
    if (sj_failed(sj_note_open(note, key, 1, &opened))) {
        card_report_say(
            ret_report, SJ_TAMPERED, "the note is not signed by this key, or was changed");
        return SJ_DONE;
    }
    if (sj_failed(sj_card_claim_parse(opened.text, ret_claim))) {
        card_report_say(ret_report, SJ_TAMPERED, "the note is signed, but is no report card's");
        return SJ_DONE;
    }
    ret_report->first = ret_report->last = ret_claim->number;
    TRY(sj_sha256_one(json, &hash));
    if (!sj_hash_equal(&hash, &ret_claim->content)) {
        card_report_say(ret_report, SJ_TAMPERED, "the JSON is not the one that was signed");
        return SJ_DONE;
    }
    TRY(check_content(json, ret_claim, ret_report, &fault));
    card_report_say(
        ret_report, fault == NULL ? SJ_VERIFIED : SJ_TAMPERED, fault == NULL ? "" : fault);
    return SJ_DONE;
}
