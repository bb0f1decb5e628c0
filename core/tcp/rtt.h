/* SPDX-License-Identifier: MIT
 *
 * Round-trip time and retransmission timeout (RFC 6298), in milliseconds. The interface exchanges
 * SRtt x 8 and RttVar x 4 in host ticks (ST-RTT-1); inside they keep that scaling.
 */
#ifndef CHIM_TCP_RTT_H
#define CHIM_TCP_RTT_H

#include <stdint.h>

#define CHIM_RTO_MIN_MS 300u
#define CHIM_RTO_MAX_MS 60000u
#define CHIM_RTO_INITIAL_MS 1000u

struct chim_rtt {
    uint32_t srtt_x8_ms; /* 0 with rttvar_x4_ms 0: no sample yet */
    uint32_t rttvar_x4_ms;
};

void chim_rtt_sample(struct chim_rtt *rtt, uint32_t sample_ms);

/* RTO of a clock of granularity_ms, within the floor and the ceiling of the interface. */
uint32_t chim_rtt_rto_ms(const struct chim_rtt *rtt, uint32_t granularity_ms);

/* value << shift, saturating at the ceiling. */
uint32_t chim_rtt_backoff_ms(uint32_t rto_ms, uint32_t shift);

#endif
