/* SPDX-License-Identifier: Apache-2.0
 *
 * /report-cards: issue, list, read, print and take away. What leaves as a card is the very bytes that were signed: the JSON is
 * written into the answer as it is stored, the PDFs are made by the press from the same bytes.
 */
#include "../server.h"
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/audit/tar.h"
#include "sanjeh/base/work.h"
#include "sanjeh/card/card.h"
#include "sanjeh/card/press.h"

#include <sys/mman.h>

#define BUNDLE_MAX ((size_t)24 * 1024 * 1024)

static void write_hash(struct sj_json *json, const char *name, const struct sj_hash *hash)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(64);
    if (sj_failed(sj_buf_put_hex(&text, sj_view_of(hash->bytes, SJ_HASH_SIZE)))) {
        sj_json_null(json, name);
        return;
    }
    sj_json_text(json, name, sj_buf_text(&text));
}

static void write_members(struct sj_json *json, const struct sj_card *card)
{
    sj_json_id(json, "id", card->id);
    sj_json_id(json, "evaluation_id", card->evaluation);
    sj_json_id(json, "judge_id", card->judge);
    sj_json_int(json, "round", card->round);
    sj_json_int(json, "number", card->number);
    write_hash(json, "prev_sha256", &card->former);
    write_hash(json, "sha256", &card->content);
    sj_json_bool(json, "test", card->is_test);
    sj_json_id_or_null(json, "supersedes", card->supersedes);
    sj_json_id_or_null(json, "superseded_by", card->superseded_by);
    sj_json_time(json, "issued_at", card->issued_at);
    sj_json_int(json, "version", card->version);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"evaluation_id", "judge_id", "in_force", NULL};
    struct sj_page page;
    struct sj_card_filter filter = {.in_force = false};
    struct sj_text in_force;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_id(x, "evaluation_id", &filter.evaluation));
    TRY(sj_filter_id(x, "judge_id", &filter.judge));
    TRY(sj_filter_text(x, "in_force", &in_force));
    filter.in_force = sj_text_is(in_force, "true");
    if (in_force.len > 0 && !filter.in_force && !sj_text_is(in_force, "false")) {
        return sj_filter_refuse(x, "in_force", "FORMAT", "true or false");
    }
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_card *cards = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_card_list(&desk, &filter, sj_paging_of(page), &cards, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, cards[i].judge));
        sj_json_object(&json, NULL);
        write_members(&json, &cards[i]);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, last);
}

/* The card of the path with its content. */
static sj_status find(struct sj_exchange *x, struct sj_card *ret_card, struct sj_buf *ret_json)
{
    struct sj_uuid id;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_card_find(&desk, id, &found, ret_card));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_subject(x, ret_card->judge));
    return sj_card_content(&desk, ret_card, ret_json);
}

/* A court's head learns the band and nothing that led to it. */
static sj_status answer_band(
    struct sj_exchange *x, const struct sj_card *card, const struct sj_buf *content)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_json_doc_parse(sj_buf_view(content), &doc, &detail, x->arena));
    const struct sj_json_value *band =
        sj_json_get(sj_json_get(sj_json_doc_root(doc), "result"), "band");
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_members(&json, card);
    sj_json_object(&json, "band");
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {"code", "name_fa", "name_en"};
        struct sj_text text = {"", 0};
        if (sj_json_as_text(sj_json_get(band, names[i]), &text)) {
            sj_json_text(&json, names[i], text);
        }
    }
    sj_json_object_end(&json);
    sj_json_object_end(&json);
    TRY(sj_exchange_etag(x, card->version));
    return sj_json_end(&json);
}

static sj_status answer_one(
    struct sj_exchange *x, const struct sj_card *card, const struct sj_buf *content)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_members(&json, card);
    sj_json_text(&json, "note", card->note);
    sj_json_raw(&json, "card", sj_buf_text(content));
    sj_json_object_end(&json);
    TRY(sj_exchange_etag(x, card->version));
    return sj_json_end(&json);
}

static sj_status read_one(struct sj_exchange *x)
{
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(SJ_CARD_BYTES_MAX);
    struct sj_card card;
    TRY(find(x, &card, &content));
    return sj_may_read(&x->decision, SJ_FIELD_CARD_CONTENT) ? answer_one(x, &card, &content)
                                                            : answer_band(x, &card, &content);
}

static sj_status key(struct sj_exchange *x)
{
    x->content_type = "text/plain; charset=utf-8";
    TRY(ask_card_vkey(x->worker->channel, &x->body));
    return sj_buf_put_byte(&x->body, '\n');
}

/* ---- printing, on the work pool: the press takes some 50 ms ---- */

struct print {
    struct sj_press *press;
    struct sj_view json;
    const struct sj_hash *content;
    enum sj_press_language language;
    struct sj_buf *pdf;
    sj_status status;
};

static void print_now(void *ctx)
{
    struct print *print = ctx;
    print->status =
        sj_press_print(print->press, print->json, print->content, print->language, print->pdf);
}

static sj_status print(struct sj_exchange *x, const struct sj_card *card, struct sj_view json,
    enum sj_press_language language, struct sj_buf *ret_pdf)
{
    struct sj_server *server = x->worker->server;
    struct print job = {.press = server->press,
        .json = json,
        .content = &card->content,
        .language = language,
        .pdf = ret_pdf};
    TRY(sj_work_run(server->work_pool, print_now, &job));
    return job.status;
}

