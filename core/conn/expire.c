/* SPDX-License-Identifier: MIT */
#include "conn/expire.h"

#include "conn/deliver.h"
#include "conn/output.h"
#include "conn/policy.h"
#include "conn/recover.h"
#include "tcp/seq.h"

#define BLIND_CHECK_MS 300000u
#define BLIND_PROBES 10u
#define BLIND_INTERVAL_MS 1000u
#define BUSY_RETRY_MS 10u

static bool serving(const struct chim_conn *c)
{
    return c->fate == CHIM_RUNNING && !c->terminating && !c->initiating &&
           c->state != TcpConnectionClosed;
}

/* Has the retransmission series lasted too long (TMR-RTX-2)? */
static bool gives_up(const struct chim_conn *c)
{
    uint32_t limit = c->given_cached.MaxRT;
    if (limit == TCP_OFFLOAD_NO_RETRANSMIT_LIMIT) {
        return false;
    }
    if (limit != 0) {
        return c->rtx_total_ms >= chim_ticks_to_ms(c->obj.adapter, limit);
    }
    return c->rtx_count >= CHIM_LOAD(c->obj.adapter->params.retransmissions_max);
}

static void bump_count(struct chim_conn *c)
{
    if (c->rtx_count < 0xFF) {
        c->rtx_count++;
    }
    c->rtx_begin_ms = c->now;
}

static void expire_data(struct chim_conn *c)
{
    bool repeated = c->rtx_count != 0;
    c->rtx_total_ms += c->now - c->rtx_begin_ms;
    if (gives_up(c)) {
        chim_conn_retrieve(c, TimeoutExpiration);
        return;
    }
    if (c->blocked) {
        chim_conn_retrieve(c, InvalidState);
        return;
    }
    chim_recover_forget(c);
    chim_cong_timeout(&c->cong, c->snd_max - c->snd_una, c->mss, c->snd_max, repeated);
    bump_count(c);
    c->snd_nxt = c->snd_una;
    c->rto_hold = true;
    c->fast_due = false;
    c->rtt_timing = false;
    chim_timer_start(c, CHIM_T_RETRANSMIT, chim_output_rto_ms(c, c->rtx_count));
}

/* A probe that could not be sent: for want of a descriptor it is tried again, behind a question to
 * the host it goes with the answer. */
static void hold_probe(struct chim_conn *c, enum chim_timer id)
{
    chim_timer_start(c, id, BUSY_RETRY_MS);
    c->probe_held = c->probe_held || c->neighbor_due;
}

static void expire_persist(struct chim_conn *c)
{
    if (c->rtx_count >= CHIM_LOAD(c->obj.adapter->params.retransmissions_max)) {
        chim_conn_retrieve(c, TimeoutExpiration); /* this round's probes all went unanswered */
        return;
    }
    if (c->blocked) {
        chim_conn_retrieve(c, InvalidState);
        return;
    }
    if (!chim_output_window_probe(c)) {
        hold_probe(c, CHIM_T_RETRANSMIT);
        return;
    }
    uint32_t wait = chim_output_rto_ms(c, c->rtx_count);
    bump_count(c);
    chim_timer_start(c, CHIM_T_RETRANSMIT, wait);
}

static void close_for_upload(struct chim_conn *c)
{
    chim_conn_retrieve(c, TimeoutExpiration);
    chim_conn_set_state(c, TcpConnectionClosed);
    chim_timer_stop_all(c);
    c->rtx_mode = CHIM_RTX_OFF;
}

static void expire_retransmit(struct chim_conn *c)
{
    if (c->initiating) {
        chim_timer_start(c, CHIM_T_RETRANSMIT, BUSY_RETRY_MS);
    }
    if (!serving(c)) {
        return;
    }
    if (c->rtx_mode == CHIM_RTX_DATA) {
        expire_data(c);
    } else if (c->rtx_mode == CHIM_RTX_PERSIST) {
        expire_persist(c);
    } else if (c->rtx_mode == CHIM_RTX_FIN_WAIT_2) {
        close_for_upload(c);
    }
}

