/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a malformed piece of a bundle make whom say (attack 18)? The parser that owns it refuses it with its code, the verifier says what
 * is missing or contradicted by it, never one for the other, and the same bundle without the malformed piece still holds for everybody.
 * That no bytes at all do harm is tests/fuzz's. Proof files, witnesses' requests and policies: test_proof.c, witness/test_request.c,
 * test_tlog_policy.c.
 */
#include <stdio.h>
#include <string.h>

#include "logmaker.h"
#include "panel.h"
#include "sanjeh/audit/payload.h"
#include "sanjeh/audit/tar.h"
#include "test.h"

#define COUNT 400
#define BATCH 50

struct scene {
    struct outsiders who;
    struct maker maker;
    struct sj_buf tar; /* the honest bundle */
};

/* ---- a bundle with one member replaced ---- */

static size_t padded(uint64_t size)
{
    return (size_t)((size + SJ_TAR_BLOCK - 1) / SJ_TAR_BLOCK * SJ_TAR_BLOCK);
}

static struct sj_view member_of(const struct sj_buf *tar, const char *name)
{
    struct sj_tar_member member;
    for (size_t at = 0; at < tar->len; at += SJ_TAR_BLOCK + padded(member.size)) {
        CHECK_OK(sj_tar_read_header(tar->ptr + at, &member));
        if (member.is_end) {
            break;
        }
        if (strcmp(member.name, name) == 0) {
            return sj_view_of(tar->ptr + at + SJ_TAR_BLOCK, (size_t)member.size);
        }
    }
    CHECK(false);
    return sj_view_of(NULL, 0);
}

static void replace(
    const struct sj_buf *tar, const char *name, struct sj_view content, struct sj_buf *out)
{
    struct sj_tar_member member;
    for (size_t at = 0; at < tar->len; at += SJ_TAR_BLOCK + padded(member.size)) {
        CHECK_OK(sj_tar_read_header(tar->ptr + at, &member));
        if (member.is_end) {
            break;
        }
        if (strcmp(member.name, name) != 0) {
            CHECK_OK(sj_buf_put(out, tar->ptr + at, SJ_TAR_BLOCK + padded(member.size)));
        }
    }
    CHECK_OK(sj_tar_put_header(out, sj_text_of(name), content.len));
    CHECK_OK(sj_buf_put_view(out, content));
    CHECK_OK(sj_tar_put_padding(out, content.len));
    CHECK_OK(sj_tar_put_end(out));
}

static void open_scene(struct scene *scene)
{
    struct maker before;
    const struct maker_output output = {.tiles = MAKER_TILES_SIGNED};
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(2048);
    CHECK_OK(sj_crypto_init());
    *scene = (struct scene){.tar = SJ_BUF(1 << 24)};
    maker_init(&scene->maker, COUNT, BATCH, 1);
    maker_tar(&scene->maker, &output, &scene->tar);
    CHECK_OK(sj_buf_put_str(&lines, "log "));
    CHECK_OK(sj_note_key_format(&scene->maker.key, &lines));
    CHECK_OK(sj_buf_put_byte(&lines, '\n'));
    outsiders_open(&scene->who, sj_buf_text(&lines), &scene->maker.key, 1);
    maker_init(&before, BATCH, BATCH, 1);
    {
        CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
        maker_tar(&before, &output, &tar);
        maker_write(scene->who.bundle, sj_buf_view(&tar));
    }
    outsiders_remember(&scene->who, before.leaves, BATCH);
    maker_clear(&before);
}

static void close_scene(struct scene *scene)
{
    outsiders_close(&scene->who);
    maker_clear(&scene->maker);
    sj_buf_clear(&scene->tar);
}

/* All who read the bundle say the same. */
static void ask(struct scene *scene, const char *cause, const char *witness)
{
    outsiders_expect(&scene->who, scene->maker.leaves, COUNT,
        &(struct panel){
            .verifier = cause, .since = cause, .state = cause, .seen = cause, .witness = witness});
}

