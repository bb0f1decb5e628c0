/* SPDX-License-Identifier: MIT
 *
 * Frames that the host sends past the chimney.
 */
#ifndef CHIM_MINIPORT_HOSTSEND_H
#define CHIM_MINIPORT_HOSTSEND_H

#include "miniport/adapter.h"

VOID NDIS_CALL chim_hostsend_handler(NDIS_HANDLE adapter, PNET_BUFFER_LIST list,
                                     NDIS_PORT_NUMBER port, ULONG flags);
VOID NDIS_CALL chim_hostsend_cancel(NDIS_HANDLE adapter, PVOID cancel_id);

/* A descriptor may be free: go on with the queue. No lock held. */
void chim_hostsend_continue(struct chim_adapter *ad);

/* Everything queued fails with this status. */
void chim_hostsend_flush(struct chim_adapter *ad, NDIS_STATUS status);

#endif
