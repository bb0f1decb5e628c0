/* SPDX-License-Identifier: MIT
 *
 * Registration, adapter life, faults, misuse of primitives, leaks.
 */
#include "oracle/adapter/life.h"
#include "oracle/adapter/adapter.h"
#include "oracle/adapter/attributes.h"
#include "oracle/adapter/failure.h"
#include "oracle/adapter/reach.h"
#include "oracle/adapter/verifier.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ownership/owner.h"
#include "oracle/report/report.h"

#include <string.h>

static enum orc_rule misuse_rule(const struct tap_event *ev)
{
    enum orc_rule rule = orc_verifier_misuse(ev);
    if (rule != ORC_NO_RULE) {
        return rule;
    }
    switch (ev->data.misuse.what) {
    case MISUSE_BAD_POINTER:
    case MISUSE_NULL:
        return ORC_OWN_HOLD_1;
    case MISUSE_POOL_BUSY:
    case MISUSE_WORK_QUEUED:
        return ORC_LIFE_LEAK_1;
    case MISUSE_WRONG_POOL:
        return ORC_OWN_POOL_1;
    case MISUSE_ADVANCE_TOO_FAR:
        return ORC_RCV_ADV_1;
    case MISUSE_STRUCTURE:
        return ORC_REG_HND_1;
    case MISUSE_FREE_INDICATED:
        return ORC_OWN_RETURN_1;
    case MISUSE_SEQUENCE:
    case MISUSE_HANDLE:
    default:
        return ORC_REG_CTX_1;
    }
}

/* Frames that never came back after such returns. */
static bool lost_list(const struct oracle *o, const struct tap_event *ev)
{
    return ev->data.misuse.what == MISUSE_POOL_BUSY && o->ownership->mixed_returns;
}

/* A list that is missing after returns that mixed connections was lost there. */
static enum orc_rule leak_rule(const struct oracle *o, const struct tap_event *ev)
{
    bool list =
        ev->data.memory.resource == RESOURCE_NBL || ev->data.memory.resource == RESOURCE_NB ||
        ev->data.memory.resource == RESOURCE_MDL || ev->data.memory.resource == RESOURCE_FRAME;
    if (list && o->ownership->mixed_returns) {
        return ORC_OWN_RETURN_2;
    }
    if (ev->data.memory.resource == RESOURCE_CONFIGURATION) {
        return ORC_NdisOpenConfigurationEx;
    }
    return o->verifier->initialize_failed ? ORC_FailedInitialize : ORC_LIFE_LEAK_1;
}

static void judge_optional(struct oracle *o, const struct tap_event *ev)
{
    if (ev->status != NDIS_STATUS_SUCCESS && ev->data.optional.right) {
        return; /* refused by a fault */
    }
    orc_ran(o, ORC_REG_HND_1);
    if (!ev->data.optional.inside || !ev->data.optional.right) {
        orc_fail(o, ORC_NONE, ORC_REG_HND_1,
                 "two right characteristics structures set inside MiniportSetOptions",
                 ev->data.optional.inside
                     ? "a structure with a wrong size, type or a missing handler"
                     : "a call outside of MiniportSetOptions");
    }
    if (ev->data.optional.type ==
        NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS) {
        o->adapter->optional_generic++;
    } else {
        o->adapter->optional_tcp++;
    }
}

static void take_parameters(struct oracle *o, const struct tap_event *ev)
{
    const NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *parameters = ev->ptr;
    if (parameters && parameters->TicksPerSecond) {
        o->parameters->rates_set += o->parameters->ticks_per_second != parameters->TicksPerSecond;
        o->parameters->known = true;
        orc_set_rate(o, parameters->TicksPerSecond);
        o->parameters->push_ticks = parameters->TcpPushTicks;
        o->parameters->delayed_ticks = parameters->TcpDelayedAckTicks;
        o->parameters->ack_frequency = parameters->TcpAckFrequency;
        o->parameters->stale_ticks = parameters->NceStaleTicks;
        o->parameters->event = ev->seq;
        o->parameters->sets++;
        o->parameters->step = o->steps + 1;
        o->parameters->max_retransmissions_old = o->parameters->max_retransmissions;
        o->parameters->max_retransmissions = parameters->TcpMaximumRetransmissions;
        o->parameters->dup_threshold_old = o->parameters->dup_threshold;
        o->parameters->dup_threshold = parameters->TcpDuplicateAckThreshold;
        o->parameters->sws_ticks = parameters->TcpSwsPreventionTicks;
    }
}

