/* SPDX-License-Identifier: MIT
 *
 * Packets of a file gathered by their four addresses, in the order of the file.
 */
#ifndef REPLAY_GATHER_H
#define REPLAY_GATHER_H

#include "replay/flow.h"

#define NO_PACKET UINT32_MAX

/* Four addresses, the smaller end first. */
struct tuple {
    uint8_t address[2][16];
    uint16_t port[2];
    bool v6;
    uint32_t first, last; /* packets; from = index of the end here */
    bool base_set[2];     /* tshark's rules for its stream numbers */
    uint32_t base[2];
    uint32_t stream;
    uint32_t chain;
};

#define MATCHED 256u /* packets between the fragments of a datagram, at most */

struct gathering {
    struct flow_packet *packet;
    uint32_t *stream; /* tshark's, of each packet */
    uint32_t packets, room;
    struct tuple *tuple;
    uint32_t tuples, tuple_room;
    uint32_t *slot; /* tuple + 1 */
    uint32_t slots;
    uint32_t streams;
    uint64_t bytes;
    const char *failed;
    uint32_t matched[MATCHED]; /* fragments that the filter took, by their numbers */
};

bool flow_gather(const char *path, const struct flow_reading *how, struct gathering *g,
                 struct flow_file *out, char *error, size_t size);

#endif
