/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/keys only: what travels between the front and the keeper. One SOCK_SEQPACKET message is one
 * question or one answer; integers are big endian.
 *   question: u32 id, u8 kind, body          answer: u32 id, u16 code (enum sj_code), body
 * The answer's body is there only when the code is OK. docs/KEYS.md lists the bodies.
 */
#ifndef SJ_KEYS_WIRE_H
#define SJ_KEYS_WIRE_H

#include "sanjeh/base/buf.h"

enum wire_kind {
    WIRE_NONE = 0, /* never permitted */
    WIRE_NEW_UNIT_KEY,
    WIRE_LOAD_UNIT_KEY,
    WIRE_NEW_SUBJECT_KEYS,
    WIRE_UNWRAP,
    WIRE_BLIND_INDEX,
    WIRE_CONTEXT,
    WIRE_CONTEXT_PADS,
    WIRE_PEPPER,
    WIRE_EMITTER_KEY,
    WIRE_SIGNED_HEAD,
    WIRE_LOG_VKEY,
    WIRE_EXTEND,
    WIRE_RECOVER,
    WIRE_SEAL,
    WIRE_CARD_VKEY,
    WIRE_SIGN_CARD,
    WIRE_VOUCH,
    WIRE_FOLLOW,
    WIRE_NOTE_AGAIN,
    WIRE_EPOCHS,
    WIRE_EPOCH_PREPARE,
    WIRE_EPOCH_FINISH,
    WIRE_FOLLOW_CHANGE,
    WIRE_NOTE_CHANGE,
    WIRE_PAYLOAD_FILE,
    WIRE_PAYLOAD_NEW_KEY,
    WIRE_PAYLOAD_OPEN_KEYS,
    WIRE_PAYLOAD_PREPARE,
    WIRE_PAYLOAD_REWRAP,
    WIRE_PAYLOAD_FINISH,
    WIRE_VOUCHED,
    WIRE_LOG_END,
    WIRE_KIND_COUNT_
};

/* The largest honest message: 256 values of 500 bytes. Both sides size their buffers by it. */
#define WIRE_MESSAGE_MAX   ((size_t)128 * 1024)
#define WIRE_SOCKET_BYTES  (512 * 1024)
#define WIRE_QUESTION_HEAD 5
#define WIRE_ANSWER_HEAD   6
#define WIRE_WRAPPED_MAX   512 /* a wrapped key is 125 or 205 bytes */
#define WIRE_LEAVES_MAX    1024
#define WIRE_NOTE_MAX      32768 /* of another server: one signature, or a few */
#define WIRE_ENTRY_MAX     4096
#define WIRE_BLIND_MAX     256
#define WIRE_SCOPES_MAX    11 /* what fits into struct sj_context */
#define WIRE_CHANNELS_MAX  64

#endif
