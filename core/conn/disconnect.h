/* SPDX-License-Identifier: MIT
 *
 * Graceful and abortive disconnect.
 */
#ifndef CHIM_CONN_DISCONNECT_H
#define CHIM_CONN_DISCONNECT_H

#include "conn/conn.h"

NDIS_STATUS NDIS_CALL chim_disconnect_handler(NDIS_HANDLE adapter, PVOID context,
                                              PNET_BUFFER_LIST nbl, ULONG flags);

/* The peer acknowledged our FIN. */
void chim_disconnect_fin_acked(struct chim_conn *c);

/* Moves requests whose result is fixed by an abort or an upload to disc_done. */
void chim_disconnect_settle(struct chim_conn *c);

#endif
