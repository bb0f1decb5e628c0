/* SPDX-License-Identifier: MIT
 *
 * What a run was, as a program: whatever happened to the driver becomes operations that make it
 * happen again. The run may have any body; a program's own gives the program, more or less. Bytes
 * become those of the payload function, sequence numbers relative to what the peer has sent.
 */
#ifndef PROGRAM_RECORD_H
#define PROGRAM_RECORD_H

#include "ndis/tap.h"
#include "program/program.h"

struct recording {
    struct program program;
    bool begun;        /* a connection was handed over */
    bool full;         /* what came later found no room */
    uint32_t most;     /* operations that are wanted, 0 = as many as there can be */
    uint32_t left_out; /* frames and calls that no operation says */
};

/* Where the following runs of this process and its children are recorded, the last of them alone:
 * memory that is shared with them. */
void record_into(struct recording *recording);
/* A tap_reader, of the world that it is given. */
void record_event(void *world, const struct tap_event *event);

#endif
