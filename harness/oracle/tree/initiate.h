/* SPDX-License-Identifier: MIT
 *
 * Initiate: which blocks are taken, with what they bring.
 *
 * Knows: what each block of an initiate brings.
 * Asked: at each block and list, and at InitComplete.
 * Excuses: blocks refused for a reason that is known: memory, capacity, VLAN, the parent's
 *   refusal.
 */
#ifndef ORACLE_TREE_INITIATE_H
#define ORACLE_TREE_INITIATE_H

#include "ndis/tap.h"
#include "oracle/model/connections.h"
#include "oracle/model/objects.h"
#include "oracle/model/operations.h"

void orc_initiate_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node);
void orc_initiate_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list);
/* A connection was taken. */
void orc_admission_taken(struct oracle *o, const struct orc_conn *c);
void orc_admission_refused(struct oracle *o, const struct orc_op *op, const struct orc_conn *c,
                           const struct orc_node *node);
void orc_admission_refused_above(struct oracle *o, const struct orc_op *op,
                                 const struct orc_object *object, const struct orc_node *node);
void orc_initiate_judge(struct oracle *o, struct orc_op *op);
void orc_initiate_done(struct oracle *o, struct orc_op *op, uint32_t left);
void orc_tree_judge(struct oracle *o, const struct orc_op *op);

#endif
