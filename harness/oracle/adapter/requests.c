/* SPDX-License-Identifier: MIT
 *
 * Requests that every offload target answers: a right one succeeds, one that is too short does not.
 */
#include "oracle/adapter/adapter.h"
#include "oracle/adapter/attributes.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/report/report.h"

#include <string.h>

#define VLAN_MOST 0xFFFu

struct request {
    uint32_t oid, bytes; /* what it takes at least */
    bool set;
    enum orc_rule rule;
};

static const struct request known[] = {
    {OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, NDIS_SIZEOF_TCP_CONNECTION_OFFLOAD_PARAMETERS_1, true,
     ORC_REG_PAR_1},
    {OID_PNP_SET_POWER, sizeof(NDIS_DEVICE_POWER_STATE), true, ORC_TERM_POWER_1},
    {OID_GEN_VLAN_ID, sizeof(ULONG), true, ORC_INIT_VLAN_1},
    {OID_GEN_VLAN_ID, sizeof(ULONG), false, ORC_INIT_VLAN_1},
    {OID_TCP4_OFFLOAD_STATS, sizeof(TCP_OFFLOAD_STATS), false, ORC_STAT_CNT_1},
    {OID_TCP6_OFFLOAD_STATS, sizeof(TCP_OFFLOAD_STATS), false, ORC_STAT_CNT_1},
    {OID_IP4_OFFLOAD_STATS, sizeof(IP_OFFLOAD_STATS), false, ORC_STAT_CNT_1},
    {OID_IP6_OFFLOAD_STATS, sizeof(IP_OFFLOAD_STATS), false, ORC_STAT_CNT_1},
};

static const struct request *find(uint32_t oid, bool set)
{
    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].oid == oid && known[i].set == set) {
            return &known[i];
        }
    }
    return NULL;
}

static bool legal(const struct tap_event *ev)
{
    uint32_t value;
    if (!ev->data.request.set) {
        return true;
    }
    if (!ev->ptr) {
        return false;
    }
    if (ev->data.request.oid == OID_TCP_CONNECTION_OFFLOAD_PARAMETERS) {
        const NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *p = ev->ptr;
        return p->TicksPerSecond == 10 || p->TicksPerSecond == 100 || p->TicksPerSecond == 1000;
    }
    memcpy(&value, ev->ptr, sizeof(value));
    return ev->data.request.oid != OID_GEN_VLAN_ID || value <= VLAN_MOST;
}

void orc_request_made(struct oracle *o, const struct tap_event *ev)
{
    const struct request *request = find(ev->data.request.oid, ev->data.request.set);
    struct orc_requests *x = o->requests;
    x->too_short = request && ev->data.request.bytes < request->bytes;
    x->right = request && !x->too_short && legal(ev);
    x->made = ev->seq;
    x->given = ev->data.request.bytes;
}

/* Statistics of a version of IP that the target does not offload, which it may not know. */
static bool of_no_traffic(const struct oracle *o, const struct tap_event *ev)
{
    return !o->adapter->ipv6 && (ev->data.request.oid == OID_TCP6_OFFLOAD_STATS ||
                                 ev->data.request.oid == OID_IP6_OFFLOAD_STATS);
}

/* A query says what it wrote, a set what it read: its structure, or all that was given. */
static bool bytes_right(const struct oracle *o, const struct request *request,
                        const struct tap_event *ev)
{
    uint32_t bytes = ev->data.request.bytes;
    return bytes == request->bytes || (ev->data.request.set && bytes == o->requests->given);
}

static void judge_right(struct oracle *o, const struct request *request, const struct tap_event *ev)
{
    bool done = ev->status == NDIS_STATUS_SUCCESS;
    if (!done && of_no_traffic(o, ev)) {
        return;
    }
    orc_ran(o, request->rule);
    if (!done || !bytes_right(o, request, ev)) {
        orc_fail(o, ORC_NONE, request->rule,
                 orc_text(o, "SUCCESS for a right request 0x%08x, with %u bytes %s",
                          ev->data.request.oid, request->bytes,
                          ev->data.request.set ? "read" : "written"),
                 done ? orc_text(o, "%u bytes", ev->data.request.bytes)
                      : orc_status_name(o, ev->status));
    }
}

/* A refusal for another reason need not say a length, but no wrong one either. */
static bool length_told(const struct request *request, const struct tap_event *ev)
{
    uint32_t needed = ev->data.request.needed;
    return needed == request->bytes || (!needed && ev->status != NDIS_STATUS_INVALID_LENGTH);
}

static void judge_short(struct oracle *o, const struct request *request, const struct tap_event *ev)
{
    bool done = ev->status == NDIS_STATUS_SUCCESS;
    orc_ran(o, ORC_NdisOidComplete);
    if (done || !length_told(request, ev)) {
        orc_fail(
            o, ORC_NONE, ORC_NdisOidComplete,
            orc_text(o,
                     "a failure of request 0x%08x, whose buffer is too short, and %u bytes needed",
                     ev->data.request.oid, request->bytes),
            done ? "SUCCESS"
                 : orc_text(o, "%s, %u bytes needed", orc_status_name(o, ev->status),
                            ev->data.request.needed));
    }
}

/* It ended, by its return or later. */
void orc_request_ended(struct oracle *o, const struct tap_event *ev)
{
    const struct request *request = find(ev->data.request.oid, ev->data.request.set);
    const struct orc_requests *x = o->requests;
    if (ev->status == NDIS_STATUS_PENDING) {
        return;
    }
    if (ev->status == NDIS_STATUS_SUCCESS) {
        orc_attributes_succeeded(o, ev->data.request.oid);
    }
    if (!request) {
        return;
    }
    if (x->right && !orc_short_since(o, x->made) && !o->adapter->leaving) {
        judge_right(o, request, ev);
    } else if (x->too_short) {
        judge_short(o, request, ev);
    }
}
