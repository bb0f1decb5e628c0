/* SPDX-License-Identifier: MIT */
#include "program/record.h"

#include <string.h>

#include "base/copy.h"
#include "ndis/object.h"
#include "program/choices.h"
#include "program/recorder.h"

#define US 1000ull
#define BATCH_MOST 15u

static struct recorder recorder;

void record_into(struct recording *recording)
{
    recorder.out = recording;
}

void recorder_left_out(struct recorder *r)
{
    r->out->left_out++;
}

static struct program_op *add_now(struct recorder *r, enum op_code code)
{
    uint32_t most = r->out->most ? r->out->most : PROGRAM_OPS_MAX;
    if (r->over || r->out->program.count >= most) {
        r->out->full |= !r->over;
        r->over = true;
        return NULL;
    }
    return program_add(&r->out->program, code, 0);
}

static void tell_part(struct recorder *r, uint64_t *ns, enum time_unit unit)
{
    uint64_t each = (uint64_t)choices_time_unit.choice[unit].parameter;
    while (each && *ns >= each) {
        uint64_t count = *ns / each < 60000 ? *ns / each : 60000;
        struct program_op *op = add_now(r, OP_TICK);
        if (!op) {
            return;
        }
        op_set(op, "time", (uint32_t)count);
        op_set(op, "unit", unit);
        *ns -= count * each;
        r->told_ns += count * each;
    }
}

/* Seconds only where milliseconds would need many operations. */
static void tell_time(struct recorder *r)
{
    uint64_t now = nds_now(), ns = now > r->told_ns ? now - r->told_ns : 0;
    if (ns < US) {
        return;
    }
    uint64_t long_ones = ns / (60000 * 1000 * US) ? ns - ns % (1000 * 1000 * US) : 0,
             rest = ns - long_ones;
    tell_part(r, &long_ones, UNIT_S);
    tell_part(r, &rest, UNIT_MS);
    tell_part(r, &rest, UNIT_US);
}

