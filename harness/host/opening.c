/* SPDX-License-Identifier: MIT
 *
 * Variables of the state that the host is going to hand over, changed one by one before the
 * initiate within what a sane host hands over (WIRE-HOST-1).
 */
#include "host/internal.h"

static uint32_t at_least(uint32_t value, uint32_t least)
{
    return value < least ? least : value;
}

/* A timer that has something to do runs, another one does not. */
static void set_timer(ULONG *delta, uint32_t value, bool runs)
{
    if (runs && value != TCP_OFFLOAD_TIMER_NOT_RUNNING) {
        *delta = value;
    }
}

/* What is taken as it is. */
static void set_plain(TCP_OFFLOAD_STATE_DELEGATED *tcb, enum host_variable what, uint32_t value)
{
    switch (what) {
    case VARIABLE_SRTT:
        tcb->SRtt = (USHORT)value;
        break;
    case VARIABLE_RTTVAR:
        tcb->RttVar = (USHORT)value;
        break;
    case VARIABLE_DUP_ACKS:
        tcb->DupAckCount = (UCHAR)value;
        break;
    case VARIABLE_COUNT:
        tcb->Retransmit.Count = (UCHAR)value;
        break;
    case VARIABLE_TOTAL_RT:
        tcb->TotalRT = value;
        break;
    case VARIABLE_PROBE_ROUND:
        tcb->SndWndProbeCount = (UCHAR)value;
        break;
    case VARIABLE_KA_PROBES:
        tcb->KeepAlive.ProbeCount = (UCHAR)value;
        break;
    case VARIABLE_TS_TIME:
        tcb->TsTime = value;
        break;
    case VARIABLE_TS_RECENT:
        tcb->TsRecent = value;
        break;
    case VARIABLE_TS_AGE:
        tcb->TsRecentAge = value;
        break;
    default:
        break;
    }
}

/* Once it was announced a window does not shrink. */
static void set_window(const struct host *host, struct host_conn *conn, uint32_t value)
{
    bool scaled = conn->constant.Flags & TCP_FLAG_WINDOW_SCALING_ENABLED;
    uint32_t most = 65535u << (scaled ? conn->constant.RcvWindScale : 0);
    uint32_t least = host->counts.established ? conn->tcb.RcvWnd + conn->buffered : 1;
    value = value > most ? most : value;
    value = value < least ? least : value;
    conn->cached.InitialRcvWnd = value;
    conn->tcb.RcvWnd = value > conn->buffered ? value - conn->buffered : 0;
}

/* What is not of the delegated state of the connection. */
static void set_other(struct host *host, struct host_conn *conn, enum host_variable what,
                      uint32_t value)
{
    struct host_neighbor *neighbor = &host->neighbor[host->path[conn->path].neighbor];
    switch (what) {
    case VARIABLE_WINDOW:
        set_window(host, conn, value);
        break;
    case VARIABLE_MAX_RT:
        conn->cached.MaxRT = value;
        break;
    case VARIABLE_KA_COUNT:
        conn->cached.KaProbeCount = (UCHAR)value;
        break;
    case VARIABLE_KA_INTERVAL:
        conn->cached.KaInterval = value;
        break;
    case VARIABLE_HOST_AGE:
        neighbor->host_age = value & HOST_AGE_MOST;
        break;
    case VARIABLE_NIC_AGE:
        neighbor->nic_age = value & HOST_AGE_MOST;
        break;
    default:
        break;
    }
}

void host_state(struct host *host, uint32_t index, enum host_variable what, uint32_t value)
{
    if (index >= host->conns || host->conn[index].phase != HOST_OWNS) {
        return;
    }
    struct host_conn *conn = &host->conn[index];
    TCP_OFFLOAD_STATE_DELEGATED *tcb = &conn->tcb;
    uint32_t mss = conn->constant.RemoteMss;
    bool waits =
        tcb->SndUna != tcb->SndMax || conn->outstanding || tcb->State == TcpConnectionFinWait2;
    switch (what) {
    case VARIABLE_CWND:
        tcb->CWnd = at_least(value, mss);
        break;
    case VARIABLE_SSTHRESH:
        tcb->SsThresh = at_least(value, 2 * mss);
        break;
    case VARIABLE_RETRANSMIT:
        set_timer(&tcb->Retransmit.TimeoutDelta, value, waits);
        break;
    case VARIABLE_KEEPALIVE:
        set_timer(&tcb->KeepAlive.TimeoutDelta, value,
                  conn->cached.Flags & TCP_FLAG_KEEP_ALIVE_ENABLED);
        break;
    case VARIABLE_SND_WND:
        tcb->SndWnd = value & 0xFFFFFF;
        tcb->MaxSndWnd = at_least(tcb->MaxSndWnd, tcb->SndWnd);
        break;
    default:
        set_plain(tcb, what, value);
        set_other(host, conn, what, value);
        break;
    }
}
