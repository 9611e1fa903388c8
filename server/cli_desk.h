/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands of local administration share: a keeper of their own, a blocking database
 * connection, the deed's draft, and secrets from files or the terminal.
 */
#ifndef SJ_SERVER_CLI_DESK_H
#define SJ_SERVER_CLI_DESK_H

#include "cli.h"

#include "sanjeh/keys/fields.h"
#include "sanjeh/unit/unit.h"

struct sj_cli_desk {
    struct sj_keeper *keeper;
    struct sj_channel *channel;
    struct sj_db *db;
    struct sj_fields *fields;
    struct sj_arena *arena;
    const char *why; /* for the operator when something fails */
    bool of_any_log; /* [audit] origin may be that of a log that has ended */
};

/* Starts a keeper (PROVISION), opens the database and loads the units' keys. On failure desk->why tells the
 * operator where to look; close it in every case. Errors: also CONFLICT (officers have begun the record anew, and the configuration still
 * names the log before: no deed of this desk would come into the record). */
SJ_MUST_CHECK sj_status sj_cli_desk_open(struct sj_cli_desk *desk, const struct sj_config *config);
void sj_cli_desk_close(struct sj_cli_desk *desk);
/* A context for these scopes, good for five minutes. */
SJ_MUST_CHECK sj_status sj_cli_desk_sign(struct sj_cli_desk *desk, const struct sj_uuid *scopes,
    size_t count, struct sj_context *ret_context);
/* Errors: NOT_FOUND with why. */
SJ_MUST_CHECK sj_status sj_cli_desk_find_unit(
    struct sj_cli_desk *desk, const char *code, const char *why, struct sj_unit *ret_unit);
/* Puts the deed's draft into the outbox within tx, under an emitter of its own that nobody uses again. */
SJ_MUST_CHECK sj_status sj_cli_desk_put_draft(struct sj_cli_desk *desk, struct sj_tx *tx,
    const char *action, const char *object_type, struct sj_uuid object, struct sj_uuid tenant_tag,
    const char *detail);
/* An argument that is UTF-8 of at most max bytes. */
bool sj_cli_is_text(const char *string, size_t max);

#define SJ_CLI_PASSWORD_MAX 512
#define SJ_CLI_SECRET_SIZE  20 /* of a TOTP key, RFC 4226 4 R6 */

struct sj_credentials {
    char password[SJ_CLI_PASSWORD_MAX + 2];
    size_t password_len;
    uint8_t secret[SJ_CLI_SECRET_SIZE];
    char secret_text[33]; /* base32 */
    bool secret_is_new;
};
void sj_credentials_wipe(struct sj_credentials *credentials);
/* password_file NULL: asks the terminal twice; secret_file NULL: makes a new secret. Errors: BAD_CONFIG (file),
 * INVALID; *reterr_why says which. */
SJ_MUST_CHECK sj_status sj_credentials_take(const char *password_file, const char *secret_file,
    struct sj_credentials *credentials, const char **reterr_why);
/* The URI that authenticator apps read, and on a terminal its QR code when qrencode(1) is there. */
void sj_credentials_print(const struct sj_credentials *credentials, const char *username);

#endif
