/* SPDX-License-Identifier: MIT
 *
 * Reachability of neighbors.
 */
#include "oracle/adapter/reach.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/model/state_block.h"
#include "oracle/report/report.h"

#include <string.h>

static int64_t tick_ns(const struct oracle *o)
{
    return (int64_t)o->parameters->tick_ns;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void orc_reach_begin(struct oracle *o, struct orc_object *neighbor,
                     const NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                     const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated)
{
    struct orc_reach *x = &neighbor->reach;
    int64_t now = (int64_t)o->event->time_ns;
    x->asked_step = x->sure_step = ORC_NONE;
    if (!cached || !delegated || !o->parameters->known) {
        return;
    }
    x->known = true;
    x->host_ticks = cached->HostReachabilityDelta;
    x->handed_ns = now;
    x->host_ns = now - (int64_t)cached->HostReachabilityDelta * tick_ns(o);
    x->host_late_ns = x->host_ns;
    x->nic_sure_ns = x->nic_possible_ns =
        now - (int64_t)delegated->NicReachabilityDelta * tick_ns(o);
}

void orc_reach_update(struct oracle *o, struct orc_object *neighbor,
                      const NEIGHBOR_OFFLOAD_STATE_CACHED *cached)
{
    struct orc_reach *x = &neighbor->reach;
    x->host_ticks = cached->HostReachabilityDelta;
    if (o->parameters->known) {
        x->handed_ns = (int64_t)o->event->time_ns;
        x->host_ns = x->handed_ns - (int64_t)cached->HostReachabilityDelta * tick_ns(o);
        x->host_late_ns = x->host_ns;
    }
}

/* At what moment of the operation the target read its clock is open. */
void orc_reach_taken(struct oracle *o, struct orc_object *neighbor, bool initiated)
{
    struct orc_reach *x = &neighbor->reach;
    int64_t took = (int64_t)o->event->time_ns - x->handed_ns;
    if (!x->known) {
        return;
    }
    x->host_late_ns = x->host_ns + took;
    if (initiated) {
        x->nic_possible_ns += took;
    }
}

static struct orc_object *neighbor_of(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_object *path = orc_object(o, c->path);
    return path ? orc_object(o, path->parent) : NULL;
}

/* Forward progress of a connection: an ACK of new data, or new data. */
void orc_reach_progress(struct oracle *o, const struct orc_conn *c, bool sure)
{
    struct orc_object *neighbor = neighbor_of(o, c);
    int64_t now = (int64_t)o->event->time_ns;
    if (neighbor) {
        neighbor->reach.nic_possible_ns = now;
        if (sure && neighbor->reach.sure_step != o->steps) {
            neighbor->reach.nic_sure_rest_ns = neighbor->reach.nic_sure_ns;
            neighbor->reach.sure_step = o->steps;
        }
        neighbor->reach.nic_sure_ns = sure ? now : neighbor->reach.nic_sure_ns;
    }
}

/* What came while memory is short may be looked at as soon as some is found. */
void orc_reach_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_object *neighbor = neighbor_of(o, c);
    if (orc_waived(o) && neighbor && c->starved_ns > o->event->time_ns) {
        neighbor->reach.nic_possible_ns =
            later(neighbor->reach.nic_possible_ns, (int64_t)c->starved_ns);
    }
}

/* What came in the step of an upload may have been passed up behind it. */
void orc_reach_ending(struct oracle *o, const struct orc_conn *c)
{
    struct orc_object *neighbor = neighbor_of(o, c);
    if (neighbor && neighbor->reach.sure_step == o->steps) {
        neighbor->reach.nic_sure_ns = neighbor->reach.nic_sure_rest_ns;
    }
}

/* What came in this step may not have been processed yet. */
static int64_t nic_sure(const struct oracle *o, const struct orc_reach *x)
{
    return x->sure_step == o->steps ? x->nic_sure_rest_ns : x->nic_sure_ns;
}

static bool judged(const struct oracle *o, const struct orc_object *neighbor)
{
    return neighbor && neighbor->reach.known && neighbor->live && o->parameters->known &&
           o->parameters->stale_ticks != UINT32_MAX && !neighbor->update_open;
}