static void ask_with(struct scene *scene, const char *name, struct sj_view content,
    const char *cause, const char *witness)
{
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
    replace(&scene->tar, name, content, &tar);
    maker_write(scene->who.bundle, sj_buf_view(&tar));
    ask(scene, cause, witness);
}

/* ---- notes ---- */

enum note_way {
    NOTE_CRLF,
    NOTE_SIZE_2_63,
    NOTE_SIZE_2_64,
    NOTE_SIZE_ZERO_IN_FRONT,
    NOTE_SIZE_SIGNED,
    NOTE_ROOT_OF_31_BYTES,
    NOTE_ROOT_UNUSED_BITS,
    NOTE_ROOT_UNPADDED,
    NOTE_NO_ORIGIN,
    NOTE_SIGNATURE_UNUSED_BITS,
    NOTE_NO_BLANK_LINE,
    NOTE_NUL,
    NOTE_NO_UTF8,
    NOTE_EMPTY,
    NOTE_TOO_LONG,
    NOTE_WAYS
};

/* Text lines that the log's own key has signed, malformed as they are. */
static void sign_lines(const struct scene *scene, const char *size, const char *root,
    const char *origin, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1024);
    CHECK_OK(sj_buf_put_str(&text, origin));
    CHECK_OK(sj_buf_put_str(&text, "\n"));
    CHECK_OK(sj_buf_put_str(&text, size));
    CHECK_OK(sj_buf_put_str(&text, "\n"));
    CHECK_OK(sj_buf_put_str(&text, root));
    CHECK_OK(sj_buf_put_str(&text, "\n"));
    CHECK_OK(sj_note_sign(sj_buf_text(&text), &scene->maker.key, scene->maker.secret, out));
}

#define ROOT "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0="

/* The checkpoint's bytes with these in place of those. */
static void swap_bytes(
    const struct sj_buf *note, const char *from, const char *to, size_t to_len, struct sj_buf *out)
{
    for (size_t i = 0; i < note->len;) {
        if (note->len - i >= strlen(from) && memcmp(note->ptr + i, from, strlen(from)) == 0) {
            CHECK_OK(sj_buf_put(out, to, to_len));
            i += strlen(from);
        } else {
            CHECK_OK(sj_buf_put_byte(out, note->ptr[i++]));
        }
    }
}

/* Behind "400": the bits of a last letter that say nothing. */
static void set_unused_bits(const struct sj_buf *note, struct sj_buf *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    CHECK_OK(sj_buf_put_view(out, sj_buf_view(note)));
    uint8_t *last = out->ptr + out->len - 1; /* "…x=\n": 68 bytes end in one '=' */
    while (*last == '\n' || *last == '=') {
        last--;
    }
    const char *letter = strchr(letters, *last);
    CHECK(letter != NULL);
    *last = (uint8_t)letters[(size_t)(letter - letters) ^ 1];
}