static void report_misuse(struct oracle *o, const struct tap_event *ev)
{
    enum orc_rule rule = lost_list(o, ev) ? ORC_OWN_RETURN_2 : misuse_rule(ev);
    if (ev->data.misuse.least) {
        orc_fail_hard(
            o, ev->conn, rule,
            orc_text(o, "a structure of at least %u bytes in its revision", ev->data.misuse.least),
            orc_text(o, "one of %u", ev->data.misuse.size));
        return;
    }
    orc_fail_hard(o, ev->conn, rule, "the contract of the primitive kept",
                  orc_text(o, "%s%s", tap_misuse_name((enum tap_misuse)ev->data.misuse.what),
                           ev->object == TAP_NONE ? "" : orc_text(o, " (object %u)", ev->object)));
}

/* What stood still for a while goes on, if nothing else keeps it. */
static void resume(struct orc_adapter *x)
{
    if (!x->leaving && !x->pausing && !x->stopped && !x->low && !x->sleeping) {
        x->phase = ORC_ADAPTER_RUNNING;
    }
}

/* A request ended: back in D0 the adapter runs again. */
static void adapter_answered(struct oracle *o, const struct tap_event *ev)
{
    orc_adapter_done(o, ev);
    if (ev->data.request.oid == OID_PNP_SET_POWER && ev->data.request.set &&
        ev->status == NDIS_STATUS_SUCCESS) {
        resume(o->adapter);
    }
}

void orc_life_point(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    switch (ev->fn) {
    case TAP_ALLOC:
        if (ev->status != NDIS_STATUS_SUCCESS) {
            orc_faults_starved(o, ev);
        }
        break;
    case TAP_OPTIONAL:
        judge_optional(o, ev);
        break;
    case TAP_ATTRIBUTES:
        orc_attributes_set(o, ev);
        break;
    case TAP_HANDLERS:
        orc_ran(o, ORC_REG_HND_2);
        if (!ev->data.optional.inside) {
            orc_fail(o, ORC_NONE, ORC_REG_HND_2,
                     "NdisMGetOffloadHandlers inside MiniportInitializeEx", "outside of it");
        }
        o->adapter->handlers_tcp += ev->data.optional.type == NdisTcpChimneyOffload;
        break;
    case TAP_MISUSE:
        report_misuse(o, ev);
        break;
    case TAP_SETTING: /* what the administrator limits is not the card's */
        o->adapter->configured = true;
        break;
    case TAP_OID_DONE:
        adapter_answered(o, ev);
        break;
    case TAP_FAULT:
        orc_faults_switched(o, ev);
        break;
    case TAP_PARAMETERS:
        take_parameters(o, ev);
        break;
    case TAP_LEAK:
        orc_fail(o, ev->conn, leak_rule(o, ev), "everything freed at the end",
                 orc_text(o, "%s, %u bytes, allocated at event %u",
                          tap_resource_name((enum tap_resource)ev->data.memory.resource),
                          ev->data.memory.bytes, ev->data.memory.born));
        break;
    default:
        break;
    }
}

/* Paused: NDIS takes every frame that was indicated for given back. */
static void judge_paused(struct oracle *o)
{
    orc_ran(o, ORC_LIFE_RET_1);
    if (o->ownership->host_ordinary) {
        orc_fail(o, ORC_NONE, ORC_LIFE_RET_1, "no end of a pause while the host holds frames",
                 orc_text(o, "%u out", o->ownership->host_ordinary));
    }
    o->adapter->stopped = o->adapter->pausing; /* a restart may have overtaken it */
}

/* What is shown to the host after the end of a pause has no end to wait for. */
void orc_life_shown(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    if (!o->adapter->stopped || (ev->data.shown.flags & NDIS_RECEIVE_FLAGS_RESOURCES)) {
        return;
    }
    orc_ran(o, ORC_LIFE_RET_1);
    orc_fail(o, ORC_NONE, ORC_LIFE_RET_1, "no frame lent to the host while the adapter is paused",
             tap_fn_name((enum tap_fn)ev->fn));
}

/* From here on it stands still, or changes its state. */
static void halt_service(struct orc_adapter *x)
{
    x->changes++;
    x->phase = ORC_ADAPTER_CHANGING;
}

void orc_life_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    switch (ev->fn) {
    case TAP_PNP:
    case TAP_HALT:
        o->adapter->leaving = true;
        halt_service(o->adapter);
        break;
    case TAP_PAUSE:
        o->adapter->pausing = true;
        halt_service(o->adapter);
        break;
    case TAP_RESET:
        o->adapter->broken = false;
        halt_service(o->adapter);
        break;
    case TAP_RESTART:
        o->adapter->pausing = o->adapter->stopped = false;
        break;
    case TAP_NIC_FAILED:
        orc_failure_begin(o, ev);
        break;
    case TAP_OID:
        orc_adapter_request(o, ev);
        if (ev->data.request.oid == OID_PNP_SET_POWER && ev->data.request.set) {
            halt_service(o->adapter);
        }
        break;
    case TAP_NIC_LINK:
        orc_faults_linked(o, ev->data.link.connected);
        break;
    case TAP_PAUSE_COMPLETE:
        judge_paused(o);
        break;
    case TAP_RESTART_COMPLETE:
        if (ev->status == NDIS_STATUS_SUCCESS) {
            o->adapter->phase = ORC_ADAPTER_RUNNING;
        }
        break;
    case TAP_RESET_COMPLETE:
        if (ev->status == NDIS_STATUS_SUCCESS) {
            resume(o->adapter);
        }
        break;
    case TAP_STATUS:
        if (ev->status == NDIS_STATUS_UPLOAD_ALL && o->adapter->upload_all == ORC_NONE) {
            o->adapter->upload_all = ev->seq;
        }
        orc_adapter_status(o, ev->status);
        o->adapter->status_open++;
        o->adapter->upload_all_open += ev->status == NDIS_STATUS_UPLOAD_ALL;
        break;
    case TAP_MEVENT:
        orc_reach_query(o, ev);
        o->adapter->mevent_open++;
        break;
    default:
        break;
    }
}

