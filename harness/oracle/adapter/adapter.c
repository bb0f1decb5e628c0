/* SPDX-License-Identifier: MIT
 *
 * Requests to the adapter and what it tells of itself.
 */
#include "oracle/adapter/adapter.h"
#include "oracle/adapter/counts.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/report/report.h"

#include <string.h>

void orc_adapter_begin(struct oracle *o)
{
    struct orc_adapter *x = o->adapter;
    x->upload_all = ORC_NONE;
    x->vlan_event = x->rss_event = x->failed_event = x->failed_left = ORC_NONE;
    x->idle_ns = ORC_NEVER;
}

void orc_adapter_request(struct oracle *o, const struct tap_event *ev)
{
    struct orc_adapter *x = o->adapter;
    uint32_t state = NdisDeviceStateD0;
    orc_request_made(o, ev);
    if (ev->data.request.oid == OID_PNP_SET_POWER && ev->data.request.set && ev->ptr &&
        ev->data.request.bytes >= sizeof(state)) {
        memcpy(&state, ev->ptr, sizeof(state));
        x->sleeping = state != NdisDeviceStateD0;
    }
    if (ev->data.request.oid == OID_GEN_RECEIVE_SCALE_PARAMETERS && ev->data.request.set) {
        x->rss_event = ev->seq;
    }
}

/* A request ended, at once or later. */
void orc_adapter_done(struct oracle *o, const struct tap_event *ev)
{
    struct orc_adapter *x = o->adapter;
    orc_request_ended(o, ev);
    if (ev->status != NDIS_STATUS_SUCCESS) {
        return;
    }
    if (ev->data.request.oid == OID_GEN_VLAN_ID && ev->data.request.set && ev->ptr) {
        uint32_t vlan;
        memcpy(&vlan, ev->ptr, sizeof(vlan));
        x->vlan = (uint16_t)vlan;
        x->vlan_event = ev->seq;
    }
    if (ev->data.request.oid == OID_PNP_SET_POWER && ev->data.request.set) {
        x->low = x->sleeping;
    }
    if (ev->data.request.oid == OID_PNP_SET_POWER && ev->data.request.set && x->sleeping) {
        x->sleeping = false;
        orc_ran(o, ORC_TERM_POWER_1);
        if (o->connections->live &&
            !o->adapter->leaving) { /* a card that is pulled out takes them with it */
            orc_fail(o, ORC_NONE, ORC_TERM_POWER_1,
                     "leaving D0 succeeds when every connection is terminated",
                     orc_text(o, "SUCCESS with %u offloaded", o->connections->live));
        }
    }
    if (ev->ptr) {
        orc_counts_request(o, ev);
    }
}

void orc_adapter_status(struct oracle *o, int32_t code)
{
    if (code == NDIS_STATUS_OFFLOAD_PAUSE) {
        o->adapter->paused = true;
    } else if (code == NDIS_STATUS_OFFLOAD_RESUME) {
        o->ran[ORC_STAT_PAUSE_1] += o->adapter->paused; /* it does not last for good */
        o->adapter->paused = false;
    }
}

#define RESUME_MOST_NS 1000000000u /* a target may think about it for so long */

/* At rest. The documents oblige no target to resume; but paused with nothing left to serve, it has
 * ended offloading for good. */
void orc_adapter_rest(struct oracle *o)
{
    uint64_t now = o->event->time_ns;
    struct orc_adapter *x = o->adapter;
    bool idle = x->paused && !o->connections->live && !o->adapter->leaving && !x->low &&
                !x->sleeping && o->adapter->phase == ORC_ADAPTER_RUNNING && !x->broken;
    if (!idle) {
        x->idle_ns = ORC_NEVER;
    } else if (x->idle_ns == ORC_NEVER) {
        x->idle_ns = now;
    } else if (now - x->idle_ns > RESUME_MOST_NS) {
        orc_warn(o, ORC_NONE, ORC_STAT_PAUSE_1,
                 "OFFLOAD_RESUME within a second, with nothing offloaded any more", "none");
        x->paused = false; /* said once */
    }
}

/* A send of an offloaded connection came back. */
void orc_adapter_send(struct oracle *o, const struct orc_conn *c, int32_t status)
{
    if (o->adapter->paused || status == NDIS_STATUS_PAUSED) {
        orc_ran(o, ORC_STAT_PAUSE_1);
    }
    if (status == NDIS_STATUS_PAUSED) {
        orc_fail(o, orc_ordinal(o, c), ORC_STAT_PAUSE_1,
                 "offloaded sends go on while offloading is paused", "NDIS_STATUS_PAUSED");
    }
}
