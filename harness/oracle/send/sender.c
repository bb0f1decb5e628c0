/* SPDX-License-Identifier: MIT
 *
 * The shadow sender's table of contents: who sees what, in which order, and what they all ask.
 */
#include "oracle/send/sender.h"

#include <string.h>

/* Both closed: in TIME_WAIT segments may go to the host unread. */
static bool over(const struct orc_conn *c)
{
    const struct orc_receive *r = &c->receive;
    const struct orc_send *s = &c->send;
    return s->fin_sent && s->una_possible > s->fin && (r->fins || r->fin_before || r->fin_lenient);
}

bool orc_sender_judged(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_timing *t = &c->timing;
    bool wire = !o->ever_waived && !o->transmit_failed && !o->link_down;
    return t->on && !t->not_judged && wire && o->parameters_known &&
           t->adapter == o->adapter_changes && orc_running(o, c) && !orc_path_invalid(o, c) &&
           !over(c);
}

void orc_full_sizes(struct oracle *o, const struct orc_conn *c, int64_t *least, int64_t *most)
{
    const struct orc_object *path = orc_object(o, c->path);
    int64_t fixed = c->version == 6 ? 60 : 40;
    *least = *most = c->remote_mss;
    if (path) {
        int64_t now = (int64_t)path->mtu - fixed, before = (int64_t)path->mtu_old - fixed;
        int64_t low = now < before ? now : before, high = now < before ? before : now;
        *least = low < *least ? low : *least;
        *most = high < *most ? high : *most;
    }
    int64_t link = (int64_t)o->link_mtu - 4 - fixed; /* a tag may have to fit */
    if (o->link_mtu && link < *least) {
        *least = link;
    }
}

bool orc_filler(const struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_send *s = &c->send;
    return f->end == s->max && f->end - f->begin == 1 && s->una_possible == s->max;
}

bool orc_sender_pending(const struct orc_conn *c)
{
    const struct orc_send *s = &c->send;
    bool fin = s->fin_asked && s->una_possible <= s->fin;
    return s->handed > s->una_possible || fin || s->max_least > s->una_possible;
}

enum orc_rule orc_timer_rule(const struct oracle *o, uint64_t expected_ns, uint64_t actual_ns,
                             enum orc_rule plain)
{
    static const uint32_t factors[] = {10, 100};
    uint64_t slack = orc_slack_ns(o) + actual_ns / 50;
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t shorter = expected_ns / factors[i], longer = expected_ns * factors[i];
        bool like_shorter =
            shorter > slack && actual_ns + slack > shorter && actual_ns < shorter + slack;
        bool like_longer = actual_ns + slack > longer && actual_ns < longer + slack;
        if (like_shorter || like_longer) {
            return ORC_TMR_TICK_1; /* as if it ran in another unit */
        }
    }
    return plain;
}

void orc_sender_begin(struct oracle *o, struct orc_conn *c, const void *delegated)
{
    struct orc_timing *t = &c->timing;
    struct orc_flight kept = t->flight;
    memset(t, 0, sizeof(*t));
    t->flight = kept;
    orc_flight_reset(&t->flight);
    memcpy(&t->handed, delegated, orc_delegated_bytes(delegated));
    t->on = c->sane && c->version && o->parameters_known;
    t->adapter = o->adapter_changes;
    t->parameters = t->begun_parameters = o->parameters_set;
    t->rates = o->rates_set;
    t->smoothed_ns = orc_ticks_ns(o, t->handed.SRtt) / 8;
    t->variation_ns = orc_ticks_ns(o, t->handed.RttVar) / 4;
    t->begun_ns = t->begun_left_ns = o->event->time_ns;
    t->received_ns = t->received_sure_ns = t->data_ns = t->ts_ns = t->sent_ns = t->begun_ns;
    t->ts_value = t->handed.TsTime;
    t->stepped = t->handed.SndNxt != t->handed.SndMax;
    t->dirty_step = o->steps + 1;
    orc_flight_begin(o, c);
    orc_edge_begin(o, c);
    orc_rto_begin(o, c);
    orc_recovery_begin(o, c);
    orc_congestion_begin(o, c);
    orc_persist_begin(o, c);
    orc_keepalive_begin(o, c);
    orc_fin_wait_begin(o, c);
}

