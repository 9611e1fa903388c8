/* SPDX-License-Identifier: Apache-2.0
 *
 * What do the witnesses say to this tree? Each is sent the checkpoint with a proof from the tree that it knows; all are asked at the same
 * time. A witness that knows a smaller tree than we thought is asked once more from there; one that knows a larger or another one accuses this
 * database of having gone back, and that is told as what it is. Lines count when their signature holds over exactly this checkpoint.
 */
#include "publish_priv.h"

#include "sanjeh/base/log.h"
#include "sanjeh/base/loop.h"

#define ANSWER_MAX ((size_t)64 * 1024)

static void ask(void *ctx)
{
    struct publish_witness *witness = ctx;
    const struct sj_fetch_request request = {.url = witness->url,
        .media = "text/plain",
        .body = sj_buf_view(&witness->body),
        .answer_max = ANSWER_MAX,
        .timeout_ms = witness->timeout_ms};
    witness->status = sj_fetch_run(witness->fetch, &request, &witness->answer);
}

struct asking {
    struct sj_publisher *p;
    struct publish_witness *witness;
};

static void ask_fiber(void *ctx)
{
    struct asking *asking = ctx;
    const sj_status status = sj_work_run(asking->p->pool, ask, asking->witness);
    if (sj_failed(status)) {
        asking->witness->status = status;
    }
    /* never a wake that nobody parks for: it would end somebody's later wait */
    if (--asking->p->running == 0 && asking->p->waiter != NULL) {
        sj_fiber_wake(asking->p->waiter);
    }
}

/* Asks those that are marked; returns when all have answered or failed: each has a deadline. */
static void ask_all(struct sj_publisher *p)
{
    struct asking askings[PUBLISH_WITNESSES_MAX];
    for (size_t i = 0; i < p->witness_count; i++) {
        struct publish_witness *witness = &p->witnesses[i];
        if (!witness->is_asked) {
            continue;
        }
        askings[i] = (struct asking){p, witness};
        witness->status = SJ_FAILURE(BUSY);
        p->running++;
        if (sj_failed(sj_fiber_spawn(sj_loop_current(), ask_fiber, &askings[i]))) {
            p->running--;
        }
    }
    p->waiter = sj_fiber_current();
    while (p->running > 0) {
        sj_fiber_park();
    }
    p->waiter = NULL;
}

/* ---- the question ---- */

static sj_status make_question(struct sj_reading *reading, struct sj_view note,
    struct publish_witness *witness, struct sj_proof *proof)
{
    const uint64_t size = sj_reading_size(reading);
    struct sj_hash old_root;
    struct sj_hash new_root;
    const uint64_t old_size = witness->known_size;
    proof->count = 0;
    if (old_size > 0 && old_size < size) {
        TRY(sj_reading_consistency(reading, old_size, size, &old_root, &new_root, proof));
    }
    sj_buf_reset(&witness->body);
    return sj_witness_request_format(old_size, proof->hashes, proof->count, note, &witness->body);
}

/* ---- the answer ---- */

static void fail(struct sj_publisher *p, struct publish_witness *witness, const char *why)
{
    (void)atomic_fetch_add(&p->failures, 1);
    if (!witness->is_silent) {
        SJ_LOG(WARN, "publish.witness.failed", sj_log_str("witness", witness->key->name),
            sj_log_status(witness->status), sj_log_int("http", (int64_t)witness->answer.http),
            sj_log_str("why", why));
    }
    witness->is_silent = true;
}

static void accuse(
    struct sj_publisher *p, const struct publish_witness *witness, uint64_t theirs, uint64_t ours)
{
    (void)atomic_fetch_add(&p->conflicts, 1);
    p->accuser = witness->key->name;
    p->accused_size = theirs;
    SJ_LOG(ERROR, "publish.witness.accuses", sj_log_str("witness", witness->key->name),
        sj_log_int("http", (int64_t)witness->answer.http), sj_log_int("recorded", (int64_t)theirs),
        sj_log_int("ours", (int64_t)ours));
}

