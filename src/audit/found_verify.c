/* SPDX-License-Identifier: Apache-2.0
 *
 * Did a search find this, and is it all? Each hit is hashed and proven in the tree that the policy's key has signed, and answers the
 * question that stands in the file. For each day whose counts are there, and give the hash that a tenant-heads entry of that tree has
 * committed to, there are exactly as many hits: fewer are missing, which no signature contradicts; more cannot be. Of other days the
 * file says nothing but its hits. Format: docs/AUDIT.md 7.3.
 */
#include "record_file.h"
#include "sanjeh/audit/found_question.h"

#define DAYS_MAX   366
#define COUNTS_MAX ((size_t)16 * 1024 * 1024)

struct found_check {
    struct sj_record_file file;
    struct sj_check *c;
    struct sj_found_question question;
    char action[SJ_ENTRY_ACTION_MAX];
    uint64_t hits;
    sj_time_us *times; /* of each hit, falling; hits of them */
    uint64_t *places;
    struct sj_buf counts;
    uint64_t days;
    sj_time_us newest; /* of all entries in the file */
};

static sj_status take_question(struct found_check *f, bool *ret_whole)
{
    struct sj_record_file *file = &f->file;
    struct sj_found_question *question = &f->question;
    uint64_t length = 0;
    uint64_t outcome = 0;
    uint64_t complete = 0;
    TRY(sj_record_file_take(file, question->tag.bytes, 16, ret_whole));
    TRY(*ret_whole ? sj_record_file_take(file, question->actor.bytes, 16, ret_whole) : SJ_DONE);
    TRY(*ret_whole ? sj_record_file_take(file, question->object.bytes, 16, ret_whole) : SJ_DONE);
    TRY(*ret_whole ? sj_record_file_number(file, 1, &length, ret_whole) : SJ_DONE);
    *ret_whole = *ret_whole && length <= sizeof(f->action);
    TRY(*ret_whole ? sj_record_file_take(file, f->action, (size_t)length, ret_whole) : SJ_DONE);
    TRY(*ret_whole ? sj_record_file_number(file, 1, &outcome, ret_whole) : SJ_DONE);
    *ret_whole = *ret_whole && outcome <= 3;
    TRY(*ret_whole ? sj_record_file_number(file, 8, &question->low, ret_whole) : SJ_DONE);
    TRY(*ret_whole ? sj_record_file_number(file, 8, &question->below, ret_whole) : SJ_DONE);
    TRY(*ret_whole ? sj_record_file_number(file, 8, &question->indexed, ret_whole) : SJ_DONE);
    TRY(*ret_whole ? sj_record_file_number(file, 1, &complete, ret_whole) : SJ_DONE);
    *ret_whole = *ret_whole && complete <= 1;
    question->is_complete = complete == 1;
    question->action = (struct sj_text){f->action, (size_t)length};
    question->outcome = (uint8_t)outcome;
    return SJ_DONE;
}

static sj_status take_head(struct found_check *f)
{
    bool whole = true;
    void *memory = NULL;
    TRY(sj_record_file_head(&f->file));
    if (f->c->stopped) {
        return SJ_DONE;
    }
    TRY(take_question(f, &whole));
    TRY(whole ? sj_record_file_number(&f->file, 8, &f->hits, &whole) : SJ_DONE);
    /* each hit takes more than its two numbers here */
    if (!whole || f->hits > f->file.in.left + f->file.in.filled) {
        sj_record_file_cut(&f->file);
        return SJ_DONE;
    }
    TRY(sj_alloc((size_t)f->hits + 1, sizeof(sj_time_us), &memory));
    f->times = memory;
    TRY(sj_alloc((size_t)f->hits + 1, sizeof(uint64_t), &memory));
    f->places = memory;
    return SJ_DONE;
}

static const char *fault(const struct found_check *f, uint64_t number)
{
    const struct sj_entry *entry = &f->file.entry;
    if (number > 0 &&
        (entry->index >= f->places[number - 1] || entry->time > f->times[number - 1])) {
        return "the hits do not fall";
    }
    return sj_found_fits(&f->question, entry) ? NULL : "the entry does not answer the question";
}

static sj_status take_hits(struct found_check *f)
{
    for (uint64_t i = 0; i < f->hits && !f->c->stopped; i++) {
        TRY(sj_record_file_entry(&f->file));
        const char *cause = f->c->stopped ? NULL : fault(f, i);
        if (cause != NULL) {
            sj_check_tampered_at(f->c, f->file.entry.index, cause);
        }
        f->newest = f->file.entry.time > f->newest ? f->file.entry.time : f->newest;
        f->times[i] = f->file.entry.time;
        f->places[i] = f->file.entry.index;
        f->c->report->entries_checked = i + 1;
    }
    return SJ_DONE;
}

