/* SPDX-License-Identifier: MIT */
#include "replay/import.h"

#include <stdio.h>
#include <string.h>

#include "peer/peer.h"
#include "program/choices.h"
#include "replay/flow.h"

#define POST_BYTES 4096u
#define SEND_MAX 60000u
#define PIECE_MAX 8900u

struct importing {
    const struct flow *flow;
    enum flow_side local, remote;
    struct program *program;
    uint64_t clock_ns, debt_ns; /* time passed but not yet told */
    int64_t edge;               /* what the peer will have sent without a gap */
    struct {
        int64_t begin, end;
    } ahead[PEER_AHEAD_MAX];
    uint32_t aheads;
    int64_t handed; /* bytes sent by the local end */
    bool closed, aborted;
    uint64_t to_post;
    uint32_t ts_highest;
    bool ts_known;
};

static bool usable(const struct flow *flow)
{
    return flow->started != START_NONE && !flow->header_cut && !flow->one_sided &&
           !flow->data[0].failed && !flow->data[1].failed;
}

static bool full(const struct importing *in)
{
    return in->program->count >= IMPORT_OPS_MAX;
}

static struct program_op *add(struct importing *in, enum op_code code)
{
    return program_add(in->program, code, 0);
}

static uint64_t unit_ns(uint32_t unit)
{
    return (uint64_t)choices_time_unit.choice[unit].parameter;
}

/* Tells time in the finest unit that holds it. */
static void tell_time(struct importing *in)
{
    uint32_t unit = UNIT_MS;
    while (unit < UNIT_S && in->debt_ns / unit_ns(unit) > 60000) {
        unit++;
    }
    uint64_t time = in->debt_ns / unit_ns(unit);
    if (time) {
        struct program_op *op = add(in, OP_TICK);
        op_set(op, "time", time > 60000 ? 60000 : (uint32_t)time);
        op_set(op, "unit", unit);
        in->debt_ns -= time * unit_ns(unit);
    }
}

/* Follows the peer's own count of what it has sent (peer.c). */
static void import_extend(struct importing *in, int64_t begin, int64_t end)
{
    if (end <= in->edge) {
        return;
    }
    if (begin > in->edge) {
        if (in->aheads < PEER_AHEAD_MAX) {
            in->ahead[in->aheads].begin = begin;
            in->ahead[in->aheads++].end = end;
        }
        return;
    }
    in->edge = end;
    for (uint32_t i = 0; i < in->aheads;) {
        if (in->ahead[i].begin > in->edge) {
            i++;
            continue;
        }
        in->edge = in->ahead[i].end > in->edge ? in->ahead[i].end : in->edge;
        in->ahead[i] = in->ahead[--in->aheads];
        i = 0;
    }
}

static enum peer_window window_choice(const struct flow_packet *p)
{
    return p->window == 0        ? PEER_WINDOW_ZERO
           : p->window < 100     ? PEER_WINDOW_SMALL
           : p->window == 0xFFFF ? PEER_WINDOW_FULL
                                 : PEER_WINDOW_DEFAULT;
}

/* Other bytes than the stream has at their place. */
static bool other_content(const struct importing *in, const struct flow_packet *p)
{
    const struct stream *data = &in->flow->data[in->remote];
    int64_t end = p->offset + p->captured;
    return p->captured && p->offset >= 0 && end <= (int64_t)data->end &&
           stream_differs(data, (uint64_t)p->offset, flow_payload(p), p->captured);
}

static void note_ts(struct importing *in, const struct flow_packet *p, struct program_op *op)
{
    if (!in->flow->timestamps) {
        return;
    }
    op_set(op, "no-timestamp", !p->have_ts);
    if (p->have_ts && in->ts_known && p->ignored && (int32_t)(p->ts_value - in->ts_highest) < 0) {
        op_set(op, "old-timestamp", 1);
    } else if (p->have_ts) {
        in->ts_highest = p->ts_value;
        in->ts_known = true;
    }
}