/* Until the completion the target may have started its timers at any time. */
void orc_sender_begun(struct oracle *o, struct orc_conn *c)
{
    struct orc_timing *t = &c->timing;
    t->begun_left_ns = o->event->time_ns;
    t->dirty_step = o->steps + 1;
    if (t->keepalive.handed) {
        t->keepalive.high_ns += t->begun_left_ns - t->begun_ns;
    }
}

void orc_sender_dirty(struct oracle *o, struct orc_conn *c)
{
    c->timing.dirty_step = o->steps + 1;
}

/* Settings have changed: what was being measured is void. */
static void catch_up(struct oracle *o, struct orc_conn *c)
{
    struct orc_timing *t = &c->timing;
    if (t->parameters != o->parameters_set) {
        t->parameters = o->parameters_set;
    }
    if (t->rates != o->rates_set) {
        t->rates = o->rates_set;
        t->rto.armed = t->persist.exact = t->keepalive.known = false;
        t->fin2_ns = 0;
    }
}

static void note_arrival(const struct oracle *o, struct orc_timing *t)
{
    t->dirty_step = o->steps + 1;
    t->judged_end = false;
    t->received_ns = o->event->time_ns;
    t->received_count = t->received_step == o->steps + 1 ? t->received_count + 1 : 1;
    t->received_step = o->steps + 1;
}

void orc_sender_received(struct oracle *o, struct orc_conn *c, struct orc_received *h)
{
    struct orc_timing *t = &c->timing;
    if (!t->on) {
        return;
    }
    catch_up(o, c);
    note_arrival(o, t);
    t->received_sure_ns = h->sure ? t->received_ns : t->received_sure_ns;
    t->reopened = (t->reopened && t->received_count > 1) || !h->open_before;
    bool moved = h->ack > h->una_sure_before && h->ack <= c->send.max;
    bool sample = moved && orc_flight_acked(o, c, h);
    orc_rto_received(o, c, h, sample);
    orc_recovery_received(o, c, h);
    orc_congestion_received(o, c, h);
    orc_persist_received(o, c, h);
    orc_keepalive_received(o, c, h);
    orc_fin_wait_received(o, c, h);
    orc_edge_received(o, c, h);
    orc_dirty(o, c);
}

/* What orc_sender_received comes to when the segment acknowledges nothing, reports nothing, leaves
 * the window as it was, and nothing is on the way. */
void orc_sender_passed(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    struct orc_timing *t = &c->timing;
    note_arrival(o, t);
    t->received_sure_ns = t->received_ns;
    t->reopened = t->reopened && t->received_count > 1;
    t->rto.quiet = false;
    t->recovery.resent_step = 0;
    t->congestion.dups++;
    t->persist.exact = t->persist.on = false;
    t->edge_now = s->ack + (int64_t)c->send.window;
    t->edge = t->edge_now > t->edge ? t->edge_now : t->edge;
    t->set_from = s->begin;
    t->window_sequence = s->tcp->sequence;
    t->window_sequence_sure = true;
    orc_keepalive_anew(o, c);
}

/* A path that is being updated makes dirty every connection that shares it. */
static bool path_moves(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_object *path = orc_object(o, c->path);
    return path && (path->update_open || path->update_step == o->steps);
}

