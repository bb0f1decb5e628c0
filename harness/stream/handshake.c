/* SPDX-License-Identifier: MIT
 *
 * The least of a TCP that can open a connection: SYN and SYN-ACK with their options, again every
 * second, over the driver's ordinary path. Data that comes before the offload is forwarded later.
 */
#include <string.h>

#include "stream/session.h"

#define NS_PER_SECOND 1000000000ull
#define SYN_TRIES 10u
#define MSS 1460u
#define MTU 1500u
#define TICKS_PER_SECOND 1000u

static uint32_t ts_clock(void)
{
    return (uint32_t)(nds_now() / (NS_PER_SECOND / TICKS_PER_SECOND));
}

void session_segment(const struct session *session, struct segment *out, uint8_t flags)
{
    const struct session_options *o = &session->options;
    memset(out, 0, sizeof(*out));
    out->from = o->local;
    out->to = o->remote;
    out->ttl = 64;
    out->flags = flags;
    out->seq = o->iss + 1;
    out->ack = flags & SEG_ACK ? session->rcv_nxt : 0;
    uint32_t window = o->window >> (session->use_scale && !(flags & SEG_SYN) ? o->scale : 0);
    out->window = (uint16_t)(window > 0xFFFF ? 0xFFFF : window);
    out->have_ts = session->use_timestamps;
    out->ts_value = ts_clock();
    out->ts_echo = flags & SEG_ACK ? session->ts_recent : 0;
}

static void send_segment(struct session *session, const struct segment *segment)
{
    static uint8_t frame[SEGMENT_FRAME_MAX];
    session_frame(session, frame, segment_build(segment, frame));
}

void session_syn(struct session *session)
{
    const struct session_options *o = &session->options;
    if (session->syn_tries++ == SYN_TRIES) {
        session_fail(session, "no answer to the handshake");
        return;
    }
    struct segment syn;
    session_segment(session, &syn, o->listen ? SEG_SYN | SEG_ACK : SEG_SYN);
    syn.seq = o->iss;
    uint8_t *at = syn.option;
    memcpy(at, (const uint8_t[4]){2, 4, MSS >> 8, MSS & 0xFF}, 4);
    at += 4;
    if (session->use_scale) {
        memcpy(at, (const uint8_t[4]){3, 3, o->scale, 1}, 4);
        at += 4;
    }
    if (session->use_sack) {
        memcpy(at, (const uint8_t[4]){4, 2, 1, 1}, 4);
        at += 4;
    }
    syn.option_bytes = (uint8_t)(at - syn.option);
    send_segment(session, &syn);
    session->wake_ns = nds_now() + NS_PER_SECOND;
}

/* What is used is what both ends offer. */
static void handshake_read_options(struct session *session, const struct segment *syn)
{
    bool scale = false, sack = false;
    session->peer_mss = 536;
    for (uint32_t at = 0; at + 1 < syn->option_bytes && syn->option[at];) {
        const uint8_t *option = &syn->option[at];
        if (option[0] == 1) {
            at++;
            continue;
        }
        if (option[1] < 2 || at + option[1] > syn->option_bytes) {
            break;
        }
        if (option[0] == 2 && option[1] == 4) {
            session->peer_mss = (uint32_t)option[2] << 8 | option[3];
        } else if (option[0] == 3 && option[1] == 3) {
            scale = true;
            session->peer_scale = option[2] < 14 ? option[2] : 14;
        } else if (option[0] == 4) {
            sack = true;
        }
        at += option[1];
    }
    session->use_scale = session->use_scale && scale;
    session->use_sack = session->use_sack && sack;
    session->use_timestamps = session->use_timestamps && syn->have_ts;
    session->ts_recent = syn->have_ts ? syn->ts_value : 0;
    session->peer_scale = session->use_scale ? session->peer_scale : 0;
    session->peer_window = syn->window;
    session->rcv_nxt = syn->seq + 1;
    session->syn_seen = true;
}

/* Hands the connection down. */
void session_established(struct session *session)
{
    const struct session_options *o = &session->options;
    struct host_conn_setup setup;
    memset(&setup, 0, sizeof(setup));
    setup.local = o->local;
    setup.remote = o->remote;
    setup.mtu = MTU;
    setup.constant = (TCP_OFFLOAD_STATE_CONST){
        .Flags = (USHORT)((session->use_timestamps ? TCP_FLAG_TIMESTAMP_ENABLED : 0) |
                          (session->use_sack ? TCP_FLAG_SACK_ENABLED : 0) |
                          (session->use_scale ? TCP_FLAG_WINDOW_SCALING_ENABLED : 0)),
        .RemotePort = o->remote.port,
        .LocalPort = o->local.port,
        .SndWindScale = session->peer_scale & 15,
        .RcvWindScale = session->use_scale ? o->scale & 15 : 0,
        .RemoteMss = (USHORT)(session->peer_mss < 64 ? 64 : session->peer_mss)};
    uint32_t most = 0xFFFFu << (session->use_scale ? o->scale : 0);
    uint32_t window = o->window < most ? o->window : most;
    setup.cached = (TCP_OFFLOAD_STATE_CACHED){
        .InitialRcvWnd = window, .MaxRT = TCP_OFFLOAD_NO_RETRANSMIT_LIMIT, .TtlOrHopLimit = 64};
    setup.tcb = (TCP_OFFLOAD_STATE_DELEGATED){
        .State = TcpConnectionEstablished,
        .RcvNxt = session->rcv_nxt,
        .RcvWnd = window > 0xFFFF && o->listen ? 0xFFFF : window, /* as the last segment told */
        .SndUna = o->iss + 1,
        .SndNxt = o->iss + 1,
        .SndMax = o->iss + 1,
        .SndWnd = session->peer_window,
        .MaxSndWnd = session->peer_window,
        .SendWL1 = session->rcv_nxt,
        .CWnd = 10 * setup.constant.RemoteMss,
        .SsThresh = 0x7FFFFFFF,
        .SRtt = TICKS_PER_SECOND / 10 * 8,
        .RttVar = TICKS_PER_SECOND / 20 * 4,
        .TsRecent = session->ts_recent,
        .TsTime = ts_clock(),
        .KeepAlive.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING,
        .Retransmit.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING};
    session->conn = host_add(&session->world->host, &setup);
    session->state = SESSION_OWNED;
    session->wake_ns = nds_now();
}

void session_handshake(struct session *session, const struct segment *segment)
{
    struct session_options *o = &session->options;
    bool acks = (segment->flags & SEG_ACK) && segment->ack == o->iss + 1;
    if (segment->flags & SEG_RST) {
        if (acks || session->syn_seen) {
            session_fail(session, "the handshake was answered by a reset");
        }
        return;
    }
    if (!o->listen) {
        if ((segment->flags & SEG_SYN) && acks) {
            struct segment ack;
            handshake_read_options(session, segment);
            session_segment(session, &ack, SEG_ACK);
            send_segment(session, &ack);
            session_established(session);
        } else if ((segment->flags & SEG_ACK) && !acks) {
            struct segment reset; /* it takes this for an older connection */
            session_segment(session, &reset, SEG_RST);
            reset.seq = segment->ack;
            send_segment(session, &reset);
        }
        return;
    }
    if (segment->flags == SEG_SYN && !session->syn_seen) {
        o->remote = segment->from;
        handshake_read_options(session, segment);
        session_syn(session);
    } else if (acks && session->syn_seen && !(segment->flags & SEG_SYN)) {
        session->peer_window = (uint32_t)segment->window << session->peer_scale;
        session_established(session);
    }
}
