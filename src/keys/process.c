/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the keeper live?
 * Born by fork before any thread: stops being dumpable and traceable, reads the root key and opens the signer's
 * file while it still may, drops its user, derives the keys, takes the sandbox (no open, no socket, no exec), and
 * only then says that it is ready. From there one loop of poll(2): one question in, one answer out; a channel whose
 * answer is not taken yet is not read from, so nobody fills the memory. It ends with its parent, by the lifeline's
 * end or the kernel's death signal. Signals from the terminal or the service manager are ignored: the front stops
 * first, because its last entries still need a signature.
 */
#include "process.h"
#include "answer.h"
#include "sanjeh/base/log.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/crypto/secret.h"
#include "sanjeh/sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One line to the front. */
struct line {
    int fd; /* -1: closed */
    struct sj_buf answer;
    bool is_waiting; /* the answer could not be sent yet */
};

struct process {
    struct answerer answerer;
    struct line lines[WIRE_CHANNELS_MAX];
    unsigned line_count;
    uint8_t *question; /* WIRE_MESSAGE_MAX bytes */
};

static void ignore_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < SJ_COUNT(ignored); i++) {
        (void)signal(ignored[i], SIG_IGN);
    }
}

/* The kernel forgets the death signal when credentials change, so it is asked for twice. */
static sj_status die_with_parent(const struct process_start *start)
{
    ENSURE(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, IO);
    ENSURE(prctl(PR_SET_NAME, "sanjehd-keeper") == 0, IO);
    ENSURE(getppid() == start->parent_pid, KEEPER_UNAVAILABLE);
    return SJ_DONE;
}

/* Everything but our own ends, standard error and what was never open. */
static void close_others(const struct process_start *start)
{
    for (int fd = 0; fd < 1024; fd++) {
        bool is_ours = fd == STDERR_FILENO || fd == start->lifeline;
        for (unsigned i = 0; i < start->channel_count; i++) {
            is_ours = is_ours || fd == start->channels[i];
        }
        if (!is_ours) {
            (void)close(fd);
        }
    }
    (void)close_range(1024, ~0u, 0);
}

static sj_status open_state(const char *path, int *ret_fd)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    ENSURE(fd >= 0, IO);
    /* two signers on one memory could sign two trees */
    ENSURE(flock(fd, LOCK_EX | LOCK_NB) == 0, CONFLICT);
    *ret_fd = fd;
    fd = -1;
    return SJ_DONE;
}

/* Made by whoever serves; shared by the keepers of a log on this machine. */
static sj_status open_payload_keys(const struct sj_keeper_config *config, int *ret_fd)
{
    char beside[4096];
    const char *path = config->payload_keys;
    const int flags = config->use == SJ_KEEPER_SERVE ? O_RDWR | O_CREAT : O_RDWR;
    if (config->origin == NULL || (path == NULL && config->signer_state == NULL)) {
        return SJ_DONE;
    }
    if (path == NULL) {
        const int len = snprintf(beside, sizeof beside, "%s.payload", config->signer_state);
        ENSURE(len > 0 && (size_t)len < sizeof beside, BAD_CONFIG);
        path = beside;
    }
    *ret_fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    ENSURE(*ret_fd >= 0 || (config->use != SJ_KEEPER_SERVE && errno == ENOENT), IO);
    return SJ_DONE;
}

static sj_status start_payload_keys(
    struct process *process, const struct sj_keeper_config *config, int *fd)
{
    CLEANUP(sj_key_wipe) struct sj_key state_key;
    if (*fd < 0) {
        return SJ_DONE;
    }
    /* two that make a first key at once would each have its own; a copy of the lock goes with the descriptor */
    ENSURE(flock(*fd, LOCK_EX) == 0, IO);
    const int locked = *fd;
    TRY(vault_payload_key(
        process->answerer.vault, sj_origin_stem(sj_text_of(config->origin)), &state_key));
    TRY(shred_new(fd, &state_key, &process->answerer.shred));
    ENSURE(flock(locked, LOCK_UN) == 0, IO);
    return SJ_DONE;
}

static sj_status take_root(struct sj_view root, void *ctx)
{
    struct process *process = ctx;
    return vault_new(root, &process->answerer.vault);
}

static sj_status start_signer(
    struct process *process, const struct sj_keeper_config *config, int *state_fd)
{
    CLEANUP(sj_key_wipe) struct sj_key seed;
    CLEANUP(sj_key_wipe) struct sj_key state_key;
    const struct sj_text name = sj_text_of(config->origin);
    TRY(vault_signer_keys(
        process->answerer.vault, name, sj_text_of(process->answerer.instance), &seed, &state_key));
    return signer_new(state_fd, name, &seed, &state_key, &process->answerer.signer);
}

