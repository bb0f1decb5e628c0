/* SPDX-License-Identifier: MIT
 *
 * The host's send data: a FIFO of lists, from the first unacknowledged byte on. Positions in it are
 * sequence numbers.
 *
 * Invariant: una_offset bytes of the first list are acknowledged, and its NET_BUFFERs are advanced
 * only when it leaves the queue.
 */
#ifndef CHIM_CONN_SEND_H
#define CHIM_CONN_SEND_H

#include "conn/conn.h"
#include "wire/checksum.h"

NDIS_STATUS NDIS_CALL chim_send_handler(NDIS_HANDLE adapter, PVOID context, PNET_BUFFER_LIST list);

/* Queues one list (Next is overwritten) and moves snd_end. */
void chim_send_append(struct chim_conn *c, PNET_BUFFER_LIST nbl);
uint32_t chim_send_list_bytes(const NET_BUFFER_LIST *nbl);

/* bytes more of the queue are acknowledged: completes what is covered (SEND-OK-1). */
void chim_send_acked(struct chim_conn *c, uint32_t bytes);

/* After an abort everything still queued fails (SEND-ST-1). */
void chim_send_settle(struct chim_conn *c);

/* Copies bytes [seq, seq + length) of the queue. False: host memory could not be mapped. */
bool chim_send_copy(struct chim_conn *c, uint32_t seq, uint32_t length, uint8_t *to,
                    struct chim_csum *sum);

/* Takes a list out of the queue (the disconnect's). */
/* The send queue changed otherwise than at its ends. */
void chim_send_forget(struct chim_conn *c);

void chim_send_remove(struct chim_conn *c, PNET_BUFFER_LIST nbl);

/* Takes the whole queue, NET_BUFFERs advanced past their acknowledged bytes (TERM-SEND-2). */
PNET_BUFFER_LIST chim_send_take_chain(struct chim_conn *c);

/* Result of a list: status, bytes transferred, NET_BUFFERs advanced by bytes. */
void chim_send_result(PNET_BUFFER_LIST nbl, NDIS_STATUS status, uint32_t bytes);

#endif
