/* SPDX-License-Identifier: MIT
 *
 * The oracle's table of contents, calls: which check sees the begin and the end of which, in which
 * order.
 */
#include "oracle/checks.h"

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
        orc_fail(o, ev->conn, connection ? ORC_IND_HND_1 : ORC_REG_CTX_1,
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
        orc_quiescence_acted(o, ev->conn, tap_fn_name((enum tap_fn)ev->fn));
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
        orc_life_shown(o, ev);
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

/* A call begins. */
void orc_enter(struct oracle *o, const struct tap_event *ev)
{
    struct orc_call *call = orc_call_enter(o, ev);
    if (!call) {
        return;
    }
    if (!orc_calls_into_target(ev->fn)) {
        upcall(o, ev, call);
        return;
    }
    orc_quiescence_enter(o, ev);
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

/* A call returns. */
void orc_leave(struct oracle *o, const struct tap_event *ev)
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
