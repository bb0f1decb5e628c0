/* SPDX-License-Identifier: MIT
 *
 * An invalidated connection with something in flight asks to be uploaded when its timer runs out.
 *
 * Knows: since when nothing has come that would start the timer anew.
 * Asked: at rest.
 * Excuses: the longest that the timer may take, that of the hand-over included, and steps in which
 *   something hindered the target.
 */
#ifndef ORACLE_TIMERS_BLOCKED_H
#define ORACLE_TIMERS_BLOCKED_H

#include "oracle/model/connections.h"

struct orc_blocked {
    uint64_t since_ns;   /* 0 = nothing waits */
    uint64_t invalid_ns; /* since when it has no valid path, or 0 */
};

/* At the first judged rest at which the path is valid again: what ran out meanwhile was not seen.
 */
void orc_unblocked_step(struct oracle *o, struct orc_conn *c);

void orc_blocked_step(struct oracle *o, struct orc_conn *c, bool judged);

#endif
