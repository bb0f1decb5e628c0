/* SPDX-License-Identifier: MIT
 *
 * What a right receiver gets out of a conversation: the first copy of each byte of those segments
 * that it has to take. Segments that it has to drop (wrong checksums, impossible ACKs, old
 * timestamps, beyond the window, after a reset) are marked and left out.
 */
#include "peer/segment.h"
#include "replay/flow.h"
#include "replay/link.h"

#include <stdlib.h>
#include <string.h>

/* ---- Checksums ---- */

static bool judged(const struct flow_packet *p)
{
    return p->kind == FLOW_SEGMENT && !p->header_cut && !p->cut;
}

/* More than the other end takes in one segment: cut or merged by the capturing machine. */
static bool oversize(const struct flow *flow, const struct flow_packet *p)
{
    uint32_t mss = flow->end[!p->from].mss;
    return p->payload > (mss ? mss : 1460);
}

void flow_sums(struct flow *flow, enum flow_checksums checksums)
{
    uint32_t count[2] = {0, 0}, bad_tcp[2] = {0, 0}, bad_ip[2] = {0, 0};
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (judged(p)) {
            count[p->from]++;
            bad_tcp[p->from] += p->bad_tcp;
            bad_ip[p->from] += p->bad_ip;
        }
    }
    for (uint32_t i = 0; i < flow->packets; i++) {
        struct flow_packet *p = &flow->packet[i];
        bool all_tcp = 2 * bad_tcp[p->from] > count[p->from];
        bool all_ip = 2 * bad_ip[p->from] > count[p->from];
        bool empty = p->bad_ip && view_get16(p->bytes + 10) == 0;
        if (checksums == CHECKSUMS_FIX || p->cut) {
            p->repair = p->kind == FLOW_SEGMENT;
        } else if (checksums == CHECKSUMS_AUTO && judged(p)) {
            p->repair = (p->bad_tcp && (p->offload || all_tcp || oversize(flow, p))) ||
                        (p->bad_ip && (all_ip || empty));
        }
    }
}

/* ---- Streams ---- */

#define UNSEEN_EACH 65536

struct walk {
    struct flow *flow;
    int64_t top[2];      /* end of what each side sends in the whole conversation */
    int64_t *least;      /* of each packet: lowest ACK of the same side after it */
    bool dead;           /* a reset was taken */
    int64_t unseen_most; /* bytes that one end can have sent unseen: as many packets, each the
                            largest */
    bool ts_known[2];
    uint32_t ts_recent[2];
};

static bool readable(const struct flow_packet *p)
{
    return p->kind == FLOW_SEGMENT && !p->header_cut;
}

static int64_t ack_of(const struct walk *w, const struct flow_packet *p, uint64_t near)
{
    return flow_offset(w->flow->end[!p->from].base, near, p->ack);
}

static bool has_ack(const struct flow_packet *p)
{
    return readable(p) && (p->flags & SEG_ACK) && !(p->flags & SEG_RST);
}

/* What the whole conversation shows: ends of the streams, largest windows, ACKs to come. */
static bool survey(struct walk *w)
{
    struct flow *flow = w->flow;
    int64_t run[2] = {0, 0}, low[2] = {INT64_MAX, INT64_MAX};
    w->least = calloc(flow->packets, sizeof(w->least[0]));
    int64_t *acks = malloc(flow->packets * sizeof(acks[0]));
    if (!w->least || !acks) {
        free(acks);
        return false;
    }
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        struct flow_end *end = &flow->end[p->from];
        if (!readable(p) || (p->flags & SEG_RST)) {
            continue;
        }
        bool syn = p->flags & SEG_SYN;
        uint64_t near = w->top[p->from] < 0 ? 0 : (uint64_t)w->top[p->from];
        int64_t begin = flow_offset(end->base, near, p->seq) + syn;
        int64_t last = begin + p->payload + ((p->flags & SEG_FIN) != 0);
        if (last > w->top[p->from] && begin - w->top[p->from] < (1 << 30)) {
            w->top[p->from] = last;
        }
        uint64_t window = (uint64_t)p->window << (flow->scaling && !syn ? end->scale : 0);
        end->window_most = window > end->window_most ? window : end->window_most;
        if (has_ack(p)) {
            acks[i] = ack_of(w, p, (uint64_t)run[p->from]);
            run[p->from] = acks[i] > run[p->from] ? acks[i] : run[p->from];
        }
    }
    for (uint32_t i = flow->packets; i-- > 0;) {
        const struct flow_packet *p = &flow->packet[i];
        w->least[i] = low[p->from];
        if (has_ack(p)) {
            low[p->from] = acks[i] < low[p->from] ? acks[i] : low[p->from];
        }
    }
    free(acks);
    return true;
}

/* ACKs that a right receiver refuses: of bytes never sent (and taken back later), or far too old.
 */
static bool ack_refused(const struct walk *w, uint32_t i, struct flow_packet *p)
{
    const struct flow_end *end = &w->flow->end[p->from];
    int64_t ack = ack_of(w, p, end->ack_most);
    const struct stream *other = &w->flow->data[!p->from];
    bool absurd = w->flow->adaptive && ack > (int64_t)other->end + w->unseen_most;
    if (absurd || (ack > w->top[!p->from] && w->least[i] < ack)) {
        p->ack_blind = true;
        return true;
    }
    uint64_t window = end->window_most > 65535 ? end->window_most : 65535;
    if (ack < (int64_t)end->ack_most - (int64_t)window) {
        p->ack_blind = true;
        return true;
    }
    return false;
}