static void make_note(const struct scene *scene, enum note_way way, struct sj_buf *out)
{
    const struct sj_buf *good = &scene->maker.checkpoint;
    static const char *const lines[NOTE_WAYS][3] = {
        [NOTE_SIZE_2_63] = {"9223372036854775808", ROOT, MAKER_ORIGIN},
        [NOTE_SIZE_2_64] = {"18446744073709551617", ROOT, MAKER_ORIGIN},
        [NOTE_SIZE_ZERO_IN_FRONT] = {"0400", ROOT, MAKER_ORIGIN},
        [NOTE_SIZE_SIGNED] = {"+400", ROOT, MAKER_ORIGIN},
        [NOTE_ROOT_OF_31_BYTES] = {"400",
            "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBQ==", MAKER_ORIGIN},
        [NOTE_ROOT_UNUSED_BITS] = {"400",
            "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb1=", MAKER_ORIGIN},
        [NOTE_ROOT_UNPADDED] = {"400", "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0", MAKER_ORIGIN},
        [NOTE_NO_ORIGIN] = {"400", ROOT, ""},
    };
    static const struct {
        const char *from;
        const char *to;
        size_t to_len;
    } swaps[NOTE_WAYS] = {
        [NOTE_CRLF] = {"\n", "\r\n", 2},
        [NOTE_NO_BLANK_LINE] = {"\n\n", "\n", 1},
        [NOTE_NUL] = {"400",
            "4\0"
            "0",
            3},
        [NOTE_NO_UTF8] = {"maker", "m\xff", 2},
    };
    sj_buf_reset(out);
    if (lines[way][0] != NULL) {
        sign_lines(scene, lines[way][0], lines[way][1], lines[way][2], out);
        return;
    }
    if (swaps[way].from != NULL) {
        swap_bytes(good, swaps[way].from, swaps[way].to, swaps[way].to_len, out);
    } else if (way == NOTE_SIGNATURE_UNUSED_BITS) {
        set_unused_bits(good, out);
    } else if (way == NOTE_TOO_LONG) {
        CHECK_OK(sj_buf_put_view(out, sj_buf_view(good)));
        while (out->len <= SJ_NOTE_MAX) {
            CHECK_OK(sj_buf_put_str(out, "\xe2\x80\x94 w AAAAAAAA\n"));
        }
    } /* else empty */
}

/* By code: the note, or what it says. */
static bool is_refused(const struct scene *scene, struct sj_view bytes)
{
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    const sj_status opened = sj_note_open(bytes, &scene->maker.key, 1, &note);
    return opened.code == SJ_INVALID ||
           (!sj_failed(opened) && sj_checkpoint_parse(note.text, &checkpoint).code == SJ_INVALID);
}

#define UNSIGNED   "incomplete: the checkpoint has no signature by a log of the policy"
#define UNREADABLE "incomplete: the checkpoint cannot be read"
#define BAD_NOTE   "tampered: a note among `notes` is not signed by the log"

static void put_note_of(struct sj_view note, struct sj_buf *notes)
{
    CHECK_OK(sj_buf_put_u16(notes, (uint16_t)note.len));
    CHECK_OK(sj_buf_put_view(notes, note));
}

/* As checkpoint of the bundle: it accuses nobody. */
static void tell_checkpoints(struct scene *scene)
{
    static const struct {
        const char *cause;
        const char *witness;
    } told[NOTE_WAYS] = {
        [NOTE_CRLF] = {UNSIGNED, "404"},
        [NOTE_SIZE_2_63] = {UNREADABLE, "400"},
        [NOTE_SIZE_2_64] = {UNREADABLE, "400"},
        [NOTE_SIZE_ZERO_IN_FRONT] = {UNREADABLE, "400"},
        [NOTE_SIZE_SIGNED] = {UNREADABLE, "400"},
        [NOTE_ROOT_OF_31_BYTES] = {UNREADABLE, "400"},
        [NOTE_ROOT_UNUSED_BITS] = {UNREADABLE, "400"},
        [NOTE_ROOT_UNPADDED] = {UNREADABLE, "400"},
        [NOTE_NO_ORIGIN] = {UNREADABLE, "400"},
        [NOTE_SIGNATURE_UNUSED_BITS] = {UNSIGNED, "403"},
        [NOTE_NO_BLANK_LINE] = {UNREADABLE, "403"},
        [NOTE_NUL] = {UNSIGNED, "403"},
        [NOTE_NO_UTF8] = {UNSIGNED, "400"},
        [NOTE_EMPTY] = {UNSIGNED, "400"},
        [NOTE_TOO_LONG] = {"incomplete: the checkpoint is missing", "400"},
    };
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF((size_t)2 * SJ_NOTE_MAX);
    for (enum note_way way = NOTE_CRLF; way < NOTE_WAYS; way++) {
        make_note(scene, way, &note);
        CHECK(is_refused(scene, sj_buf_view(&note)));
        ask_with(scene, "checkpoint", sj_buf_view(&note), told[way].cause, told[way].witness);
    }
}

