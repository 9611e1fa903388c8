/* SPDX-License-Identifier: Apache-2.0
 *
 * Who of the outsiders speaks? See panel.h. The witness is the real one, in a folder of its own; its copy for monitors is what the
 * verifier is given. A state is copied before each run: a run that holds would move it.
 */
#include "panel.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sanjeh/audit/proof.h"
#include "sanjeh/base/file.h"
#include "sanjeh/base/memory.h"
#include "source.h"
#include "test.h"

#define SEEN_S   INT64_C(1800000000)
#define FILE_MAX ((size_t)64 << 20)

static const char *const voices[PANEL_VOICES] = {"verifier", "since", "state", "seen", "tokens",
    "witness", "scrubber", "start", "units", "alarms", "scenery"};

/* ---- files ---- */

static void read_whole(const char *path, struct sj_buf *out)
{
    sj_buf_reset(out);
    CHECK_OK(sj_read_file(path, out));
}

static void write_whole(const char *path, struct sj_view bytes)
{
    FILE *file = fopen(path, "we");
    SJ_ASSERT(file != NULL && fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len);
    CHECK(fclose(file) == 0 && chmod(path, 0600) == 0);
}

static void copy(const char *from, const char *to)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(FILE_MAX);
    read_whole(from, &bytes);
    write_whole(to, sj_buf_view(&bytes));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

void outsiders_checkpoint(const char *bundle, struct sj_buf *out)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_CHECKPOINT};
    struct sj_source source = {.fd = -1};
    enum sj_source_state state = SJ_SOURCE_WHOLE;
    bool found = false;
    CHECK_OK(sj_source_open(bundle, &source, &state));
    CHECK_OK(sj_source_read(&source, &key, SJ_NOTE_MAX, out, &found));
    sj_source_close(&source);
}

/* ---- open, close ---- */

static void make_witness_key(struct outsiders *who)
{
    const struct sj_key seed = {{0x4E, 0x77}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    CHECK_OK(sj_signing_key_new(&seed, &who->witness_secret));
    sj_signing_key_public(who->witness_secret, public_key);
    CHECK_OK(sj_note_key_make(SJ_TEXT("witness.example/north"), 4, public_key, &who->witness_key));
}

static void write_policy(const struct outsiders *who, struct sj_text log_lines)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(16384);
    CHECK_OK(sj_buf_put_text(&text, log_lines));
    CHECK_OK(sj_buf_put_str(&text, "witness north "));
    CHECK_OK(sj_note_key_format(&who->witness_key, &text));
    CHECK_OK(sj_buf_put_str(&text, "\nquorum none\n"));
    write_whole(who->policy, sj_buf_view(&text));
}

void outsiders_open(struct outsiders *who, struct sj_text log_lines, const struct sj_note_key *keys,
    size_t key_count)
{
    char reason[SJ_WITNESS_REASON];
    char folder[96];
    *who = (struct outsiders){.copy = SJ_BUF(SJ_NOTE_MAX + 1)};
    (void)snprintf(who->folder, sizeof who->folder, "/tmp/sanjeh-panel-XXXXXX");
    SJ_ASSERT(mkdtemp(who->folder) != NULL);
    (void)snprintf(who->bundle, sizeof who->bundle, "%s/bundle.tar", who->folder);
    (void)snprintf(who->policy, sizeof who->policy, "%s/policy", who->folder);
    (void)snprintf(who->before, sizeof who->before, "%s/before.tar", who->folder);
    (void)snprintf(who->since, sizeof who->since, "%s/since", who->folder);
    (void)snprintf(who->state, sizeof who->state, "%s/state", who->folder);
    (void)snprintf(folder, sizeof folder, "%s/witness", who->folder);
    make_witness_key(who);
    write_policy(who, log_lines);
    const struct sj_witness_config config = {.folder = folder,
        .log_keys = keys,
        .log_key_count = key_count,
        .key = who->witness_key,
        .secret = who->witness_secret};
    CHECK_OK(sj_witness_open(&config, &who->witness, reason));
}

