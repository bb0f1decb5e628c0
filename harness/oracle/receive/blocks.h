/* SPDX-License-Identifier: MIT
 *
 * SACK blocks that the target sends.
 *
 * Knows: which segments beyond a hole came in this step.
 * Asked: at each segment and frame, and at rest.
 * Excuses: frames that other segments of the step may have caused.
 */
#ifndef ORACLE_RECEIVE_BLOCKS_H
#define ORACLE_RECEIVE_BLOCKS_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

#define ORC_NEWEST 8u

/* Segments beyond a hole that came in this step: the first block holds the newest. */
struct orc_blocks {
    int64_t begin[ORC_NEWEST], end[ORC_NEWEST];
    uint32_t newest;
    bool others; /* something else came as well */
    /* of the frames of this step: one tells of the newest, the first that does not */
    bool told, untold, empty;
    int64_t left, right; /* its first block, or empty */
};

void orc_blocks_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_blocks_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
void orc_blocks_step(struct oracle *o, struct orc_conn *c, bool judged);

#endif
