/* SPDX-License-Identifier: MIT
 *
 * The oracle's own reading of frames: Ethernet, one 802.1Q tag, IPv4, IPv6, TCP and its options.
 * No policy; says what stands there and whether lengths and checksums are right.
 */
#ifndef ORACLE_WIRE_PARSE_H
#define ORACLE_WIRE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_RST 0x04u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u
#define TCP_URG 0x20u
#define TCP_ECE 0x40u
#define TCP_CWR 0x80u

#define ORC_SACK_MAX 4u

struct orc_tcp {
    uint16_t source_port, destination_port;
    uint32_t sequence, ack;
    uint16_t window, urgent;
    uint8_t flags;
    uint8_t reserved; /* the four bits beside the data offset */
    uint32_t header;  /* bytes */
    uint32_t options; /* bytes */
    uint32_t length;  /* payload bytes */
    const uint8_t *payload;
    bool valid; /* data offset and length fit */
    bool checksum_right;
    bool options_right; /* every option has a legal length */
    bool padding_right; /* nothing but zeros behind end-of-list */
    bool has_timestamp;
    uint32_t ts_value, ts_echo;
    bool odd_options; /* something besides NOP, end of list, timestamps (once), SACK */
    uint32_t sack_blocks;
    uint32_t sack[ORC_SACK_MAX][2]; /* left and right edges of the first ones, else unset */
};

struct orc_packet {
    const uint8_t *frame;
    uint32_t frame_bytes;
    bool ethernet; /* at least a link header */
    bool tagged;
    uint16_t tag;
    uint16_t ethertype;
    uint8_t version; /* 4 or 6 when an IP header fits, else 0 */
    uint32_t ip_at;
    uint32_t ip_header; /* bytes */
    uint32_t ip_bytes;  /* total length by the header */
    bool ip_right;      /* version, lengths and header checksum are right */
    bool plain;         /* no IPv4 options, no fragment, TCP next */
    uint8_t tos, ttl, protocol;
    uint16_t id, fragment; /* IPv4 */
    uint32_t flow_label;
    const uint8_t *source, *destination;
    uint32_t end;       /* of the datagram in the frame; padding follows */
    struct orc_tcp tcp; /* when plain */
};

/* Reads a frame of any bytes; out says how much of it made sense. */
void orc_parse_frame(const uint8_t *frame, uint32_t bytes, struct orc_packet *out);
/* A bare TCP segment (forwarded); the checksum is not looked at. */
void orc_parse_tcp(const uint8_t *segment, uint32_t bytes, struct orc_tcp *out);
/* The checksum in a plain packet's IPv4 header, or in its TCP segment. */
uint16_t orc_checksum(const struct orc_packet *packet, bool tcp);
/* The one that should stand there. */
uint16_t orc_right_checksum(const struct orc_packet *packet, bool tcp);
bool orc_multicast(const uint8_t *mac);

#endif
