/* SPDX-License-Identifier: MIT
 *
 * Putting IP fragments together; the first copy of a byte counts.
 */
#ifndef REPLAY_FRAGMENT_H
#define REPLAY_FRAGMENT_H

#include "replay/packet.h"

struct fragment {
    bool v6, more;
    uint8_t from[16], to[16];
    uint8_t protocol;
    uint32_t id, offset;
    const uint8_t *header; /* IP header of this piece; the whole packet begins here */
    uint32_t header_length, packet_length;
    const uint8_t *data;
    uint32_t length;
};

struct fragment_table;
struct fragment_table *fragment_table_new(void);
void fragment_table_del(struct fragment_table *table);

/* A datagram that has become whole; it belongs to the table until the next call. */
struct fragment_whole {
    const uint8_t *bytes; /* the header without its fragment fields, then the data */
    uint32_t length, header_length;
    const struct packet_piece *piece;
    uint32_t pieces;
};
bool fragment_add(struct fragment_table *table, const struct fragment *fragment,
                  const struct packet *packet, struct fragment_whole *out);

#endif
