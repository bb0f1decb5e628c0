/* SPDX-License-Identifier: MIT */
#include "oracle/taps.h"

#include "oracle/base/events.h"
#include "oracle/model/calls.h"

void orc_enter(struct oracle *o, const struct tap_event *ev)
{
    struct orc_call *call = orc_call_enter(o, ev);
    if (call) {
        orc_fire(o, ORC_ENTER, ev->fn, ev, call);
    }
}

void orc_leave(struct oracle *o, const struct tap_event *ev)
{
    const struct orc_call *open = orc_call_open(o, ev);
    if (open) {
        struct orc_call call = *open; /* what is nested in it may move the stack */
        orc_fire(o, ORC_LEAVE, ev->fn, ev, &call);
        orc_call_leave(o, ev);
    }
}

void orc_point(struct oracle *o, const struct tap_event *ev)
{
    if (ev->fn == TAP_NBL) {
        struct orc_call *call = orc_call_top(o, ev->cpu);
        if (call && ev->ptr) {
            orc_fire(o, ORC_LIST, call->fn, ev, call);
        }
    } else {
        orc_fire(o, ORC_POINT, ev->fn, ev, orc_call_top(o, ev->cpu));
    }
}
