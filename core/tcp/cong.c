/* SPDX-License-Identifier: MIT */
#include "tcp/cong.h"

#include "tcp/seq.h"

#define CWND_MAX 0x3FFFFFFFu
#define INITIAL_WINDOW_SEGMENTS 10u
#define SLOW_START_SEGMENTS 2u /* L of RFC 3465 */

static uint32_t grow(uint32_t cwnd, uint32_t by)
{
    return cwnd >= CWND_MAX - chim_min32(by, CWND_MAX) ? chim_max32(cwnd, CWND_MAX) : cwnd + by;
}

/* To half of the flight, in which what duplicates released does not count (RFC 5681, 3042). */
static void cut(struct chim_cong *c, uint32_t flight, uint32_t mss)
{
    flight = flight > c->limited ? flight - c->limited : 0;
    c->ssthresh = chim_max32(flight / 2, 2 * mss);
    c->credit = 0;
}

static void forget_duplicates(struct chim_cong *c)
{
    c->dup_acks = 0;
    c->limited = 0;
}

bool chim_cong_may_recover(const struct chim_cong *c, uint32_t snd_una)
{
    return !c->recovering && chim_seq_gt(snd_una, c->recover);
}

void chim_cong_enter_recovery(struct chim_cong *c, uint32_t flight, uint32_t mss, uint32_t snd_max,
                              bool exact)
{
    cut(c, flight, mss);
    c->cwnd = exact ? c->ssthresh : grow(c->ssthresh, (uint32_t)c->dup_acks * mss);
    c->recover = snd_max;
    c->recovering = true;
}

void chim_cong_inflate(struct chim_cong *c, uint32_t mss)
{
    c->cwnd = grow(c->cwnd, mss);
}

void chim_cong_partial_ack(struct chim_cong *c, uint32_t acked, uint32_t mss)
{
    c->cwnd = c->cwnd > acked ? c->cwnd - acked : 0;
    if (acked >= mss) {
        c->cwnd = grow(c->cwnd, mss);
    }
    c->cwnd = chim_max32(c->cwnd, mss);
}

void chim_cong_leave_recovery(struct chim_cong *c, uint32_t flight, uint32_t mss)
{
    c->cwnd = chim_min32(c->ssthresh, grow(chim_max32(flight, mss), mss));
    c->recovering = false;
    forget_duplicates(c);
}

void chim_cong_ack(struct chim_cong *c, uint32_t acked, uint32_t mss, bool repairing)
{
    forget_duplicates(c);
    if (c->cwnd < c->ssthresh) {
        uint32_t limit = repairing ? mss : SLOW_START_SEGMENTS * mss;
        c->cwnd = grow(c->cwnd, chim_min32(acked, limit));
        return;
    }
    c->credit = grow(c->credit, acked);
    if (c->credit >= c->cwnd) {
        c->credit -= c->cwnd;
        c->cwnd = grow(c->cwnd, mss);
    }
}

void chim_cong_timeout(struct chim_cong *c, uint32_t flight, uint32_t mss, uint32_t snd_max,
                       bool repeated)
{
    if (!repeated) {
        cut(c, flight, mss);
    }
    c->cwnd = mss;
    c->recover = snd_max;
    c->recovering = false;
    forget_duplicates(c);
}

void chim_cong_idle(struct chim_cong *c, uint32_t mss)
{
    c->cwnd = chim_min32(c->cwnd, INITIAL_WINDOW_SEGMENTS * mss);
}