/* Among `notes`, under a checkpoint that holds, in place of the one of size 100. */
static void tell_notes(struct scene *scene)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF((size_t)2 * SJ_NOTE_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf notes = SJ_BUF((size_t)4 * SJ_NOTE_MAX);
    const uint8_t *good = scene->maker.notes.ptr;
    const size_t first = 2 + ((size_t)good[0] << 8 | good[1]);
    for (enum note_way way = NOTE_CRLF; way < NOTE_EMPTY; way++) {
        make_note(scene, way, &note);
        sj_buf_reset(&notes);
        CHECK_OK(sj_buf_put(&notes, good, first));
        put_note_of(sj_buf_view(&note), &notes);
        ask_with(scene, "notes", sj_buf_view(&notes), BAD_NOTE, NULL);
    }
    /* a length that lies: what is missing contradicts nobody */
    sj_buf_reset(&notes);
    CHECK_OK(sj_buf_put(&notes, good, first));
    CHECK_OK(sj_buf_put(&notes, "\xff\xff", 2));
    CHECK_OK(sj_buf_put(&notes, good, first));
    ask_with(
        scene, "notes", sj_buf_view(&notes), "incomplete: the list of notes is cut short", NULL);
}

/* As the caller's own pin: his to mend, and no word about the log. */
static void tell_pins(struct scene *scene)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF((size_t)2 * SJ_NOTE_MAX);
    maker_write(scene->who.bundle, sj_buf_view(&scene->tar));
    char pin[128];
    (void)snprintf(pin, sizeof pin, "%s.malformed", scene->who.since);
    for (enum note_way way = NOTE_CRLF; way < NOTE_WAYS; way++) {
        struct sj_verify_report report;
        char said[PANEL_SAYS];
        const struct sj_verify_options options = {
            .policy_path = scene->who.policy, .since_path = pin};
        make_note(scene, way, &note);
        maker_write(pin, sj_buf_view(&note));
        panel_say_report(sj_bundle_verify(scene->who.bundle, &options, &report), &report, said);
        if (!sj_text_starts(sj_text_of(said), "refused: the --since note ")) {
            printf("    way %d said: %s\n", (int)way, said);
            CHECK(false);
        }
    }
}

/* A hundred kilobytes of lines of unknown keys are as the standard has them: nobody says anything. */
static void tell_long_note(struct scene *scene)
{
    static const uint8_t blob[1870] = {7, 7, 7, 7};
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF((size_t)2 * SJ_NOTE_MAX);
    CHECK_OK(sj_buf_put_view(&note, sj_buf_view(&scene->maker.checkpoint)));
    for (int i = 0; i < 40; i++) {
        CHECK_OK(sj_buf_put_str(&note, "\xe2\x80\x94 w.example "));
        CHECK_OK(sj_buf_put_base64(&note, sj_view_of(blob, sizeof blob)));
        CHECK_OK(sj_buf_put_byte(&note, '\n'));
    }
    CHECK(note.len > 100000 && note.len <= SJ_NOTE_MAX);
    ask_with(scene, "checkpoint", sj_buf_view(&note), NULL, NULL);
}

TEST(attack_18_malformed_notes)
{
    struct scene scene;
    open_scene(&scene);
    tell_checkpoints(&scene);
    tell_notes(&scene);
    tell_pins(&scene);
    tell_long_note(&scene);
    close_scene(&scene);
}

/* ---- tiles, entries, payloads, archives ---- */

/* The member with so many bytes less, or more. */
static void tell_length(struct scene *scene, const char *name, int more, const char *cause)
{
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(1 << 22);
    const struct sj_view good = member_of(&scene->tar, name);
    CHECK_OK(sj_buf_put(&content, good.ptr, more < 0 ? good.len - (size_t)-more : good.len));
    for (int i = 0; i < more; i++) {
        CHECK_OK(sj_buf_put_byte(&content, 0));
    }
    ask_with(scene, name, sj_buf_view(&content), cause, NULL);
}

