/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a witness cosign one history of a log and never a second, whoever asks and in whatever order, also after its process or
 * machine died? A log of leaves in memory; everything else is real: files, threads, signatures.
 */
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sanjeh/base/buf.h"
#include "sanjeh/witness/witness.h"
#include "test.h"

#define ORIGIN "log.example/a"
#define NOW    INT64_C(1800000000)
#define LEAVES 600u

/* ---- a log, told in two versions: the second differs from leaf 100 on ---- */

struct log {
    struct sj_hash leaves[LEAVES];
    struct sj_signing_key *secret;
    struct sj_note_key key;
};

static void make_key(const char *name, uint8_t type, uint8_t seed_byte, struct sj_note_key *key,
    struct sj_signing_key **secret)
{
    const struct sj_key seed = {{seed_byte}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    CHECK_OK(sj_signing_key_new(&seed, secret));
    sj_signing_key_public(*secret, public_key);
    CHECK_OK(sj_note_key_make(sj_text_of(name), type, public_key, key));
}

static struct log *new_log(unsigned version)
{
    void *memory = NULL;
    SJ_ASSERT(!sj_failed(sj_alloc(1, sizeof(struct log), &memory)));
    struct log *log = memory;
    for (unsigned i = 0; i < LEAVES; i++) {
        const unsigned content[2] = {i, i < 100 ? 0 : version};
        CHECK_OK(sj_leaf_hash(sj_view_of(content, sizeof content), &log->leaves[i]));
    }
    make_key(ORIGIN, 1, 1, &log->key, &log->secret);
    return log;
}

static void free_log(struct log **log)
{
    sj_signing_key_free(&(*log)->secret);
    sj_free(*log);
}

static size_t half_of(size_t count)
{
    size_t k = 1;
    while (k * 2 < count) {
        k *= 2;
    }
    return k;
}

static struct sj_hash mth(const struct sj_hash *leaves, size_t count)
{
    struct sj_hash root;
    if (count == 0) {
        CHECK_OK(sj_sha256(NULL, 0, &root));
        return root;
    }
    if (count == 1) {
        return leaves[0];
    }
    const size_t k = half_of(count);
    const struct sj_hash left = mth(leaves, k);
    const struct sj_hash right = mth(leaves + k, count - k);
    CHECK_OK(sj_node_hash(&left, &right, &root));
    return root;
}

/* RFC 9162 2.1.4.1 as it stands there. */
static size_t subproof(
    size_t m, const struct sj_hash *leaves, size_t count, bool whole, struct sj_hash *out)
{
    if (m == count) {
        if (!whole) {
            out[0] = mth(leaves, count);
        }
        return whole ? 0 : 1;
    }
    const size_t k = half_of(count);
    size_t used = 0;
    if (m <= k) {
        used = subproof(m, leaves, k, whole, out);
        out[used] = mth(leaves + k, count - k);
    } else {
        used = subproof(m - k, leaves + k, count - k, false, out);
        out[used] = mth(leaves, k);
    }
    return used + 1;
}

static void make_note(const struct log *log, const char *origin, size_t size, const char *extension,
    struct sj_buf *out)
{
    const struct sj_hash root = mth(log->leaves, size);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(1024);
    CHECK_OK(sj_checkpoint_format(sj_text_of(origin), size, &root, &body));
    CHECK_OK(sj_buf_put_str(&body, extension));
    CHECK_OK(sj_note_sign(sj_buf_text(&body), &log->key, log->secret, out));
}

static void make_body(const struct log *log, size_t old_size, size_t size, struct sj_buf *out)
{
    struct sj_hash proof[SJ_WITNESS_PROOF_MAX];
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    make_note(log, ORIGIN, size, "", &note);
    const size_t count =
        old_size == 0 || old_size >= size ? 0 : subproof(old_size, log->leaves, size, true, proof);
    CHECK_OK(sj_witness_request_format(old_size, proof, count, sj_buf_view(&note), out));
}

/* ---- a witness in a folder of the test ---- */

struct rig {
    char folder[64];
    struct sj_note_key key;
    struct sj_signing_key *secret;
    struct sj_note_key logs[2];
    struct sj_witness *witness;
};

static sj_status open_rig(struct rig *rig)
{
    char reason[SJ_WITNESS_REASON];
    const struct sj_witness_config config = {.folder = rig->folder,
        .log_keys = rig->logs,
        .log_key_count = 2,
        .key = rig->key,
        .secret = rig->secret};
    return sj_witness_open(&config, &rig->witness, reason);
}

static struct rig *new_rig(const struct log *log)
{
    void *memory = NULL;
    struct sj_signing_key *other = NULL;
    SJ_ASSERT(!sj_failed(sj_alloc(1, sizeof(struct rig), &memory)));
    struct rig *rig = memory;
    (void)snprintf(rig->folder, sizeof rig->folder, "/tmp/sanjeh-witness-XXXXXX");
    SJ_ASSERT(mkdtemp(rig->folder) != NULL);
    make_key("w.example", 4, 7, &rig->key, &rig->secret);
    rig->logs[0] = log->key;
    make_key("log.example/b", 1, 2, &rig->logs[1], &other);
    sj_signing_key_free(&other);
    CHECK_OK(open_rig(rig));
    return rig;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void end_rig(struct rig **rig)
{
    sj_witness_close(&(*rig)->witness);
    sj_signing_key_free(&(*rig)->secret);
    CHECK(nftw((*rig)->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    sj_free(*rig);
}

#define WITH_LOG CLEANUP(free_log) struct log *
#define WITH_RIG CLEANUP(end_rig) struct rig *

static unsigned ask(struct rig *rig, const struct sj_buf *body, struct sj_buf *ret_body)
{
    struct sj_witness_answer answer;
    CHECK_OK(sj_witness_add(rig->witness, sj_buf_view(body), NOW, &answer));
    if (ret_body != NULL) {
        sj_buf_reset(ret_body);
        CHECK_OK(sj_buf_put_view(ret_body, sj_buf_view(&answer.body)));
    }
    CHECK(sj_text_is(sj_text_of(answer.media),
        answer.http == 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8"));
    sj_buf_clear(&answer.body);
    return answer.http;
}

static unsigned offer(struct rig *rig, const struct log *log, size_t old_size, size_t size)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    make_body(log, old_size, size, &body);
    return ask(rig, &body, NULL);
}

static uint64_t recorded(struct rig *rig, const struct log *log)
{
    uint64_t size = 0;
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(4096);
    make_body(log, 599, 600, &body); /* nobody has recorded 599 */
    CHECK(ask(rig, &body, &answer) == 409);
    CHECK_OK(sj_witness_size_parse(sj_buf_view(&answer), &size));
    return size;
}

static size_t shown; /* evidence_of counts here */

static int count_shown(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    const char *name = path + place->base;
    const size_t len = strlen(name);
    shown += kind == FTW_F && len > 6 && strcmp(name + len - 6, ".shown") == 0 ? 1 : 0;
    return 0;
}

static size_t evidence_of(const struct rig *rig)
{
    shown = 0;
    CHECK(nftw(rig->folder, count_shown, 16, FTW_PHYS) == 0);
    return shown;
}

/* ---- the protocol ---- */

TEST(witness_cosigns_what_continues_and_answers_by_the_protocol)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(8192);
    CLEANUP(sj_buf_clear) struct sj_buf line = SJ_BUF(4096);
    struct sj_note opened;
    make_body(log, 0, 10, &body);
    make_note(log, ORIGIN, 10, "", &note);
    REQUIRE(ask(rig, &body, &line) == 200);
    /* the client's own recipe: the answer behind the checkpoint is a note by the witness */
    CHECK_OK(sj_buf_put_view(&note, sj_buf_view(&line)));
    CHECK_OK(sj_note_open(sj_buf_view(&note), &rig->key, 1, &opened));
    CHECK(opened.cosigned_s[0] == NOW);
    CHECK(offer(rig, log, 10, 10) == 200); /* again: a fresh time for the same tree */
    CHECK(offer(rig, log, 10, 64) == 200);
    CHECK(offer(rig, log, 64, 65) == 200);
    CHECK(offer(rig, log, 65, 600) == 200);
    CHECK(recorded(rig, log) == 600);
    CHECK(sj_witness_stats(rig->witness).cosigned == 5 &&
          sj_witness_stats(rig->witness).conflicts == 0);
}

TEST(witness_starts_with_an_empty_tree_only_when_its_root_is_the_empty_one)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    CHECK_OK(sj_checkpoint_format(SJ_TEXT(ORIGIN), 0, &log->leaves[0], &text));
    CHECK_OK(sj_note_sign(sj_buf_text(&text), &log->key, log->secret, &note));
    CHECK_OK(sj_witness_request_format(0, NULL, 0, sj_buf_view(&note), &body));
    CHECK(ask(rig, &body, NULL) == 422);
    CHECK(offer(rig, log, 0, 0) == 200);
    CHECK(offer(rig, log, 0, 5) == 200);
}

TEST(witness_refuses_as_the_protocol_says)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    CLEANUP(sj_buf_clear) struct sj_buf size = SJ_BUF(4096);
    CHECK(offer(rig, log, 0, 10) == 200);
    CHECK(offer(rig, log, 11, 10) == 400);
    make_body(log, 0, 20, &body);
    CHECK(ask(rig, &body, &size) == 409);
    CHECK(sj_text_is(sj_buf_text(&size), "10\n"));
    /* no proof, another tree's proof, and a proof where none belongs */
    make_note(log, ORIGIN, 20, "", &note);
    sj_buf_reset(&body);
    CHECK_OK(sj_witness_request_format(10, NULL, 0, sj_buf_view(&note), &body));
    CHECK(ask(rig, &body, NULL) == 422);
    sj_buf_reset(&body);
    CHECK_OK(sj_witness_request_format(10, log->leaves, 4, sj_buf_view(&note), &body));
    CHECK(ask(rig, &body, NULL) == 422);
    sj_buf_reset(&note);
    sj_buf_reset(&body);
    make_note(log, ORIGIN, 10, "", &note);
    CHECK_OK(sj_witness_request_format(10, log->leaves, 1, sj_buf_view(&note), &body));
    CHECK(ask(rig, &body, NULL) == 422);
    CHECK(recorded(rig, log) == 10);
    sj_buf_reset(&body);
    CHECK_OK(sj_buf_put_str(&body, "old 10\n"));
    CHECK(ask(rig, &body, NULL) == 400);
    CHECK(sj_witness_stats(rig->witness).conflicts == 0);
}

TEST(witness_refuses_extension_lines)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    make_note(log, ORIGIN, 10, "and one thing more\n", &note);
    CHECK_OK(sj_witness_request_format(0, NULL, 0, sj_buf_view(&note), &body));
    CHECK(ask(rig, &body, NULL) == 400);
}

TEST(attack_16_witness_knows_logs_by_key_and_origin_together)
{
    WITH_LOG log = new_log(1);
    WITH_LOG stranger = new_log(1);
    WITH_RIG rig = new_rig(log);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    /* an unknown origin */
    make_note(log, "log.example/c", 10, "", &note);
    CHECK_OK(sj_witness_request_format(0, NULL, 0, sj_buf_view(&note), &body));
    CHECK(ask(rig, &body, NULL) == 404);
    /* a known log's key under another known log's origin */
    sj_buf_reset(&note);
    sj_buf_reset(&body);
    make_note(log, "log.example/b", 10, "", &note);
    CHECK_OK(sj_witness_request_format(0, NULL, 0, sj_buf_view(&note), &body));
    CHECK(ask(rig, &body, NULL) == 403);
    /* the right origin under a key of somebody else */
    sj_signing_key_free(&stranger->secret);
    make_key(ORIGIN, 1, 9, &stranger->key, &stranger->secret);
    CHECK(offer(rig, stranger, 0, 10) == 403);
    /* the log's key, and a signature that does not hold */
    sj_buf_reset(&body);
    make_body(log, 0, 10, &body);
    body.ptr[body.len - 20] = body.ptr[body.len - 20] == 'A' ? 'B' : 'A';
    CHECK(ask(rig, &body, NULL) == 403);
    CHECK(offer(rig, log, 0, 10) == 200);
}

/* ---- a second history ---- */

TEST(attack_03_rewritten_log_is_not_cosigned_and_is_kept)
{
    WITH_LOG log = new_log(1);
    WITH_LOG rewritten = new_log(2);
    WITH_RIG rig = new_rig(log);
    CHECK(offer(rig, log, 0, 200) == 200);
    CHECK(offer(rig, rewritten, 200, 300) == 422);
    CHECK(offer(rig, rewritten, 200, 200) == 422);
    CHECK(evidence_of(rig) == 2 && sj_witness_stats(rig->witness).conflicts == 1);
    CHECK(recorded(rig, log) == 200);
    CHECK(offer(rig, log, 200, 300) == 200);
}

TEST(attack_04_shorter_log_is_told_what_was_seen)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf size = SJ_BUF(4096);
    CHECK(offer(rig, log, 0, 300) == 200);
    make_body(log, 150, 200, &body);
    CHECK(ask(rig, &body, &size) == 409);
    CHECK(sj_text_is(sj_buf_text(&size), "300\n"));
    CHECK(offer(rig, log, 300, 200) == 400);
    CHECK(recorded(rig, log) == 300);
}

