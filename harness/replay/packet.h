/* SPDX-License-Identifier: MIT
 *
 * From an IP datagram to the TCP segment in it: options, extension headers, fragments, tunnels (IP
 * in IP, GRE, ERSPAN, VXLAN, Geneve, GTP-U; the innermost addresses count). Other tunnels hide what
 * they carry.
 */
#ifndef REPLAY_PACKET_H
#define REPLAY_PACKET_H

#include "replay/capture.h"

#define PACKET_PIECES_MAX 64u
#define PACKET_BYTES_MAX (CAPTURE_PACKET_MAX)

enum packet_kind {
    PACKET_OTHER, /* no TCP, or not to be read */
    PACKET_PIECE, /* a fragment, kept until the datagram is whole */
    PACKET_SEGMENT,
    PACKET_QUOTED,  /* a TCP header inside an ICMP error: no packet of its own, but a number */
    PACKET_DAMAGED, /* of a known flow, but shorter on the wire than its headers say */
};

struct packet_piece {
    uint64_t time_ns;
    uint32_t number, length;
    uint8_t *bytes; /* IP header and all */
};

struct packet {
    enum packet_kind kind;
    uint64_t time_ns;
    uint32_t number;
    bool v6;
    uint8_t from[16], to[16];
    uint16_t from_port, to_port;
    const uint8_t *bytes; /* the datagram from its IP header on, and padding behind it */
    uint32_t length;      /* bytes there */
    uint32_t tcp_at;      /* TCP header in it */
    uint32_t tcp_length;  /* header and payload, as the IP header says */
    bool unusual;         /* IP options, extension headers or fragments: targets pass it up */
    bool header_cut;      /* the snap length ended it inside the TCP header */
    const struct packet_piece *piece; /* fragments that it was put together from */
    uint32_t pieces;
};

struct packet_reader;
struct packet_reader *packet_reader_new(void);
void packet_reader_del(struct packet_reader *reader);
/* What out names is valid until the next call. */
void packet_read(struct packet_reader *reader, const struct capture_packet *frame,
                 struct packet *out);

#endif