void outsiders_close(struct outsiders *who)
{
    sj_witness_close(&who->witness);
    sj_signing_key_free(&who->witness_secret);
    sj_buf_clear(&who->copy);
    sj_buf_clear(&who->copy_of);
    CHECK(nftw(who->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

/* ---- the witness ---- */

struct tree {
    const struct sj_hash *leaves;
    size_t count;
};

static sj_status node_of(void *ctx, unsigned level, uint64_t index, struct sj_hash *ret_hash)
{
    const struct tree *tree = ctx;
    struct sj_frontier frontier = {.size = 0};
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        SJ_ASSERT(i < tree->count);
        TRY(sj_frontier_append(&frontier, &tree->leaves[i]));
    }
    return sj_frontier_root(&frontier, ret_hash);
}

static unsigned ask_witness(struct outsiders *who, struct tree *tree, uint64_t old_size,
    const struct sj_buf *checkpoint, uint64_t *ret_size)
{
    struct sj_witness_answer answer;
    struct sj_proof proof = {.count = 0};
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    if (old_size <= tree->count) {
        CHECK_OK(sj_consistency_prove(old_size, tree->count, node_of, tree, &proof));
    }
    CHECK_OK(sj_witness_request_format(
        old_size, proof.hashes, proof.count, sj_buf_view(checkpoint), &body));
    CHECK_OK(sj_witness_add(who->witness, sj_buf_view(&body), SEEN_S, &answer));
    *ret_size = 0;
    if (answer.http == 409) {
        CHECK_OK(sj_witness_size_parse(sj_buf_view(&answer.body), ret_size));
    }
    sj_buf_clear(&answer.body);
    return answer.http;
}

/* As a publisher asks: from nothing, and once more from the size that the witness names. */
static unsigned show_witness(struct outsiders *who, const struct sj_hash *leaves, size_t count)
{
    struct tree tree = {leaves, count};
    uint64_t size = 0;
    CLEANUP(sj_buf_clear) struct sj_buf checkpoint = SJ_BUF(SJ_NOTE_MAX + 1);
    outsiders_checkpoint(who->bundle, &checkpoint);
    unsigned http = ask_witness(who, &tree, 0, &checkpoint, &size);
    if (http == 409 && size <= count) {
        http = ask_witness(who, &tree, size, &checkpoint, &size);
    }
    return http;
}

static struct sj_buf hash_of_origin(struct sj_text origin)
{
    struct sj_hash hash;
    struct sj_buf hex = SJ_BUF(128);
    CHECK_OK(sj_sha256_one(sj_text_bytes(origin), &hash));
    CHECK_OK(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    return hex;
}

static void keep_copy(struct outsiders *who, const struct sj_buf *checkpoint)
{
    struct sj_text rest = {(const char *)checkpoint->ptr, checkpoint->len};
    struct sj_text origin = {NULL, 0};
    CHECK(sj_text_split(&rest, '\n', &origin));
    who->copy_of = hash_of_origin(origin);
    CHECK_OK(sj_buf_put_str(&who->copy_of, "/checkpoint"));
    CHECK_OK(sj_witness_latest(who->witness,
        (struct sj_text){(const char *)who->copy_of.ptr, (size_t)2 * SJ_HASH_SIZE}, &who->copy));
}

static sj_status give_copy(
    void *ctx, struct sj_text name, size_t max, struct sj_buf *ret_bytes, bool *ret_found)
{
    const struct outsiders *who = ctx;
    sj_buf_reset(ret_bytes);
    *ret_found = sj_text_equal(name, sj_buf_text(&who->copy_of)) && who->copy.len < max;
    return *ret_found ? sj_buf_put_view(ret_bytes, sj_buf_view(&who->copy)) : SJ_DONE;
}

/* ---- the verifier ---- */

void panel_say_report(sj_status status, const struct sj_verify_report *report, char out[PANEL_SAYS])
{
    char at[32] = "";
    if (report->has_bad_index) {
        (void)snprintf(at, sizeof at, " at %llu", (unsigned long long)report->bad_index);
    }
    if (status.code == SJ_BAD_PARAMETER) {
        (void)snprintf(out, PANEL_SAYS, "refused: %s", report->cause);
    } else if (sj_failed(status)) {
        (void)snprintf(out, PANEL_SAYS, "failed: %s", sj_code_name(status.code));
    } else if (report->verdict == SJ_VERIFIED && !report->has_bad_index) {
        out[0] = '\0';
    } else {
        (void)snprintf(out, PANEL_SAYS, "%s%s: %s%s%s%s", sj_verdict_name(report->verdict), at,
            report->cause, report->checkpoint[0] == '\0' ? "" : " (", report->checkpoint,
            report->checkpoint[0] == '\0' ? "" : ")");
    }
}

static void run(const struct outsiders *who, const char *path,
    const struct sj_verify_options *options, char out[PANEL_SAYS])
{
    struct sj_verify_report report;
    struct sj_verify_options all = *options;
    all.policy_path = who->policy;
    panel_say_report(sj_bundle_verify(path, &all, &report), &report, out);
}

static void hear_verifier(
    struct outsiders *who, const char *path, char said[PANEL_VOICES][PANEL_SAYS])
{
    char state[128];
    (void)snprintf(state, sizeof state, "%s.copy", who->state);
    copy(who->state, state);
    const struct sj_verify_witness north = {.name = "north", .fetch = give_copy, .fetch_ctx = who};
    run(who, path, &(struct sj_verify_options){.since_path = NULL}, said[0]);
    run(who, path, &(struct sj_verify_options){.since_path = who->since}, said[1]);
    run(who, path, &(struct sj_verify_options){.state_path = state}, said[2]);
    run(who, path, &(struct sj_verify_options){.witnesses = &north, .witness_count = 1}, said[3]);
    said[4][0] = '\0';
    if (who->tsa_ca != NULL) {
        run(who, path, &(struct sj_verify_options){.tsa_ca_path = who->tsa_ca}, said[4]);
    }
}

/* ---- all of them ---- */

void outsiders_remember(struct outsiders *who, const struct sj_hash *leaves, size_t count)
{
    char said[PANEL_SAYS];
    CLEANUP(sj_buf_clear) struct sj_buf checkpoint = SJ_BUF(SJ_NOTE_MAX + 1);
    copy(who->bundle, who->before);
    (void)unlink(who->state);
    run(who, who->bundle, &(struct sj_verify_options){.state_path = who->state}, said);
    CHECK(sj_text_is(sj_text_of(said), ""));
    outsiders_checkpoint(who->bundle, &checkpoint);
    write_whole(who->since, sj_buf_view(&checkpoint));
    CHECK(show_witness(who, leaves, count) == 200);
    keep_copy(who, &checkpoint);
}

void outsiders_hear(struct outsiders *who, const struct sj_hash *leaves, size_t count)
{
    (void)memset(who->said, 0, sizeof who->said);
    hear_verifier(who, who->bundle, who->said);
    const unsigned http = show_witness(who, leaves, count);
    if (http != 200) {
        (void)snprintf(who->said[5], PANEL_SAYS, "%u", http);
    }
}

void panel_compare(const struct outsiders *who, const struct panel *expected)
{
    const char *const wanted[PANEL_VOICES] = {expected->verifier, expected->since, expected->state,
        expected->seen, expected->tokens, expected->witness, expected->scrubber, expected->start,
        expected->units, expected->alarms, expected->scenery};
    for (size_t i = 0; i < PANEL_VOICES; i++) {
        const struct sj_text said = sj_text_of(who->said[i]);
        const bool is_right = wanted[i] == NULL ? said.len == 0 : sj_text_starts(said, wanted[i]);
        const bool is_one = strstr(who->said[i], "; besides") == NULL;
        if (!is_right || !is_one) {
            printf("    %s said: %s\n", voices[i], said.len == 0 ? "nothing" : who->said[i]);
            CHECK(is_right && is_one);
        }
    }
}

void outsiders_expect(
    struct outsiders *who, const struct sj_hash *leaves, size_t count, const struct panel *expected)
{
    char said[PANEL_VOICES][PANEL_SAYS];
    hear_verifier(who, who->before, said);
    for (size_t i = 0; i < 5; i++) {
        CHECK(said[i][0] == '\0');
    }
    outsiders_hear(who, leaves, count);
    panel_compare(who, expected);
}
