/* SPDX-License-Identifier: MIT
 *
 * Pause, restart, reset and power: transitions that wait for something to come back.
 */
#ifndef CHIM_MINIPORT_POWER_H
#define CHIM_MINIPORT_POWER_H

#include "miniport/adapter.h"

NDIS_STATUS NDIS_CALL chim_pause_handler(NDIS_HANDLE adapter,
                                         PNDIS_MINIPORT_PAUSE_PARAMETERS parameters);
NDIS_STATUS NDIS_CALL chim_restart_handler(NDIS_HANDLE adapter,
                                           PNDIS_MINIPORT_RESTART_PARAMETERS parameters);
NDIS_STATUS NDIS_CALL chim_reset_handler(NDIS_HANDLE adapter, PBOOLEAN addressing_reset);

/* A list came back: does that end a pause? No lock held. */
void chim_pause_check(struct chim_adapter *ad);

/* OID_PNP_SET_POWER: PENDING while connections are offloaded (TERM-POWER-1). */
NDIS_STATUS chim_power_set(struct chim_adapter *ad, PNDIS_OID_REQUEST request);
/* A terminate completed: does that end a power transition? No lock held. */
void chim_power_check(struct chim_adapter *ad);

#endif