static bool paws_refused(struct walk *w, const struct flow_packet *p)
{
    uint8_t from = p->from;
    if (!w->flow->timestamps || !p->have_ts) {
        return false;
    }
    if (w->ts_known[from] && (int32_t)(p->ts_value - w->ts_recent[from]) < 0) {
        return true;
    }
    if (!w->ts_known[from] || p->offset <= (int64_t)w->flow->data[from].next) {
        w->ts_known[from] = true;
        w->ts_recent[from] = p->ts_value;
    }
    return false;
}

static void add_payload(struct walk *w, const struct flow_packet *p, uint32_t length)
{
    struct stream *data = &w->flow->data[p->from];
    uint32_t captured = p->captured < length ? p->captured : length;
    if (captured) {
        stream_add(data, p->offset, flow_payload(p), captured);
    }
    if (captured < length && p->offset + length > (int64_t)data->next) {
        uint64_t at = (uint64_t)(p->offset + captured);
        uint64_t *cut_at = &w->flow->cut_at[p->from];
        *cut_at = at < *cut_at ? at : *cut_at;
        stream_add(data, p->offset + captured, NULL, length - captured);
    }
}

/* What the other end acknowledged has arrived there, whether the capture holds it or not. The last
 * number may be the FIN's. */
static void fill_acknowledged(struct walk *w, uint8_t sender, int64_t ack)
{
    struct stream *data = &w->flow->data[sender];
    if (w->flow->adaptive && ack - 1 > (int64_t)data->next) {
        stream_fill(data, (uint64_t)ack - 1);
    }
}

/* A reset counts when it stands at the next number; what comes after it does not. */
static void take_reset(struct walk *w, struct flow_packet *p)
{
    const struct stream *data = &w->flow->data[p->from];
    int64_t next = (int64_t)data->next + data->has_fin;
    p->final = !w->dead && p->offset == next && (!p->bad_tcp || p->repair);
    w->dead |= p->final;
}

static void take_segment(struct walk *w, uint32_t i)
{
    struct flow *flow = w->flow;
    struct flow_packet *p = &flow->packet[i];
    struct stream *data = &flow->data[p->from];
    bool early = flow->started == START_HANDSHAKE && i < flow->start;
    p->offset = flow_offset(flow->end[p->from].base, data->next, p->seq);
    if (p->flags & SEG_RST) {
        take_reset(w, p);
        return;
    }
    if (p->flags & SEG_SYN) {
        p->offset++;
        if (early && p->offset == 0 && !data->next && flow->prefix[p->from]) {
            add_payload(w, p, (uint32_t)flow->prefix[p->from]);
        }
        return;
    }
    bool wrong = ((p->bad_tcp || p->bad_ip) && !p->repair) || !(p->flags & SEG_ACK) || w->dead;
    p->ignored = wrong || ack_refused(w, i, p) || paws_refused(w, p) ||
                 p->offset > (int64_t)(data->next + flow_window(flow, !p->from));
    if (p->ignored) {
        return;
    }
    int64_t ack = ack_of(w, p, flow->end[p->from].ack_most);
    if (ack > (int64_t)flow->end[p->from].ack_most) {
        flow->end[p->from].ack_most = (uint64_t)ack;
        fill_acknowledged(w, !p->from, ack);
    }
    add_payload(w, p, p->payload);
    if (p->flags & SEG_FIN) {
        stream_fin(data, p->offset + p->payload);
    }
}

/* A last number that nobody sent in the capture is taken for a FIN. */
static void make_up_missing(struct flow *flow, enum flow_side side, uint64_t end)
{
    struct stream *data = &flow->data[side];
    bool fin = end == data->end + 1 && end == flow->end[!side].ack_most;
    stream_fill(data, fin ? end - 1 : end);
    if (fin) {
        stream_fin(data, (int64_t)end - 1);
        flow->fin_made[side] = data->has_fin;
    }
}

/* Bytes that the other end acknowledged, or that are followed by others, but that are not there. */
static void find_missing(struct flow *flow, enum flow_side side)
{
    struct stream *data = &flow->data[side];
    uint64_t acked = flow->end[!side].ack_most;
    uint64_t end = data->end;
    if (data->has_fin) {
        return;
    }
    for (uint32_t i = 0; i < data->fins; i++) {
        end = data->fin_seen[i] > end ? data->fin_seen[i] : end;
    }
    end = acked > end ? acked : end;
    if (flow->adaptive) {
        make_up_missing(flow, side, end);
        return;
    }
    flow->missing[side] = stream_hole(data, end);
    if (end > data->end) {
        data->end = end; /* sent on the local end's behalf, never expected of the target */
    }
}

void flow_streams(struct flow *flow)
{
    struct walk walk = {.flow = flow, .unseen_most = (int64_t)flow->packets * UNSEEN_EACH};
    flow->cut_at[0] = flow->cut_at[1] = UINT64_MAX;
    if (flow->started == START_NONE) {
        return;
    }
    if (!survey(&walk)) {
        free(walk.least);
        flow->data[0].failed = flow->data[1].failed = true;
        return;
    }
    for (uint32_t i = 0; i < flow->packets; i++) {
        if (readable(&flow->packet[i])) {
            take_segment(&walk, i);
        }
    }
    free(walk.least);
    find_missing(flow, FLOW_CLIENT);
    find_missing(flow, FLOW_SERVER);
    for (uint32_t side = 0; side < 2;
         side++) { /* nothing is taken for delivered that is not there */
        int64_t there = (int64_t)flow->data[side].next;
        flow->prefix[side] = flow->prefix[side] < there ? flow->prefix[side] : there;
    }
}
