/* SPDX-License-Identifier: MIT
 *
 * The oracle's table of contents, everything between the begin and the end of calls: which check
 * sees it, in which order.
 */
#include "oracle/checks.h"

/* A list of the call that is open. */
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

void orc_point(struct oracle *o, const struct tap_event *ev)
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
    case TAP_FRAME_BACK: /* what it carried is known since it came */
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
