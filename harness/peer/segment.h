/* SPDX-License-Identifier: MIT
 *
 * TCP segments in Ethernet frames, as the rig builds and reads them: one plain structure, one
 * builder, one reader. Wire format only, no policy.
 */
#ifndef PEER_SEGMENT_H
#define PEER_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#define SEG_FIN 0x01
#define SEG_SYN 0x02
#define SEG_RST 0x04
#define SEG_PSH 0x08
#define SEG_ACK 0x10
#define SEG_URG 0x20

#define SEGMENT_FRAME_MAX 9216u
#define SEGMENT_OPTIONS_MAX 40u

struct endpoint {
    uint8_t mac[6];
    uint8_t address[16]; /* first 4 bytes for IPv4 */
    uint16_t port;
};

struct segment {
    bool ipv6;
    struct endpoint from, to;
    uint16_t vlan;    /* id */
    uint8_t priority; /* 802.1p */
    bool tagged;
    bool trailer; /* builder: some bytes behind the datagram */
    uint8_t ttl, tos;
    uint16_t ip_id;
    uint32_t seq, ack;
    uint8_t flags;
    uint16_t window; /* raw field */
    uint16_t urgent;
    bool have_ts;
    uint32_t ts_value, ts_echo;
    uint8_t sack_blocks;
    uint32_t sack[4][2];
    uint8_t option_bytes;                /* raw options appended as they are (builder), or all */
    uint8_t option[SEGMENT_OPTIONS_MAX]; /* options as found (reader) */
    const uint8_t *payload;
    uint32_t length;                        /* of payload */
    bool bad_tcp_checksum, bad_ip_checksum; /* builder: spoil it; reader: found wrong */
};

/* Builds a frame; returns its length, or 0 when it does not fit into SEGMENT_FRAME_MAX. */
uint32_t segment_build(const struct segment *segment, uint8_t *frame);
/* Only the TCP header and payload, checksum right, or zero if no_checksum. */
uint32_t segment_build_tcp(const struct segment *segment, bool no_checksum, uint8_t *out);
/* Reads a frame. False = not a plain TCP segment (fragments, IP options, other protocols,
 * truncated). payload points into the frame. */
bool segment_read(const uint8_t *frame, uint32_t length, struct segment *out);

uint16_t internet_checksum(const uint8_t *bytes, uint32_t length, uint32_t start);

#endif
