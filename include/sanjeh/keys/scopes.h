/* SPDX-License-Identifier: Apache-2.0
 *
 * Named system scopes of the row-security context: fixed ids that appear in policies beside unit ids.
 * A request's context never carries one of them; start-up, sign-in and the sequencer use exactly theirs.
 * The same values stand in the migrations.
 */
#ifndef SJ_KEYS_SCOPES_H
#define SJ_KEYS_SCOPES_H

#include "sanjeh/base/id.h"

#define SJ_SCOPE_ID_(last)                                                                         \
    ((struct sj_uuid){{0, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, (last)}})
#define SJ_SCOPE_AUTHN                                                                             \
    SJ_SCOPE_ID_(                                                                                  \
        0x01) /* 00000000-0000-8000-8000-000000000001: accounts, sessions, second factors */
#define SJ_SCOPE_KEYS SJ_SCOPE_ID_(0x02) /* wrapped unit and subject keys of all units */
#define SJ_SCOPE_ADMIN                                                                             \
    SJ_SCOPE_ID_(0x03) /* administrators: accounts of all units, no evaluation data */
#define SJ_SCOPE_MATCH                                                                             \
    SJ_SCOPE_ID_(0x04) /* blind indexes of all units, to match a judge by number */
#define SJ_SCOPE_RECORD                                                                            \
    SJ_SCOPE_ID_(0x05) /* the record: to append to it and to read it; sequencer, export, entry */
#define SJ_SCOPE_EVALUATION                                                                        \
    SJ_SCOPE_ID_(0x06) /* the server's own work on evaluations: clocks, computing, gates */
#define SJ_SCOPE_SURVEY SJ_SCOPE_ID_(0x07) /* answers of people who hold a token and no account */
#define SJ_SCOPE_APPROVAL                                                                          \
    SJ_SCOPE_ID_(0x08) /* what takes two persons, and versions of the policy */
#define SJ_SCOPE_DECISION                                                                          \
    SJ_SCOPE_ID_(0x09) /* to read the documents of policy domains, whoever asks for a decision */

/* Reading beyond the own unit, by name: population and class. Signed for one request by the policy's word (server/widen.c); each
 * opens rows of its class in row security (migrations: "open named reads") and nothing is written by it. */
enum sj_read_class {
    SJ_READ_ROSTER,
    SJ_READ_FACTS,
    SJ_READ_SAMPLES,
    SJ_READ_CARDS,
    SJ_READ_SURVEYS,
    SJ_READ_CLASS_COUNT_
};
enum sj_read_population {
    SJ_READ_ALL = 1,
    SJ_READ_PROSECUTORS,
    SJ_READ_SUPREME_COURT,
    SJ_READ_COURTS,
    SJ_READ_HEADED
};
#define SJ_SCOPE_READ(population, class) SJ_SCOPE_ID_((uint8_t)((population) << 4 | (class)))

#endif
