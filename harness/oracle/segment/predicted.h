/* SPDX-License-Identifier: MIT
 *
 * The common segment.
 *
 * Knows: how many segments were just what was expected.
 * Asked: at each segment, before anything else.
 * Excuses: nothing: it must come to the same as the long way.
 */
#ifndef ORACLE_SEGMENT_PREDICTED_H
#define ORACLE_SEGMENT_PREDICTED_H

#include "oracle/model/connections.h"
#include "oracle/wire/wire_parse.h"

struct orc_prediction {
    bool off;       /* for tests: it may change nothing */
    uint64_t taken; /* segments that were just what was expected */
};

/* True: the segment was what was to be expected, and all of it is done. */
bool orc_predicted(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);

#endif
