/* SPDX-License-Identifier: MIT
 *
 * The oracle's table of contents: which check sees which event, in which order.
 */
#include "oracle/checks.h"

#include <stdlib.h>
#include <string.h>

struct oracle *oracle_new(void)
{
    struct oracle *o = calloc(1, sizeof(*o));
    if (o) {
        o->watch_due_ns = ORC_NEVER;
        o->upload_all = ORC_NONE;
        o->ran = o->ran_own;
    }
    return o;
}

void oracle_count_into(struct oracle *o, uint32_t *ran)
{
    o->ran = ran ? ran : o->ran_own;
}

const uint32_t *oracle_ran(const struct oracle *o)
{
    return o->ran;
}

void oracle_del(struct oracle *o)
{
    if (o) {
        orc_tables_free(o);
        free(o);
    }
}

void oracle_begin(struct oracle *o, const struct oracle_options *options, struct verdict *verdict)
{
    orc_tables_reset(o);
    o->options = options ? *options : (struct oracle_options){false};
    o->verdict = verdict;
    memset(o->ran, 0, sizeof(o->ran_own));
    o->event = NULL;
    o->closings = 0;
    size_t at = offsetof(struct oracle, short_of_memory);
    memset((uint8_t *)o + at, 0, sizeof(*o) - at);
    o->watch_due_ns = ORC_NEVER;
    o->upload_all = ORC_NONE;
    orc_set_rate(o, 0);
    struct orc_adapter_state *x = &o->adapter_state;
    x->vlan_event = x->rss_event = x->failed_event = x->failed_left = ORC_NONE;
    x->alloc_failed_event = ORC_NONE;
    x->idle_ns = ORC_NEVER;
    orc_verifier_begin(o);
}

static void data_call(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *c = orc_conn(o, ev->conn);
    (void)call;
    if (!c) {
        return;
    }
    orc_host_call(o, ev, c);
    switch (ev->fn) {
    case TAP_POST:
        c->post_open++;
        orc_post_enter(o, ev, c);
        break;
    case TAP_SEND:
        c->send_open++;
        orc_send_enter(o, ev, c);
        break;
    case TAP_DISCONNECT:
        c->disconnect_open++;
        orc_disconnect_enter(o, ev, c);
        break;
    default:
        c->forward_open++;
        orc_forward_enter(o, ev, c);
        break;
    }
}

static void data_call_left(struct oracle *o, const struct tap_event *ev,
                           const struct orc_call *call)
{
    struct orc_conn *c = orc_conn(o, call->conn);
    orc_owner_call_left(o, ev, call);
    if (!c) {
        return;
    }
    uint32_t *open = ev->fn == TAP_POST         ? &c->post_open
                     : ev->fn == TAP_SEND       ? &c->send_open
                     : ev->fn == TAP_DISCONNECT ? &c->disconnect_open
                                                : &c->forward_open;
    *open -= *open > 0;
    if (ev->fn == TAP_DISCONNECT) {
        orc_disconnect_leave(o, ev, call);
    }
}

static void judge_handle(struct oracle *o, const struct tap_event *ev)
{
    bool connection = ev->fn == TAP_RCV_INDICATE || ev->fn == TAP_EVENT;
    orc_ran(o, connection ? ORC_IND_HND_1 : ORC_REG_CTX_1);
    if (ev->d) {
        orc_fail(o, ev->conn, connection ? "IND-HND-1" : "REG-CTX-1",
                 "the handle that NDIS gave for this purpose",
                 orc_text(o, "another one in %s", tap_fn_name((enum tap_fn)ev->fn)));
    }
}

static void upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *c = orc_conn(o, ev->conn);
    orc_verifier_upcall(o, ev);
    judge_handle(o, ev);
    orc_serial_upcall(o, ev);
    if (ev->fn != TAP_QUERY_COMPLETE) {
        orc_repose_acted(o, ev->conn, tap_fn_name((enum tap_fn)ev->fn));
    }
    switch (ev->fn) {
    case TAP_RCV_INDICATE:
        if (c) {
            orc_serial_inside(o, ev, c);
            orc_indicate_enter(o, ev, c);
        }
        break;
    case TAP_EVENT:
        if (c) {
            orc_event_enter(o, ev, c);
        }
        break;
    case TAP_NONOFF_INDICATE:
        call->counted = ev->b;
        break;
    case TAP_INITIATE_COMPLETE:
    case TAP_QUERY_COMPLETE:
    case TAP_UPDATE_COMPLETE:
    case TAP_INVALIDATE_COMPLETE:
    case TAP_TERMINATE_COMPLETE:
        orc_state_complete(o, ev, call);
        break;
    default:
        orc_life_enter(o, ev);
        break;
    }
}

static void enter(struct oracle *o, const struct tap_event *ev)
{
    struct orc_call *call = orc_call_enter(o, ev);
    if (!call) {
        return;
    }
    if (!orc_calls_into_target(ev->fn)) {
        upcall(o, ev, call);
        return;
    }
    orc_repose_enter(o, ev);
    orc_verifier_enter(o, ev);
    switch (ev->fn) {
    case TAP_POST:
    case TAP_SEND:
    case TAP_DISCONNECT:
    case TAP_FORWARD:
        data_call(o, ev, call);
        break;
    case TAP_INITIATE:
    case TAP_QUERY:
    case TAP_UPDATE:
    case TAP_INVALIDATE:
    case TAP_TERMINATE:
        orc_state_enter(o, ev);
        break;
    case TAP_RETURN:
        o->resolving = true;
        break;
    default:
        orc_life_enter(o, ev);
        break;
    }
}

