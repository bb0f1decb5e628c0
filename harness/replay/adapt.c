/* SPDX-License-Identifier: MIT
 *
 * What a replay does beyond the capture, so that a conversation can be judged to its end: what an
 * end must have sent is made up where the capture lacks it, the remote end waits for the target's
 * window as a TCP does, and a connection that the target gives back goes down again.
 */
#include "replay/play.h"

#include <string.h>

#define MS 1000000ull
#define PIECE_MAX 1400u
#define ROUNDS 12u      /* of waiting for a window */
#define WAITS_VAIN 20u  /* after so many the window is left alone */
#define UPLOADS_MAX 64u /* a target that always gives back is not worth more */
#define UPLOAD_ROUNDS 20u

static bool lives(const struct play *play)
{
    return local_offloaded(play) && !play->remote_reset && !play->aborted &&
           !local_must_upload(play);
}

void adapt_wait_window(struct play *play, int64_t end)
{
    play->waiting = true;
    for (uint32_t i = 0; i < ROUNDS && end > play->target_edge && lives(play); i++) {
        world_advance(play->world, (5 * MS) << (i < 6 ? i : 6));
    }
    play->waiting = false;
    play->waits_vain += end > play->target_edge;
}

/* The made-up piece that holds a byte of a stream, NULL = the capture holds that byte. */
static const struct stream_piece *made_up(const struct stream *data, int64_t at)
{
    uint32_t i = stream_find(data, (uint64_t)at);
    const struct stream_piece *piece = i < data->pieces ? &data->piece[i] : NULL;
    return piece && piece->begin <= (uint64_t)at && !piece->bytes ? piece : NULL;
}

/* The remote end sends what it must have sent before offset until. */
static void remote_made_up(struct play *play, int64_t until)
{
    uint8_t room[PIECE_MAX];
    const struct flow *flow = play->flow;
    const struct stream *data = &flow->data[play->remote];
    uint32_t mss = local_mss(flow, play->local);
    int64_t size = mss > PIECE_MAX + 12 ? (int64_t)PIECE_MAX : mss > 64 ? (int64_t)mss - 12 : 52;
    while (play->remote_next < until && lives(play)) {
        int64_t at = play->remote_next;
        const struct stream_piece *piece = at < 0 ? NULL : made_up(data, at);
        int64_t end = piece ? (int64_t)piece->end : at;
        end = end < until ? end : until;
        end = end < at + size ? end : at + size;
        bool fin = flow->fin_made[play->remote] && end == (int64_t)data->fin && end < until;
        if (end <= at && !fin) {
            return;
        }
        adapt_wait_window(play, end);
        stream_copy(data, (uint64_t)at, room, (uint32_t)(end - at));
        remote_say(play, at, room, (uint32_t)(end - at), fin);
        play->remote_next = end + fin;
    }
}

/* The local end hands down what the remote end acknowledges. */
static void local_made_up(struct play *play, int64_t ack)
{
    const struct flow *flow = play->flow;
    const struct stream *data = &flow->data[play->local];
    const struct stream_piece *piece;
    while (play->handed < ack && play->handed >= 0 && lives(play) && !play->finished &&
           (piece = made_up(data, play->handed)) != NULL) {
        int64_t end = (int64_t)piece->end;
        local_send(play, end < ack ? end : ack);
    }
    if (flow->fin_made[play->local] && ack > (int64_t)data->fin &&
        play->handed >= (int64_t)data->fin && lives(play)) {
        local_close(play, (int64_t)data->fin);
    }
}

void adapt_before(struct play *play, uint32_t index)
{
    const struct flow *flow = play->flow;
    const struct flow_packet *p = &flow->packet[index];
    if (!flow->adaptive || p->kind != FLOW_SEGMENT || p->header_cut || p->ignored ||
        (p->flags & (SEG_SYN | SEG_RST))) {
        return;
    }
    bool local = p->from == play->local;
    enum flow_side acked = local ? play->remote : play->local;
    int64_t near = local ? play->remote_next : play->handed;
    int64_t ack = flow_offset(flow->end[acked].base, near > 0 ? (uint64_t)near : 0, p->ack);
    if (local) {
        remote_made_up(play, ack);
        return;
    }
    local_made_up(play, ack);
    remote_made_up(play, p->offset);
    int64_t end = p->offset + p->payload;
    if (p->payload > 1 && p->offset >= play->target_ack && end > play->target_edge &&
        play->waits_vain < WAITS_VAIN) {
        adapt_wait_window(play, end);
    }
}

/* The host has taken the connection back: what the target did not take of this packet is for the
 * host to consume. */
static void host_consumes(struct play *play, const struct flow_packet *p)
{
    struct host_conn *conn = &play->world->host.conn[play->conn];
    const struct stream *data = &play->flow->data[play->remote];
    uint32_t base = play->flow->end[play->remote].base;
    int64_t next = flow_offset(base, play->delivered, conn->tcb.RcvNxt);
    int64_t end = p->offset + p->payload;
    conn->received += conn->buffered;
    conn->buffered = 0;
    if (p->from == play->remote && p->offset <= next && next < end && end <= (int64_t)data->next) {
        conn->tcb.RcvNxt += (uint32_t)(end - next);
        conn->received += (uint64_t)(end - next);
        next = end;
    }
    play_consumed(play, next < (int64_t)data->next ? next : (int64_t)data->next); /* no FIN */
    play->target_ack = next > play->target_ack ? next : play->target_ack;
    play->target_edge = next + conn->tcb.RcvWnd;
}

bool adapt_take_back(struct play *play, uint32_t index)
{
    struct host *host = &play->world->host;
    uint32_t reason = host->conn[play->conn].retrieve;
    bool goes_on = play->flow->adaptive && play->uploads < UPLOADS_MAX &&
                   (reason == ReceivedUrgentData || reason == UploadRequested);
    host_terminate(host, play->conn, SCOPE_ALL);
    world_settle(play->world);
    for (uint32_t i = 0; i < UPLOAD_ROUNDS && host->conn[play->conn].phase != HOST_OWNS && goes_on;
         i++) {
        play->waiting = true;
        world_advance(play->world, 10 * MS);
    }
    play->waiting = false;
    if (!goes_on || host->conn[play->conn].phase != HOST_OWNS) {
        return false;
    }
    play->uploads++;
    host_consumes(play, &play->flow->packet[index]);
    host_return(host, 0, ORDER_OLDEST);
    host_initiate(host, play->conn, 1);
    world_settle(play->world);
    world_await_initiate(play->world);
    return local_offloaded(play);
}
