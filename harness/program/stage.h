/* SPDX-License-Identifier: MIT
 *
 * The stage of a program: its connections, their remote ends and the link between.
 */
#ifndef PROGRAM_STAGE_H
#define PROGRAM_STAGE_H

#include "peer/peer.h"
#include "program/program.h"
#include "world/world.h"

#define STAGE_CONNS_MAX 8
#define STAGE_QUEUE_MAX 16

struct stage {
    struct world *world;
    uint32_t conns;
    struct peer_conn peer[STAGE_CONNS_MAX];
    bool ack_due[STAGE_CONNS_MAX];
    uint32_t acks; /* that went out at acks_ns */
    uint64_t acks_ns;
    bool hold_returns;
    bool starved; /* a fault is on */
    /* frames that wait for their batch */
    uint32_t batch, queued;
    struct nds_wire_frame queue[STAGE_QUEUE_MAX];
    uint64_t clock_ns; /* when the peers' timestamp clocks were last moved */
};

/* Operating parameters that the header asks for. */
void stage_parameters(const struct program *program, NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *out);
/* What the program needs of the driver, and the driver does not advertise; NULL = nothing. */
const char *stage_lacks(const struct program *program);
/* Sets connections up and offloads them unless the header says otherwise. */
void stage_open(struct stage *stage, struct world *world, const struct program *program);
/* A TsRecent that is chosen is what the peer's clock says. */
void stage_peer_clock(struct stage *stage, const struct program_op *op, uint32_t conn);
void stage_close(struct stage *stage);
void stage_pass_time(struct stage *stage, uint64_t ns);

void stage_segment(struct stage *stage, const struct program_op *op, uint32_t conn);
void stage_forward(struct stage *stage, const struct program_op *op, uint32_t conn);
void stage_ack(struct stage *stage, const struct program_op *op, uint32_t conn);
/* A pushed segment of the peer, inside whatever call is open. */
void stage_nested_frame(void *context, uint32_t conn, uint32_t length);
void stage_raw(struct stage *stage, const struct program_op *op, uint32_t conn);
void stage_batch(struct stage *stage, uint32_t frames);
/* Gives the frames of an unfinished batch to the driver without letting it come to rest. */
void stage_release(struct stage *stage);
/* Queues a frame, and gives the batch to the driver when it is complete. */
void stage_frame(struct stage *stage, const uint8_t *bytes, uint32_t length, uint32_t conn);

#endif
