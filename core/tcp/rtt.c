/* SPDX-License-Identifier: MIT */
#include "tcp/rtt.h"

#include "tcp/seq.h"

void chim_rtt_sample(struct chim_rtt *rtt, uint32_t sample_ms)
{
    sample_ms = chim_min32(sample_ms, CHIM_RTO_MAX_MS);
    if (rtt->srtt_x8_ms == 0 && rtt->rttvar_x4_ms == 0) {
        rtt->srtt_x8_ms = sample_ms * 8;
        rtt->rttvar_x4_ms = sample_ms * 2;
        return;
    }
    uint32_t srtt = rtt->srtt_x8_ms / 8;
    uint32_t deviation = srtt > sample_ms ? srtt - sample_ms : sample_ms - srtt;
    rtt->rttvar_x4_ms = rtt->rttvar_x4_ms - rtt->rttvar_x4_ms / 4 + deviation;
    rtt->srtt_x8_ms = rtt->srtt_x8_ms - srtt + sample_ms;
}

uint32_t chim_rtt_rto_ms(const struct chim_rtt *rtt, uint32_t granularity_ms)
{
    if (rtt->srtt_x8_ms == 0 && rtt->rttvar_x4_ms == 0) {
        return CHIM_RTO_INITIAL_MS;
    }
    uint32_t rto = rtt->srtt_x8_ms / 8 + chim_max32(granularity_ms, rtt->rttvar_x4_ms);
    return chim_min32(chim_max32(rto, CHIM_RTO_MIN_MS), CHIM_RTO_MAX_MS);
}

uint32_t chim_rtt_backoff_ms(uint32_t rto_ms, uint32_t shift)
{
    if (shift > 8) {
        shift = 8; /* 300 ms << 8 is beyond the ceiling already */
    }
    return chim_min32(rto_ms << shift, CHIM_RTO_MAX_MS);
}
