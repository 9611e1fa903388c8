/* SPDX-License-Identifier: Apache-2.0
 *
 * Do these files hold report cards of one unbroken chain?
 * Every card is checked by itself first; then they are laid in the order of their signed numbers, and each must name the hash
 * of the one before it. A card that was taken out shows as a gap, one that was put in as a number twice.
 */
#include "card_priv.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VKEY_MAX  ((size_t)1024)
#define PATH_MAX_ ((size_t)4096)
#define CARDS_MAX ((size_t)100000)

static sj_status read_file(const char *path, size_t max, struct sj_buf *out)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t piece[16 * 1024];
    ENSURE(fd >= 0, BAD_PARAMETER);
    for (;;) {
        const ssize_t got = read(fd, piece, sizeof(piece));
        ENSURE(got >= 0, BAD_PARAMETER);
        if (got == 0) {
            return SJ_DONE;
        }
        ENSURE(out->len + (size_t)got <= max, BAD_PARAMETER);
        TRY(sj_buf_put(out, piece, (size_t)got));
    }
}

static sj_status read_key(const char *path, struct sj_note_key *ret_key)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(VKEY_MAX);
    struct sj_text text;
    TRY(read_file(path, VKEY_MAX, &bytes));
    ENSURE(!sj_failed(sj_text_check(sj_buf_view(&bytes), VKEY_MAX, &text)), BAD_PARAMETER);
    while (text.len > 0 && text.ptr[text.len - 1] == '\n') {
        text.len--;
    }
    ENSURE(!sj_failed(sj_note_key_parse(text, ret_key)), BAD_PARAMETER);
    ENSURE(ret_key->type == 1, BAD_PARAMETER);
    return SJ_DONE;
}

static sj_status verify_pair(const char *json_path, const char *note_path,
    const struct sj_note_key *key, struct sj_card_claim *ret_claim,
    struct sj_card_report *ret_report)
{
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_CARD_BYTES_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    TRY(read_file(json_path, SJ_CARD_BYTES_MAX, &json));
    TRY(read_file(note_path, SJ_NOTE_MAX, &note));
    return sj_card_verify(sj_buf_view(&json), sj_buf_view(&note), key, ret_claim, ret_report);
}

/* ---- a folder ---- */

struct pile {
    struct sj_card_claim *claims;
    size_t count;
};

static int compare_number(const void *left, const void *right)
{
    const struct sj_card_claim *a = left;
    const struct sj_card_claim *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static void check_chain(struct pile *pile, struct sj_card_report *report)
{
    qsort(pile->claims, pile->count, sizeof(pile->claims[0]), compare_number);
    report->cards = pile->count;
    report->first = pile->claims[0].number;
    report->last = pile->claims[pile->count - 1].number;
    for (size_t i = 1; i < pile->count; i++) {
        const struct sj_card_claim *former = &pile->claims[i - 1];
        const struct sj_card_claim *card = &pile->claims[i];
        if (card->number == former->number) {
            card_report_say(report, SJ_TAMPERED, "");
            (void)snprintf(report->cause, sizeof(report->cause), "number %llu is there twice",
                (unsigned long long)card->number);
            return;
        }
        if (card->number != former->number + 1) {
            report->verdict = SJ_INCOMPLETE;
            (void)snprintf(report->cause, sizeof(report->cause), "number %llu is missing",
                (unsigned long long)former->number + 1);
        } else if (!sj_hash_equal(&card->former, &former->content)) {
            report->verdict = SJ_TAMPERED;
            (void)snprintf(report->cause, sizeof(report->cause),
                "number %llu does not follow the card before it", (unsigned long long)card->number);
            return;
        }
    }
}

static bool ends_with(const char *name, const char *suffix)
{
    const size_t len = strlen(name);
    const size_t tail = strlen(suffix);
    return len > tail && strcmp(name + len - tail, suffix) == 0;
}

static bool is_there(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* One NAME.json or NAME.note of the folder; a note is only looked at for its card. */
static sj_status take_entry(const char *folder, const char *name, const struct sj_note_key *key,
    struct pile *pile, struct sj_card_report *report)
{
    char json[PATH_MAX_];
    char note[PATH_MAX_];
    const bool is_note = ends_with(name, ".note");
    const int stem = (int)strlen(name) - 5;
    if (!is_note && !ends_with(name, ".json")) {
        return SJ_DONE;
    }
    ENSURE(snprintf(json, sizeof(json), "%s/%.*s.json", folder, stem, name) < (int)sizeof(json) &&
               snprintf(note, sizeof(note), "%s/%.*s.note", folder, stem, name) < (int)sizeof(note),
        BAD_PARAMETER);
    if (!is_there(json) || !is_there(note)) {
        report->verdict = SJ_INCOMPLETE;
        (void)snprintf(report->cause, sizeof(report->cause), "%.200s stands alone", name);
        return SJ_DONE;
    }
    if (is_note) {
        return SJ_DONE;
    }
    struct sj_card_report one;
    ENSURE(pile->count < CARDS_MAX, LIMIT_EXCEEDED);
    TRY(verify_pair(json, note, key, &pile->claims[pile->count], &one));
    report->is_test |= one.is_test;
    report->cards++;
    if (one.verdict == SJ_VERIFIED) {
        pile->count++;
        return SJ_DONE;
    }
    report->verdict = one.verdict;
    (void)snprintf(report->cause, sizeof(report->cause), "%.100s: %.140s", name, one.cause);
    return SJ_DONE;
}

static void close_folder(DIR **folder)
{
    if (*folder != NULL) {
        (void)closedir(*folder);
    }
}

static sj_status verify_folder(
    const char *path, const struct sj_note_key *key, struct sj_card_report *report)
{
    CLEANUP(close_folder) DIR *folder = opendir(path);
    CLEANUP(sj_freep) void *memory = NULL;
    ENSURE(folder != NULL, BAD_PARAMETER);
    TRY(sj_alloc(CARDS_MAX, sizeof(struct sj_card_claim), &memory));
    struct pile pile = {memory, 0};
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        TRY(take_entry(path, entry->d_name, key, &pile, report));
        if (report->verdict == SJ_TAMPERED) {
            return SJ_DONE;
        }
    }
    ENSURE(pile.count > 0 || report->cards > 0 || report->verdict != SJ_VERIFIED, BAD_PARAMETER);
    if (pile.count > 0) {
        check_chain(&pile, report);
    }
    return SJ_DONE;
}

sj_status sj_card_verify_files(const char *json_path, const char *note_path, const char *vkey_path,
    struct sj_card_report *ret_report)
{
    struct sj_note_key key;
    struct sj_card_claim claim;
    *ret_report = (struct sj_card_report){.verdict = SJ_VERIFIED};
    TRY(read_key(vkey_path, &key));
    if (note_path == NULL) {
        return verify_folder(json_path, &key, ret_report);
    }
    return verify_pair(json_path, note_path, &key, &claim, ret_report);
}
