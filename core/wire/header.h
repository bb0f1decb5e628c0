/* SPDX-License-Identifier: MIT
 *
 * Frames to send. A connection keeps a template of its link, IP and TCP headers; each frame is the
 * template with its varying fields patched.
 */
#ifndef CHIM_WIRE_HEADER_H
#define CHIM_WIRE_HEADER_H

#include "wire/checksum.h"
#include "wire/packet.h"

#define CHIM_TEMPLATE_BYTES (CHIM_ETH_BYTES + CHIM_TAG_BYTES + CHIM_IP6_BYTES + CHIM_TCP_BYTES)
#define CHIM_TCP_OPTIONS_MAX 40u
#define CHIM_FRAME_BYTES_MIN 60u

/* What the three offloaded layers say about every frame of a connection (WIRE-HDR-1). */
struct chim_header_fields {
    uint8_t family;
    uint8_t priority; /* 802.1p */
    uint16_t vlan_id;
    const uint8_t *source_mac;
    const uint8_t *destination_mac;
    const uint8_t *source;
    const uint8_t *destination;
    uint16_t source_port;
    uint16_t destination_port;
    uint8_t ttl;
    uint8_t tos;
    uint32_t flow_label;
};

struct chim_template {
    uint8_t ip_offset;
    uint8_t tcp_offset;
    uint8_t family;
    uint8_t bytes[CHIM_TEMPLATE_BYTES];
};

/* The varying part of one frame. */
struct chim_segment_fields {
    uint32_t seq;
    uint32_t ack;
    uint16_t window;
    uint8_t flags;
    uint8_t option_bytes; /* a multiple of 4 */
    const uint8_t *options;
};

void chim_template_build(struct chim_template *t, const struct chim_header_fields *fields);

/* Bytes of all headers with that many option bytes: the payload starts there. */
static inline uint32_t chim_template_payload_offset(const struct chim_template *t,
                                                    uint32_t option_bytes)
{
    return t->tcp_offset + CHIM_TCP_BYTES + option_bytes;
}

/* Writes all headers before a payload of payload_bytes whose sum is in payload_sum, pads a short
 * frame with zeros (WIRE-PAD-1) and returns the length of the frame. buffer has room for it, and
 * for CHIM_FRAME_BYTES_MIN bytes. */
uint32_t chim_template_write(const struct chim_template *t,
                             const struct chim_segment_fields *fields, uint16_t ip_id,
                             uint32_t payload_bytes, const struct chim_csum *payload_sum,
                             uint8_t *buffer);

#endif
