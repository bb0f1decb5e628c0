/* SPDX-License-Identifier: MIT
 *
 * The host on the local end's behalf: hands the connection over, posts and takes in, sends when the
 * capture shows its bytes, closes when the capture shows its FIN or reset.
 */
#include "replay/play.h"

#include <string.h>

#define TICKS_PER_SECOND 1000u
#define POSTS 2u
#define SHAPES 16u /* of posts: so many that they can be used again */

uint16_t local_mss(const struct flow *flow, enum flow_side side)
{
    uint16_t mss = flow->end[side].mss;
    uint16_t usual = flow->v6 ? 1220 : 536;
    if (flow->started == START_MIDSTREAM) {
        usual = flow->v6 ? 1440 : 1460;
    }
    return mss < 64 ? usual : mss > 8900 ? 8900 : mss;
}

static void fill_delegated(const struct play *play, TCP_OFFLOAD_STATE_DELEGATED *t)
{
    const struct flow *flow = play->flow;
    const struct flow_end *local = &flow->end[play->local], *remote = &flow->end[play->remote];
    t->State = TcpConnectionEstablished;
    t->RcvNxt = remote->base + (uint32_t)flow->prefix[play->remote];
    t->RcvWnd = flow_window_given(flow, play->local);
    t->SndUna = t->SndNxt = t->SndMax = local->base + (uint32_t)play->base;
    t->SndWnd = t->MaxSndWnd = remote->syn_window;
    t->SendWL1 = t->RcvNxt;
    t->CWnd = 10u * local_mss(flow, play->remote);
    t->SsThresh = 0x7FFFFFFF;
    t->SRtt = TICKS_PER_SECOND / 10 * 8;
    t->RttVar = TICKS_PER_SECOND / 20 * 4;
    t->TsRecent = remote->syn_ts;
    t->TsTime = local->syn_ts; /* so that the echoes of the capture fit */
    t->KeepAlive.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING;
    t->Retransmit.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING;
}

void local_setup(struct play *play)
{
    const struct flow *flow = play->flow;
    struct host_conn_setup setup;
    memset(&setup, 0, sizeof(setup));
    setup.v6 = flow->v6;
    setup.local = play->local_end;
    setup.remote = play->remote_end;
    uint32_t mss = local_mss(flow, play->remote), mtu = mss + (flow->v6 ? 60u : 40u);
    setup.mtu = mtu < 1500 ? 1500 : mtu > 9000 ? 9000 : mtu;
    setup.constant.Flags = (USHORT)((flow->timestamps ? TCP_FLAG_TIMESTAMP_ENABLED : 0) |
                                    (flow->sack ? TCP_FLAG_SACK_ENABLED : 0) |
                                    (flow->scaling ? TCP_FLAG_WINDOW_SCALING_ENABLED : 0));
    setup.constant.RemotePort = play->remote_end.port;
    setup.constant.LocalPort = play->local_end.port;
    setup.constant.SndWindScale = play->remote_scale & 15;
    setup.constant.RcvWindScale = play->local_scale & 15;
    setup.constant.RemoteMss = (USHORT)mss;
    setup.constant.HashValue = 0x9E3779B9u;
    setup.cached.InitialRcvWnd = flow_window_given(flow, play->local);
    setup.cached.KaProbeCount = 3;
    setup.cached.KaTimeout = 7200 * TICKS_PER_SECOND;
    setup.cached.KaInterval = TICKS_PER_SECOND;
    setup.cached.MaxRT = TCP_OFFLOAD_NO_RETRANSMIT_LIMIT;
    setup.cached.TtlOrHopLimit = 64;
    fill_delegated(play, &setup.tcb);
    play->conn = host_add(&play->world->host, &setup);
    host_initiate(&play->world->host, play->conn, 1);
    world_settle(play->world);
    world_await_initiate(play->world);
}

bool local_offloaded(const struct play *play)
{
    return play->world->up && play->world->host.conn[play->conn].phase == HOST_OFFLOADED;
}