TEST(attack_14_stolen_key_cannot_have_a_fork_from_an_old_size_cosigned)
{
    WITH_LOG log = new_log(1);
    WITH_LOG thief = new_log(2); /* with the log's own key */
    WITH_RIG rig = new_rig(log);
    CHECK(offer(rig, log, 0, 90) == 200);
    CHECK(offer(rig, log, 90, 250) == 200);
    CHECK(offer(rig, thief, 90, 260) == 409); /* from before the fork */
    CHECK(offer(rig, thief, 250, 260) == 422);
    CHECK(offer(rig, thief, 0, 260) == 409);
    CHECK(evidence_of(rig) == 1);
}

TEST(attack_07_two_trees_under_one_key_are_never_both_cosigned)
{
    WITH_LOG log = new_log(1);
    WITH_LOG fork = new_log(2);
    WITH_RIG rig = new_rig(log);
    CHECK(offer(rig, fork, 0, 300) == 200); /* whoever is first */
    CHECK(offer(rig, log, 0, 300) == 409);
    CHECK(offer(rig, log, 300, 300) == 422);
    CHECK(evidence_of(rig) == 1); /* the same checkpoint twice is one piece */
}

/* ---- the race ---- */

#define RACERS 8u

struct race {
    struct rig *rig;
    struct sj_buf bodies[RACERS];
    unsigned http[RACERS];
    atomic_uint next;
    pthread_barrier_t start;
};

