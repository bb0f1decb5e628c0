/* SPDX-License-Identifier: MIT
 *
 * Who owns each list: host -> target -> host for requests, target -> host -> target for indicated
 * ones.
 */
#include "oracle/ownership/owner.h"
#include "oracle/report/report.h"

static const char *owner_name(uint8_t owner)
{
    return owner == OWNER_HOST ? "the host" : owner == OWNER_TARGET ? "the target" : "nobody";
}

struct orc_nbl *orc_owner_handed(struct oracle *o, const struct tap_event *ev,
                                 const struct tap_nbl *list, struct orc_call *call)
{
    struct orc_nbl *nbl = orc_nbl(o, list->id);
    if (!nbl) {
        return NULL;
    }
    *nbl = (struct orc_nbl){.owner = OWNER_TARGET,
                            .role = (uint8_t)list->role,
                            .fn = call ? call->fn : ev->fn,
                            .cpu = ev->cpu,
                            .conn = list->conn,
                            .handed = call ? call->seq : ev->seq,
                            .left = ORC_NONE,
                            .previous = ORC_NONE,
                            .next = ORC_NONE,
                            .call_next = ORC_NONE,
                            .length = list->length,
                            .prefill = list->prefill,
                            .no_push = list->no_push,
                            .time_ns = ev->time_ns};
    if (call) {
        if (call->list_last == ORC_NONE) {
            call->list_first = list->id;
        } else {
            o->lists->nbl[call->list_last].call_next = list->id;
        }
        call->list_last = list->id;
    }
    o->ownership->target_lists++;
    return nbl;
}

static void judge_fault(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list)
{
    const char *expected = "a list that the target owns, given back once through its function";
    switch (list->fault) {
    case NBL_OK:
        break;
    case NBL_UNKNOWN:
        orc_fail_hard(o, ev->conn, ORC_OWN_ONCE_1, expected,
                      "a pointer that is no list, or one already freed");
        break;
    case NBL_NOT_OWNED:
        orc_fail_hard(o, list->conn, ORC_OWN_ONCE_1, expected,
                      orc_text(o, "list %u (%s) again or never the target's", list->id,
                               tap_role_name(list->role)));
        break;
    case NBL_WRONG_ROLE:
        orc_fail_hard(o, list->conn, ORC_OWN_ONCE_1, expected,
                      orc_text(o, "list %u (%s) through the wrong function", list->id,
                               tap_role_name(list->role)));
        break;
    case NBL_CYCLE:
        orc_fail_hard(o, list->conn, ORC_OWN_ONCE_1, expected,
                      orc_text(o, "a chain that comes back to list %u", list->id));
        break;
    }
}

struct orc_nbl *orc_owner_back(struct oracle *o, const struct tap_event *ev,
                               const struct tap_nbl *list)
{
    orc_ran(o, ORC_OWN_ONCE_1);
    orc_ran(o, ORC_OWN_HOLD_1);
    if (list->fault != NBL_OK) {
        judge_fault(o, ev, list);
        return NULL;
    }
    struct orc_nbl *nbl = orc_nbl(o, list->id);
    if (!nbl || nbl->owner == OWNER_NOBODY) {
        return NULL; /* its handing over was not shown */
    }
    if (nbl->owner != OWNER_TARGET) {
        orc_fail_hard(o, list->conn, ORC_OWN_ONCE_1, "a list that the target owns",
                      orc_text(o, "list %u, which %s owns", list->id, owner_name(nbl->owner)));
        return NULL;
    }
    orc_ran(o, ORC_OWN_FIELD_1);
    orc_ran(o, ORC_RCV_BOUND_1);
    if (!list->fields_intact) {
        orc_fail(o, list->conn, ORC_OWN_FIELD_1, "only the target's own fields of the list written",
                 orc_text(o, "list %u came back with other fields changed", list->id));
    }
    if (!list->slack_intact) {
        orc_fail(o, list->conn, ORC_RCV_BOUND_1, "data inside the buffer's window only",
                 orc_text(o, "bytes beside the window of list %u changed", list->id));
    }
    if (nbl->role != ROLE_POST) {
        orc_ran(o, ORC_InvariantMdl);
    }
    if (!list->data_intact) {
        orc_fail(o, list->conn, ORC_InvariantMdl, "the data that was handed down to be sent",
                 orc_text(o, "bytes of list %u (%s) changed", list->id, tap_role_name(list->role)));
    }
    o->ran[ORC_FWD_OWN_1] += nbl->role == ROLE_FORWARD;
    nbl->owner = OWNER_HOST;
    o->ownership->target_lists--;
    return nbl;
}

