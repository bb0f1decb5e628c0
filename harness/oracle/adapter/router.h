/* SPDX-License-Identifier: MIT
 *
 * What routers say.
 *
 * Knows: what a router said of a path, and how many segments were cut to it since.
 * Asked: at every frame from the wire and every text segment.
 * Excuses: segments that are short for another reason.
 */
#ifndef ORACLE_ADAPTER_ROUTER_H
#define ORACLE_ADAPTER_ROUTER_H

#include "oracle/model/connections.h"
#include "oracle/wire/wire_parse.h"

/* A frame from the wire, which may be an ICMP message of a router. */
void orc_router_frame(struct oracle *o, const struct orc_packet *packet);
/* The connection transmits text from this send offset: a router changes nothing of its length. */
void orc_router_data(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp,
                     int64_t begin);

#endif
