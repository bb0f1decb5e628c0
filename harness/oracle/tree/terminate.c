/* SPDX-License-Identifier: MIT
 *
 * Terminate: everything drained, nothing lost, nothing twice, the state as it stopped.
 */
#include "oracle/tree/terminate.h"
#include "oracle/adapter/counts.h"
#include "oracle/adapter/reach.h"
#include "oracle/base/memory.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/state_block.h"
#include "oracle/receive/answers.h"
#include "oracle/receive/stamps.h"
#include "oracle/report/report.h"
#include "oracle/send/shadow.h"
#include "oracle/sender/sender.h"
#include "oracle/timers/fin_wait.h"
#include "oracle/timers/keepalive.h"

#include <string.h>

void orc_terminate_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node)
{
    struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    if (!c || c->phase != ORC_LIVE) {
        return;
    }
    orc_sender_ending(o, c);
    orc_reach_ending(o, c);
    c->phase = ORC_ENDING;
    c->term_enter = ev->call;
    c->term_step = o->steps;
    c->term_left = ORC_NONE;
    orc_dirty(o, c);
}

void orc_terminate_left(struct oracle *o, const struct orc_op *op, uint32_t left)
{
    for (uint32_t id = op->node_first; id != ORC_NONE; id = o->operations->node[id].next) {
        const struct orc_node *node = &o->operations->node[id];
        struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
        if (c && c->phase == ORC_ENDING && c->term_enter == op->enter) {
            c->term_left = left;
            c->receive->possible_term = c->receive->possible;
        }
    }
}

static void judge_pending(struct oracle *o, const struct orc_conn *c, const char *what,
                          const struct orc_queue *queue)
{
    if (queue->count) {
        orc_fail(o, orc_ordinal(o, c), ORC_TERM_DRAIN_1,
                 orc_text(o, "every %s completed before TermComplete", what),
                 orc_text(o, "%u pending, the first is list %u (event %u)", queue->count,
                          queue->head, o->lists->nbl[queue->head].handed));
    }
}

static void judge_drain(struct oracle *o, const struct orc_conn *c)
{
    uint32_t ordinal = orc_ordinal(o, c);
    judge_pending(o, c, "receive", &c->requests);
    judge_pending(o, c, "disconnect", &c->disconnect);
    judge_pending(o, c, "forward", &c->forwards);
    orc_ran(o, ORC_TERM_DRAIN_1);
    orc_ran(o, ORC_TERM_DRAIN_2);
    if (c->ops_open) {
        orc_fail(o, ordinal, ORC_TERM_DRAIN_1,
                 "every state operation completed before TermComplete",
                 orc_text(o, "%u open", c->ops_open));
    }
    if (c->indicate_open || c->event_open) {
        orc_fail(o, ordinal, ORC_TERM_DRAIN_2,
                 "TermComplete after every event and indication has returned",
                 orc_text(o, "%u events, %u indications open", c->event_open, c->indicate_open));
    } else if (o->adapter->upload_all_open) {
        orc_fail(o, ordinal, ORC_TERM_DRAIN_2, "TermComplete after UPLOAD_ALL has returned",
                 "open");
    } else if (o->adapter->status_open || o->adapter->mevent_open) {
        orc_warn(o, ordinal, ORC_TERM_DRAIN_2,
                 "TermComplete after every status indication returned", "one is open");
    }
}

/* One block of a TermComplete; the lists of the tree follow, then orc_terminate_flush judges. */
void orc_terminate_done(struct oracle *o, const struct tap_event *ev, uint32_t node_id)
{
    const struct orc_node *node = &o->operations->node[node_id];
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block = ev->ptr;
    struct orc_object *object = orc_object(o, node->object);
    if (object && node->layer != LAYER_TCP && node->kind == NODE_LINKER &&
        node->status == NDIS_STATUS_SUCCESS) {
        if (node->layer == LAYER_NEIGHBOR) {
            orc_reach_state(o, object, block);
        }
        object->live = false;
    }
    struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    if (!c || node->kind != NODE_LINKER || c->phase != ORC_ENDING || c->closing) {
        return;
    }
    if (!orc_grow(o->memory, (void **)&o->closings->closing, &o->closings->room,
                  o->closings->count + 1, sizeof(*o->closings->closing))) {
        o->short_of_memory = true;
        return;
    }
    judge_drain(o, c);
    struct orc_closing *closing = &o->closings->closing[o->closings->count++];
    memset(closing, 0, sizeof(*closing));
    c->closing = o->closings->count;
    o->closings->cpu = ev->cpu;
    closing->conn = node->conn;
    closing->node = node_id;
    closing->status = node->status;
    closing->chain = block->NetBufferListChain;
    const void *delegated = orc_state_find(block, TcpOffloadDelegatedState);
    if (delegated) {
        closing->has_delegated = true;
        memcpy(&closing->delegated, delegated, orc_delegated_bytes(delegated));
    }
}

