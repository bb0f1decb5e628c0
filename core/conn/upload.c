/* SPDX-License-Identifier: MIT */
#include "conn/upload.h"

#include "conn/holder.h"
#include "conn/indicate.h"
#include "conn/output.h"
#include "conn/send.h"
#include "miniport/hostreceive.h"
#include "miniport/table.h"
#include "state/layout.h"

#define RETRY_MS 10u

static USHORT saturate16(uint64_t v)
{
    return (USHORT)(v > 0xFFFF ? 0xFFFF : v);
}

/* Milliseconds of an RTT variable to ticks; a sample never turns into "no sample" (ST-RTT-1). */
static USHORT rtt_ticks(const struct chim_conn *c, uint32_t ms)
{
    uint64_t ticks = (uint64_t)ms * CHIM_LOAD(c->obj.adapter->params.ticks_per_second) / 1000;
    return ms != 0 && ticks == 0 ? 1 : saturate16(ticks);
}

static ULONG elapsed_ticks(const struct chim_conn *c, uint64_t ms)
{
    uint64_t rate = CHIM_LOAD(c->obj.adapter->params.ticks_per_second);
    if (ms > 0xFFFFFFFFFFull) {
        return 0xFFFFFFFFu;
    }
    uint64_t ticks = ms * rate / 1000;
    return ticks > 0xFFFFFFFFu ? 0xFFFFFFFFu : (ULONG)ticks;
}

static ULONG retransmit_delta(const struct chim_conn *c)
{
    bool data = c->rtx_mode == CHIM_RTX_DATA || c->rtx_mode == CHIM_RTX_PERSIST;
    if (c->rtx_mode == CHIM_RTX_OFF) {
        return TCP_OFFLOAD_TIMER_NOT_RUNNING;
    }
    if (data && c->deadline[CHIM_T_RETRANSMIT] == 0) {
        return 0; /* expired while the connection waited for its upload */
    }
    return chim_timer_left_ticks(c, CHIM_T_RETRANSMIT);
}

void chim_upload_fill(struct chim_conn *c, TCP_OFFLOAD_STATE_DELEGATED *d)
{
    d->State = (TCP_OFFLOAD_CONNECTION_STATE)c->state;
    d->Flags = c->given_flags;
    d->RcvNxt = c->rcv_nxt;
    d->RcvWnd = c->rcv_adv - c->rcv_nxt;
    d->SndUna = c->snd_una;
    d->SndNxt = c->snd_nxt;
    d->SndMax = c->snd_max;
    d->SndWnd = c->snd_wnd;
    d->MaxSndWnd = c->max_snd_wnd;
    d->SendWL1 = c->snd_wl1;
    d->CWnd = c->cong.cwnd;
    d->SsThresh = c->cong.ssthresh;
    d->SRtt = rtt_ticks(c, c->rtt.srtt_x8_ms);
    d->RttVar = rtt_ticks(c, c->rtt.rttvar_x4_ms);
    d->TsRecent = c->ts_recent;
    d->TsRecentAge = elapsed_ticks(c, c->now - c->ts_recent_ms);
    d->TsTime = chim_conn_ts_now(c);
    d->TotalRT = elapsed_ticks(c, c->rtx_total_ms);
    d->DupAckCount = c->cong.dup_acks;
    d->SndWndProbeCount = c->probe_round;
    d->KeepAlive.ProbeCount = c->ka_count;
    d->KeepAlive.TimeoutDelta = chim_timer_left_ticks(c, CHIM_T_KEEPALIVE);
    d->Retransmit.Count = c->rtx_count;
    d->Retransmit.TimeoutDelta = retransmit_delta(c);
    if (d->Header.Length >= sizeof(*d)) {
        d->DWnd = c->dwnd;
    }
}

/* Unconsumed bytes become lists for the host. False: a list is missing, try again. */
static bool build_buffered_data(struct chim_conn *c, PNET_BUFFER_LIST *tail)
{
    while (*tail != NULL && (*tail)->Next != NULL) {
        *tail = (*tail)->Next;
    }
    while (c->ready.head != NULL) {
        struct chim_seg *seg = c->ready.head;
        PNET_BUFFER_LIST nbl = chim_indicate_list(c->obj.adapter, seg);
        if (nbl == NULL) {
            chim_timer_start(c, CHIM_T_RETRY, RETRY_MS);
            return false;
        }
        c->ready.head = seg->next;
        c->ready.bytes -= seg->len;
        seg->next = NULL;
        if (*tail == NULL) {
            c->upload_data = nbl;
        } else {
            (*tail)->Next = nbl;
        }
        *tail = nbl;
    }
    c->ready.tail = NULL;
    return true;
}