struct program_op *recorder_add(struct recorder *r, enum op_code code)
{
    tell_time(r);
    return add_now(r, code);
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

/* A capture is silent for long where it lost frames. */
static void begin_parameters(struct recorder *r)
{
    uint8_t most = r->world->options.parameters.TcpMaximumRetransmissions;
    struct program_op *op = most > 5 ? add_now(r, OP_PARAMETERS) : NULL;
    if (op) {
        op_set(op, "retransmissions", most < 15 ? most : 15);
        op_set(op, "ack-frequency", 1);
    }
}

static void state_op(struct recorder *r, enum host_variable what, uint32_t value)
{
    struct program_op *op = add_now(r, OP_STATE);
    if (op) {
        op_set(op, "what", what);
        op_set(op, "value", value);
    }
}

/* What the header cannot say. */
static void begin_state(struct recorder *r, const struct host_conn *conn)
{
    uint32_t scale = conn->constant.SndWindScale;
    if (conn->cached.MaxRT) {
        state_op(r, VARIABLE_MAX_RT, conn->cached.MaxRT);
    }
    const struct program *p = &r->out->program;
    if (program_parameter(p, "window") != (int64_t)conn->tcb.RcvWnd) {
        state_op(r, VARIABLE_WINDOW, conn->tcb.RcvWnd);
    }
    if ((uint32_t)r->peer.window << scale != conn->tcb.SndWnd) {
        state_op(r, VARIABLE_SND_WND, conn->tcb.SndWnd);
    }
    if (conn->constant.Flags & TCP_FLAG_TIMESTAMP_ENABLED) {
        state_op(r, VARIABLE_TS_RECENT, conn->tcb.TsRecent);
        state_op(r, VARIABLE_TS_TIME, conn->tcb.TsTime);
    }
}

/* The header, from the state that is handed over first. */
static void begin(struct recorder *r)
{
    const struct host_conn *conn = &r->world->host.conn[0];
    const TCP_OFFLOAD_STATE_CONST *constant = &conn->constant;
    struct program *p = &r->out->program;
    bool scaled = constant->Flags & TCP_FLAG_WINDOW_SCALING_ENABLED;
    program_init(p);
    program_set(p, "ipv6", conn->v6);
    program_set(p, "timestamps", (constant->Flags & TCP_FLAG_TIMESTAMP_ENABLED) != 0);
    program_set(p, "sack", (constant->Flags & TCP_FLAG_SACK_ENABLED) != 0);
    program_set(p, "window-scale", scaled);
    program_set(p, "rcv-scale", scaled ? constant->RcvWindScale : 0);
    program_set(p, "snd-scale", scaled ? constant->SndWindScale : 0);
    program_set(p, "manual-ack", 1);
    program_set(p, "hold-returns", 1);
    program_set(p, "manual-initiate", 1);
    program_set(p, "mss", constant->RemoteMss == 1460 ? 0 : constant->RemoteMss);
    program_set(p, "window", nearest_window(conn->cached.InitialRcvWnd));
    uint32_t window = conn->tcb.SndWnd >> (scaled ? constant->SndWindScale : 0);
    program_set(p, "peer-window", window >= 65535 ? 0 : window);
    program_set(p, "peer-sequence", conn->tcb.RcvNxt);
    program_set(p, "sequence", conn->tcb.SndUna);
    recorder_peer(r, conn);
    r->out->begun = true;
    r->told_ns = nds_now();
    begin_parameters(r);
    begin_state(r, conn);
    add_now(r, OP_INITIATE);
}

/* A call of the host opens. */
static struct program_op *open_call(struct recorder *r, const struct tap_event *event,
                                    enum op_code code)
{
    r->call = recorder_add(r, code);
    r->call_event = event->seq;
    return r->call;
}

static void record_host_call(struct recorder *r, const struct tap_event *event)
{
    struct program_op *op;
    switch (event->fn) {
    case TAP_POST:
        open_call(r, event, OP_POST);
        break;
    case TAP_SEND:
        open_call(r, event, OP_SEND);
        break;
    case TAP_DISCONNECT:
        op = open_call(r, event, OP_DISCONNECT);
        if (op) {
            op_set(op, "abort", (event->data.io.flags & TCP_DISCONNECT_ABORTIVE_CLOSE) != 0);
        }
        break;
    case TAP_FORWARD:
        r->call = NULL;
        r->call_event = event->seq;
        break;
    case TAP_RETURN:
        r->returned = 0;
        open_call(r, event, OP_RETURN);
        break;
    case TAP_INITIATE:
        r->call = NULL;
        if (r->out->begun) {
            recorder_add(r, OP_INITIATE);
        } else {
            begin(r);
        }
        break;
    case TAP_TERMINATE:
        r->call = NULL;
        op = recorder_add(r, OP_TERMINATE);
        if (op) {
            op_set(op, "scope", SCOPE_ALL);
        }
        break;
    default:
        break;
    }
}

/* In which order held lists go back, as far as the first ones show it. */
static void returned(struct recorder *r, const struct tap_nbl *list)
{
    uint32_t at = 0;
    while (at < r->helds && r->held[at] != list->id) {
        at++;
    }
    if (at == r->helds) {
        return;
    }
    bool oldest = at == 0, newest = at + 1 == r->helds && r->helds > 1;
    if (r->returned < 2 && newest && !oldest) {
        op_set(r->call, "order", r->returned ? ORDER_MIXED : ORDER_NEWEST);
    } else if (r->returned == 1 && oldest && op_get(r->call, "order") == ORDER_NEWEST) {
        op_set(r->call, "order", ORDER_MIXED);
    }
    memmove(&r->held[at], &r->held[at + 1], (r->helds - at - 1) * sizeof(r->held[0]));
    r->helds--;
    r->returned++;
    op_set(r->call, "count", r->helds && r->returned < 256 ? r->returned : 0);
}

static void request_list(struct recorder *r, const struct tap_nbl *list)
{
    if (list->index_in_call) {
        op_set(r->call, "more", list->index_in_call);
        return;
    }
    op_set(r->call, "length", list->length);
    op_set(r->call, "pieces", nds_list_detail(list->nbl)->pieces & 7);
    if (list->role == ROLE_POST) {
        op_set(r->call, "prefill", list->prefill);
        op_set(r->call, "no-push", list->no_push);
    } else if (list->role == ROLE_SEND) {
        op_set(r->call, "buffers", list->nb_count - 1);
    }
}

static void record_list(struct recorder *r, const struct tap_event *event)
{
    static uint8_t tcp[SEGMENT_FRAME_MAX];
    const struct tap_nbl *list = event->ptr;
    if (list->fault != NBL_OK || event->call != r->call_event) {
        return;
    }
    if (list->role == ROLE_FORWARD && list->length <= sizeof(tcp)) {
        recorder_forward(r, tcp, tap_nbl_copy(list, 0, tcp, list->length));
    } else if (list->role == ROLE_INDICATED && r->call && r->call->byte[0] == OP_RETURN) {
        returned(r, list);
    } else if (list->role == ROLE_INDICATED) {
        r->indicated = list->id;
    } else if (r->call && list->role != ROLE_FORWARD) {
        request_list(r, list);
    }
}

/* The answer has to be known before what leads to the indication. */
static void record_answer(struct recorder *r, const struct tap_event *event)
{
    struct program *p = &r->out->program;
    if (event->status == NDIS_STATUS_SUCCESS) {
        if (r->helds < RECORDER_LISTS) {
            r->held[r->helds++] = r->indicated;
        }
        return;
    }
    uint32_t most = r->out->most ? r->out->most : PROGRAM_OPS_MAX;
    if (!p->count || p->count >= most || r->over) {
        recorder_left_out(r);
        return;
    }
    struct program_op answer, last = p->op[p->count - 1];
    p->count--;
    struct program_op *op = program_add(p, OP_ACCEPT, 0);
    op_set(op, "answer", event->data.answer.consumed ? ANSWER_BYTES : ANSWER_NONE);
    op_set(op, "bytes", event->data.answer.consumed);
    op_set(op, "count", 1);
    answer = *op;
    struct program_op *before = p->count > 1 ? &p->op[p->count - 2] : NULL;
    answer.byte[3] = before && before->byte[0] == OP_ACCEPT ? before->byte[3] : 0;
    if (before && answer.byte[3] && answer.byte[3] < 255 &&
        !memcmp(before, &answer, sizeof(answer))) {
        op_set(before, "count", answer.byte[3] + 1u); /* one more of the same in this operation */
        p->count--;
    }
    p->op[p->count++] = last;
}

/* Frames of one call come together. */
static void record_receive(struct recorder *r, uint32_t frames)
{
    uint32_t wanted = frames < 2 ? 0 : frames <= BATCH_MOST ? frames : frames / 2;
    if (wanted != r->batch) {
        struct program_op *op = recorder_add(r, OP_BATCH);
        if (op) {
            op_set(op, "frames", wanted < BATCH_MOST ? wanted : BATCH_MOST);
        }
        r->batch = wanted;
    }
}

static void record_point(struct recorder *r, const struct tap_event *event)
{
    if (event->fn == TAP_NBL) {
        record_list(r, event);
    } else if (event->fn == TAP_FRAME_IN && event->ptr) {
        recorder_frame(r, event->ptr, event->data.frame.length);
    } else if (event->fn == TAP_FRAME_OUT && event->ptr && event->status == NDIS_STATUS_SUCCESS) {
        recorder_frame_out(r, event->ptr, event->data.frame.length);
    }
}

static void begin_run(struct recorder *r, struct world *world)
{
    struct recording *out = r->out;
    memset(r, 0, sizeof(*r));
    r->out = out;
    r->world = world;
    r->call_event = TAP_NONE;
    out->begun = out->full = false;
    out->left_out = 0;
    program_init(&out->program);
}

void record_event(void *context, const struct tap_event *event)
{
    struct recorder *r = &recorder;
    if (event->seq == 0) {
        begin_run(r, context);
    }
    bool waiting = !r->out->begun && event->fn != TAP_INITIATE;
    if (r->over || waiting || r->world->judged.kind != VERDICT_PASS) {
        return;
    }
    if (event->kind == TAP_ENTER && event->fn == TAP_PAUSE) {
        r->over = true; /* the body is over, and this is the adapter's end */
    } else if (event->kind == TAP_ENTER && event->fn == TAP_NIC_RECEIVE) {
        r->call = NULL;
        r->call_event = event->seq;
        record_receive(r, event->data.receive.frames);
    } else if (event->kind == TAP_ENTER && event->fn == TAP_RCV_INDICATE) {
        r->call = NULL;
        r->call_event = event->seq;
    } else if (event->kind == TAP_LEAVE && event->fn == TAP_RCV_INDICATE) {
        record_answer(r, event);
    } else if (event->kind == TAP_LEAVE && event->fn == TAP_INITIATE_COMPLETE &&
               !r->out->program.count) {
        r->told_ns = nds_now(); /* both wait for it in the same way */
    } else if (event->kind == TAP_ENTER) {
        record_host_call(r, event);
    } else if (event->kind == TAP_POINT) {
        record_point(r, event);
    }
}
