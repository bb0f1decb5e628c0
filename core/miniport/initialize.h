/* SPDX-License-Identifier: MIT
 *
 * Beginning and end of an adapter.
 */
#ifndef CHIM_MINIPORT_INITIALIZE_H
#define CHIM_MINIPORT_INITIALIZE_H

#include "miniport/adapter.h"

NDIS_STATUS NDIS_CALL chim_initialize_handler(NDIS_HANDLE handle, NDIS_HANDLE driver,
                                              PNDIS_MINIPORT_INIT_PARAMETERS parameters);
VOID NDIS_CALL chim_halt_handler(NDIS_HANDLE adapter, NDIS_HALT_ACTION action);

#endif
