/* SPDX-License-Identifier: MIT
 *
 * State operations run later than their handlers: a handler queues the root of its tree and arms a
 * timer without delay, whose deferred call walks the tree and completes (INIT-ASYNC-1).
 */
#ifndef CHIM_STATE_OPS_H
#define CHIM_STATE_OPS_H

#include "state/object.h"

typedef PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST chim_block;
struct chim_conn;

VOID NDIS_CALL chim_initiate_handler(NDIS_HANDLE adapter, chim_block root);
VOID NDIS_CALL chim_query_handler(NDIS_HANDLE adapter, chim_block root);
VOID NDIS_CALL chim_update_handler(NDIS_HANDLE adapter, chim_block root);
VOID NDIS_CALL chim_invalidate_handler(NDIS_HANDLE adapter, chim_block root);
VOID NDIS_CALL chim_terminate_handler(NDIS_HANDLE adapter, chim_block root);

/* Deferred call. */
VOID NDIS_CALL chim_ops_run(PVOID system1, PVOID context, PVOID system2, PVOID system3);

/* Everything queued, now. At DISPATCH_LEVEL. */
void chim_ops_flush(struct chim_adapter *ad);

/* One part of a terminate is done; the last one completes it. No lock held. */
void chim_ops_child_done(struct chim_adapter *ad, chim_block root);

/* ---- the walks, one file each; all complete what they were given ---- */
void chim_initiate_run(struct chim_adapter *ad, chim_block root);
void chim_query_run(struct chim_adapter *ad, chim_block root);
void chim_update_run(struct chim_adapter *ad, chim_block root);
void chim_invalidate_run(struct chim_adapter *ad, chim_block root);
void chim_terminate_run(struct chim_adapter *ad, chim_block root);
/* At the handler's own time: segments from now on go to the host (TERM-SEG-1). */
void chim_terminate_mark(chim_block block);
void chim_terminate_complete(struct chim_adapter *ad, chim_block root);

/* Visits every connection, without a lock. For what changes under all of them: chim_conn_kick. */
void chim_ops_each_conn(struct chim_adapter *ad, void (*visit)(struct chim_conn *c));

#endif