void orc_sender_sent(struct oracle *o, const struct tap_event *ev, struct orc_conn *c,
                     const struct orc_packet *packet, int64_t begin)
{
    struct orc_timing *t = &c->timing;
    const struct orc_tcp *tcp = &packet->tcp;
    const struct orc_send *s = &c->send;
    if (!t->on) {
        return;
    }
    catch_up(o, c);
    if (ev->status != NDIS_STATUS_SUCCESS) {
        t->not_judged = true;
        c->upload_reasons.again = true; /* what was refused the target has to send again */
        return;
    }
    if (tcp->flags & TCP_RST) {
        orc_place_reset(o, c, tcp, begin);
        return;
    }
    struct orc_sent f = {.packet = packet, .begin = begin};
    f.end = begin + tcp->length + ((tcp->flags & TCP_FIN) ? 1 : 0);
    f.data = f.end > f.begin;
    f.fresh = f.data && f.end > s->max;
    f.again = f.data && f.begin < s->max_least;
    f.spontaneous =
        t->dirty_step != o->steps + 1 && o->parameters_step != o->steps + 1 && !path_moves(o, c);
    if (orc_sender_judged(o, c)) {
        orc_place_sent(o, c, &f);
        if (f.data) { /* else they have nothing to say */
            orc_edge_sent(o, c, &f);
            orc_nagle_sent(o, c, &f);
        }
        orc_persist_sent(o, c, &f);
        orc_keepalive_sent(o, c, &f);
        if (f.data) {
            orc_recovery_sent(o, c, &f);
            orc_congestion_sent(o, c, &f);
            orc_rto_sent(o, c, &f);
        }
    }
    if (f.data) {
        orc_upload_reasons_sent(o, c, &f);
        orc_flight_sent(o, c, f.begin, f.end);
        t->data_ns = ev->time_ns;
        t->sent_step = o->steps + 1;
    }
    t->sent_ns = ev->time_ns;
    if (tcp->has_timestamp) {
        t->ts_value = tcp->ts_value;
        t->ts_ns = ev->time_ns;
    }
}

void orc_sender_step(struct oracle *o, struct orc_conn *c)
{
    if (!orc_sender_judged(o, c)) {
        return;
    }
    catch_up(o, c);
    orc_nagle_step(o, c);
    orc_recovery_step(o, c);
    orc_persist_step(o, c);
    orc_rto_step(o, c);
    orc_giveup_step(o, c);
    orc_keepalive_step(o, c);
    orc_fin_wait_step(o, c);
}

void orc_sender_rest(struct orc_conn *c)
{
    struct orc_timing *t = &c->timing;
    t->edge = t->edge_now;
    t->congestion.window_step = t->congestion.window;
    t->congestion.dups = t->congestion.advanced ? 0 : t->congestion.dups;
    t->congestion.advanced = false;
    t->recovery.dups_step = t->recovery.dups_possible;
}

/* Retrieve(TimeoutExpiration), before it counts. */
void orc_sender_reported(struct oracle *o, struct orc_conn *c)
{
    orc_giveup_reported(o, c);
    orc_fin_wait_reported(o, c);
    orc_keepalive_ended(c);
}

/* An RST or a SYN in the window, not at RcvNxt. */
void orc_sender_challenged(struct oracle *o, struct orc_conn *c, bool sure)
{
    c->timing.dirty_step = o->steps + 1;
    if (c->timing.on) {
        orc_keepalive_challenged(o, c, sure);
        orc_dirty(o, c);
    }
}

void orc_sender_updated(struct oracle *o, struct orc_conn *c, bool done)
{
    c->timing.dirty_step = o->steps + 1;
    if (c->timing.on) {
        orc_giveup_update(o, c, done);
        orc_keepalive_update(o, c, done);
    }
}

void orc_sender_ending(struct oracle *o, struct orc_conn *c)
{
    c->timing.judged_end = orc_sender_judged(o, c);
}

void orc_sender_state(struct oracle *o, struct orc_conn *c, const void *delegated, bool final)
{
    TCP_OFFLOAD_STATE_DELEGATED d;
    memcpy(&d, delegated, NDIS_SIZEOF_TCP_OFFLOAD_STATE_DELEGATED_6_0);
    if (c->timing.on) {
        orc_fin_wait_state(o, c, &d, final);
        if (final) {
            orc_keepalive_final(o, c, &d);
        }
    }
    if (final ? !c->timing.judged_end : !orc_sender_judged(o, c)) {
        return;
    }
    orc_edge_state(o, c, &d);
    orc_rtt_judge(o, c, &d);
    orc_rto_state(o, c, &d);
    orc_congestion_state(o, c, &d);
    orc_persist_state(o, c, &d);
    orc_keepalive_state(o, c, &d);
}
