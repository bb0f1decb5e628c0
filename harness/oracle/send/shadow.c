/* SPDX-License-Identifier: MIT
 *
 * The shadow sender's common part, and the events of the sending half that follow from it.
 */
#include "oracle/send/shadow.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/congestion/congestion.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/calls.h"
#include "oracle/model/objects.h"
#include "oracle/model/state_block.h"
#include "oracle/send/retransmission.h"
#include "oracle/sender/flight.h"
#include "oracle/sender/rto_clock.h"
#include "oracle/sender/sender.h"
#include "oracle/sender/upload_reasons.h"
#include "oracle/timers/blocked.h"
#include "oracle/timers/keepalive.h"
#include "oracle/timers/persist.h"

#include <string.h>

void orc_sender_begin(struct oracle *o, struct orc_conn *c, const void *delegated)
{
    const struct orc_rows *rows = o->rows;
    struct orc_sender *t = c->sender;
    memset(t, 0, sizeof(*t));
    memcpy(&t->handed, delegated, orc_delegated_bytes(delegated));
    t->on = c->sane && c->version && o->parameters->known;
    t->parameters = t->begun_parameters = o->parameters->sets;
    t->rates = o->parameters->rates_set;
    t->smoothed_ns = orc_ticks_ns(o, t->handed.SRtt) / 8;
    t->variation_ns = orc_ticks_ns(o, t->handed.RttVar) / 4;
    t->begun_ns = t->begun_left_ns = o->event->time_ns;
    t->begun_tick_ns = orc_ticks_ns(o, 1);
    t->received_ns = t->received_sure_ns = t->data_ns = t->ts_ns = t->sent_ns = t->begun_ns;
    t->ts_value = t->handed.TsTime;
    t->stepped = t->handed.SndNxt != t->handed.SndMax;
    t->dirty_step = o->steps + 1;
    for (uint32_t i = 0; rows->offloaded[i]; i++) {
        rows->offloaded[i](o, c);
    }
}

/* Until the completion the target may have started its timers at any time. */
void orc_sender_begun(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    t->begun_left_ns = o->event->time_ns;
    t->dirty_step = o->steps + 1;
    if (c->keepalive->handed && c->keepalive->high_ns != ORC_NEVER) {
        c->keepalive->high_ns += t->begun_left_ns - t->begun_ns;
    }
}

/* The tick rate has changed: what was being measured is void. */
static void catch_up_rate(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    if (t->rates != o->parameters->rates_set) {
        t->rates = o->parameters->rates_set;
        c->rto->armed = c->persist->exact = c->keepalive->known = false;
        t->fin2_ns = 0;
    }
}

static void catch_up(struct oracle *o, struct orc_conn *c)
{
    c->sender->parameters = o->parameters->sets;
    catch_up_rate(o, c);
}

static void note_arrival(const struct oracle *o, struct orc_sender *t)
{
    t->dirty_step = o->steps + 1;
    t->judged_end = false;
    t->received_ns = o->event->time_ns;
    t->received_count = t->received_step == o->steps + 1 ? t->received_count + 1 : 1;
    t->received_step = o->steps + 1;
}

void orc_sender_received(struct oracle *o, struct orc_conn *c, struct orc_received *h)
{
    const struct orc_rows *rows = o->rows;
    struct orc_sender *t = c->sender;
    if (!t->on) {
        return;
    }
    catch_up(o, c);
    note_arrival(o, t);
    t->received_sure_ns = h->sure ? t->received_ns : t->received_sure_ns;
    t->reopened = (t->reopened && t->received_count > 1) || !h->open_before;
    h->late = orc_in_timer(o) && orc_rto_now(o, c);
    for (uint32_t i = 0; rows->received[i]; i++) {
        rows->received[i](o, c, h);
    }
    orc_dirty(o, c);
}

/* What orc_sender_received comes to when the segment acknowledges nothing, reports nothing, leaves
 * the window as it was, and nothing is on the way. */
void orc_sender_passed(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    struct orc_sender *t = c->sender;
    note_arrival(o, t);
    t->received_sure_ns = t->received_ns;
    t->reopened = t->reopened && t->received_count > 1;
    c->rto->quiet = false;
    c->recovery->resent_step = 0;
    c->recovery->lately.count = 0;
    c->recovery->lately.full = false;
    c->congestion->dups++;
    c->persist->exact = c->persist->on = false;
    t->edge_now = s->ack + (int64_t)c->send->window;
    t->edge = t->edge_now > t->edge ? t->edge_now : t->edge;
    t->set_from = s->begin;
    t->window_sequence = s->tcp->sequence;
    t->window_sequence_sure = true;
    orc_keepalive_anew(o, c);
}

/* A path that is being updated makes every connection dirty that shares it. */
static bool path_moves(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_object *path = orc_object(o, c->path);
    return path && (path->update_open || path->update_step == o->steps);
}

static struct orc_sent frame_of(struct oracle *o, const struct orc_conn *c,
                                const struct orc_packet *packet, int64_t begin)
{
    const struct orc_tcp *tcp = &packet->tcp;
    struct orc_sent f = {.packet = packet, .begin = begin};
    f.end = begin + tcp->length + ((tcp->flags & TCP_FIN) ? 1 : 0);
    f.data = f.end > f.begin;
    f.fresh = f.data && f.end > c->send->max;
    f.again = f.data && f.begin < c->send->max_least;
    f.spontaneous = c->sender->dirty_step != o->steps + 1 && o->parameters->step != o->steps + 1 &&
                    !path_moves(o, c);
    return f;
}

