/* SPDX-License-Identifier: MIT
 *
 * Offloading a connection: taking over its three state structures, its outstanding send data and
 * its unconsumed receive data.
 */
#include "state/initiate.h"

#include "conn/backlog.h"
#include "conn/gather.h"
#include "conn/holder.h"
#include "conn/output.h"
#include "conn/policy.h"
#include "conn/send.h"
#include "miniport/table.h"
#include "tcp/seq.h"

#include <string.h>

#define RECEIVE_WINDOW_MAX 0x3FFFFFFFu

/* INIT-STATE-1 */
static bool state_is_legal(TCP_OFFLOAD_CONNECTION_STATE state)
{
    return state == TcpConnectionEstablished || state == TcpConnectionFinWait1 ||
           state == TcpConnectionFinWait2 || state == TcpConnectionCloseWait ||
           state == TcpConnectionClosing || state == TcpConnectionLastAck;
}

static bool our_fin_exists(TCP_OFFLOAD_CONNECTION_STATE state)
{
    return state == TcpConnectionFinWait1 || state == TcpConnectionFinWait2 ||
           state == TcpConnectionClosing || state == TcpConnectionLastAck;
}

static bool peer_fin_exists(TCP_OFFLOAD_CONNECTION_STATE state)
{
    return state == TcpConnectionCloseWait || state == TcpConnectionClosing ||
           state == TcpConnectionLastAck;
}

static uint64_t chain_bytes(PNET_BUFFER_LIST nbl)
{
    uint64_t bytes = 0;
    for (; nbl != NULL; nbl = nbl->Next) {
        bytes += chim_send_list_bytes(nbl);
    }
    return bytes;
}

/* Do the sequence numbers and the chain describe a connection at all? */
static bool numbers_agree(const TCP_OFFLOAD_STATE_DELEGATED *d, uint64_t chain)
{
    uint32_t sent = d->SndMax - d->SndUna;
    uint32_t fin = our_fin_exists(d->State) && d->State != TcpConnectionFinWait2 ? 1 : 0;
    if (!chim_seq_leq(d->SndUna, d->SndNxt) || !chim_seq_leq(d->SndNxt, d->SndMax)) {
        return false;
    }
    if (d->State == TcpConnectionFinWait2) {
        return sent == 0 && chain == 0;
    }
    return chain <= 0x7FFFFFFFu && sent <= chain + fin;
}

static void take_numbers(struct chim_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    c->state = TcpConnectionClosed;
    chim_conn_set_state(c, d->State);
    c->given_flags = d->Flags;
    c->rcv_nxt = d->RcvNxt;
    c->rcv_adv = d->RcvNxt + chim_min32(d->RcvWnd, RECEIVE_WINDOW_MAX);
    c->rcv_told = c->rcv_adv;
    c->last_ack_sent = d->RcvNxt;
    c->fin_received = peer_fin_exists(d->State);
    c->snd_una = d->SndUna;
    c->snd_nxt = d->SndNxt;
    c->snd_max = d->SndMax;
    c->snd_wnd = d->SndWnd;
    c->max_snd_wnd = chim_max32(d->MaxSndWnd, d->SndWnd);
    c->snd_wl1 = d->SendWL1;
    c->snd_wl2 = d->SndUna;
    c->fin_queued = our_fin_exists(d->State);
    c->snd_end = d->State == TcpConnectionFinWait2 ? d->SndUna - 1 : d->SndUna;
    c->rtx_count = d->Retransmit.Count;
    c->probe_round = d->SndWndProbeCount;
    c->ka_count = d->KeepAlive.ProbeCount;
    c->cong.cwnd = chim_max32(d->CWnd, c->mss);
    c->cong.ssthresh = d->SsThresh;
    c->cong.recover = d->SndUna - 1;
    c->cong.dup_acks = d->DupAckCount;
    c->last_send_ms = c->now;
    if (d->Header.Length >= sizeof(*d)) {
        c->dwnd = d->DWnd;
    }
}

static void take_clock(struct chim_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    struct chim_adapter *ad = c->obj.adapter;
    c->ts_on = (c->given_const.Flags & TCP_FLAG_TIMESTAMP_ENABLED) != 0;
    c->sack_on = (c->given_const.Flags & TCP_FLAG_SACK_ENABLED) != 0;
    c->ts_rate = CHIM_LOAD(ad->params.ticks_per_second);
    c->ts_base = d->TsTime;
    c->ts_base_ms = c->now;
    c->ts_recent = d->TsRecent;
    c->ts_recent_ms = c->now - chim_ticks_to_ms(ad, d->TsRecentAge);
    c->rtt.srtt_x8_ms = (uint32_t)chim_ticks_to_ms(ad, d->SRtt);
    c->rtt.rttvar_x4_ms = (uint32_t)chim_ticks_to_ms(ad, d->RttVar);
    c->rtx_total_ms = chim_ticks_to_ms(ad, d->TotalRT);
}