/* What the counts commit to for the question, and their root. */
static sj_status sum(struct found_check *f, uint64_t *ret_sum, struct sj_heads_claim *ret_found)
{
    struct sj_reader reader = sj_reader_of(sj_buf_view(&f->counts));
    struct sj_frontier frontier = {.size = 0};
    *ret_sum = 0;
    while (reader.left > 0) {
        struct sj_heads_count count;
        TRY(sj_heads_take_count(&reader, &count));
        TRY(sj_frontier_append(&frontier, &count.leaf));
        const bool is_asked =
            (sj_uuid_is_nil(f->question.tag) || sj_uuid_equal(f->question.tag, count.tag)) &&
            (f->question.action.len == 0 || sj_text_equal(f->question.action, count.action));
        *ret_sum += is_asked ? count.count : 0;
    }
    ret_found->counts = frontier.size;
    return sj_frontier_root(&frontier, &ret_found->counts_root);
}

static void compare(struct found_check *f, int64_t day, uint64_t upto, uint64_t expected)
{
    uint64_t found = 0;
    char cause[160];
    char date[11];
    for (uint64_t i = 0; i < f->hits; i++) {
        found += f->places[i] < upto && sj_heads_day(f->times[i]) == day ? 1 : 0;
    }
    sj_date_format(sj_date_from_days(day), date);
    (void)snprintf(cause, sizeof(cause),
        "of %s the record has committed to %llu hits, here are %llu", date,
        (unsigned long long)expected, (unsigned long long)found);
    if (found < expected) {
        sj_check_incomplete(f->c, cause);
    } else if (found > expected) {
        sj_check_tampered(f->c, cause);
    } else {
        f->days++;
    }
}

static sj_status take_day(struct found_check *f)
{
    struct sj_heads_claim claim;
    struct sj_heads_claim found;
    uint64_t length = 0;
    uint64_t expected = 0;
    bool whole = true;
    TRY(sj_record_file_entry(&f->file));
    if (f->c->stopped) {
        return SJ_DONE;
    }
    const struct sj_entry *entry = &f->file.entry;
    f->newest = entry->time > f->newest ? entry->time : f->newest;
    if (entry->draft.kind != SJ_ENTRY_TENANT_HEADS ||
        sj_failed(sj_heads_parse(sj_text_of(entry->draft.detail), &claim))) {
        sj_check_tampered_at(f->c, entry->index, "the entry commits to no counts");
        return SJ_DONE;
    }
    TRY(sj_record_file_number(&f->file, 4, &length, &whole));
    TRY(whole ? sj_record_file_buf(&f->file, (size_t)length, &f->counts, &whole) : SJ_DONE);
    if (!whole) {
        sj_record_file_cut(&f->file);
        return SJ_DONE;
    }
    if (sj_failed(sum(f, &expected, &found)) || found.counts != claim.counts ||
        !sj_hash_equal(&found.counts_root, &claim.counts_root)) {
        sj_check_tampered_at(
            f->c, entry->index, "the counts are not those that the entry commits to");
        return SJ_DONE;
    }
    compare(f, claim.day, entry->index, expected);
    return SJ_DONE;
}

static sj_status take_days(struct found_check *f)
{
    uint64_t days = 0;
    bool whole = true;
    TRY(sj_record_file_number(&f->file, 2, &days, &whole));
    if (!whole || days > DAYS_MAX) {
        sj_record_file_cut(&f->file);
        return SJ_DONE;
    }
    const struct sj_found_question *question = &f->question;
    if (days > 0 && (!sj_uuid_is_nil(question->actor) || !sj_uuid_is_nil(question->object) ||
                        question->outcome != 0)) {
        sj_check_tampered(f->c, "no counts are signed for such a question");
        return SJ_DONE;
    }
    for (uint64_t i = 0; i < days && !f->c->stopped; i++) {
        TRY(take_day(f));
    }
    if (!f->c->stopped) {
        sj_record_file_end(&f->file);
    }
    return SJ_DONE;
}

static sj_status run(struct found_check *f)
{
    TRY(take_head(f));
    TRY(f->c->stopped ? SJ_DONE : take_hits(f));
    TRY(f->c->stopped ? SJ_DONE : take_days(f));
    f->c->last_time = f->newest;
    if (!f->c->stopped && !f->question.is_complete) {
        sj_check_incomplete(f->c, "the search itself said that something was missing");
    }
    if (!f->c->stopped) {
        sj_check_freshness(f->c);
        (void)snprintf(f->c->report->note, sizeof(f->c->report->note),
            "hits: %llu; days that are whole by the signed counts: %llu",
            (unsigned long long)f->hits, (unsigned long long)f->days);
    }
    return SJ_DONE;
}

bool sj_check_is_found(const char *path)
{
    return sj_record_file_is(path, SJ_FOUND_MAGIC);
}

static void clear(struct found_check **f)
{
    if (*f != NULL) {
        sj_record_file_close(&(*f)->file);
        sj_buf_clear(&(*f)->counts);
        sj_free((*f)->times);
        sj_free((*f)->places);
        sj_free(TAKE(*f));
    }
}

sj_status sj_check_found(struct sj_check *c, const char *path)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct found_check), &memory));
    CLEANUP(clear) struct found_check *f = memory;
    f->c = c;
    f->counts = SJ_BUF(COUNTS_MAX);
    f->file.in.fd = -1;
    TRY(sj_record_file_open(&f->file, c, path));
    return run(f);
}