/* Before a datagram of the connection. */
void orc_reach_frame(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_object *neighbor = neighbor_of(o, c);
    if (!judged(o, neighbor) || neighbor->update_step == o->steps) {
        return;
    }
    const struct orc_reach *x = &neighbor->reach;
    int64_t age = (int64_t)o->event->time_ns - later(x->host_late_ns, x->nic_possible_ns);
    int64_t stale = (int64_t)o->parameters->stale_ticks * tick_ns(o) + (int64_t)orc_slack_ns(o);
    if (age <= stale || x->asked_step == o->steps) {
        return;
    }
    orc_ran(o, ORC_NBR_QUERY_1);
    orc_fail(o, orc_ordinal(o, c), ORC_NBR_QUERY_1,
             orc_text(o, "a reachability query before a datagram, after %lld ms",
                      (long long)(age / 1000000)),
             "a frame without one");
}

/* Since then more ticks have passed than the field can say: what stands in it is free. */
static bool beyond_field(const struct oracle *o, int64_t since_ns)
{
    return (int64_t)o->event->time_ns - since_ns > (int64_t)UINT32_MAX * tick_ns(o);
}

static void reach_judge_delta(struct oracle *o, const struct orc_reach *x, uint32_t ticks)
{
    int64_t now = (int64_t)o->event->time_ns, slack = (int64_t)orc_slack_ns(o);
    int64_t reported = (int64_t)ticks * tick_ns(o);
    uint64_t end = o->faults->short_ns + ORC_STARVED_NS;
    if (orc_waived(o) || (o->faults->short_event != ORC_NONE && o->event->time_ns < end)) {
        return; /* what came may be processed later */
    }
    if (beyond_field(o, nic_sure(o, x))) {
        return;
    }
    orc_ran(o, ORC_NBR_PROG_1);
    if (reported < now - x->nic_possible_ns - slack || reported > now - nic_sure(o, x) + slack) {
        orc_fail(o, ORC_NONE, ORC_NBR_PROG_1,
                 orc_text(o, "reached from %lld to %lld ms ago",
                          (long long)((now - x->nic_possible_ns) / 1000000),
                          (long long)((now - nic_sure(o, x)) / 1000000)),
                 orc_text(o, "%u ticks", ticks));
    }
}

/* The state of a neighbor that is terminated or queried. */
void orc_reach_state(struct oracle *o, const struct orc_object *neighbor,
                     const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated =
        (const void *)orc_state_find(block, NeighborOffloadDelegatedState);
    if (delegated && neighbor->reach.known && o->parameters->known) {
        reach_judge_delta(o, &neighbor->reach, delegated->NicReachabilityDelta);
    }
}

static bool host_age_right(const struct oracle *o, const struct orc_reach *x, uint32_t ticks)
{
    int64_t reported = (int64_t)ticks * tick_ns(o), slack = (int64_t)orc_slack_ns(o);
    int64_t now = (int64_t)o->event->time_ns;
    if (beyond_field(o, x->host_ns)) {
        return true;
    }
    return reported >= now - x->host_late_ns - slack && reported <= now - x->host_ns + slack;
}

/* In the answer to a query: as the host reported it last, or how old that is now. */
bool orc_reach_host_right(const struct oracle *o, const struct orc_object *neighbor, uint32_t ticks)
{
    const struct orc_reach *x = &neighbor->reach;
    return !x->known || !o->parameters->known || neighbor->update_open || ticks == x->host_ticks ||
           host_age_right(o, x, ticks);
}

static void malformed(struct oracle *o, const char *actual)
{
    orc_fail(o, ORC_NONE, ORC_NBR_QUERY_2,
             "a single neighbor block with its three structures, status SUCCESS", actual);
}

