/* SPDX-License-Identifier: MIT
 *
 * Packets of a file gathered by their four addresses, in the order of the file.
 */
#ifndef REPLAY_GATHER_H
#define REPLAY_GATHER_H

#include "replay/flow.h"
#include "replay/store.h"

/* Four addresses, the smaller end first. */
struct tuple {
    uint8_t address[2][16];
    uint16_t port[2];
    bool v6;
    struct flow_packet *packet; /* from = index of the end here */
    uint32_t packets, room;
    bool base_set[2]; /* tshark's rules for its stream numbers */
    uint32_t base[2];
    uint32_t stream;
    uint32_t chain;
    bool fin[2], closed; /* its last connection is closed at both ends, or was reset */
    bool over;           /* ... and was given away */
    uint32_t high[2];    /* highest number that each end sent in it */
    uint32_t last;       /* packet of the file */
};

#define MATCHED 256u /* packets between the fragments of a datagram, at most */

struct gathering {
    const char *path;
    struct flow_reading how;
    struct capture *capture;
    struct packet_reader *reader;
    struct store store;
    struct tuple *tuple;
    uint32_t tuples, tuple_room;
    uint32_t *slot; /* tuple + 1 */
    uint32_t slots;
    uint32_t streams;
    uint64_t bytes;  /* that its packets take now */
    uint32_t number; /* of the last packet */
    const char *failed;
    uint32_t matched[MATCHED]; /* fragments that the filter took, by their numbers */
};

/* Reads on until its packets take so much memory. False: there is no more, or g->failed. */
bool gather_some(struct gathering *g, uint64_t bytes, struct flow_file *out);

#endif
