/* SPDX-License-Identifier: MIT
 *
 * Transmit descriptors with their frame buffers. Payload is copied into them, so the host's memory
 * is never referenced after the call that sent it.
 */
#ifndef CHIM_MINIPORT_TX_H
#define CHIM_MINIPORT_TX_H

#include "miniport/adapter.h"

struct chim_tx {
    NIC_TX nic;
    struct chim_tx *next;
    struct chim_tx *all_next;
    uint8_t frame[]; /* as long as the largest frame */
};

/* NULL: none is free and no more can be had. */
struct chim_tx *chim_tx_get(struct chim_adapter *ad);
void chim_tx_put(struct chim_adapter *ad, struct chim_tx *tx);

/* Sends length bytes of tx->frame. On RESOURCES the descriptor stays the caller's; on any other
 * status it is not (a frame that the wire refuses is a lost frame). */
NDIS_STATUS chim_tx_send(struct chim_adapter *ad, struct chim_tx *tx, uint32_t length);

void chim_tx_free_all(struct chim_adapter *ad);

/* Asks for a kick of the connection after the next transmit callback. Connection lock held. */
void chim_tx_wait(struct chim_conn *c);
/* Kicks the connections that wait. Returned lists do so too: what lacked memory may find it now. */
void chim_tx_resume(struct chim_adapter *ad);

VOID NDIS_CALL chim_tx_done(PVOID context, PNIC_TX completed);

#endif