static void judge_values(struct oracle *o, const struct orc_object *neighbor,
                         const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    const NEIGHBOR_OFFLOAD_STATE_CONST *constant =
        (const void *)orc_state_find(block, NeighborOffloadConstState);
    const NEIGHBOR_OFFLOAD_STATE_CACHED *cached =
        (const void *)orc_state_find(block, NeighborOffloadCachedState);
    int64_t now = (int64_t)o->event->time_ns;
    if (!constant || !cached || !orc_state_find(block, NeighborOffloadDelegatedState)) {
        malformed(o, "a structure is missing");
        return;
    }
    bool mac = memcmp(cached->DlDestinationAddress, neighbor->mac, 6) == 0 ||
               memcmp(cached->DlDestinationAddress, neighbor->mac_old, 6) == 0;
    if (!mac || (uint16_t)constant->VlanId != neighbor->vlan) {
        malformed(o,
                  orc_text(o, "address %s, VLAN %u", orc_bytes(o, cached->DlDestinationAddress, 6),
                           (uint32_t)constant->VlanId));
    }
    if (!host_age_right(o, &neighbor->reach, cached->HostReachabilityDelta)) {
        int64_t age = now - neighbor->reach.host_ns;
        malformed(o, orc_text(o, "host reachability %u ticks, which lies %lld ms back",
                              cached->HostReachabilityDelta, (long long)(age / 1000000)));
    }
    orc_reach_state(o, neighbor, block);
}

/* By the event, or by the address in the state that the block carries. */
static uint32_t neighbor_asked(const struct oracle *o, uint32_t id,
                               const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    if (id != TAP_NONE || !block || block->Header.Type != NeighborOffloadState) {
        return id;
    }
    const NEIGHBOR_OFFLOAD_STATE_CONST *constant =
        (const void *)orc_state_find(block, NeighborOffloadConstState);
    const NEIGHBOR_OFFLOAD_STATE_CACHED *cached =
        (const void *)orc_state_find(block, NeighborOffloadCachedState);
    for (uint32_t i = 0; constant && cached && i < o->objects->count; i++) {
        const struct orc_object *other = &o->objects->object[i];
        if (other->used && other->layer == LAYER_NEIGHBOR && other->live &&
            other->vlan == (uint16_t)constant->VlanId &&
            !memcmp(other->mac, cached->DlDestinationAddress, 6)) {
            return i;
        }
    }
    return TAP_NONE;
}

void orc_reach_query(struct oracle *o, const struct tap_event *ev)
{
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block = ev->ptr;
    orc_ran(o, ORC_NBR_QUERY_2);
    if (ev->data.asked.code != NeighborReachabilityQuery) {
        if (block) {
            malformed(o, "a block with another indication");
        }
        return;
    }
    o->adapter->asked = neighbor_asked(o, ev->object, block);
    struct orc_object *neighbor = orc_object(o, o->adapter->asked);
    if (!block || !neighbor || neighbor->layer != LAYER_NEIGHBOR) {
        malformed(o, block ? orc_text(o, "a block of header type %u", block->Header.Type)
                           : "no block");
        return;
    }
    if (block->Header.Type != NeighborOffloadState || block->Header.Revision == 0 ||
        block->Header.Size < sizeof(*block) || block->DependentBlockList || block->NextBlock ||
        block->Status != NDIS_STATUS_SUCCESS) {
        malformed(o, orc_text(o, "type %u, revision %u, size %u, status 0x%08x%s",
                              block->Header.Type, block->Header.Revision, block->Header.Size,
                              (unsigned)block->Status, block->NextBlock ? ", a next block" : ""));
        return;
    }
    struct orc_reach *x = &neighbor->reach;
    x->asked_step = o->steps;
    if (!judged(o, neighbor)) {
        return;
    }
    judge_values(o, neighbor, block);
    int64_t age = (int64_t)ev->time_ns - later(x->host_ns, nic_sure(o, x));
    int64_t stale = (int64_t)o->parameters->stale_ticks * tick_ns(o) - (int64_t)orc_slack_ns(o);
    orc_ran(o, ORC_NBR_QUERY_1);
    if (age <= stale) {
        orc_fail(o, ORC_NONE, ORC_NBR_QUERY_1,
                 orc_text(o, "no query within %u ticks of the last confirmation",
                          o->parameters->stale_ticks),
                 orc_text(o, "one after %lld ms", (long long)(age / 1000000)));
    }
}

void orc_reach_answered(struct oracle *o, const struct tap_event *ev, const struct orc_call *call)
{
    struct orc_object *neighbor = orc_object(o, o->adapter->asked);
    if (neighbor && call->word == NeighborReachabilityQuery && o->parameters->known) {
        neighbor->reach.host_ticks = (uint32_t)ev->data.asked.ticks;
        neighbor->reach.host_ns = (int64_t)ev->time_ns - (int64_t)ev->data.asked.ticks * tick_ns(o);
        neighbor->reach.host_late_ns = neighbor->reach.host_ns;
    }
}