/* Byte `at` of the member, from its end when negative. */
static void tell_byte(
    struct scene *scene, const char *name, int at, uint8_t value, const char *cause)
{
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(1 << 22);
    CHECK_OK(sj_buf_put_view(&content, member_of(&scene->tar, name)));
    content.ptr[at < 0 ? content.len - (size_t)-at : (size_t)at] = value;
    ask_with(scene, name, sj_buf_view(&content), cause, NULL);
}

TEST(attack_18_malformed_tiles_and_bundles_of_entries)
{
    struct scene scene;
    open_scene(&scene);
    tell_length(
        &scene, "tile/0/000", -32, "incomplete at 0: tile 0/0 is missing or has another length (");
    tell_length(&scene, "tile/0/001.p/144", 1,
        "incomplete at 256: tile 0/1 is missing or has another length (");
    tell_length(&scene, "tile/1/000.p/1", -1, "incomplete: tile 1/0 is missing or short (");
    tell_length(&scene, "tile/1/000.p/1", 1, "tampered: tile 1/0 is not what the entries give (");
    tell_length(&scene, "tile/entries/001.p/144", -1,
        "incomplete at 399: the bundle of entries is cut short (");
    tell_length(&scene, "tile/entries/001.p/144", 2,
        "tampered at 400: more entries stand in the bundle than its name says (");
    /* an entry that says to be as long as all that follow */
    tell_byte(&scene, "tile/entries/001.p/144", 0, 0xff,
        "incomplete at 256: the bundle of entries is cut short (");
    close_scene(&scene);
}

#define NO_TAR "incomplete: the file is not a tar archive"

static void ask_bytes(
    struct scene *scene, struct sj_view bytes, const char *cause, const char *witness)
{
    maker_write(scene->who.bundle, bytes);
    ask(scene, cause, witness);
}

/* The first header, of `policy`, says to be so long: octal digits, or whatever stands there. */
static void tell_size(struct scene *scene, const char *digits, const char *cause)
{
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
    unsigned sum = 0;
    char text[8];
    CHECK_OK(sj_buf_put_view(&tar, sj_buf_view(&scene->tar)));
    memcpy(tar.ptr + 124, digits, 12);
    memset(tar.ptr + 148, ' ', 8);
    for (size_t i = 0; i < SJ_TAR_BLOCK; i++) {
        sum += tar.ptr[i];
    }
    (void)snprintf(text, sizeof text, "%06o", sum);
    memcpy(tar.ptr + 148, text, 7);
    ask_bytes(scene, sj_buf_view(&tar), cause, "400");
}

TEST(attack_18_malformed_archives_and_payloads)
{
    static const uint8_t endless[12] = {0, 0, 0, 0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff};
    static const char cut[] = "incomplete: the list of payloads is cut short";
    struct scene scene;
    open_scene(&scene);
    ask_bytes(&scene, sj_view_of("", 0), NO_TAR, "400");
    ask_bytes(&scene, sj_view_of("no archive, and longer than nothing", 35), NO_TAR, "400");
    tell_size(&scene, "77777777777", "incomplete: the archive is cut short");
    tell_size(&scene, "0000000008x", NO_TAR);
    tell_size(&scene, "\x80\0\0\0\x80\0\0\0\0\0\0", NO_TAR); /* 2^63, as GNU writes it */
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
    replace(&scene.tar, "payloads", sj_view_of(endless, sizeof endless), &tar);
    maker_write(scene.who.bundle, sj_buf_view(&tar));
    outsiders_expect(&scene.who, scene.maker.leaves, COUNT,
        &(struct panel){.verifier = cut,
            .since = cut,
            .state = "refused: the state was made from a log without its payloads",
            .seen = cut});
    close_scene(&scene);
}