bool local_must_upload(const struct play *play)
{
    switch (play->world->host.conn[play->conn].retrieve) {
    case ReceivedUrgentData:
    case TimeoutExpiration:
    case InvalidState:
    case UploadRequested:
    case HardwareFailure:
        return true;
    default:
        return false;
    }
}

void local_send(struct play *play, int64_t end)
{
    while (play->handed < end && local_offloaded(play) && !play->finished) {
        int64_t left = end - play->handed;
        struct host_request request = {
            .fn = TAP_SEND,
            .conn = play->conn,
            .length = left < play->policy->send ? (uint32_t)left : play->policy->send,
            .count = 1,
            .pieces = (uint32_t)(play->handed % 7),
        };
        play->handed += request.length;
        play->result->sent += request.length;
        host_request(&play->world->host, &request);
        world_settle(play->world);
    }
}

/* In every second conversation the last bytes go down with the disconnect itself. */
void local_close(struct play *play, int64_t end)
{
    int64_t left = end - play->handed;
    bool with_data = !play->posting && left > 0 && left < (int64_t)play->policy->send;
    if (!with_data) {
        local_send(play, end);
    }
    if (play->finished || !local_offloaded(play)) {
        return;
    }
    struct host_request request = {
        .fn = TAP_DISCONNECT, .conn = play->conn, .length = with_data ? (uint32_t)left : 0};
    play->finished = true;
    play->handed = end;
    play->result->sent += request.length;
    host_request(&play->world->host, &request);
    world_settle(play->world);
}

static void abort_now(struct play *play)
{
    struct host_request request = {.fn = TAP_DISCONNECT, .conn = play->conn, .abort = true};
    play->aborted = play->finished = true;
    if (local_offloaded(play)) {
        host_request(&play->world->host, &request);
        world_settle(play->world);
    }
}

void local_packet(struct play *play, uint32_t index)
{
    const struct flow_packet *p = &play->flow->packet[index];
    const struct stream *data = &play->flow->data[play->local];
    if (p->kind != FLOW_SEGMENT || p->header_cut || play->aborted) {
        return;
    }
    if (p->flags & SEG_RST) {
        /* The last word of this end; a reset that it speaks on after was somebody else's. */
        if (p->final || (int64_t)index > play->last_word[play->local]) {
            abort_now(play);
        }
        return;
    }
    int64_t end = p->offset + p->payload;
    if ((p->flags & SEG_SYN) || p->ignored || end > (int64_t)data->end) {
        return;
    }
    local_send(play, end);
    if ((p->flags & SEG_FIN) && (!data->has_fin || end == (int64_t)data->fin)) {
        local_close(play, end);
    }
}

bool local_more(struct play *play)
{
    struct host *host = &play->world->host;
    const struct host_conn *conn = &host->conn[play->conn];
    if (host->held_last - host->held_first >
        (play->live || play->waiting ? 0 : play->policy->hold)) {
        host_return(host, 0, (enum host_order)(play->returns++ % 3));
        return true;
    }
    if (host->nonoff_last) {
        play->passed_up += host->nonoff_last;
        host_return_nonoff(host);
        return true;
    }
    bool receiving = local_offloaded(play) && !conn->saw_disconnect && !conn->saw_abort &&
                     !conn->aborted && !conn->in_post && !local_must_upload(play);
    uint32_t shape = play->posts % SHAPES;
    bool posting = play->posting || policy_post_due(play);
    if (posting && receiving && conn->posts_out < POSTS) {
        struct host_request request = {
            .fn = TAP_POST,
            .conn = play->conn,
            .length = play->policy->post ? play->policy->post : 4096 + shape * 3001 % 12289,
            .no_push = play->policy->no_push && !play->live,
            .count = 1,
            .pieces = shape % 8,
        };
        play->posts++;
        host_request(host, &request);
        return true;
    }
    return false;
}
