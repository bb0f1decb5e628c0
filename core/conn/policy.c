/* SPDX-License-Identifier: MIT */
#include "conn/policy.h"

#define SEGMENTS 32u /* a verdict on segments is found after so many */
#define REQUESTS 16u /* and one on requests after so many */
#define SMALL_BYTES 128u
#define IDLE_MS 60000u

static uint32_t allowed(const struct chim_conn *c)
{
    return c->obj.adapter->upload_policy;
}

static void ask(struct chim_conn *c, TCP_UPLOAD_REASON reason)
{
    uint32_t bit = 1u << reason;
    if ((allowed(c) & bit) != 0 && (c->policy.asked & bit) == 0 && c->policy.due == 0) {
        c->policy.asked |= (uint16_t)bit;
        c->policy.due = (uint8_t)reason;
    }
}

void chim_policy_begin(struct chim_conn *c)
{
    c->policy.fragments = CHIM_LOAD(c->obj.adapter->fragments);
    c->policy.active_ms = c->now;
    if ((allowed(c) & 1u << LowActivity) != 0) {
        chim_timer_set(c, CHIM_T_ACTIVITY, c->now + IDLE_MS);
    }
}

static void policy_judge_received(struct chim_conn *c)
{
    struct chim_policy *p = &c->policy;
    /* A fragment names no connection: all of the adapter's count against each. */
    uint32_t fragments = CHIM_LOAD(c->obj.adapter->fragments);
    if (p->disordered * 4u >= p->received) {
        ask(c, HighOutOfOrderPackets);
    }
    if (p->unposted == p->received) {
        ask(c, NoBufferPreposting);
    }
    if (fragments - p->fragments >= p->received) {
        ask(c, HighFragmentation);
    }
    p->fragments = fragments;
    p->received = 0;
    p->disordered = 0;
    p->unposted = 0;
}

void chim_policy_received(struct chim_conn *c, bool in_order, uint32_t bytes)
{
    struct chim_policy *p = &c->policy;
    if (allowed(c) == 0) {
        return;
    }
    p->active_ms = c->now;
    p->received++;
    p->disordered += in_order ? 0 : 1;
    p->unposted += in_order && bytes != 0 && c->posts.head == NULL ? 1 : 0;
    if (p->received == SEGMENTS) {
        policy_judge_received(c);
    }
}

void chim_policy_sent(struct chim_conn *c, bool again)
{
    struct chim_policy *p = &c->policy;
    if (allowed(c) == 0) {
        return;
    }
    p->active_ms = c->now;
    p->sent++;
    p->resent += again ? 1 : 0;
    if (p->sent == SEGMENTS) {
        if (p->resent * 4u >= p->sent) {
            ask(c, HighDropRate);
        }
        p->sent = 0;
        p->resent = 0;
    }
}

void chim_policy_requested(struct chim_conn *c, uint32_t bytes)
{
    struct chim_policy *p = &c->policy;
    if (allowed(c) == 0 || bytes == 0) {
        return;
    }
    p->requests++;
    p->small += bytes < SMALL_BYTES ? 1 : 0;
    if (p->requests == REQUESTS) {
        if (p->small == p->requests) {
            ask(c, SmallIO);
        }
        p->requests = 0;
        p->small = 0;
    }
}

void chim_policy_expired(struct chim_conn *c)
{
    if (c->now - c->policy.active_ms >= IDLE_MS) {
        ask(c, LowActivity);
    } else {
        chim_timer_set(c, CHIM_T_ACTIVITY, c->policy.active_ms + IDLE_MS);
    }
}

bool chim_policy_due(struct chim_conn *c)
{
    bool open = c->state == TcpConnectionEstablished && !c->fin_queued;
    return c->policy.due != 0 && open && c->fate == CHIM_RUNNING && !c->terminating;
}