/* First and last list with data (TERM-SEND-2). */
static void name_chain(TCP_OFFLOAD_STATE_DELEGATED *d, PNET_BUFFER_LIST chain)
{
    d->SendDataHead = NULL;
    d->SendDataTail = NULL;
    for (PNET_BUFFER_LIST nbl = chain; nbl != NULL; nbl = nbl->Next) {
        if (chim_send_list_bytes(nbl) != 0) {
            if (d->SendDataHead == NULL) {
                d->SendDataHead = nbl;
            }
            d->SendDataTail = nbl;
        }
    }
}

/* Takes the connection off the lists that hold a reference to it. The caller has another one. */
static void stop_waiting(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    uint32_t references = 0;
    chim_lock(&ad->lock);
    for (struct chim_conn **at = &ad->tx_waiting; *at != NULL; at = &(*at)->tx_next) {
        if (*at == c) {
            *at = c->tx_next;
            references++;
            break;
        }
    }
    for (struct chim_conn **at = &ad->starved; *at != NULL; at = &(*at)->starved_next) {
        if (*at == c) {
            *at = c->starved_next;
            references++;
            break;
        }
    }
    chim_unlock(&ad->lock);
    while (references-- != 0) {
        chim_object_drop(&c->obj);
    }
}

/* Nothing of the connection happens on the wire or towards the host from here on. */
static void retire(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    TCP_OFFLOAD_STATS *tcp = &chim_stats_of(ad, c->path->family)->tcp;
    if (c->state == TcpConnectionEstablished || c->state == TcpConnectionCloseWait) {
        CHIM_COUNT(tcp->CurrentlyEstablished, (ULONG)-1);
    }
    chim_table_remove(ad, c);
    chim_object_unlist(&c->obj);
    stop_waiting(c);
    chim_timer_stop_all(c);
    chim_timer_unlink(c);
    chim_conn_drop_received(c);
    c->fate = CHIM_DEAD;
}

static void upload_finish(struct chim_conn *c)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block = c->term_block;
    POFFLOAD_STATE_HEADER state = chim_layout_delegated(block);
    PNET_BUFFER_LIST chain = chim_send_take_chain(c);
    block->NetBufferListChain = chain; /* NULL when there is nothing (TERM-SEND-3) */
    if (state != NULL) {
        TCP_OFFLOAD_STATE_DELEGATED *d = (TCP_OFFLOAD_STATE_DELEGATED *)(void *)state;
        chim_upload_fill(c, d);
        name_chain(d, chain);
        d->BufferedData = c->upload_data;
        c->upload_data = NULL;
    }
    block->Status = NDIS_STATUS_SUCCESS;
    c->term_block = NULL;
    retire(c);
}

/* Without a place for them the lists cannot be handed over. */
static void drop_buffered_data(struct chim_conn *c)
{
    if (chim_layout_delegated(c->term_block) == NULL) {
        chim_hold_free(c->obj.adapter, chim_segq_take_all(&c->ready));
    }
}

static bool flush_raw(struct chim_conn *c)
{
    PNIC_FRAME frames = c->raw_head;
    if (frames == NULL) {
        return false;
    }
    c->raw_head = NULL;
    c->raw_tail = NULL;
    chim_unlock(&c->lock);
    chim_hostreceive_indicate(c->obj.adapter, frames);
    chim_conn_lock(c);
    return true;
}

bool chim_upload_step(struct chim_conn *c)
{
    PNET_BUFFER_LIST tail = c->upload_data;
    bool aborted = c->fate == CHIM_ABORTED || c->state == TcpConnectionClosed;
    if (c->ack_segments != 0 && !aborted) {
        c->ack_now = true; /* owed (TERM-ACK-1); a wire without room forgives it */
        c->ack_segments = 0;
        return true;
    }
    if (flush_raw(c)) {
        return true;
    }
    drop_buffered_data(c);
    if (!build_buffered_data(c, &tail)) {
        return false;
    }
    upload_finish(c);
    return true; /* late requests, if any, are answered by the next step */
}

void chim_upload_discard(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    chim_object_hold(
        &c->obj); /* a terminate that waited ends in the drain, with the host's reference */
    chim_conn_lock(c);
    if (c->fate != CHIM_ABORTED) {
        chim_conn_abort(c, false);
    }
    c->abort_due = false;
    c->rst_due = false;
    c->initiating = false;
    chim_conn_drain(c);
    chim_conn_lock(c);
    PNIC_FRAME frames = c->raw_head;
    c->raw_head = NULL;
    c->raw_tail = NULL;
    bool gone = c->fate == CHIM_DEAD;
    if (!gone) {
        retire(c);
    }
    chim_unlock(&c->lock);
    if (frames != NULL) {
        NicReturnFrames(ad->nic, frames);
    }
    if (!gone) {
        chim_object_drop(&c->obj);
    }
    chim_object_drop(&c->obj);
}
