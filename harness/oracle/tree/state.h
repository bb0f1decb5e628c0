/* SPDX-License-Identifier: MIT
 *
 * Operations on the state tree.
 *
 * Knows: the operations that are open and their nodes.
 * Asked: at each state call, block and completion.
 * Excuses: nothing: every block comes back once.
 */
#ifndef ORACLE_TREE_STATE_H
#define ORACLE_TREE_STATE_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/operations.h"

void orc_state_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_state_left(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_state_complete(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_state_complete_left(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_state_block(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_state_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

void orc_state_end(struct oracle *o);

/* The rule that one completion of each operation is asked by. */
enum orc_rule orc_completion_rule(uint8_t fn);

#endif
