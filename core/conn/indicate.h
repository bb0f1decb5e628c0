/* SPDX-License-Identifier: MIT
 *
 * Receive indications: bytes for which no request waits, passed up without copying.
 */
#ifndef CHIM_CONN_INDICATE_H
#define CHIM_CONN_INDICATE_H

#include "conn/conn.h"

/* Makes one indication when it is due. True: an upcall was made. */
bool chim_indicate(struct chim_conn *c);

/* A chimney list over the bytes of a holder, which it carries until it is returned. NULL: no list
 * can be had. */
struct chim_seg;
PNET_BUFFER_LIST chim_indicate_list(struct chim_adapter *ad, struct chim_seg *seg);

/* No list or mapping can be had: the connection is kicked by the next return, or soon (IND-SOON-1,
 * RCV-FULL-1). Connection lock held. */
void chim_indicate_starve(struct chim_conn *c);

NDIS_STATUS NDIS_CALL chim_receive_return_handler(NDIS_HANDLE adapter, PNET_BUFFER_LIST list);

#endif
