/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the press: what a sheet is made of, between the card's JSON and the flow of pages.
 */
#ifndef SHEET_H
#define SHEET_H

#include "flow.h"
#include "sanjeh/base/arena.h"
#include "sanjeh/json/decode.h"

struct sheet {
    struct flow flow;
    struct sj_arena *arena;
    const struct sj_json_value *card;
    bool is_broken; /* memory ran out while a text was made */
};

/* One of two languages. */
const char *sheet_word(const struct sheet *sheet, const char *fa, const char *en);
/* A member as display text, an em dash when it is missing or null; digits of the sheet's language. object may be NULL. */
const char *sheet_value(struct sheet *sheet, const struct sj_json_value *object, const char *name);
/* name_fa or name_en, by the sheet's language. */
const char *sheet_name(struct sheet *sheet, const struct sj_json_value *object);
/* The day member name: its Jalali twin <name>_jalali on a Persian sheet. */
const char *sheet_day(struct sheet *sheet, const struct sj_json_value *object, const char *name);
bool sheet_has(const struct sj_json_value *object, const char *name);
bool sheet_is(
    const struct sj_json_value *object, const char *name); /* true, and not missing or false */
/* Formats into the arena. */
const char *sheet_format(struct sheet *sheet, const char *form, ...)
    __attribute__((format(printf, 2, 3)));
/* The same by one of two forms, in the sheet's language. */
#define SHEET_SAY(sheet, fa, en, ...)                                                              \
    ((sheet)->flow.is_fa ? sheet_format((sheet), fa, __VA_ARGS__)                                  \
                         : sheet_format((sheet), en, __VA_ARGS__))
/* A code ("timeliness", "chair", "NO_DATA") in the sheet's language; the code itself when it is not known. */
const char *sheet_code(struct sheet *sheet, const struct sj_json_value *object, const char *name);

/* The sections after the head, in order (sheet_parts.c). */
void sheet_result(struct sheet *sheet);
void sheet_criteria(struct sheet *sheet);
void sheet_narrative(struct sheet *sheet);
void sheet_context(struct sheet *sheet);
void sheet_people(struct sheet *sheet);
void sheet_reply(struct sheet *sheet);
void sheet_use(struct sheet *sheet);
void sheet_remedies(struct sheet *sheet);
/* A paragraph under a bold line, when it is there. */
void sheet_passage(
    struct sheet *sheet, const char *title, const struct sj_json_value *object, const char *name);
/* sheet_decision.c: the board's decision, and the appeal's; nothing where there is none */
void sheet_decision(struct sheet *sheet);
void sheet_appeal(struct sheet *sheet);
/* sheet_courts.c; nothing when no court is known */
void sheet_courts(struct sheet *sheet, const struct sj_json_value *context);
/* sheet_changes.c; nothing when there is no card before */
void sheet_changes(struct sheet *sheet);

#endif