static sj_status pdf(struct sj_exchange *x)
{
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(SJ_CARD_BYTES_MAX);
    struct sj_card card;
    struct sj_text language;
    TRY(sj_filter_text(x, "lang", &language));
    if (language.len > 0 && !sj_text_is(language, "fa") && !sj_text_is(language, "en")) {
        return sj_filter_refuse(x, "lang", "FORMAT", "fa or en");
    }
    TRY(find(x, &card, &content));
    x->content_type = "application/pdf";
    return print(x, &card, sj_buf_view(&content),
        sj_text_is(language, "en") ? SJ_PRESS_EN : SJ_PRESS_FA, &x->body);
}

/* ---- the bundle ---- */

static sj_status put_file(struct sj_buf *tar, const char *name, struct sj_view bytes)
{
    TRY(sj_tar_put_header(tar, sj_text_of(name), bytes.len));
    TRY(sj_buf_put_view(tar, bytes));
    return sj_tar_put_padding(tar, bytes.len);
}

static sj_status put_print(struct sj_exchange *x, const struct sj_card *card,
    const struct sj_buf *content, enum sj_press_language language, struct sj_buf *tar)
{
    CLEANUP(sj_buf_clear) struct sj_buf sheet = SJ_BUF(SJ_PRESS_PDF_MAX);
    TRY(print(x, card, sj_buf_view(content), language, &sheet));
    return put_file(
        tar, language == SJ_PRESS_FA ? "card.fa.pdf" : "card.en.pdf", sj_buf_view(&sheet));
}

/* By way of a file that is not on disk: the entry is signed before the first byte leaves. */
static sj_status stream(struct sj_exchange *x, const struct sj_buf *tar)
{
    x->fd = memfd_create("report-card", MFD_CLOEXEC);
    ENSURE(x->fd >= 0, IO);
    for (size_t at = 0; at < tar->len;) {
        const ssize_t written = write(x->fd, tar->ptr + at, tar->len - at);
        ENSURE(written > 0, IO);
        at += (size_t)written;
    }
    ENSURE(lseek(x->fd, 0, SEEK_SET) == 0, IO);
    x->fd_size = tar->len;
    x->content_type = "application/x-tar";
    return SJ_DONE;
}

static sj_status bundle(struct sj_exchange *x)
{
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(SJ_CARD_BYTES_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(BUNDLE_MAX);
    struct sj_card card;
    TRY(find(x, &card, &content));
    TRY(ask_card_vkey(x->worker->channel, &vkey));
    TRY(sj_buf_put_byte(&vkey, '\n'));
    TRY(put_file(&tar, "card.json", sj_buf_view(&content)));
    TRY(put_file(&tar, "card.note", sj_text_bytes(card.note)));
    TRY(put_file(&tar, "vkey", sj_buf_view(&vkey)));
    TRY(put_print(x, &card, &content, SJ_PRESS_FA, &tar));
    TRY(put_print(x, &card, &content, SJ_PRESS_EN, &tar));
    TRY(sj_tar_put_end(&tar));
    return stream(x, &tar);
}

/* ---- issue ---- */

/* "unmet": [{"code", "detail"}] beside GUARD_UNMET. */
static sj_status tell_unmet(struct sj_exchange *x, const struct sj_unmet *unmet, sj_status status)
{
    if (status.code != SJ_GUARD_UNMET) {
        return status;
    }
    for (size_t i = 0; i < unmet->count; i++) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT(""), unmet->items[i].code,
            sj_text_of(unmet->items[i].detail)));
    }
    return status;
}

static sj_status issue(struct sj_exchange *x)
{
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(SJ_CARD_BYTES_MAX);
    struct sj_evaluation evaluation;
    struct sj_unmet unmet = {.count = 0};
    struct sj_card card;
    struct sj_uuid id;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_evaluation_find(&desk, id, &found, &evaluation));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_if_match(x, evaluation.version));
    TRY(sj_issuer_check(x, &evaluation));
    TRY(tell_unmet(x, &unmet, sj_card_issue(&desk, &evaluation, &unmet, &card)));
    TRY(sj_card_content(&desk, &card, &content));
    TRY(sj_exchange_subject(x, card.judge));
    x->draft.object = card.id;
    TRY(sj_exchange_created(x, "/api/v1/report-cards", card.id));
    return answer_one(x, &card, &content);
}

#define CARD_ROUTE(path, action, fn)                                                               \
    {                                                                                              \
        {SJ_GET, "/api/v1/report-cards" path, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,     \
            SJ_ACTION_REPORT_CARD_##action, fn                                                     \
    }

const struct sj_endpoint sj_routes_report_cards[] = {
    {{SJ_POST, "/api/v1/evaluations/{id}/report-cards", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_WRITE, SJ_ACTION_REPORT_CARD_CREATE, issue},
    CARD_ROUTE("", LIST, list),
    CARD_ROUTE("/key", LIST, key),
    CARD_ROUTE("/{id}", READ, read_one),
    CARD_ROUTE("/{id}/pdf", EXPORT, pdf),
    CARD_ROUTE("/{id}/bundle", EXPORT, bundle),
};
const size_t sj_routes_report_cards_count = SJ_COUNT(sj_routes_report_cards);
