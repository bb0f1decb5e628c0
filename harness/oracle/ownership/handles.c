/* SPDX-License-Identifier: MIT */
#include "oracle/ownership/handles.h"
#include "oracle/model/calls.h"
#include "oracle/report/report.h"

void orc_handle_upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    bool connection = ev->fn == TAP_RCV_INDICATE || ev->fn == TAP_EVENT;
    enum orc_rule rule = connection ? ORC_IND_HND_1 : ORC_REG_CTX_1;
    (void)call;
    orc_ran(o, rule);
    if (ev->data.upcall.wrong_handle) {
        orc_fail(o, ev->conn, rule, "the handle that NDIS gave for this purpose",
                 orc_text(o, "another one in %s", tap_fn_name((enum tap_fn)ev->fn)));
    }
}