static void *run_racer(void *ctx)
{
    struct race *race = ctx;
    struct sj_witness_answer answer;
    const unsigned number = atomic_fetch_add(&race->next, 1);
    (void)pthread_barrier_wait(&race->start);
    CHECK_OK(sj_witness_add(race->rig->witness, sj_buf_view(&race->bodies[number]), NOW, &answer));
    race->http[number] = answer.http;
    sj_buf_clear(&answer.body);
    return NULL;
}

/* Each wants to go on from the same size to another one. The sizes of what was cosigned. */
static size_t race_once(struct rig *rig, const struct log *log, size_t from)
{
    static struct race race;
    pthread_t threads[RACERS];
    size_t winner = 0;
    unsigned winners = 0;
    race.rig = rig;
    atomic_store(&race.next, 0);
    CHECK(pthread_barrier_init(&race.start, NULL, RACERS) == 0);
    for (unsigned i = 0; i < RACERS; i++) {
        race.bodies[i] = SJ_BUF(SJ_WITNESS_BODY_MAX);
        make_body(log, from, from + 1 + i, &race.bodies[i]);
    }
    for (unsigned i = 0; i < RACERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, run_racer, &race) == 0);
    }
    for (unsigned i = 0; i < RACERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    for (unsigned i = 0; i < RACERS; i++) {
        CHECK(race.http[i] == 200 || race.http[i] == 409);
        if (race.http[i] == 200) {
            winner = from + 1 + i;
            winners++;
        }
        sj_buf_clear(&race.bodies[i]);
    }
    CHECK(winners == 1);
    (void)pthread_barrier_destroy(&race.start);
    return winner;
}

