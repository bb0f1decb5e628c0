/* SPDX-License-Identifier: MIT
 *
 * Frames that are not for the chimney go up as they came (PKT-NONOFF-1).
 */
#ifndef CHIM_MINIPORT_HOSTRECEIVE_H
#define CHIM_MINIPORT_HOSTRECEIVE_H

#include "miniport/adapter.h"

/* Passes a chain of frames up. Frames for which no list can be had are dropped. No lock held. */
void chim_hostreceive_indicate(struct chim_adapter *ad, PNIC_FRAME frames);

VOID NDIS_CALL chim_hostreceive_return(NDIS_HANDLE adapter, PNET_BUFFER_LIST list, ULONG flags);

#endif