static bool cut_short(const struct oracle *o, const struct orc_conn *c)
{
    return orc_abort_possible(o, c) || c->failed_over || c->receive->lossy;
}

/* The host goes on from this state: the peer must not see its window taken back. */
static void judge_resumption(struct oracle *o, const struct orc_conn *c,
                             const struct orc_closing *closing)
{
    const struct orc_receive *r = c->receive;
    int64_t next = orc_receive_offset(r, closing->delegated.RcvNxt);
    int64_t edge = next + closing->delegated.RcvWnd, rounding = (1ll << c->receive_scale) - 1;
    bool open = closing->delegated.State != TcpConnectionClosed && r->fins == 0 && !r->fin_before;
    o->ran[ORC_TERM_RESUME_1] += open;
    if (open && edge < r->edge - rounding) {
        orc_fail(
            o, closing->conn, ORC_TERM_RESUME_1,
            orc_text(o, "RcvNxt + RcvWnd not before the edge offered, %lld", (long long)r->edge),
            orc_text(o, "%lld", (long long)edge));
    }
}

static void terminate_judge_received(struct oracle *o, const struct orc_conn *c,
                                     const struct orc_closing *closing)
{
    const struct orc_receive *r = c->receive;
    uint32_t ordinal = closing->conn;
    int64_t next = orc_receive_offset(r, closing->delegated.RcvNxt);
    int64_t least = r->sure_step, most = r->possible + orc_fin_possible(r, r->possible);
    orc_ran(o, ORC_WIRE_ACK_2);
    orc_ran(o, ORC_TERM_STATE_1);
    if (next < r->acked) {
        orc_fail(o, ordinal, ORC_WIRE_ACK_2,
                 orc_text(o, "RcvNxt at least %lld, which was acknowledged", (long long)r->acked),
                 orc_text(o, "%lld", (long long)next));
        return;
    }
    if (next < least || next > most) {
        orc_fail(o, ordinal, next > most ? ORC_TERM_OOO_1 : ORC_TERM_STATE_1,
                 orc_text(o, "RcvNxt at byte %lld to %lld", (long long)least, (long long)most),
                 orc_text(o, "%lld", (long long)next));
        return;
    }
    if (r->urgent_limit >= 0 && next > r->urgent_limit) {
        orc_fail(
            o, ordinal, ORC_URG_QUEUE_1,
            orc_text(o, "RcvNxt before the urgent segment at %lld", (long long)r->urgent_limit),
            orc_text(o, "%lld", (long long)next));
        return;
    }
    bool fin = next > 0 && orc_fin_possible(r, next - 1);
    o->ran[ORC_FIN_IND_3] += r->fin_sure >= 0;
    o->ran[ORC_TERM_OOO_1] += r->ranges > 0;
    o->ran[ORC_URG_QUEUE_1] += r->urgent_limit >= 0;
    orc_ran(o, ORC_TERM_BUF_1);
    bool whole = r->delivered == next || (fin && r->delivered == next - 1);
    bool unseen = closing->delegated.BufferedData && !closing->buffered_lists;
    if (!whole && !unseen && !closing->bad_list) {
        orc_fail(o, ordinal, ORC_TERM_BUF_1,
                 orc_text(o, "every byte below RcvNxt (%lld) delivered or in BufferedData",
                          (long long)next),
                 orc_text(o, "%lld delivered, %u of them in BufferedData", (long long)r->delivered,
                          closing->buffered_bytes));
    }
}