/* tlog-witness names this race: both are checked, the larger is stored, then the smaller over it. */
TEST(attack_19_of_racing_publishers_one_wins_and_nothing_is_rolled_back)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    CHECK(offer(rig, log, 0, 10) == 200);
    size_t size = 10;
    for (unsigned round = 0; round < 30; round++) {
        const size_t winner = race_once(rig, log, size);
        CHECK(recorded(rig, log) == winner);
        REQUIRE(winner > size);
        size = winner;
    }
}

/* ---- the disk ---- */

static void reopen(struct rig *rig)
{
    sj_witness_close(&rig->witness);
    CHECK_OK(open_rig(rig));
}

static void path_of(const struct rig *rig, char *path, size_t path_size)
{
    struct sj_hash hash;
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(128);
    const char *text = "";
    CHECK_OK(sj_sha256_one(sj_text_bytes(SJ_TEXT(ORIGIN)), &hash));
    CHECK_OK(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    CHECK_OK(sj_buf_cstr(&hex, &text));
    (void)snprintf(path, path_size, "%s/%s", rig->folder, text);
}

TEST(witness_remembers_after_a_restart_and_gives_its_copy_to_monitors)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    char path[256];
    CLEANUP(sj_buf_clear) struct sj_buf copy = SJ_BUF(SJ_NOTE_MAX);
    struct sj_note note;
    path_of(rig, path, sizeof path);
    const struct sj_text hash = sj_text_of(path + strlen(rig->folder) + 1);
    CHECK_CODE(sj_witness_latest(rig->witness, hash, &copy), NOT_FOUND);
    CHECK(offer(rig, log, 0, 100) == 200);
    reopen(rig);
    CHECK(recorded(rig, log) == 100);
    CHECK(offer(rig, log, 0, 100) == 409);
    CHECK(offer(rig, log, 100, 130) == 200);
    CHECK_OK(sj_witness_latest(rig->witness, hash, &copy));
    const struct sj_note_key keys[] = {log->key, rig->key};
    CHECK_OK(sj_note_open(sj_buf_view(&copy), keys, 2, &note));
    CHECK(note.verified[0] && note.verified[1] && note.cosigned_s[1] == NOW);
    CHECK_CODE(sj_witness_latest(rig->witness, SJ_TEXT("00"), &copy), NOT_FOUND);
}