static void add_segment(struct importing *in, const struct flow_packet *p, uint32_t begin,
                        uint32_t end)
{
    bool last = end == p->payload, fin = last && (p->flags & SEG_FIN);
    int64_t from = p->offset + begin, offset = from - in->edge;
    if (offset < INT16_MIN || offset > INT16_MAX || full(in)) {
        return;
    }
    struct program_op *op = add(in, p->unusual ? OP_FORWARD : OP_SEG);
    bool bad = (p->bad_tcp || p->bad_ip) && !p->repair;
    op_set(op, "offset", (uint32_t)(int32_t)offset);
    op_set(op, "length", end - begin);
    op_set(op, "push", last && (p->flags & SEG_PSH));
    op_set(op, "fin", fin);
    op_set(op, "syn", (p->flags & SEG_SYN) != 0);
    op_set(op, "rst", (p->flags & SEG_RST) != 0);
    op_set(op, "urgent", (p->flags & SEG_URG) != 0);
    op_set(op, "no-ack", !(p->flags & SEG_ACK));
    op_set(op, "window", window_choice(p));
    op_set(op, "bad-checksum", bad && !p->unusual);
    op_set(op, "other-content", other_content(in, p));
    if (p->ack_blind) {
        int64_t ack = flow_offset(in->flow->end[in->local].base, (uint64_t)in->handed, p->ack);
        op_set(op, "ack", ack > in->handed ? ACK_BEYOND : ACK_OLD);
    }
    note_ts(in, p, op);
    if (!bad && !(p->flags & (SEG_RST | SEG_SYN))) {
        import_extend(in, from, p->offset + end + fin);
    }
    in->to_post += end - begin;
}

static void import_remote_packet(struct importing *in, const struct flow_packet *p)
{
    struct program *program = in->program;
    bool plain = !(p->flags & (SEG_FIN | SEG_SYN | SEG_RST | SEG_URG)) && (p->flags & SEG_ACK);
    int64_t ack = flow_offset(in->flow->end[in->local].base, (uint64_t)in->handed, p->ack);
    if (plain && !p->payload && !p->unusual && p->offset >= in->edge) {
        int64_t less = in->handed + in->closed - ack;
        less = less < 0 ? 0 : less > UINT16_MAX ? UINT16_MAX : less;
        struct program_op made = {.byte = {OP_ACK, 0}};
        op_set(&made, "less", (uint32_t)less);
        op_set(&made, "window", window_choice(p));
        struct program_op *before = program->count ? &program->op[program->count - 1] : NULL;
        uint32_t repeat = before && before->byte[0] == OP_ACK ? op_get(before, "repeat") : 7;
        op_set(&made, "repeat", repeat & 7);
        if (repeat < 7 && !memcmp(before, &made, sizeof(made))) {
            op_set(before, "repeat", repeat + 1);
            return;
        }
        op_set(&made, "repeat", 0);
        *add(in, OP_ACK) = made;
        return;
    }
    uint32_t begin = 0;
    do {
        uint32_t end = p->payload - begin > PIECE_MAX ? begin + PIECE_MAX : p->payload;
        add_segment(in, p, begin, end);
        begin = end;
    } while (begin < p->payload && !full(in));
}

static void import_local_packet(struct importing *in, const struct flow_packet *p)
{
    int64_t end = p->offset + p->payload;
    if (in->aborted || (p->flags & SEG_SYN)) {
        return;
    }
    if (p->flags & SEG_RST) {
        in->aborted = p->final;
        if (p->final) {
            op_set(add(in, OP_DISCONNECT), "abort", 1);
        }
        return;
    }
    while (!p->ignored && !in->closed && end > in->handed && !full(in)) {
        int64_t left = end - in->handed;
        uint32_t take = left < SEND_MAX ? (uint32_t)left : SEND_MAX;
        op_set(add(in, OP_SEND), "length", take);
        in->handed += take;
    }
    if ((p->flags & SEG_FIN) && !p->ignored && !in->closed && !full(in)) {
        add(in, OP_DISCONNECT);
        in->closed = true;
    }
}

static uint32_t nearest_window(uint64_t window)
{
    uint32_t best = 0;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < choices_window.count; i++) {
        uint64_t have = (uint64_t)choices_window.choice[i].parameter;
        uint64_t apart = have > window ? have - window : window - have;
        best = apart < least ? i : best;
        least = apart < least ? apart : least;
    }
    return best;
}

