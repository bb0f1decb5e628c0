/* SPDX-License-Identifier: MIT
 *
 * A received frame taken apart. All offsets count from the first byte of the frame, or of the TCP
 * header for a segment that the host forwards.
 */
#ifndef CHIM_WIRE_PACKET_H
#define CHIM_WIRE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#define CHIM_ETH_BYTES 14u
#define CHIM_TAG_BYTES 4u
#define CHIM_IP4_BYTES 20u
#define CHIM_IP6_BYTES 40u
#define CHIM_TCP_BYTES 20u
#define CHIM_ETHERTYPE_IP4 0x0800u
#define CHIM_ETHERTYPE_IP6 0x86DDu
#define CHIM_ETHERTYPE_VLAN 0x8100u
#define CHIM_PROTOCOL_TCP 6u
#define CHIM_NEXT_HEADER_FRAGMENT 44u

#define CHIM_TCP_FIN 0x01u
#define CHIM_TCP_SYN 0x02u
#define CHIM_TCP_RST 0x04u
#define CHIM_TCP_PSH 0x08u
#define CHIM_TCP_ACK 0x10u
#define CHIM_TCP_URG 0x20u

#define CHIM_SACK_BLOCKS_MAX 4u

/* [begin, end) in sequence numbers. */
struct chim_sack_block {
    uint32_t begin;
    uint32_t end;
};

struct chim_tcp_options {
    bool has_timestamp;
    uint8_t sack_count;
    uint32_t ts_value;
    uint32_t ts_echo;
    struct chim_sack_block sack[CHIM_SACK_BLOCKS_MAX];
};

/* The TCP part of a packet. */
struct chim_segment {
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t seq;
    uint32_t ack;
    uint16_t window;
    uint8_t flags;
    uint8_t header_bytes;
    const uint8_t *options; /* header_bytes - 20 of them */
    const uint8_t *payload;
    uint32_t payload_bytes;
    struct chim_tcp_options opt; /* valid after chim_segment_options */
};

struct chim_packet {
    uint8_t family; /* 4 or 6 */
    bool tagged;
    bool fragment; /* why the parsing failed */
    uint16_t vlan_id;
    uint16_t ip_offset;
    uint16_t tcp_offset;
    uint16_t ip_bytes; /* length of the IP datagram, header included */
    uint16_t tcp_bytes;
    const uint8_t *source;
    const uint8_t *destination;
    struct chim_segment tcp;
};

/* Takes a frame apart as far as the connection lookup needs it. False: not a plain TCP packet (IP
 * options, fragments, extension headers, anything malformed), which goes to the host
 * (PKT-NONOFF-1). Checksums are not looked at. */
bool chim_packet_parse(const uint8_t *frame, uint32_t length, struct chim_packet *packet);

/* True when the IPv4 header checksum and the TCP checksum are right. */
bool chim_packet_sums_ok(const uint8_t *frame, const struct chim_packet *packet);

/* Parses a TCP header of at most length bytes. False when the data offset is impossible. */
bool chim_segment_parse(const uint8_t *tcp, uint32_t length, struct chim_segment *segment);

/* Reads the options (WIRE-OPT-1): unknown ones are skipped, malformed ones end the reading. */
void chim_segment_options(struct chim_segment *segment);

#endif
