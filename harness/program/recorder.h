/* SPDX-License-Identifier: MIT
 *
 * Parts of record.h: a run while it is recorded.
 */
#ifndef PROGRAM_RECORDER_H
#define PROGRAM_RECORDER_H

#include "peer/peer.h"
#include "program/record.h"
#include "world/world.h"

#define RECORDER_LISTS 1024u
#define RECORDER_STREAM (1u << 20)

struct recorder {
    struct recording *out;
    struct world *world;
    bool over;
    uint64_t told_ns;      /* how far operations have taken the time */
    struct peer_conn peer; /* as the stage will have it */
    uint32_t ts_highest;
    bool ts_known;
    uint32_t batch;          /* frames of a call, as was told last; 0 = one */
    struct program_op *call; /* of the call that is open: its lists say more */
    uint32_t call_event;
    uint32_t held[RECORDER_LISTS], helds; /* indicated lists that the host has, in their order */
    uint32_t returned;                    /* of the open call */
    uint32_t indicated;                   /* list of the indication that is open */
    /* The peer's stream, to see when other bytes come in the place of some. */
    uint8_t stream[RECORDER_STREAM];
    bool known[RECORDER_STREAM];
};

/* An operation after the time that has passed; NULL: there is no room. */
struct program_op *recorder_add(struct recorder *r, enum op_code code);
void recorder_left_out(struct recorder *r);

/* ---- record_frames.c ---- */
/* The peer as the first hand-over leaves it. */
void recorder_peer(struct recorder *r, const struct host_conn *conn);
/* A frame of the wire, a segment that the host forwards. */
void recorder_frame(struct recorder *r, const uint8_t *bytes, uint32_t length);
void recorder_forward(struct recorder *r, const uint8_t *tcp, uint32_t length);
/* The target sent this. */
void recorder_frame_out(struct recorder *r, const uint8_t *bytes, uint32_t length);

#endif
