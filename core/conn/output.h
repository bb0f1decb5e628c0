/* SPDX-License-Identifier: MIT
 *
 * Segments to send: what may go now, and its frame.
 */
#ifndef CHIM_CONN_OUTPUT_H
#define CHIM_CONN_OUTPUT_H

#include "conn/conn.h"

/* Sends whatever is due: RST, retransmission, data, FIN, ACK. Lock held. Work that finds no
 * descriptor stays due. May raise neighbor_due instead of sending. */
void chim_output(struct chim_conn *c);

/* One probe of a closed window (WIRE-ZWP-1) or of an idle peer (TMR-KA-1). False: not sent. */
bool chim_output_window_probe(struct chim_conn *c);
bool chim_output_keepalive(struct chim_conn *c);

/* Bytes or a FIN that the peer has not acknowledged or not been sent. */
bool chim_output_pending(const struct chim_conn *c);

uint32_t chim_output_rto_ms(const struct chim_conn *c, uint32_t shift);

#endif