void orc_sender_sent(struct oracle *o, const struct tap_event *ev, struct orc_conn *c,
                     const struct orc_packet *packet, int64_t begin)
{
    const struct orc_rows *rows = o->rows;
    struct orc_sender *t = c->sender;
    const struct orc_tcp *tcp = &packet->tcp;
    if (!t->on) {
        return;
    }
    catch_up(o, c);
    if (ev->status != NDIS_STATUS_SUCCESS) {
        c->upload_reasons->again = true; /* what was refused the target has to send again */
        return;
    }
    if (tcp->flags & TCP_RST) {
        orc_place_reset(o, c, tcp, begin);
        return;
    }
    struct orc_sent f = frame_of(o, c, packet, begin);
    orc_keepalive_ending(o, c, &f);
    bool judged = orc_sender_judged(o, c);
    for (uint32_t i = 0; judged && rows->sent[f.data][i]; i++) {
        rows->sent[f.data][i](o, c, &f);
    }
    if (f.again && !judged) {
        orc_congestion_doubted(o, c); /* a timeout perhaps, and all of it acknowledged since */
    }
    if (f.data) {
        orc_upload_reasons_sent(o, c, &f);
        orc_flight_sent(o, c, f.begin, f.end);
        t->data_ns = ev->time_ns;
        t->sent_step = o->steps + 1;
    }
    t->sent_ns = ev->time_ns;
    if (tcp->has_timestamp && !orc_hindered(o)) { /* else it may have been built before */
        t->ts_value = tcp->ts_value;
        t->ts_ns = ev->time_ns;
    }
}

void orc_sender_step(struct oracle *o, struct orc_conn *c)
{
    const struct orc_rows *rows = o->rows;
    if (!orc_sender_judged(o, c)) {
        return;
    }
    catch_up(o, c);
    for (uint32_t i = 0; rows->sender_rest[i]; i++) {
        rows->sender_rest[i](o, c);
    }
}

/* Frames that nobody saw may have been tried, and what came may not have been taken. */
void orc_sender_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    uint64_t now = o->event->time_ns;
    if (!t->on || c->phase != ORC_LIVE) {
        return;
    }
    t->hindered_ns = now;
    t->small_since_ns = 0;
    if (orc_sender_touched(o, c)) {
        t->stepped = true;
        t->recover_ns = now + ORC_STARVED_NS + orc_slack_ns(o);
        orc_watch(o, c, now + 1);
    }
    if (orc_waived(o) && c->receive->arrived_step == o->steps + 1) {
        t->set_from = INT64_MIN;
        t->edge_now = t->edge;
        t->window_sequence_sure = false;
        t->fin2_doubted = true;
    }
}

void orc_sender_rest(struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    t->edge = t->edge_now;
    c->congestion->window_step = c->congestion->window;
    c->congestion->dups = c->congestion->advanced ? 0 : c->congestion->dups;
    c->congestion->advanced = false;
    c->recovery->dups_step = c->recovery->dups_possible;
}

/* Retrieve(TimeoutExpiration), before it counts. */
void orc_sender_reported(struct oracle *o, struct orc_conn *c)
{
    const struct orc_rows *rows = o->rows;
    catch_up_rate(o, c);
    for (uint32_t i = 0; rows->timed_out[i]; i++) {
        rows->timed_out[i](o, c);
    }
}

/* An RST or a SYN in the window, not at RcvNxt. */
void orc_sender_challenged(struct oracle *o, struct orc_conn *c, bool sure)
{
    c->sender->dirty_step = o->steps + 1;
    if (c->sender->on) {
        catch_up_rate(o, c);
        orc_keepalive_challenged(o, c, sure);
        orc_dirty(o, c);
    }
}

void orc_sender_updated(struct oracle *o, struct orc_conn *c, bool done)
{
    const struct orc_rows *rows = o->rows;
    c->sender->dirty_step = o->steps + 1;
    if (c->sender->on) {
        catch_up_rate(o, c);
    }
    for (uint32_t i = 0; c->sender->on && rows->updated[i]; i++) {
        rows->updated[i](o, c, done);
    }
}

void orc_sender_ending(struct oracle *o, struct orc_conn *c)
{
    c->sender->judged_end = orc_sender_judged(o, c);
}

void orc_sender_state(struct oracle *o, struct orc_conn *c, const void *delegated, bool final)
{
    const struct orc_rows *rows = o->rows;
    TCP_OFFLOAD_STATE_DELEGATED d;
    memcpy(&d, delegated, NDIS_SIZEOF_TCP_OFFLOAD_STATE_DELEGATED_6_0);
    catch_up_rate(o, c);
    for (uint32_t i = 0; c->sender->on && rows->state[i]; i++) {
        rows->state[i](o, c, &d, final);
    }
    bool end = c->sender->judged_end && !o->adapter->leaving; /* else its sends may be aborted */
    if (c->blocked->invalid_ns || (final ? !end : !orc_sender_judged(o, c))) {
        return;
    }
    for (uint32_t i = 0; rows->judged_state[i]; i++) {
        rows->judged_state[i](o, c, &d);
    }
}