/* A driver that does not start would keep every other rule. */
static void judge_refusal(struct oracle *o, const struct tap_event *ev, const struct orc_call *call)
{
    if (orc_short_since(o, call ? call->seq : 0)) {
        return;
    }
    orc_fail(o, ORC_NONE, ev->fn == TAP_INITIALIZE ? ORC_REG_HND_2 : ORC_REG_HND_1,
             "a start that succeeds when nothing was refused",
             orc_text(o, "%s returned %s (0x%08x)", tap_fn_name((enum tap_fn)ev->fn),
                      orc_status_name(o, ev->status), (uint32_t)ev->status));
}

/* What was registered counts no more. */
static void start_over(struct orc_adapter *x, enum tap_fn fn)
{
    if (fn == TAP_DRIVER_ENTRY) {
        x->optional_generic = x->optional_tcp = 0;
    }
    x->handlers_tcp = 0;
}

static void judge_registration(struct oracle *o, const struct tap_event *ev,
                               const struct orc_call *call)
{
    if (ev->status != NDIS_STATUS_SUCCESS) {
        judge_refusal(o, ev, call);
        start_over(o->adapter, ev->fn);
        return;
    }
    if (ev->fn == TAP_SET_OPTIONS &&
        (o->adapter->optional_generic != 1 || o->adapter->optional_tcp != 1)) {
        orc_fail(o, ORC_NONE, ORC_REG_HND_1,
                 "one generic and one TCP characteristics structure set",
                 orc_text(o, "%u and %u", o->adapter->optional_generic, o->adapter->optional_tcp));
    }
    if (ev->fn == TAP_INITIALIZE && o->adapter->handlers_tcp != 1) {
        orc_fail(o, ORC_NONE, ORC_REG_HND_2, "the TCP handlers fetched once at initialise",
                 orc_text(o, "%u times", o->adapter->handlers_tcp));
    }
    if (ev->fn == TAP_INITIALIZE) {
        orc_attributes_initialized(o);
        o->adapter->handlers_tcp = 0;
    }
}

void orc_life_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    switch (ev->fn) {
    case TAP_DRIVER_ENTRY:
    case TAP_SET_OPTIONS:
    case TAP_INITIALIZE:
        judge_registration(o, ev, call);
        break;
    case TAP_RESTART:
        if (ev->status == NDIS_STATUS_SUCCESS) {
            o->adapter->phase = ORC_ADAPTER_RUNNING;
        }
        break;
    case TAP_PAUSE:
        if (ev->status == NDIS_STATUS_SUCCESS) {
            judge_paused(o);
        }
        break;
    case TAP_HALT:
    case TAP_UNLOAD:
        orc_ran(o, ORC_LIFE_RET_1);
        if (o->ownership->host_lists) {
            orc_fail(o, ORC_NONE, ORC_LIFE_RET_1,
                     "no halt or unload while the host holds indicated lists",
                     orc_text(o, "%s returned with %u out", tap_fn_name((enum tap_fn)ev->fn),
                              o->ownership->host_lists));
        }
        o->adapter->phase = ORC_ADAPTER_DOWN;
        break;
    case TAP_STATUS:
        o->adapter->status_open -= o->adapter->status_open > 0;
        o->adapter->upload_all_open = o->adapter->status_open ? o->adapter->upload_all_open : 0;
        break;
    case TAP_MEVENT:
        orc_reach_answered(o, ev, call);
        o->adapter->mevent_open -= o->adapter->mevent_open > 0;
        break;
    case TAP_RESET:
        if (ev->status == NDIS_STATUS_SUCCESS) {
            resume(o->adapter);
        }
        break;
    case TAP_OID:
        adapter_answered(o, ev);
        break;
    case TAP_NIC_FAILED:
        orc_failure_left(o, ev);
        break;
    default:
        break;
    }
}

/* Whatever was still held has been reported by now (TAP_LEAK). */
void orc_life_end(struct oracle *o)
{
    orc_ran(o, ORC_LIFE_LEAK_1);
}
