/* SPDX-License-Identifier: MIT
 *
 * Captured datagrams as Ethernet frames of the rig: IP and TCP headers stay as they were captured,
 * but for what has to be changed.
 */
#ifndef REPLAY_FRAME_H
#define REPLAY_FRAME_H

#include "peer/segment.h"
#include "replay/flow.h"

struct frame_change {
    const uint8_t *to, *from;  /* hardware addresses */
    const struct stream *data; /* of the sender, for what the snap length cut */
    bool set_ack;              /* ack and window instead of the captured ones */
    uint32_t ack;
    uint16_t window;
    bool piece; /* only payload [begin, end), as a segment of its own */
    uint32_t begin, end;
};

#define FRAME_MAX 9018u

/* Returns the frame's length, 0 when it is too long for the wire. */
uint32_t frame_build(const struct flow_packet *packet, const struct frame_change *change,
                     uint8_t frame[FRAME_MAX]);
/* The same segment for the host to forward. payload_room holds at least packet->payload bytes when
 * the snap length cut some. */
void frame_segment(const struct flow_packet *packet, const struct frame_change *change,
                   uint8_t *payload_room, struct segment *out);

#endif