static void leave(struct oracle *o, const struct tap_event *ev)
{
    struct orc_call *open = orc_call_open(o, ev);
    if (!open) {
        return;
    }
    struct orc_call call = *open;
    if (orc_calls_into_target(ev->fn)) {
        orc_verifier_leave(o, ev);
    }
    switch (ev->fn) {
    case TAP_POST:
    case TAP_SEND:
    case TAP_DISCONNECT:
    case TAP_FORWARD:
        data_call_left(o, ev, &call);
        break;
    case TAP_RETURN:
        orc_owner_call_left(o, ev, &call);
        break;
    case TAP_INITIATE:
    case TAP_QUERY:
    case TAP_UPDATE:
    case TAP_INVALIDATE:
    case TAP_TERMINATE:
        orc_state_left(o, ev, &call);
        break;
    case TAP_RCV_COMPLETE:
        orc_serial_leave(o, ev, &call);
        break;
    case TAP_RCV_INDICATE:
        orc_serial_leave(o, ev, &call);
        orc_indicate_leave(o, ev, &call);
        break;
    case TAP_EVENT:
        orc_event_leave(o, ev, &call);
        break;
    case TAP_INITIATE_COMPLETE:
    case TAP_QUERY_COMPLETE:
    case TAP_UPDATE_COMPLETE:
    case TAP_INVALIDATE_COMPLETE:
    case TAP_TERMINATE_COMPLETE:
        orc_state_complete_left(o, ev, &call);
        break;
    default:
        orc_life_leave(o, ev, &call);
        break;
    }
    orc_call_leave(o, ev);
}

static void list_point(struct oracle *o, const struct tap_event *ev)
{
    struct orc_call *call = orc_call_top(o, ev->cpu);
    const struct tap_nbl *list = ev->ptr;
    if (!call || !list) {
        return;
    }
    switch (call->fn) {
    case TAP_POST:
        orc_post_list(o, ev, list, call);
        break;
    case TAP_SEND:
        orc_send_list(o, ev, list, call);
        break;
    case TAP_DISCONNECT:
        orc_disconnect_list(o, ev, list, call);
        break;
    case TAP_FORWARD:
        orc_forward_list(o, ev, list, call);
        break;
    case TAP_HOST_SEND:
        if (orc_owner_handed(o, ev, list, call)) {
            orc_verifier_sent(o, list->id);
        }
        orc_host_send_list(o, list);
        break;
    case TAP_RETURN:
    case TAP_HOST_RETURN:
        orc_owner_returned(o, ev, list);
        break;
    case TAP_RCV_COMPLETE:
        orc_receive_completed(o, ev, list, call);
        break;
    case TAP_SND_COMPLETE:
        orc_send_completed(o, ev, list);
        break;
    case TAP_DIS_COMPLETE:
        orc_disconnect_completed(o, ev, list);
        break;
    case TAP_FWD_COMPLETE:
        orc_forward_completed(o, ev, list);
        break;
    case TAP_HOST_SENT:
        if (orc_owner_back(o, ev, list)) {
            orc_verifier_back(o, list->id);
        }
        break;
    case TAP_RCV_INDICATE:
        orc_indicate_list(o, ev, list, call);
        break;
    case TAP_NONOFF_INDICATE:
        orc_nonoff_list(o, ev, list);
        break;
    default:
        orc_state_list(o, ev, list, call);
        break;
    }
}

static void point(struct oracle *o, const struct tap_event *ev)
{
    switch (ev->fn) {
    case TAP_NBL:
        list_point(o, ev);
        break;
    case TAP_BLOCK:
        orc_state_block(o, ev, orc_call_top(o, ev->cpu));
        break;
    case TAP_FRAME_IN:
        orc_frame_in(o, ev);
        break;
    case TAP_FRAME_OUT:
        orc_ran(o, ORC_DmaChecking);
        orc_frame_out(o, ev);
        break;
    case TAP_LOCK:
        orc_serial_lock(o, ev);
        break;
    case TAP_STEP:
        orc_step(o, ev);
        orc_verifier_step(o);
        break;
    case TAP_END:
        orc_end(o, ev);
        orc_verifier_end(o, ev);
        break;
    default:
        orc_verifier_point(o, ev);
        orc_growth_point(o, ev);
        orc_life_point(o, ev);
        break;
    }
}

void oracle_event(void *context, const struct tap_event *ev)
{
    struct oracle *o = context;
    o->event = ev;
    if (o->closings && ev->fn != TAP_NBL && ev->fn != TAP_BLOCK && ev->cpu == o->closing_cpu) {
        orc_terminate_flush(o);
    }
    switch (ev->kind) {
    case TAP_ENTER:
        enter(o, ev);
        break;
    case TAP_LEAVE:
        leave(o, ev);
        break;
    default:
        point(o, ev);
        break;
    }
    o->event = ev;
}
