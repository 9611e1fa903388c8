/* SPDX-License-Identifier: Apache-2.0
 *
 * How do secrets come in and go out on the command line? In from a file that only its owner reads, or from the
 * terminal without echo; a new TOTP secret goes out once, on standard output. Never through arguments or the
 * environment, which everybody on the machine can read, and never through a shell.
 */
#include "cli_desk.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/random.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

void sj_credentials_wipe(struct sj_credentials *credentials)
{
    sj_wipe(credentials, sizeof *credentials);
}

/* The first line of a file that only its owner can read. */
static sj_status read_secret_file(const char *path, char *ret_text, size_t size, size_t *ret_len)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ENSURE(fd >= 0, BAD_CONFIG);
    struct stat info;
    ENSURE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode), BAD_CONFIG);
    ENSURE((info.st_mode & 0077) == 0, BAD_CONFIG);
    size_t len = 0;
    for (;;) {
        const ssize_t got = read(fd, ret_text + len, size - len);
        ENSURE(got >= 0, BAD_CONFIG);
        if (got == 0) {
            break;
        }
        len += (size_t)got;
        ENSURE(len < size, BAD_CONFIG);
    }
    while (len > 0 && (ret_text[len - 1] == '\n' || ret_text[len - 1] == '\r')) {
        len--;
    }
    *ret_len = len;
    return SJ_DONE;
}

static sj_status read_line(const char *prompt, char *ret_text, size_t size, size_t *ret_len)
{
    (void)fputs(prompt, stderr);
    size_t len = 0;
    for (;;) {
        const ssize_t got = read(STDIN_FILENO, ret_text + len, 1);
        ENSURE(got == 1, BAD_CONFIG);
        if (ret_text[len] == '\n') {
            break;
        }
        len++;
        ENSURE(len < size, BAD_CONFIG);
    }
    (void)fputc('\n', stderr);
    *ret_len = len;
    return SJ_DONE;
}

static sj_status prompt_password(struct sj_credentials *credentials)
{
    struct termios shown;
    ENSURE(tcgetattr(STDIN_FILENO, &shown) == 0, BAD_CONFIG);
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    ENSURE(tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0, IO);
    char again[SJ_CLI_PASSWORD_MAX + 2] = {0};
    size_t again_len = 0;
    sj_status status = read_line("Password: ", credentials->password, sizeof credentials->password,
        &credentials->password_len);
    if (!sj_failed(status)) {
        status = read_line("Once more: ", again, sizeof again, &again_len);
    }
    const bool same = again_len == credentials->password_len &&
                      sj_view_equal(sj_view_of(again, again_len),
                          sj_view_of(credentials->password, credentials->password_len));
    sj_wipe(again, sizeof again);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    TRY(status);
    ENSURE(same, INVALID);
    return SJ_DONE;
}

/* RFC 4648 6: 32 letters of base32 are the 20 bytes of a key. Case and spaces do not matter. */
static bool decode_secret(const char *text, size_t len, uint8_t ret_secret[SJ_CLI_SECRET_SIZE])
{
    uint64_t bits = 0;
    unsigned held = 0;
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == ' ') {
            continue;
        }
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        const bool letter = c >= 'A' && c <= 'Z';
        if (!letter && !(c >= '2' && c <= '7')) {
            return false;
        }
        bits = bits << 5 | (uint64_t)(letter ? c - 'A' : c - '2' + 26);
        held += 5;
        if (held >= 8) {
            if (out == SJ_CLI_SECRET_SIZE) {
                return false;
            }
            held -= 8;
            ret_secret[out++] = (uint8_t)(bits >> held & 0xffu);
        }
    }
    return out == SJ_CLI_SECRET_SIZE && held == 0;
}

static sj_status take_secret(const char *file, struct sj_credentials *credentials)
{
    if (file == NULL) {
        TRY(sj_random(credentials->secret, sizeof credentials->secret));
        credentials->secret_is_new = true;
    } else {
        char text[128] = {0};
        size_t len = 0;
        const sj_status status = read_secret_file(file, text, sizeof text, &len);
        const bool decoded = !sj_failed(status) && decode_secret(text, len, credentials->secret);
        sj_wipe(text, sizeof text);
        TRY(status);
        ENSURE(decoded, INVALID);
    }
    sj_format_base32(credentials->secret, sizeof credentials->secret, credentials->secret_text);
    return SJ_DONE;
}

sj_status sj_credentials_take(const char *password_file, const char *secret_file,
    struct sj_credentials *credentials, const char **reterr_why)
{
    *reterr_why =
        "--password-file: a file of mode 0600 with one line; without it a terminal is asked";
    if (password_file != NULL) {
        TRY(read_secret_file(password_file, credentials->password, sizeof credentials->password,
            &credentials->password_len));
    } else {
        TRY(prompt_password(credentials));
    }
    *reterr_why = "--totp-secret-file: a file of mode 0600 with 32 letters of base32";
    TRY(take_secret(secret_file, credentials));
    *reterr_why = "";
    return SJ_DONE;
}

static void draw_qr(const char *uri)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return;
    }
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        (void)close(pipe_fds[0]);
        (void)close(pipe_fds[1]);
        return;
    }
    char program[] = "qrencode";
    char type[] = "-tANSIUTF8";
    char from[] = "-r-";
    char *const arguments[] = {program, type, from, NULL};
    pid_t child = -1;
    const bool started =
        posix_spawn_file_actions_adddup2(&actions, pipe_fds[0], STDIN_FILENO) == 0 &&
        posix_spawnp(&child, program, &actions, NULL, arguments, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(pipe_fds[0]);
    /* Smaller than a pipe holds; a broken one would end us by SIGPIPE, and there is a reader. */
    if (started) {
        const ssize_t sent = write(pipe_fds[1], uri, strlen(uri));
        (void)sent;
    }
    (void)close(pipe_fds[1]);
    if (started) {
        (void)waitpid(child, NULL, 0);
    }
}

void sj_credentials_print(const struct sj_credentials *credentials, const char *username)
{
    char uri[256];
    (void)snprintf(uri, sizeof uri,
        "otpauth://totp/Sanjeh:%s?secret=%s&issuer=Sanjeh&algorithm=SHA1&digits=6&period=30",
        username, credentials->secret_text);
    (void)printf("%s\n", uri);
    (void)fflush(stdout);
    if (isatty(STDOUT_FILENO) == 1) {
        draw_qr(uri);
    }
    sj_wipe(uri, sizeof uri);
}