void orc_owner_indicated(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list)
{
    orc_ran(o, ORC_OWN_RETURN_1);
    orc_ran(o, ORC_OWN_POOL_1);
    if (list->fault != NBL_OK) {
        judge_fault(o, ev, list);
        return;
    }
    struct orc_nbl *nbl = orc_nbl(o, list->id);
    if (nbl && nbl->owner == OWNER_HOST) {
        orc_fail_hard(o, list->conn, ORC_OWN_RETURN_1, "a list that the target owns",
                      orc_text(o, "list %u indicated again while the host holds it", list->id));
    }
    if (list->nb_count != 1 && ev->fn == TAP_NBL) {
        orc_fail(o, list->conn, ORC_OWN_POOL_1, "one NET_BUFFER in an indicated list",
                 orc_text(o, "%u", list->nb_count));
    }
}

/* The host keeps an indicated list: an accepted indication, buffered data of a terminate, a frame.
 */
void orc_owner_to_host(struct oracle *o, uint32_t id, uint32_t conn, uint8_t fn)
{
    struct orc_nbl *nbl = orc_nbl(o, id);
    if (!nbl || nbl->owner == OWNER_HOST) {
        return;
    }
    nbl->owner = OWNER_HOST;
    nbl->role = ROLE_INDICATED;
    nbl->fn = fn;
    nbl->conn = conn;
    nbl->handed = o->event->seq;
    o->ownership->host_lists++;
    o->ownership->host_ordinary += fn == TAP_NONOFF_INDICATE;
}

/* One return may name lists of several connections, also of some that are gone. */
static void judge_mixture(struct oracle *o, const struct orc_nbl *nbl)
{
    struct orc_call *call = orc_call_top(o, o->event->cpu);
    if (call->lists++ && call->counted != nbl->conn) {
        o->ownership->mixed_returns++;
        orc_ran(o, ORC_OWN_RETURN_2);
    }
    call->counted = nbl->conn;
}

void orc_owner_returned(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_nbl *nbl = list->fault == NBL_OK ? orc_nbl(o, list->id) : NULL;
    if (!nbl) {
        return;
    }
    if (nbl->owner != OWNER_HOST || list->role != ROLE_INDICATED) {
        orc_fail_host(o, list->conn, ORC_OWN_RETURN_1, "the host returns what it was given, once",
                      orc_text(o, "list %u", list->id));
        return;
    }
    o->ran[ORC_TERM_BUF_2] += nbl->fn == TAP_TERMINATE_COMPLETE;
    if (call && call->fn == TAP_RETURN) {
        judge_mixture(o, nbl);
    }
    bool raw = nbl->fn == TAP_NONOFF_INDICATE;
    if (call && raw != (call->fn == TAP_HOST_RETURN)) {
        orc_fail_host(o, list->conn, ORC_OWN_POOL_1, "a return through the path of the indication",
                      orc_text(o, "list %u came up through the other one", list->id));
    }
    nbl->owner = OWNER_TARGET;
    if (o->ownership->host_lists) {
        o->ownership->host_lists--;
        o->ownership->host_ordinary -= raw;
    }
}

void orc_owner_call_left(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    for (uint32_t id = call->list_first; id != ORC_NONE; id = o->lists->nbl[id].call_next) {
        if (o->lists->nbl[id].handed == call->seq) {
            o->lists->nbl[id].left = ev->seq;
        }
        if (id == call->list_last) {
            break;
        }
    }
    if (ev->fn == TAP_RETURN) {
        orc_ran(o, ORC_OWN_RETURN_3);
        if (ev->status != NDIS_STATUS_SUCCESS) {
            orc_fail(o, ev->conn, ORC_OWN_RETURN_3, "SUCCESS", orc_status_name(o, ev->status));
        }
        return;
    }
    orc_ran(o, ORC_OWN_PEND_1);
    if (ev->status != NDIS_STATUS_PENDING) {
        orc_fail(o, ev->conn, ORC_OWN_PEND_1,
                 orc_text(o, "%s returns PENDING", tap_fn_name((enum tap_fn)ev->fn)),
                 orc_status_name(o, ev->status));
    }
}

void orc_owner_end(struct oracle *o)
{
    if (!o->ownership->target_lists) {
        return;
    }
    for (uint32_t i = 0; i < o->lists->nbls; i++) {
        const struct orc_nbl *nbl = &o->lists->nbl[i];
        bool request = nbl->role != ROLE_INDICATED && nbl->role != ROLE_BUFFERED;
        if (nbl->owner == OWNER_TARGET && request) {
            orc_fail(o, nbl->conn, ORC_OWN_ONCE_1, "every list given back by the end",
                     orc_text(o, "list %u (%s, handed over at event %u) never came back", i,
                              tap_role_name((enum tap_role)nbl->role), nbl->handed));
        }
    }
}