static void judge_sent(struct oracle *o, struct orc_conn *c, const struct orc_closing *closing)
{
    const struct orc_send *s = c->send;
    const TCP_OFFLOAD_STATE_DELEGATED *d = &closing->delegated;
    uint32_t ordinal = closing->conn;
    int64_t una = s->max + (int32_t)(d->SndUna - (s->sequence + (uint32_t)s->max));
    int64_t max = una + (int32_t)(d->SndMax - d->SndUna);
    orc_ran(o, ORC_ST_SEQ_1);
    orc_ran(o, ORC_TERM_STATE_2);
    if (d->SndNxt - d->SndUna > d->SndMax - d->SndUna) {
        orc_fail(o, ordinal, ORC_ST_SEQ_1, "SndUna <= SndNxt <= SndMax",
                 orc_text(o, "una %u, next %u, max %u", d->SndUna, d->SndNxt, d->SndMax));
        return;
    }
    if (una < s->una_sure_step || una > s->una_possible) {
        orc_fail(o, ordinal, ORC_TERM_STATE_1,
                 orc_text(o, "SndUna at byte %lld to %lld", (long long)s->una_sure_step,
                          (long long)s->una_possible),
                 orc_text(o, "%lld", (long long)una));
        return;
    }
    if (max < s->max_least || max > s->tried) {
        orc_fail(o, ordinal, ORC_TERM_STATE_1,
                 orc_text(o, "SndMax at byte %lld to %lld", (long long)s->max_least,
                          (long long)s->tried),
                 orc_text(o, "%lld", (long long)max));
    }
    if (!closing->chain_lists) {
        return;
    }
    int64_t later = s->upl_from > una ? s->upl_from : una;
    if (closing->chain_begin != una && closing->chain_begin != later && closing->chain_bytes) {
        orc_fail(o, ordinal, ORC_TERM_SEND_2,
                 orc_text(o, "the chain begins at SndUna (%lld)", (long long)una),
                 orc_text(o, "at %lld", (long long)closing->chain_begin));
    } else if (closing->chain_bytes && ((d->SendDataHead != closing->chain_head &&
                                         d->SendDataHead != closing->chain_data) ||
                                        d->SendDataTail != closing->chain_tail)) {
        orc_fail(o, ordinal, ORC_TERM_SEND_2,
                 "SendDataHead and SendDataTail at the ends of the chain",
                 d->SendDataTail != closing->chain_tail ? "another tail" : "another head");
    }
}

/* The states that the closes seen so far leave open; 0 = cannot tell. */
static uint32_t states_possible(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    bool sure = r->fin_sure_step >= 0 && !orc_shorted(o, r);
    bool in = r->fin_before || sure || c->disconnect_event != ORC_NONE;
    bool in_none = !in && r->fins == 0 && !r->fin_lenient;
    bool acked = s->fin_sent && s->una_sure_step > s->fin;
    bool unacked = s->una_possible <= s->fin;
    if (c->abort_event != ORC_NONE || c->abort_done) {
        return 1u << TcpConnectionClosed;
    }
    if (orc_abort_possible(o, c) || (!in && !in_none) || (s->fin_sent && !acked && !unacked)) {
        return 0;
    }
    uint32_t out;
    if (!s->fin_asked) {
        return in ? 1u << TcpConnectionCloseWait : 1u << TcpConnectionEstablished;
    }
    if (acked) {
        out = in ? 1u << TcpConnectionTimeWait | 1u << TcpConnectionClosed
                 : 1u << TcpConnectionFinWait2 | (uint32_t)orc_fin_wait_over(o, c)
                                                     << TcpConnectionClosed;
    } else {
        out = in ? 1u << TcpConnectionClosing | 1u << TcpConnectionLastAck
                 : 1u << TcpConnectionFinWait1;
    }
    if (!s->fin_sent) {
        out |= in ? 1u << TcpConnectionCloseWait : 1u << TcpConnectionEstablished;
    }
    return out;
}

/* What the target has no use for is carried through it. */
static void judge_carried(struct oracle *o, const struct orc_conn *c,
                          const struct orc_closing *closing)
{
    const TCP_OFFLOAD_STATE_DELEGATED *handed = &c->sender->handed, *d = &closing->delegated;
    if (orc_delegated_bytes(&handed->Header) == sizeof(*d) && d->DWnd != handed->DWnd &&
        orc_delegated_bytes(&d->Header) == sizeof(*d)) {
        orc_fail(o, closing->conn, ORC_TERM_STATE_1,
                 orc_text(o, "DWnd as handed over, %u", handed->DWnd), orc_text(o, "%u", d->DWnd));
    }
}