static void set_header(const struct importing *in)
{
    const struct flow *flow = in->flow;
    const struct flow_end *local = &flow->end[in->local], *remote = &flow->end[in->remote];
    struct program *p = in->program;
    program_init(p);
    program_set(p, "ipv6", flow->v6);
    program_set(p, "timestamps", flow->timestamps);
    program_set(p, "sack", flow->sack);
    program_set(p, "window-scale", flow->scaling);
    program_set(p, "rcv-scale", flow->scaling ? local->scale : 0);
    program_set(p, "snd-scale", flow->scaling ? remote->scale : 0);
    program_set(p, "manual-ack", 1);
    program_set(p, "mss", remote->mss);
    program_set(p, "window", nearest_window(local->window_most));
    uint64_t window = remote->window_most >> (flow->scaling ? remote->scale : 0);
    program_set(p, "peer-window", window > 65535 ? 65535 : (uint32_t)window);
    program_set(p, "peer-sequence", remote->base + (uint32_t)flow->prefix[in->remote]);
    program_set(p, "sequence", local->base + (uint32_t)flow->prefix[in->local]);
}

static void import_flow(const struct flow *flow, struct program *out)
{
    bool client = flow->data[FLOW_SERVER].end >= flow->data[FLOW_CLIENT].end;
    struct importing in = {.flow = flow, .program = out, .to_post = POST_BYTES};
    in.local = client ? FLOW_CLIENT : FLOW_SERVER;
    in.remote = client ? FLOW_SERVER : FLOW_CLIENT;
    in.edge = flow->prefix[in.remote];
    in.handed = flow->prefix[in.local];
    set_header(&in);
    uint32_t first = flow->started == START_HANDSHAKE ? flow->start : 0;
    for (uint32_t i = first; i < flow->packets && !full(&in); i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (p->kind != FLOW_SEGMENT || p->header_cut) {
            continue;
        }
        if (in.clock_ns && p->time_ns > in.clock_ns) {
            in.debt_ns += p->time_ns - in.clock_ns;
        }
        in.clock_ns = p->time_ns > in.clock_ns ? p->time_ns : in.clock_ns;
        bool quiet = p->from == in.local && !p->payload && !(p->flags & (SEG_FIN | SEG_RST));
        if (quiet) {
            continue; /* the target acknowledges by itself */
        }
        tell_time(&in);
        if (in.to_post >= POST_BYTES && !full(&in)) {
            op_set(add(&in, OP_POST), "length", POST_BYTES);
            in.to_post -= POST_BYTES;
        }
        if (p->from == in.local) {
            import_local_packet(&in, p);
        } else {
            import_remote_packet(&in, p);
        }
    }
}

uint32_t replay_import_all(const char *path, replay_import_taker take, void *context, char *error,
                           size_t size)
{
    static struct program program;
    struct flow_file file;
    uint32_t count = 0;
    if (!flow_file_read(path, &(struct flow_reading){0}, &file, error, size)) {
        return 0;
    }
    for (uint32_t i = 0; i < file.flows; i++) {
        if (usable(&file.flow[i])) {
            import_flow(&file.flow[i], &program);
            take(context, file.flow[i].stream, &program);
            count++;
        }
    }
    if (!count) {
        snprintf(error, size, "%s: no conversation to import (expected one with both ends)", path);
    }
    if (file.damage[0]) { /* what stood before it was given all the same */
        snprintf(error, size, "%s", file.damage);
    }
    flow_file_fini(&file);
    return count;
}

struct pick {
    uint32_t left;
    bool found;
    struct program *out;
};

static void choose(void *context, uint32_t stream, const struct program *program)
{
    struct pick *pick = context;
    (void)stream;
    if (pick->out && pick->left == 0 && !pick->found) {
        *pick->out = *program;
        pick->found = true;
    }
    pick->left -= pick->left != 0;
}

uint32_t replay_import_count(const char *path, char *error, size_t size)
{
    struct pick pick = {0};
    return replay_import_all(path, choose, &pick, error, size);
}

bool replay_import(const char *path, uint32_t index, struct program *out, char *error, size_t size)
{
    struct pick pick = {.left = index, .out = out};
    uint32_t count = replay_import_all(path, choose, &pick, error, size);
    if (count && !pick.found) {
        snprintf(error, size, "%s: no conversation %u (expected 0 to %u)", path, index, count - 1);
    }
    return pick.found;
}
