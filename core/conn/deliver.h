/* SPDX-License-Identifier: MIT
 *
 * Posted receive requests and the delivery algorithm: in-order bytes go into requests, in the order
 * in which both came.
 */
#ifndef CHIM_CONN_DELIVER_H
#define CHIM_CONN_DELIVER_H

#include "conn/conn.h"

NDIS_STATUS NDIS_CALL chim_receive_handler(NDIS_HANDLE adapter, PVOID context,
                                           PNET_BUFFER_LIST list);

/* Places bytes and moves every request whose result is fixed to rx_done. Called by the executor
 * only, so no delivery callback is open. */
void chim_deliver(struct chim_conn *c);

/* The push timer passed (RCV-PUSH-2). */
void chim_deliver_push(struct chim_conn *c);

/* Bytes were consumed: does the peer have to know that the window opened (WIRE-WND-3)? */
void chim_deliver_window(struct chim_conn *c);

#endif
