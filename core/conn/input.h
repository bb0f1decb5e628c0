/* SPDX-License-Identifier: MIT
 *
 * A segment arrives, from the wire or forwarded by the host.
 */
#ifndef CHIM_CONN_INPUT_H
#define CHIM_CONN_INPUT_H

#include "conn/conn.h"
#include "wire/packet.h"

/* Exactly one of frame and nb is set: it holds the bytes of the segment. */
struct chim_arrival {
    struct chim_segment seg;
    PNIC_FRAME frame;
    PNET_BUFFER nb; /* first used byte = first byte of the TCP header */
};

enum chim_input {
    CHIM_INPUT_DONE, /* nothing of it is kept */
    CHIM_INPUT_KEPT, /* the frame is the connection's now */
    CHIM_INPUT_UP,   /* not processed: belongs to the host's ordinary path */
};

/* Lock held; the caller drains afterwards. */
enum chim_input chim_input(struct chim_conn *c, struct chim_arrival *a);

#endif
