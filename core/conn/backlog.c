/* SPDX-License-Identifier: MIT */
#include "conn/backlog.h"

#include "tcp/seq.h"

#define LEAST 8192u
#define MOST (16u << 20)
#define THROTTLE_MS 1000u

static uint32_t bytes_wanted(const struct chim_conn *c)
{
    uint32_t window = chim_min32(chim_min32(c->cong.cwnd, c->max_snd_wnd), MOST / 2);
    return chim_max32(2 * window, LEAST);
}

/* Up to the next power of two. */
static uint32_t rounded(uint32_t bytes)
{
    uint32_t power = LEAST;
    while (power < bytes) {
        power *= 2;
    }
    return power;
}

void chim_backlog_begin(struct chim_conn *c)
{
    c->backlog = rounded(bytes_wanted(c));
    c->backlog_ms = c->now;
}

void chim_backlog_review(struct chim_conn *c)
{
    uint32_t wanted = bytes_wanted(c);
    if ((wanted <= c->backlog && wanted > c->backlog / 2) || c->now - c->backlog_ms < THROTTLE_MS) {
        return;
    }
    chim_backlog_begin(c);
    c->backlog_due = true;
}