/* What the signer's file says of the keys, for those who do not sign. */
static sj_status look_at_epochs(
    struct process *process, const struct sj_keeper_config *config, int *state_fd)
{
    struct answerer *answerer = &process->answerer;
    CLEANUP(sj_key_wipe) struct sj_key seed;
    CLEANUP(sj_key_wipe) struct sj_key state_key;
    if (*state_fd < 0) {
        return SJ_DONE;
    }
    const struct sj_text name = sj_text_of(config->origin);
    TRY(vault_signer_keys(
        answerer->vault, name, sj_text_of(answerer->instance), &seed, &state_key));
    return signer_look(state_fd, name, &seed, &state_key, &answerer->epochs, &answerer->has_epochs);
}

/* The public half alone: what `sanjeh audit vkey` prints while nobody signs. */
static sj_status learn_log_key(struct process *process, const char *origin)
{
    struct answerer *answerer = &process->answerer;
    CLEANUP(sj_key_wipe) struct sj_key seed;
    CLEANUP(sj_key_wipe) struct sj_key state_key;
    CLEANUP(sj_signing_key_free) struct sj_signing_key *signing = NULL;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    const struct sj_text name = sj_text_of(origin);
    TRY(vault_signer_keys(
        answerer->vault, name, sj_text_of(answerer->instance), &seed, &state_key));
    TRY(vault_vouch_key(answerer->vault, name, &answerer->vouch_key));
    TRY(sj_signing_key_new(&seed, &signing));
    sj_signing_key_public(signing, public_key);
    ENSURE(!sj_failed(sj_note_key_make(name, 1, public_key, &answerer->log_key)), BAD_CONFIG);
    answerer->has_log_key = true;
    return SJ_DONE;
}

/* In PROVISION too: it can then say its public half, and the table refuses to sign. */
static sj_status start_card_signer(struct process *process, const char *origin)
{
    CLEANUP(sj_key_wipe) struct sj_key seed;
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(SJ_NOTE_NAME_MAX);
    TRY(card_signer_name(sj_origin_stem(sj_text_of(origin)), &name));
    TRY(vault_card_key(process->answerer.vault, sj_buf_text(&name), &seed));
    return card_signer_new(sj_buf_text(&name), &seed, &process->answerer.card_signer);
}

/* OpenSSL loads and seeds on first use, which the sandbox would forbid: use everything once. */
static sj_status warm_up(struct process *process)
{
    struct sj_uuid id;
    struct sj_key key;
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(WIRE_WRAPPED_MAX);
    TRY(sj_uuid_new(&id));
    TRY(vault_new_unit_key(process->answerer.vault, id, 1, &wrapped));
    TRY(vault_emitter_key(process->answerer.vault, (struct sj_text){"", 0}, id, &key));
    CLEANUP(sj_signing_key_free) struct sj_signing_key *signing = NULL;
    uint8_t signature[SJ_ED25519_SIGNATURE];
    TRY(sj_signing_key_new(&key, &signing));
    TRY(sj_sign(signing, sj_view_of(id.bytes, sizeof(id.bytes)), signature));
    (void)sj_time_now();
    sj_wipe(&key, sizeof(key));
    return SJ_DONE;
}

