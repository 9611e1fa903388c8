/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a state file (docs/AUDIT.md 7.2), for the two files that write and read it.
 */
#ifndef SJ_AUDIT_CHECK_STATE_H
#define SJ_AUDIT_CHECK_STATE_H

#include "check.h"

#define STATE_MAGIC      "SJSTATE\x01"
#define STATE_MAGIC_SIZE 8u

enum state_flag {
    STATE_PAYLOADS = 1, /* the log had payloads */
    STATE_TIMES = 2,    /* entries were held against tokens of time */
    STATE_FOREIGN = 4,
    STATE_FLAGS_ = 15 /* 8 was written once, and says nothing */
};

/* Bits of a key line. */
enum state_line_flag { LINE_NEXT = 1, LINE_COVERED = 2, LINE_PAST = 4, LINE_FLAGS_ = 7 };

#endif
