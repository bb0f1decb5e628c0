/* SPDX-License-Identifier: MIT
 *
 * OID requests.
 */
#ifndef CHIM_MINIPORT_OID_H
#define CHIM_MINIPORT_OID_H

#include "miniport/adapter.h"

NDIS_STATUS NDIS_CALL chim_oid_handler(NDIS_HANDLE adapter, PNDIS_OID_REQUEST request);
VOID NDIS_CALL chim_oid_cancel(NDIS_HANDLE adapter, PVOID request_id);

extern const NDIS_OID chim_oid_list[];
extern const ULONG chim_oid_list_bytes;

/* What holds before the host says otherwise. */
void chim_oid_default_params(struct chim_params *params);

/* What this target can take over. */
void chim_oid_capability(const struct chim_adapter *ad, NDIS_TCP_CONNECTION_OFFLOAD *capability);

#endif