static sj_status prepare(struct process *process, const struct process_start *start)
{
    const struct sj_keeper_config *config = start->config;
    CLEANUP(sj_secret_free) struct sj_secret *root = NULL;
    CLEANUP(sj_closep) int state_fd = -1;
    CLEANUP(sj_closep) int payload_fd = -1;
    bool is_locked = false;
    TRY(sj_sandbox_no_dump());
    TRY(die_with_parent(start));
    TRY(sj_crypto_init());
    TRY(sj_secret_read_file(config->root_key_file, SJ_KEY_SIZE, &root));
    if (config->use == SJ_KEEPER_SERVE) {
        TRY(open_state(config->signer_state, &state_fd));
    } else if (config->signer_state != NULL && config->origin != NULL) {
        state_fd = open(config->signer_state, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        ENSURE(state_fd >= 0 || errno == ENOENT, IO);
    }
    TRY(open_payload_keys(config, &payload_fd));
    sj_sandbox_lock_memory(&is_locked); /* while limits can still be raised */
    TRY(sj_sandbox_drop(config->user));
    TRY(sj_sandbox_no_dump());
    TRY(die_with_parent(start));
    TRY(sj_secret_use(root, take_root, process));
    if (config->use == SJ_KEEPER_SERVE) {
        TRY(start_signer(process, config, &state_fd));
    } else {
        TRY(look_at_epochs(process, config, &state_fd));
    }
    TRY(start_payload_keys(process, config, &payload_fd));
    if (config->origin != NULL) {
        TRY(learn_log_key(process, config->origin));
        TRY(start_card_signer(process, config->origin));
    }
    return warm_up(process);
}

static sj_status process_init(struct process *process, const struct process_start *start)
{
    void *memory = NULL;
    TRY(sj_alloc(1, WIRE_MESSAGE_MAX, &memory));
    process->question = memory;
    process->answerer.phase = start->config->use;
    if (start->config->instance != NULL) { /* sj_keeper_start has checked it */
        TRY(sj_copy(process->answerer.instance, SJ_INSTANCE_MAX, start->config->instance,
            strlen(start->config->instance)));
    }
    process->line_count = start->channel_count;
    for (unsigned i = 0; i < start->channel_count; i++) {
        process->lines[i].fd = start->channels[i];
        process->lines[i].answer = SJ_BUF(WIRE_MESSAGE_MAX);
    }
    TRY(prepare(process, start));
    return sj_sandbox_enter(SJ_SANDBOX_KEEPER);
}

static void line_close(struct line *line)
{
    sj_closep(&line->fd);
    line->fd = -1;
    line->is_waiting = false;
    sj_buf_clear(&line->answer);
}

static void line_send(struct line *line)
{
    const ssize_t sent =
        send(line->fd, line->answer.ptr, line->answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
        line->is_waiting = true;
        return;
    }
    line->is_waiting = false;
    sj_buf_reset(&line->answer);
    if (sent < 0) {
        line_close(line);
    }
}

static void line_answer(struct process *process, struct line *line)
{
    const ssize_t got =
        recv(line->fd, process->question, WIRE_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        line_close(line);
        return;
    }
    sj_status status = SJ_FAILURE(PROTOCOL);
    if ((size_t)got <= WIRE_MESSAGE_MAX) {
        status = answer_question(
            &process->answerer, sj_view_of(process->question, (size_t)got), &line->answer);
        sj_wipe(process->question, (size_t)got);
    }
    if (sj_failed(status)) {
        SJ_LOG(ERROR, "keeper.question.refused", sj_log_status(status));
        line_close(line);
        return;
    }
    line_send(line);
}

static void line_turn(struct process *process, struct line *line, short events)
{
    if (line->fd < 0 || events == 0) {
        return;
    }
    if (line->is_waiting) {
        line_send(line);
    } else {
        line_answer(process, line);
    }
}

/* Until the lifeline ends. Entry 0 is the lifeline; nothing is ever sent on it. */
static void serve(struct process *process, int lifeline)
{
    struct pollfd polled[1 + WIRE_CHANNELS_MAX];
    for (;;) {
        polled[0] = (struct pollfd){.fd = lifeline, .events = POLLIN};
        for (unsigned i = 0; i < process->line_count; i++) {
            const struct line *line = &process->lines[i];
            polled[1 + i] =
                (struct pollfd){.fd = line->fd, .events = line->is_waiting ? POLLOUT : POLLIN};
        }
        if (poll(polled, 1 + process->line_count, -1) < 0) {
            if (errno == EINTR) {
                continue;
            }
            return;
        }
        if (polled[0].revents != 0) {
            return;
        }
        for (unsigned i = 0; i < process->line_count; i++) {
            line_turn(process, &process->lines[i], polled[1 + i].revents);
        }
    }
}

static void process_clear(struct process *process)
{
    for (unsigned i = 0; i < process->line_count; i++) {
        line_close(&process->lines[i]);
    }
    signer_free(&process->answerer.signer);
    card_signer_free(&process->answerer.card_signer);
    shred_free(&process->answerer.shred);
    sj_wipe(&process->answerer.vouch_key, sizeof(process->answerer.vouch_key));
    vault_free(&process->answerer.vault);
    sj_free(process->question);
}

_Noreturn void process_run(const struct process_start *start)
{
    struct process process = {0};
    sj_log_set_process("keeper");
    ignore_signals();
    close_others(start);
    const sj_status status = process_init(&process, start);
    const uint8_t report[2] = {(uint8_t)((unsigned)status.code >> 8), (uint8_t)status.code};
    if (sj_failed(status)) {
        SJ_LOG(ERROR, "keeper.start.refused", sj_log_status(status));
    }
    const bool is_heard = send(start->lifeline, report, sizeof(report), MSG_NOSIGNAL) == 2;
    if (!sj_failed(status) && is_heard) {
        serve(&process, start->lifeline);
    }
    process_clear(&process);
    _exit(sj_failed(status) ? 1 : 0);
}
