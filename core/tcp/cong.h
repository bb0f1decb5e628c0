/* SPDX-License-Identifier: MIT
 *
 * Congestion control: slow start, congestion avoidance, NewReno recovery (RFC 5681, RFC 6582), by
 * bytes (RFC 3465).
 */
#ifndef CHIM_TCP_CONG_H
#define CHIM_TCP_CONG_H

#include <stdbool.h>
#include <stdint.h>

struct chim_cong {
    uint32_t cwnd;
    uint32_t ssthresh;
    uint32_t recover; /* SND.MAX at the last loss event */
    uint32_t credit;  /* bytes acknowledged towards the next step of congestion avoidance */
    uint32_t limited; /* bytes sent on duplicates (RFC 3042), which do not count as flight */
    uint8_t dup_acks;
    bool recovering;
};

/* May a fast retransmission begin for snd_una (WIRE-FR-2)? */
bool chim_cong_may_recover(const struct chim_cong *c, uint32_t snd_una);

/* Loss seen by duplicates: one cut of ssthresh, and inflation by what has left the network unless
 * that is known exactly (RFC 6675). */
void chim_cong_enter_recovery(struct chim_cong *c, uint32_t flight, uint32_t mss, uint32_t snd_max,
                              bool exact);
void chim_cong_inflate(struct chim_cong *c, uint32_t mss);

/* New data acknowledged in recovery, not all of it: deflation (RFC 6582 section 3.2). */
void chim_cong_partial_ack(struct chim_cong *c, uint32_t acked, uint32_t mss);
void chim_cong_leave_recovery(struct chim_cong *c, uint32_t flight, uint32_t mss);

/* acked bytes were acknowledged outside recovery (byte counting, RFC 3465). repairing: they were
 * outstanding at the last timeout. */
void chim_cong_ack(struct chim_cong *c, uint32_t acked, uint32_t mss, bool repairing);

/* A retransmission timeout. repeated: the same segment timed out before. */
void chim_cong_timeout(struct chim_cong *c, uint32_t flight, uint32_t mss, uint32_t snd_max,
                       bool repeated);

/* The first burst after idling longer than an RTO stays within the initial window (WIRE-IDLE-1). */
void chim_cong_idle(struct chim_cong *c, uint32_t mss);

#endif
