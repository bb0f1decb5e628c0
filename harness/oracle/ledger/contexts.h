/* SPDX-License-Identifier: MIT
 *
 * Context values that the target gave to state objects, and life after a close.
 */
#ifndef ORACLE_LEDGER_CONTEXTS_H
#define ORACLE_LEDGER_CONTEXTS_H

#include "oracle/model/operations.h"
#include "oracle/model/connections.h"

/* Context values that the target gave to state objects: value -> object. */
struct orc_contexts {
    struct orc_context {
        const void *value;
        uint32_t object; /* + 1 */
    } * slot;
    uint32_t mask, used;
};

/* A block was taken: its context value names one object from now on. */
void orc_contexts_add(struct oracle *o, const struct orc_node *node);
/* A block of an object that lives came back: its context is still the same. */
void orc_contexts_judge(struct oracle *o, const struct orc_node *node);
bool orc_closed(const struct orc_conn *c);
/* An operation on an object that was closed or invalidated was answered. */
void orc_life_answered(struct oracle *o, const struct orc_op *op, const struct orc_node *node);

#endif
