/* SPDX-License-Identifier: MIT
 *
 * Loss recovery of a connection: by what the peer holds (RFC 6675) once it has said so, else by
 * NewReno (RFC 6582). The scoreboard is borrowed from the adapter while there is something to
 * remember, so that an idle connection has none.
 */
#ifndef CHIM_CONN_RECOVER_H
#define CHIM_CONN_RECOVER_H

#include "conn/conn.h"
#include "wire/packet.h"

/* Remembers the blocks of an ACK. True: they tell something new. */
bool chim_recover_sacks(struct chim_conn *c, const struct chim_segment *s);

/* SND.UNA has moved by acked. */
void chim_recover_progress(struct chim_conn *c, uint32_t acked);

/* A duplicate acknowledgement, or one with news about what is held. */
void chim_recover_duplicate(struct chim_conn *c);

/* Nothing that was reported counts any more: the peer may have dropped it (RFC 2018 section 8). */
void chim_recover_forget(struct chim_conn *c);

/* True: the bytes of [*seq, *seq + *bytes) are to be sent again now. sure: before any new data. */
bool chim_recover_next(const struct chim_conn *c, bool sure, uint32_t *seq, uint32_t *bytes);
/* They were. */
void chim_recover_resent(struct chim_conn *c, uint32_t seq, uint32_t end);

/* Bytes that the congestion window admits beyond what is in the network. */
uint32_t chim_recover_room(const struct chim_conn *c);

void chim_recover_free_all(struct chim_adapter *ad);

#endif
