/* SPDX-License-Identifier: MIT
 *
 * What a query shows of paths and neighbors.
 */
#include "oracle/adapter/reach.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/model/state_block.h"
#include "oracle/report/report.h"
#include "oracle/tree/query.h"

#include <string.h>

static void differs(struct oracle *o, const char *expected, const char *actual)
{
    orc_fail(o, ORC_NONE, ORC_QRY_FILL_1, expected, actual);
}

/* An update that is open, or that ended in this step, leaves both values possible. */
static bool unsettled(const struct oracle *o, const struct orc_object *object)
{
    return object->update_open || object->update_step == o->steps;
}

static void judge_address(struct oracle *o, const UCHAR *reported, const uint8_t *given,
                          uint32_t bytes)
{
    if (!tap_readable(reported, bytes)) {
        differs(o, "the addresses of the path", "a pointer to nothing");
    } else if (memcmp(reported, given, bytes) != 0) {
        differs(
            o,
            orc_text(o, "the addresses of the path as offloaded, %s", orc_bytes(o, given, bytes)),
            orc_bytes(o, reported, bytes));
    }
}

static void judge_path(struct oracle *o, const struct orc_object *path,
                       const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    bool six = block->Header.Type >= Ip6OffloadConstState;
    const PATH_OFFLOAD_STATE_CONST *constant =
        (const void *)orc_state_find(block, six ? Ip6OffloadConstState : Ip4OffloadConstState);
    const PATH_OFFLOAD_STATE_CACHED *cached =
        (const void *)orc_state_find(block, six ? Ip6OffloadCachedState : Ip4OffloadCachedState);
    if (constant && path->version == (six ? 6 : 4)) {
        judge_address(o, constant->SourceAddress, path->local, six ? 16 : 4);
        judge_address(o, constant->DestinationAddress, path->remote, six ? 16 : 4);
    }
    if (cached && cached->PathMtu != path->mtu &&
        !(unsettled(o, path) && cached->PathMtu == path->mtu_old)) {
        differs(o, orc_text(o, "the path MTU as last set, %u", path->mtu),
                orc_text(o, "%u", cached->PathMtu));
    }
}

/* All zero stands for the interface's own address, which the target may put in its place. */
static bool source_right(const struct oracle *o, const struct orc_object *neighbor,
                         const UCHAR *reported)
{
    bool own =
        !neighbor->source_set && o->adapter->mac_known && memcmp(reported, o->adapter->mac, 6) == 0;
    return own || memcmp(reported, neighbor->source, 6) == 0;
}

static void judge_neighbor(struct oracle *o, const struct orc_object *neighbor,
                           const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    const NEIGHBOR_OFFLOAD_STATE_CONST *constant =
        (const void *)orc_state_find(block, NeighborOffloadConstState);
    const NEIGHBOR_OFFLOAD_STATE_CACHED *cached =
        (const void *)orc_state_find(block, NeighborOffloadCachedState);
    if (constant && ((uint16_t)constant->VlanId != neighbor->vlan ||
                     !source_right(o, neighbor, constant->DlSourceAddress))) {
        differs(o,
                orc_text(o, "the source address and VLAN of the neighbor as offloaded, %s, %u",
                         orc_bytes(o, neighbor->source, 6), neighbor->vlan),
                orc_text(o, "%s, %u", orc_bytes(o, constant->DlSourceAddress, 6),
                         (uint32_t)constant->VlanId));
    }
    if (cached && memcmp(cached->DlDestinationAddress, neighbor->mac, 6) != 0 &&
        !(unsettled(o, neighbor) &&
          memcmp(cached->DlDestinationAddress, neighbor->mac_old, 6) == 0)) {
        differs(o,
                orc_text(o, "the address of the neighbor as last set, %s",
                         orc_bytes(o, neighbor->mac, 6)),
                orc_bytes(o, cached->DlDestinationAddress, 6));
    }
    if (cached && !orc_reach_host_right(o, neighbor, cached->HostReachabilityDelta)) {
        differs(o, "the host's reachability as last reported, or its age now",
                orc_text(o, "%u ticks", cached->HostReachabilityDelta));
    }
    orc_reach_state(o, neighbor, block);
}

void orc_query_link(struct oracle *o, const struct orc_node *node,
                    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    const struct orc_object *object = orc_object(o, node->object);
    if (!object || !object->live || node->status != NDIS_STATUS_SUCCESS) {
        return;
    }
    orc_ran(o, ORC_QRY_FILL_1);
    if (node->layer == LAYER_PATH) {
        judge_path(o, object, block);
    } else {
        judge_neighbor(o, object, block);
    }
}
