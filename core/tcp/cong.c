/* SPDX-License-Identifier: MIT */
#include "tcp/cong.h"

#include "tcp/seq.h"

#define CWND_MAX 0x3FFFFFFFu
#define INITIAL_WINDOW_SEGMENTS 10u

static uint32_t grow(uint32_t cwnd, uint32_t by)
{
    return cwnd >= CWND_MAX - chim_min32(by, CWND_MAX) ? chim_max32(cwnd, CWND_MAX) : cwnd + by;
}

static uint32_t halved(uint32_t flight, uint32_t mss)
{
    return chim_max32(flight / 2, 2 * mss);
}

bool chim_cong_may_recover(const struct chim_cong *c, uint32_t snd_una)
{
    return !c->recovering && chim_seq_gt(snd_una, c->recover);
}

void chim_cong_enter_recovery(struct chim_cong *c, uint32_t flight, uint32_t mss, uint32_t snd_max)
{
    c->ssthresh = halved(flight, mss);
    c->cwnd = grow(c->ssthresh, (uint32_t)c->dup_acks * mss);
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
    c->dup_acks = 0;
}

void chim_cong_ack(struct chim_cong *c, uint32_t acked, uint32_t mss)
{
    if (c->cwnd < c->ssthresh) {
        c->cwnd = grow(c->cwnd, chim_min32(acked, mss));
        return;
    }
    uint64_t step = (uint64_t)mss * mss / (c->cwnd == 0 ? 1 : c->cwnd);
    c->cwnd = grow(c->cwnd, step == 0 ? 1 : chim_min32((uint32_t)step, mss));
}

void chim_cong_timeout(struct chim_cong *c, uint32_t flight, uint32_t mss, uint32_t snd_max,
                       bool repeated)
{
    if (!repeated) {
        c->ssthresh = halved(flight, mss);
    }
    c->cwnd = mss;
    c->recover = snd_max;
    c->recovering = false;
    c->dup_acks = 0;
}

void chim_cong_idle(struct chim_cong *c, uint32_t mss)
{
    c->cwnd = chim_min32(c->cwnd, INITIAL_WINDOW_SEGMENTS * mss);
}
