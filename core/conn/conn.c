/* SPDX-License-Identifier: MIT */
#include "conn/conn.h"

#include "conn/holder.h"
#include "conn/recover.h"
#include "tcp/seq.h"

#include <string.h>

struct chim_conn *chim_conn_new(struct chim_adapter *ad, struct chim_path *path)
{
    struct chim_conn *c = chim_alloc(ad, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    memset(c, 0, sizeof(*c));
    c->path = path;
    c->initiating = true;
    c->armed = true;
    c->topology = CHIM_LOAD(ad->topology) - 1;
    NdisAllocateSpinLock(&c->lock);
    chim_object_hold(&path->obj);
    chim_object_init(&c->obj, ad, CHIM_CONN);
    return c;
}

void chim_conn_free(struct chim_conn *c)
{
    chim_timer_unlink(c);
    chim_conn_drop_received(c);
    chim_recover_forget(c);
    CORE_ASSERT(c->posts.head == NULL && c->raw_head == NULL);
    NdisFreeSpinLock(&c->lock);
    NdisFreeMemory(c, 0, 0);
}

void chim_conn_lock(struct chim_conn *c)
{
    chim_lock(&c->lock);
    c->now = chim_now_ms();
}

static bool counts_as_established(uint8_t state)
{
    return state == TcpConnectionEstablished || state == TcpConnectionCloseWait;
}

void chim_conn_set_state(struct chim_conn *c, TCP_OFFLOAD_CONNECTION_STATE state)
{
    TCP_OFFLOAD_STATS *tcp = &chim_stats_of(c->obj.adapter, c->path->family)->tcp;
    if (counts_as_established(c->state) && !counts_as_established((uint8_t)state)) {
        CHIM_COUNT(tcp->CurrentlyEstablished, (ULONG)-1);
        if (state == TcpConnectionClosed) {
            CHIM_COUNT(tcp->ResetEstablished, 1u);
        }
    } else if (!counts_as_established(c->state) && counts_as_established((uint8_t)state)) {
        CHIM_COUNT(tcp->CurrentlyEstablished, 1u);
    }
    c->state = (uint8_t)state;
}

static uint16_t largest_payload(const struct chim_conn *c, uint32_t mtu)
{
    const struct chim_adapter *ad = c->obj.adapter;
    uint32_t fixed = CHIM_TCP_BYTES + (c->path->family == 4 ? CHIM_IP4_BYTES : CHIM_IP6_BYTES);
    uint32_t frame = ad->nic_attributes.MaxFrameBytes;
    uint32_t room = frame > c->header.ip_offset ? frame - c->header.ip_offset : 0;
    mtu = chim_min32(chim_min32(mtu, room), 0xFFFFu);
    uint32_t mss = mtu > fixed ? mtu - fixed : 1;
    return (uint16_t)chim_max32(chim_min32(mss, c->given_const.RemoteMss), 1);
}

void chim_conn_refresh(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    struct chim_header_fields f;
    static const uint8_t none[6];
    uint8_t destination[6];
    memset(&f, 0, sizeof(f));
    c->topology = CHIM_LOAD(ad->topology);
    c->progress_ms = 0; /* another neighbor has not been told of this moment */

    chim_lock(&ad->lock);
    struct chim_neighbor *n = c->path->neighbor;
    uint32_t mtu = c->path->mtu;
    f.source_mac =
        memcmp(n->source_mac, none, 6) == 0 ? ad->nic_attributes.MacAddress : n->source_mac;
    f.vlan_id = n->vlan_id;
    memcpy(destination, n->destination_mac, 6);
    c->blocked = c->obj.invalid || c->path->obj.invalid || n->obj.invalid;
    f.family = c->path->family;
    f.destination_mac = destination;
    f.source = c->path->source;
    f.destination = c->path->destination;
    f.source_port = c->local_port;
    f.destination_port = c->remote_port;
    f.priority = c->given_cached.UserPriority;
    f.ttl = c->given_cached.TtlOrHopLimit;
    f.tos = c->given_cached.TosOrTrafficClass;
    f.flow_label = c->given_cached.FlowLabel;
    chim_template_build(&c->header, &f);
    chim_unlock(&ad->lock);
    c->mss = largest_payload(c, mtu);
}

uint32_t chim_conn_scale(const struct chim_conn *c)
{
    bool on = (c->given_const.Flags & TCP_FLAG_WINDOW_SCALING_ENABLED) != 0;
    return on ? chim_min32(c->given_const.RcvWindScale, 14) : 0;
}

/* The edge that the buffer allows; bytes beyond a hole lie inside the window already. */
uint32_t chim_conn_window(const struct chim_conn *c)
{
    uint32_t limit = c->given_cached.InitialRcvWnd;
    uint32_t field = 0xFFFFu << chim_conn_scale(c);
    uint32_t used = c->ready.bytes + c->indicated_bytes;
    limit = chim_min32(limit, field);
    return limit > used ? limit - used : 0;
}

uint32_t chim_conn_ts_now(struct chim_conn *c)
{
    uint32_t rate = CHIM_LOAD(c->obj.adapter->params.ticks_per_second);
    uint64_t passed = (c->now - c->ts_base_ms) * c->ts_rate / 1000u;
    uint32_t value = c->ts_base + (uint32_t)passed;
    if (rate != c->ts_rate) {
        /* The unit changed: go on from here in the new one, never backwards (ST-TS-1). */
        c->ts_base = value;
        c->ts_base_ms = c->now;
        c->ts_rate = rate;
        c->ts_cut = true;
    }
    return value;
}

void chim_conn_drop_received(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    chim_hold_free(ad, chim_segq_take_all(&c->ready));
    chim_hold_free(ad, chim_reasm_flush(&c->reasm));
}

void chim_conn_abort(struct chim_conn *c, bool by_peer)
{
    chim_conn_set_state(c, TcpConnectionClosed);
    c->fate = CHIM_ABORTED;
    c->abort_due = by_peer;
    c->retrieve_due = false;
    c->retrieve_late = false;
    c->ack_now = false;
    c->rtx_mode = CHIM_RTX_OFF;
    chim_timer_stop_all(c);
    chim_conn_drop_received(c);
}

void chim_conn_fail(struct chim_conn *c)
{
    /* What waits for its upload was taken out of the card before. */
    if (c->fate != CHIM_RUNNING || c->terminating) {
        return;
    }
    chim_conn_abort(c, true);
    c->failed = true;
    c->retrieve_due = true;
    c->retrieve_reason = HardwareFailure;
}

void chim_conn_retrieve(struct chim_conn *c, TCP_UPLOAD_REASON reason)
{
    if (c->fate != CHIM_RUNNING) {
        return;
    }
    c->fate = CHIM_FROZEN;
    c->retrieve_due = true;
    c->retrieve_late = false;
    c->retrieve_reason = (uint8_t)reason;
    chim_timer_clear(c, CHIM_T_PUSH);
    chim_timer_clear(c, CHIM_T_SWS);
    /* The others run on for what the terminate reports; their expiry does nothing any more. */
}
