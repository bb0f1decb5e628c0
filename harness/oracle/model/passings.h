/* SPDX-License-Identifier: MIT
 *
 * Frames that the target must or may hand on as they are, by content.
 */
#ifndef ORACLE_MODEL_PASSINGS_H
#define ORACLE_MODEL_PASSINGS_H

#include "oracle/base/handle.h"

/* Frames that the target must or may hand up. */
struct orc_passing {
    uint64_t hash;
    uint32_t event, conn;
    uint32_t list; /* of the host's own frames */
    uint8_t due;   /* must be passed up by the end of the step */
    uint8_t why;   /* enum orc_passing_why */
    uint16_t passed;
    uint32_t chain; /* next with the same slot */
    uint32_t bytes; /* of the frame, with its padding */
};

struct orc_passings {
    struct orc_passing *entry;
    uint32_t count, room;
    uint32_t *slot; /* entry + 1 */
    uint32_t mask;
    uint32_t due_from; /* entries from here on may be due this step */
};

struct orc_frames {
    struct orc_passings in; /* from the wire: nobody but the host may take them */
    uint32_t up;            /* the one of no connection behind the last that was handed up */
};

/* Notes a frame; NULL when memory is short. */
struct orc_passing *orc_passing_add(struct oracle *o, struct orc_passings *set, uint64_t hash);
/* The frame with this content, or NULL. */
struct orc_passing *orc_passing_find(struct orc_passings *set, uint64_t hash);

#endif