static void judge_state(struct oracle *o, const struct orc_conn *c,
                        const struct orc_closing *closing)
{
    uint32_t possible = states_possible(o, c);
    uint32_t state = (uint32_t)closing->delegated.State;
    orc_ran(o, ORC_ST_STATE_1);
    bool ended = c->mandatory_event != ORC_NONE || orc_blind_over(c);
    bool reported = ended && state == TcpConnectionClosed;
    if (c->answers->syn_closed && state != TcpConnectionClosed) {
        orc_fail(o, closing->conn, ORC_WIRE_SYN_1, "CLOSED after a SYN at RcvNxt",
                 orc_text(o, "state %u", state));
        return;
    }
    if (state == TcpConnectionClosed && !orc_closed_possible(o, c)) {
        orc_fail(o, closing->conn, ORC_ST_STATE_1,
                 "CLOSED after an RST, a SYN, an abort, both FINs, or a timer that closes",
                 "CLOSED without any of them");
    } else if (possible && !reported &&
               (state > TcpConnectionTimeWait || !(possible >> state & 1))) {
        orc_fail(o, closing->conn, ORC_ST_STATE_1,
                 orc_text(o, "a state of the set 0x%03x that the closes seen allow", possible),
                 orc_text(o, "state %u", state));
    }
}

/* A delayed ACK that was owed is sent before the end. */
static void terminate_judge_owed(struct oracle *o, const struct orc_conn *c,
                                 const struct orc_closing *closing)
{
    const struct orc_receive *r = c->receive;
    int64_t next = orc_receive_offset(r, closing->delegated.RcvNxt);
    bool excused = cut_short(o, c) || orc_wire_waived(o) || !c->sane ||
                   closing->delegated.State == TcpConnectionClosed || orc_starved(o, c) ||
                   r->urgent_possible || !c->version || next <= c->answers->lost;
    orc_ran(o, ORC_TERM_ACK_1);
    if (next > r->acked && !excused) {
        orc_fail(o, closing->conn, ORC_TERM_ACK_1,
                 orc_text(o, "an ACK of %lld before TermComplete", (long long)next),
                 orc_text(o, "the last one was %lld", (long long)r->acked));
    }
}

static void judge_sends_left(struct oracle *o, struct orc_conn *c,
                             const struct orc_closing *closing)
{
    bool unseen = closing->chain && !closing->chain_lists && !closing->bad_list;
    orc_ran(o, ORC_TERM_SEND_3);
    if (c->sends.count && !unseen) {
        uint32_t head = c->sends.head;
        orc_fail(o, closing->conn, ORC_TERM_DRAIN_1,
                 "every send completed before TermComplete or handed back in the chain",
                 orc_text(o, "%u in neither place, the first is list %u (event %u)", c->sends.count,
                          head, o->lists->nbl[head].handed));
    } else if (unseen && !c->sends.count) {
        orc_fail(o, closing->conn, ORC_TERM_SEND_3,
                 "NetBufferListChain NULL when nothing is handed back", "a pointer");
    }
}

static void terminate_finish(struct oracle *o, const struct orc_closing *closing)
{
    struct orc_conn *c = orc_conn(o, closing->conn);
    c->closing = 0;
    if (closing->status != NDIS_STATUS_SUCCESS) { /* the handle stays until a second terminate */
        c->failed_over = true;
        c->phase = ORC_LIVE;
        c->term_enter = c->term_left = ORC_NONE;
        return;
    }
    o->ran[ORC_INV_KEEP_1] += orc_path_invalid(o, c);
    o->ran[ORC_WIRE_CLOSE_1] += c->send->fin_sent && c->receive->fin_sure >= 0;
    judge_sends_left(o, c, closing);
    if (closing->has_delegated && c->version && c->sane) {
        if (!cut_short(o, c)) {
            judge_resumption(o, c, closing);
        }
        orc_sender_state(o, c, &closing->delegated, true);
        if (!cut_short(o, c)) {
            terminate_judge_received(o, c, closing);
            terminate_judge_owed(o, c, closing);
        }
        if (!c->failed_over && !c->send->blind) {
            judge_sent(o, c, closing);
        }
        if (!c->failed_over) {
            orc_stamps_state(o, c, &closing->delegated);
            judge_carried(o, c, closing);
            judge_state(o, c, closing);
            orc_counts_gone(o, c, closing->delegated.State);
        }
    }
    /* What an abort overtook found the connection closed (CLOSED-DATA-1). */
    c->urgent_owed = c->urgent_sure && o->adapter->phase == ORC_ADAPTER_RUNNING &&
                     (c->local_abort == ORC_NONE || c->abort_refused);
    struct orc_object *object = orc_object(o, o->operations->node[closing->node].object);
    if (object) {
        object->live = false; /* from here on its context value may name another one */
    }
    c->phase = ORC_GONE;
    c->gone_event = o->event->call;
    if (o->connections->live) {
        o->connections->live--;
    }
}

void orc_terminate_flush(struct oracle *o)
{
    uint32_t count = o->closings->count;
    o->closings->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        terminate_finish(o, &o->closings->closing[i]);
    }
}
