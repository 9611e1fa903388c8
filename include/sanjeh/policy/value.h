/* SPDX-License-Identifier: Apache-2.0
 *
 * What can an attribute of a request be? Typed values, read once when a request is built: afterwards the engine
 * compares numbers, never text that it would have to understand. A value of kind NONE is one that is missing or
 * null; conditions on it are errors, which narrow and never permit.
 */
#ifndef SJ_POLICY_VALUE_H
#define SJ_POLICY_VALUE_H

#include "sanjeh/base/view.h"

enum sj_attr_kind {
    SJ_ATTR_NONE = 0, /* missing or null */
    SJ_ATTR_STRING,   /* text; compared byte by byte */
    SJ_ATTR_BOOL,     /* number 0 or 1 */
    SJ_ATTR_UNIT,     /* number: index of the unit in the tree of the decision point */
    SJ_ATTR_IP,       /* ip: 16 bytes, IPv4 mapped (::ffff:a.b.c.d) */
    SJ_ATTR_TIME,     /* number: microseconds since 1970 UTC */
    SJ_ATTR_INT,      /* number */
    SJ_ATTR_ENUM,     /* number: place of the word in the attribute's list */
    SJ_ATTR_SET       /* items[count], each of kind "of" */
};

#define SJ_ATTR_ITEMS_MAX 256 /* of one set value */

struct sj_attr_value {
    uint8_t kind; /* enum sj_attr_kind */
    uint8_t of;   /* kind of the items of a set */
    uint32_t count;
    union {
        int64_t number;
        struct sj_text text; /* borrowed by a request, owned by a policy */
        uint8_t ip[16];
        const struct sj_attr_value *items;
    };
};

/* The type that a schema gives an attribute. Words live as long as the policy. */
struct sj_attr_type {
    uint8_t kind;
    uint8_t of; /* of a set: kind of its items; lo, hi and words then describe the items */
    uint32_t word_count;
    int64_t lo;
    int64_t hi;
    const char *const *words;
};

/* "192.0.2.1" or "2001:db8::1" into 16 bytes; no zone, no prefix. false when it is neither. */
bool sj_attr_ip(struct sj_text text, uint8_t ret_ip[16]);
/* "192.0.2.0/24": address and number of leading bits of the 16 bytes; without "/n" all 128. Bits behind the prefix
 * must be zero. */
bool sj_attr_ip_range(struct sj_text text, uint8_t ret_ip[16], unsigned *ret_bits);

#endif