TEST(witness_keeps_its_memory_when_a_half_written_file_is_left_behind)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    char path[256];
    char beside[300];
    CHECK(offer(rig, log, 0, 100) == 200);
    path_of(rig, path, sizeof path);
    (void)snprintf(beside, sizeof beside, "%s.new", path);
    sj_witness_close(&rig->witness);
    const int fd = open(beside, O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0 && write(fd, ORIGIN "\n1", 5) == 5 && close(fd) == 0);
    CHECK_OK(open_rig(rig));
    CHECK(recorded(rig, log) == 100);
    CHECK(offer(rig, log, 100, 101) == 200);
}

TEST(witness_does_not_start_with_a_state_that_it_did_not_write)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    char path[256];
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    CHECK(offer(rig, log, 0, 200) == 200);
    path_of(rig, path, sizeof path);
    sj_witness_close(&rig->witness);
    make_note(log, ORIGIN, 50, "", &note); /* genuine, older, without our line */
    const int fd = open(path, O_WRONLY | O_TRUNC);
    CHECK(fd >= 0 && write(fd, note.ptr, note.len) == (ssize_t)note.len && close(fd) == 0);
    CHECK_CODE(open_rig(rig), LOG_TAMPERED);
}

TEST(witness_does_not_cosign_what_it_cannot_store)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    char path[300];
    CHECK(offer(rig, log, 0, 100) == 200);
    path_of(rig, path, sizeof path);
    (void)snprintf(path + strlen(path), sizeof path - strlen(path), ".new");
    CHECK(mkdir(path, 0700) == 0); /* the name is taken: also root cannot write there */
    CHECK(offer(rig, log, 100, 150) == 500);
    CHECK(recorded(rig, log) == 100);
    CHECK(sj_witness_stats(rig->witness).failures == 1);
    CHECK(rmdir(path) == 0);
    CHECK(offer(rig, log, 100, 150) == 200);
}

TEST(witness_folder_belongs_to_one_process)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    struct sj_witness *first = rig->witness;
    CHECK_CODE(open_rig(rig), CONFLICT);
    rig->witness = first;
}

TEST(witness_keeps_the_logs_lines_and_no_others)
{
    WITH_LOG log = new_log(1);
    WITH_RIG rig = new_rig(log);
    char path[256];
    struct stat info;
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    make_body(log, 0, 10, &body);
    for (int i = 0; i < 90; i++) {
        CHECK_OK(sj_buf_put_str(&body, "\xe2\x80\x94 nobody AAAAAAAAAAAAAAAAAAAA\n"));
    }
    CHECK(ask(rig, &body, NULL) == 200);
    path_of(rig, path, sizeof path);
    CHECK(stat(path, &info) == 0 && info.st_size < 500);
}