static uint32_t probe_limit(const struct chim_conn *c)
{
    return c->given_cached.KaProbeCount != 0 ? c->given_cached.KaProbeCount : BLIND_PROBES;
}

static void expire_keepalive(struct chim_conn *c)
{
    uint64_t interval = chim_ticks_to_ms(c->obj.adapter, c->given_cached.KaInterval);
    interval = interval != 0 ? interval : BLIND_INTERVAL_MS;
    if (c->initiating) {
        chim_timer_start(c, CHIM_T_KEEPALIVE, BUSY_RETRY_MS);
    }
    if (!serving(c)) {
        return;
    }
    if (chim_output_pending(c)) {
        /* Only an idle connection is probed (TMR-KA-1): data probes by itself. */
        uint64_t idle = chim_ticks_to_ms(c->obj.adapter, chim_max32(c->given_cached.KaTimeout, 1));
        chim_timer_start(c, CHIM_T_KEEPALIVE, c->ka_blind ? interval : idle);
        return;
    }
    if (c->ka_count >= probe_limit(c)) {
        if (c->ka_blind) {
            close_for_upload(c);
        } else {
            chim_conn_retrieve(c, TimeoutExpiration);
        }
        return;
    }
    if (!chim_output_keepalive(c)) {
        hold_probe(c, CHIM_T_KEEPALIVE);
        return;
    }
    c->ka_count++;
    chim_timer_start(c, CHIM_T_KEEPALIVE, interval);
}

void chim_keepalive_reset(struct chim_conn *c)
{
    c->ka_count = 0;
    c->ka_blind = false;
    if ((c->given_cached.Flags & TCP_FLAG_KEEP_ALIVE_ENABLED) != 0) {
        chim_timer_set_ticks(c, CHIM_T_KEEPALIVE, chim_max32(c->given_cached.KaTimeout, 1));
    } else {
        chim_timer_clear(c, CHIM_T_KEEPALIVE);
    }
}

void chim_keepalive_challenge(struct chim_conn *c)
{
    c->ka_blind = true;
    if (c->deadline[CHIM_T_KEEPALIVE] == 0) {
        chim_timer_start(c, CHIM_T_KEEPALIVE, BLIND_CHECK_MS);
    }
}

void chim_expire(struct chim_conn *c, enum chim_timer id)
{
    switch (id) {
    case CHIM_T_PUSH:
        chim_deliver_push(c);
        break;
    case CHIM_T_DELAYED_ACK:
        c->ack_now = c->ack_now || c->ack_segments != 0;
        break;
    case CHIM_T_RETRANSMIT:
        expire_retransmit(c);
        break;
    case CHIM_T_KEEPALIVE:
        expire_keepalive(c);
        break;
    case CHIM_T_SWS:
        c->sws_force = true;
        break;
    case CHIM_T_ACTIVITY:
        chim_policy_expired(c);
        break;
    default: /* CHIM_T_RETRY: that it looks again is all */
        break;
    }
}

/* Meanwhile a segment may have started the timer anew. */
static bool still_held(const struct chim_conn *c, enum chim_timer id)
{
    bool probes = id == CHIM_T_KEEPALIVE || c->rtx_mode == CHIM_RTX_PERSIST;
    return probes && c->deadline[id] != 0 && c->deadline[id] <= c->now + BUSY_RETRY_MS;
}

void chim_expire_held(struct chim_conn *c)
{
    static const enum chim_timer probing[] = {CHIM_T_RETRANSMIT, CHIM_T_KEEPALIVE};
    bool held = c->probe_held;
    c->probe_held = false;
    for (uint32_t i = 0; held && i < 2; i++) {
        if (still_held(c, probing[i])) {
            c->deadline[probing[i]] = 0;
            chim_expire(c, probing[i]);
        }
    }
}