/* The witness's line when it holds over this checkpoint. Other lines are of no use to anybody here. */
static sj_status take_line(struct sj_publisher *p, struct sj_text text,
    struct publish_witness *witness, struct sj_buf *lines, bool *ret_taken)
{
    struct sj_text rest;
    struct sj_text line;
    *ret_taken = false;
    if (sj_failed(sj_text_check(sj_buf_view(&witness->answer.body), ANSWER_MAX, &rest))) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf single = SJ_BUF(SJ_NOTE_MAX);
    while (!*ret_taken && sj_text_split(&rest, '\n', &line)) {
        struct sj_note opened;
        sj_buf_reset(&single);
        TRY(sj_buf_put_text(&single, text));
        TRY(sj_buf_put_byte(&single, '\n'));
        TRY(sj_buf_put_text(&single, line));
        TRY(sj_buf_put_byte(&single, '\n'));
        const sj_status status = sj_note_open(sj_buf_view(&single), witness->key, 1, &opened);
        if (!sj_failed(status)) {
            TRY(sj_buf_put_text(lines, line));
            TRY(sj_buf_put_byte(lines, '\n'));
            *ret_taken = true;
        } else if (status.code != SJ_INVALID) {
            return status;
        }
    }
    (void)p;
    return SJ_DONE;
}

struct round {
    struct sj_publisher *p;
    struct sj_reading *reading;
    struct sj_view note;
    struct sj_text text; /* of the note */
    struct sj_buf *lines;
    unsigned count;
};

/* *ret_again: it is worth a second question, from the size that the witness named. */
static sj_status judge(struct round *r, struct publish_witness *witness, bool *ret_again)
{
    const uint64_t size = sj_reading_size(r->reading);
    uint64_t theirs = 0;
    bool taken = false;
    *ret_again = false;
    if (sj_failed(witness->status)) {
        fail(r->p, witness, sj_fetch_why(witness->fetch));
        return SJ_DONE;
    }
    if (witness->answer.http == 200) {
        TRY(take_line(r->p, r->text, witness, r->lines, &taken));
        if (!taken) {
            fail(r->p, witness, "its line does not hold over this checkpoint");
            return SJ_DONE;
        }
        witness->known_size = size;
        witness->is_silent = false;
        r->count++;
        return SJ_DONE;
    }
    /* @cite tlog-witness: only a 409 that names another size than the one sent is a question of bookkeeping */
    if (witness->answer.http == 409 &&
        !sj_failed(sj_witness_size_parse(sj_buf_view(&witness->answer.body), &theirs)) &&
        theirs != witness->known_size) {
        if (theirs > size) {
            accuse(r->p, witness, theirs, size);
            return SJ_DONE;
        }
        witness->known_size = theirs;
        *ret_again = true;
        return SJ_DONE;
    }
    if (witness->answer.http == 409 || witness->answer.http == 422) {
        accuse(r->p, witness, witness->known_size, size);
    }
    fail(r->p, witness, "an answer other than a line");
    return SJ_DONE;
}

static sj_status ask_and_judge(struct round *r, bool is_second)
{
    CLEANUP(sj_freep) struct sj_proof *proof = NULL;
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_proof), &memory));
    proof = memory;
    for (size_t i = 0; i < r->p->witness_count; i++) {
        struct publish_witness *witness = &r->p->witnesses[i];
        witness->is_asked = is_second ? witness->is_asked : true;
        if (!witness->is_asked) {
            continue;
        }
        if (witness->known_size > sj_reading_size(r->reading)) {
            accuse(r->p, witness, witness->known_size, sj_reading_size(r->reading));
            witness->is_asked = false;
            continue;
        }
        TRY(make_question(r->reading, r->note, witness, proof));
    }
    ask_all(r->p);
    for (size_t i = 0; i < r->p->witness_count; i++) {
        struct publish_witness *witness = &r->p->witnesses[i];
        bool again = false;
        if (!witness->is_asked) {
            continue;
        }
        const sj_status status = judge(r, witness, &again);
        sj_buf_clear(&witness->answer.body);
        TRY(status);
        witness->is_asked = again;
    }
    return SJ_DONE;
}

/* The text of our own note: up to its last blank line. */
static struct sj_text text_of(struct sj_view note)
{
    size_t len = note.len;
    while (len > 2 && !(note.ptr[len - 1] == '\n' && note.ptr[len - 2] == '\n')) {
        len--;
    }
    return (struct sj_text){(const char *)note.ptr, len - 1};
}

sj_status publish_round(struct sj_publisher *p, struct sj_reading *reading, struct sj_view note,
    struct sj_buf *ret_lines, unsigned *ret_count)
{
    struct round r = {
        .p = p, .reading = reading, .note = note, .text = text_of(note), .lines = ret_lines};
    *ret_count = 0;
    TRY(ask_and_judge(&r, /* is_second= */ false));
    TRY(ask_and_judge(&r, /* is_second= */ true));
    *ret_count = r.count;
    return SJ_DONE;
}
