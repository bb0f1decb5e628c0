/* SPDX-License-Identifier: MIT
 *
 * The operating parameters as the host set them, and the time that follows from them.
 */
#ifndef ORACLE_LEDGER_PARAMETERS_H
#define ORACLE_LEDGER_PARAMETERS_H

#include "ndis/tap.h"
#include "oracle/base/handle.h"

struct orc_parameters {
    bool known;
    uint32_t ticks_per_second;
    uint64_t tick_ns, slack_ns; /* follow from it */
    uint32_t push_ticks;
    uint32_t delayed_ticks, ack_frequency, stale_ticks;
    uint32_t event;     /* when they were set last */
    uint32_t sets;      /* how often they were set */
    uint32_t step;      /* step + 1 in which they were set last */
    uint32_t rates_set; /* how often the tick rate changed */
    uint32_t max_retransmissions, max_retransmissions_old;
    uint32_t dup_threshold, dup_threshold_old;
    uint32_t sws_ticks;
};

void orc_parameters_begin(struct oracle *o);
/* The host chose how many ticks a second has; 0 = not yet. */
void orc_set_rate(struct oracle *o, uint32_t ticks_per_second);

static inline uint64_t orc_slack_ns(const struct oracle *o)
{
    return o->parameters->slack_ns;
}

static inline uint64_t orc_ticks_ns(const struct oracle *o, uint64_t ticks)
{
    return ticks * (o->parameters->tick_ns ? o->parameters->tick_ns : ORC_NS_PER_SECOND / 1000);
}

#endif
