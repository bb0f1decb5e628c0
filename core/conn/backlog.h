/* SPDX-License-Identifier: MIT
 *
 * How many bytes the host had best keep posted for sending (SEND-BKLG-1): twice what the network
 * and the peer take in a round trip, as a power of two. It follows from the windows alone, never
 * from what is posted, and is told at most once a second.
 */
#ifndef CHIM_CONN_BACKLOG_H
#define CHIM_CONN_BACKLOG_H

#include "conn/conn.h"

/* At the start, when nothing was told yet. */
void chim_backlog_begin(struct chim_conn *c);

/* The windows may have changed: makes the event due when the answer has. */
void chim_backlog_review(struct chim_conn *c);

#endif
