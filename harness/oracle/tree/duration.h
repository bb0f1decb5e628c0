/* SPDX-License-Identifier: MIT
 *
 * State operations end within a time, while the run goes on.
 *
 * Knows: the oldest state operation that is open, and until when it was held up.
 * Asked: at rest.
 * Excuses: the time during which memory is short, the wire is held, the adapter is out of D0, or
 * the host holds so many lists that there may be none for what a terminate gives back.
 */
#ifndef ORACLE_TREE_DURATION_H
#define ORACLE_TREE_DURATION_H

#include "oracle/base/handle.h"

struct orc_durations {
    uint32_t first;   /* operations before it are completed, or were judged */
    uint64_t held_ns; /* when something last held them up */
};

void orc_durations_rest(struct oracle *o);

#endif
