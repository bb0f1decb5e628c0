/* SPDX-License-Identifier: MIT
 *
 * The acknowledgement and the window of an acceptable segment.
 */
#ifndef CHIM_CONN_ACK_H
#define CHIM_CONN_ACK_H

#include "conn/conn.h"
#include "wire/packet.h"

void chim_ack_process(struct chim_conn *c, const struct chim_segment *s);

#endif
