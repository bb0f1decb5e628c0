/* SPDX-License-Identifier: MIT
 *
 * What the peer says that it holds (RFC 2018), and what follows for recovery (RFC 6675). The ranges
 * lie above SND.UNA, sorted, neither touching nor overlapping. When more are reported than fit, the
 * highest are forgotten: those bytes are then sent again at worst.
 *
 * Walks are over ranges, of which there are at most CHIM_SACK_RANGES_MAX.
 */
#ifndef CHIM_TCP_SCOREBOARD_H
#define CHIM_TCP_SCOREBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/packet.h"

#define CHIM_SACK_RANGES_MAX 32u

struct chim_scoreboard {
    struct chim_scoreboard *next; /* the adapter's, while unused */
    uint32_t count;
    uint32_t high_rxt; /* behind the highest byte retransmitted in this recovery */
    bool rescued;      /* the one rescue retransmission of this recovery is spent */
    struct chim_sack_block range[CHIM_SACK_RANGES_MAX];
};

/* What counts as lost (RFC 6675 section 4): threshold ranges, or more than (threshold - 1) * mss
 * bytes, are held above it. */
struct chim_loss_rule {
    uint32_t threshold;
    uint32_t mss;
};

void chim_scoreboard_clear(struct chim_scoreboard *b, uint32_t snd_una);

/* Takes the blocks of an ACK over; those that do not lie within (snd_una, snd_max] are ignored
 * (D-SACK, forged or inverted ones). True: they tell something new. */
bool chim_scoreboard_take(struct chim_scoreboard *b, const struct chim_tcp_options *opt,
                          uint32_t snd_una, uint32_t snd_max);

/* SND.UNA has moved. */
void chim_scoreboard_advance(struct chim_scoreboard *b, uint32_t snd_una);

/* The first byte from seq on that the peer does not hold. */
uint32_t chim_scoreboard_skip(const struct chim_scoreboard *b, uint32_t seq);

/* Where the hole that contains seq ends: the next held byte, or limit. */
uint32_t chim_scoreboard_hole_end(const struct chim_scoreboard *b, uint32_t seq, uint32_t limit);

/* Is the byte lost? It is not held. */
bool chim_scoreboard_lost(const struct chim_scoreboard *b, uint32_t seq,
                          const struct chim_loss_rule *rule);

/* Bytes that are still in the network. */
uint32_t chim_scoreboard_pipe(const struct chim_scoreboard *b, uint32_t snd_una, uint32_t snd_max,
                              const struct chim_loss_rule *rule);

/* The byte at which the next retransmission of this recovery starts (NextSeg of RFC 6675, rules 1
 * and 3). sure: only what counts as lost. False: there is none. */
bool chim_scoreboard_next(const struct chim_scoreboard *b, uint32_t snd_una,
                          const struct chim_loss_rule *rule, bool sure, uint32_t *seq);

#endif
