/* SPDX-License-Identifier: MIT */
#include "oracle/ledger/parameters.h"

/* Slack of one timer: two granularities, each at least a tick and 10 ms. */
void orc_set_rate(struct oracle *o, uint32_t ticks_per_second)
{
    uint64_t granularity = 10000000ull;
    o->parameters->ticks_per_second = ticks_per_second;
    o->parameters->tick_ns = ticks_per_second ? ORC_NS_PER_SECOND / ticks_per_second : 0;
    o->parameters->slack_ns =
        2 * (o->parameters->tick_ns > granularity ? o->parameters->tick_ns : granularity);
}

void orc_parameters_begin(struct oracle *o)
{
    orc_set_rate(o, 0);
}
