/* SPDX-License-Identifier: Apache-2.0
 *
 * The panel over a real record: outsiders with its export, and besides them scrubber, start, each unit's record, the alarms' rules and
 * the look at what guards the record.
 */
#ifndef SJ_TEST_AUDIT_RIG_PANEL_H
#define SJ_TEST_AUDIT_RIG_PANEL_H

#include "fixture.h"
#include "panel.h"

struct insiders {
    struct outsiders out;
    struct rig *rigs[2];        /* servers of one record; the second may be NULL */
    struct sj_note_key keys[2]; /* lasting ones of both */
    size_t key_count;
    struct sj_buf scenery;
    struct sj_hash *leaves;
    size_t leaf_count;
};

/* For a record on which no server runs; outside a loop. Some entries of several units are put into it first, so that there is
 * something to remember. second: NULL, or another server of it. */
void insiders_remember(struct insiders *who, struct rig *rig, struct rig *second);
/* Again without a server: asks everybody, compares, and ends the panel. Each server is started and stopped once. */
void insiders_expect(struct insiders *who, const struct panel *expected);

#endif