/* The retransmit slot serves three timers; which one follows from the numbers (TMR-OFF-1). */
static void take_timers(struct chim_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    ULONG left = d->Retransmit.TimeoutDelta;
    c->rtx_begin_ms = c->now;
    if (d->State == TcpConnectionFinWait2) {
        c->rtx_mode = CHIM_RTX_FIN_WAIT_2;
    } else if (d->SndWnd == 0 && chim_output_pending(c)) {
        c->rtx_mode = CHIM_RTX_PERSIST;
    } else if (d->SndUna != d->SndMax) {
        c->rtx_mode = CHIM_RTX_DATA;
    }
    if (c->rtx_mode == CHIM_RTX_OFF) {
        c->rtx_count = 0; /* of a series that is over */
    }
    if (c->rtx_mode != CHIM_RTX_OFF && left != TCP_OFFLOAD_TIMER_NOT_RUNNING) {
        chim_timer_set_ticks(c, CHIM_T_RETRANSMIT, left);
    } else if (c->rtx_mode == CHIM_RTX_DATA || c->rtx_mode == CHIM_RTX_PERSIST) {
        chim_timer_start(c, CHIM_T_RETRANSMIT, chim_output_rto_ms(c, c->rtx_count));
    }
    left = d->KeepAlive.TimeoutDelta;
    bool enabled = (c->given_cached.Flags & TCP_FLAG_KEEP_ALIVE_ENABLED) != 0;
    c->ka_blind = !enabled && left != TCP_OFFLOAD_TIMER_NOT_RUNNING;
    if (left != TCP_OFFLOAD_TIMER_NOT_RUNNING) {
        chim_timer_set_ticks(c, CHIM_T_KEEPALIVE, left);
    } else if (enabled) {
        chim_timer_set_ticks(c, CHIM_T_KEEPALIVE, chim_max32(c->given_cached.KaTimeout, 1));
    }
}

/* Copies the host's unconsumed bytes: they end at RcvNxt, or before the FIN (INIT-BUF-1). */
static bool tcp_layer_take_buffered(struct chim_conn *c, PNET_BUFFER_LIST list)
{
    uint64_t total = chain_bytes(list);
    uint8_t *bytes;
    if (total == 0) {
        return true;
    }
    if (total > RECEIVE_WINDOW_MAX) {
        return false;
    }
    struct chim_seg *seg = chim_hold_new(c->obj.adapter, (uint32_t)total, &bytes);
    if (seg == NULL) {
        return false;
    }
    for (; list != NULL; list = list->Next) {
        for (PNET_BUFFER nb = list->FirstNetBuffer; nb != NULL; nb = nb->Next) {
            if (!chim_gather(nb, 0, nb->DataLength, bytes)) {
                chim_hold_free(c->obj.adapter, seg);
                return false;
            }
            bytes += nb->DataLength;
        }
    }
    seg->seq = c->rcv_nxt - (c->fin_received ? 1 : 0) - (uint32_t)total;
    chim_segq_append(&c->ready, seg);
    c->armed = false; /* as if refused: waits for a request (INIT-BUF-2) */
    return true;
}

static void take_chain(struct chim_conn *c, PNET_BUFFER_LIST list)
{
    while (list != NULL) {
        PNET_BUFFER_LIST next = list->Next;
        chim_send_append(c, list);
        list = next;
    }
}

/* A connection that could not be completed: its timers and memory go with the last reference. */
static struct chim_object *give_up(struct chim_conn *c, NDIS_STATUS code, NDIS_STATUS *status)
{
    if (c->state != TcpConnectionClosed) {
        TCP_OFFLOAD_STATS *tcp = &chim_stats_of(c->obj.adapter, c->path->family)->tcp;
        if (c->state == TcpConnectionEstablished || c->state == TcpConnectionCloseWait) {
            CHIM_COUNT(tcp->CurrentlyEstablished, (ULONG)-1);
        }
    }
    c->fate = CHIM_DEAD;
    chim_unlock(&c->lock);
    chim_object_drop(&c->obj);
    *status = code;
    return NULL;
}

struct chim_object *chim_tcp_offload(struct chim_adapter *ad, struct chim_path *path,
                                     const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block,
                                     const struct chim_layout *l, NDIS_STATUS *status)
{
    const TCP_OFFLOAD_STATE_DELEGATED *d = (const void *)l->delegated;
    const TCP_OFFLOAD_STATE_CACHED *cached = (const void *)l->cached;
    if (cached->InitialRcvWnd > RECEIVE_WINDOW_MAX) {
        *status = NDIS_STATUS_OFFLOAD_TCP_RCV_WINDOW;
        return NULL;
    }
    if (!state_is_legal(d->State) || !numbers_agree(d, chain_bytes(block->NetBufferListChain))) {
        *status = NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED;
        return NULL;
    }
    struct chim_conn *c = chim_conn_new(ad, path);
    if (c == NULL) {
        *status = NDIS_STATUS_RESOURCES;
        return NULL;
    }
    chim_conn_lock(c);
    memcpy(&c->given_const, l->konst, sizeof(c->given_const));
    memcpy(&c->given_cached, cached, sizeof(c->given_cached));
    c->host = block->NdisOffloadHandle;
    c->local_port = c->given_const.LocalPort;
    c->remote_port = c->given_const.RemotePort;
    chim_conn_refresh(c);
    take_numbers(c, d);
    take_clock(c, d);
    if (!tcp_layer_take_buffered(c, d->BufferedData)) {
        return give_up(c, NDIS_STATUS_FAILURE, status);
    }
    if (!chim_table_insert(ad, c)) {
        return give_up(c, NDIS_STATUS_OFFLOAD_TCP_ENTRIES, status);
    }
    take_chain(c, block->NetBufferListChain);
    take_timers(c, d);
    chim_backlog_begin(c);
    chim_policy_begin(c);
    chim_unlock(&c->lock);
    return &c->obj;
}
