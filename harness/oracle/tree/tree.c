/* SPDX-License-Identifier: MIT
 *
 * Which blocks of an initiate are taken, and why one is not.
 */
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/state_block.h"
#include "oracle/report/report.h"
#include "oracle/tree/initiate.h"

static bool taken(const struct orc_node *node)
{
    return node->status == NDIS_STATUS_SUCCESS ||
           node->status == NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS;
}

static bool no_entry(int32_t status)
{
    return status == NDIS_STATUS_OFFLOAD_TCP_ENTRIES ||
           status == NDIS_STATUS_OFFLOAD_PATH_ENTRIES ||
           status == NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES;
}

/* Memory ran short between the call and its completion. */
static bool starved(const struct oracle *o, const struct orc_op *op)
{
    uint32_t last = o->faults->short_event;
    return orc_memory_short(o->faults) || (last != ORC_NONE && last > op->enter);
}

/* With room for k objects of a layer the first k in walking order are taken. */
static void tree_judge_order(struct oracle *o, const struct orc_op *op)
{
    uint32_t refused[3] = {ORC_NONE, ORC_NONE, ORC_NONE}, blocks[3] = {0};
    bool memory = starved(o, op);
    for (uint32_t id = op->node_first; id != ORC_NONE; id = o->operations->node[id].next) {
        const struct orc_node *node = &o->operations->node[id];
        if (node->kind != NODE_NEW || node->layer > LAYER_TCP || node->dead) {
            continue;
        }
        o->ran[ORC_INIT_TRAV_1] += ++blocks[node->layer] == 2;
        if (!taken(node) && no_entry(node->status) && refused[node->layer] == ORC_NONE) {
            refused[node->layer] = id;
        } else if (taken(node) && refused[node->layer] != ORC_NONE && !memory) {
            orc_fail(o, node->conn, ORC_INIT_TRAV_1,
                     "the first objects of a layer in walking order taken, the rest refused",
                     "a later one taken behind one that found no entry");
            return;
        }
    }
}

static const NEIGHBOR_OFFLOAD_STATE_CONST *neighbor_state(const struct orc_node *node)
{
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block = node->block;
    return (const void *)orc_state_find(block, NeighborOffloadConstState);
}

static void judge_vlan(struct oracle *o, const struct orc_op *op, const struct orc_node *node)
{
    const NEIGHBOR_OFFLOAD_STATE_CONST *constant = neighbor_state(node);
    uint16_t own = o->adapter->vlan;
    if (!constant || (o->adapter->vlan_event != ORC_NONE && o->adapter->vlan_event > op->enter)) {
        return;
    }
    uint32_t vlan = constant->VlanId;
    bool mismatch = vlan && own && vlan != own;
    bool refused = node->status == NDIS_STATUS_OFFLOAD_VLAN_MISMATCH ||
                   (!vlan && node->status == NDIS_STATUS_OFFLOAD_VLAN_ENTRIES);
    bool wrong = mismatch ? node->status != NDIS_STATUS_OFFLOAD_VLAN_MISMATCH : refused;
    bool hindered = starved(o, op) || o->adapter->broken;
    orc_ran(o, ORC_INIT_VLAN_1);
    if (wrong && !(mismatch && !taken(node) && hindered)) {
        orc_fail(o, ORC_NONE, ORC_INIT_VLAN_1,
                 mismatch ? "VLAN_MISMATCH for a neighbor of another VLAN than the interface"
                          : "no refusal for its VLAN",
                 orc_text(o, "0x%08x for VLAN %u on an interface with %u", (unsigned)node->status,
                          vlan, own));
    }
}

/* Codes that name a table of another layer fit no cause. */
static bool of_layer(const struct orc_node *node)
{
    switch ((uint32_t)node->status) {
    case (uint32_t)NDIS_STATUS_OFFLOAD_TCP_ENTRIES:
    case (uint32_t)NDIS_STATUS_OFFLOAD_TCP_XMIT_BUFFER:
    case (uint32_t)NDIS_STATUS_OFFLOAD_TCP_RCV_BUFFER:
    case (uint32_t)NDIS_STATUS_OFFLOAD_TCP_RCV_WINDOW:
        return node->layer == LAYER_TCP;
    case (uint32_t)NDIS_STATUS_OFFLOAD_PATH_ENTRIES:
    case (uint32_t)STATUS_NDIS_OFFLOAD_PATH_REJECTED:
        return node->layer == LAYER_PATH;
    case (uint32_t)NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES:
    case (uint32_t)NDIS_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES:
    case (uint32_t)NDIS_STATUS_OFFLOAD_VLAN_ENTRIES:
    case (uint32_t)NDIS_STATUS_OFFLOAD_VLAN_MISMATCH:
        return node->layer == LAYER_NEIGHBOR;
    default:
        return true;
    }
}

static void judge_code(struct oracle *o, const struct orc_op *op, const struct orc_node *node,
                       uint32_t live)
{
    bool memory = starved(o, op), full = node->layer == LAYER_TCP && live >= o->adapter->capacity;
    const char *expected = NULL;
    orc_ran(o, ORC_INIT_ST_CODE_1);
    if (node->status == NDIS_STATUS_RESOURCES && !memory) {
        expected =
            full ? "TCP_ENTRIES when every entry is taken" : "RESOURCES only when memory ran short";
    } else if (!of_layer(node)) {
        expected = "a code that fits the block's layer";
    } else if (node->status == NDIS_STATUS_FAILURE && full && !memory) {
        expected = "TCP_ENTRIES when every entry is taken";
    }
    if (expected) {
        orc_fail(o, node->conn, ORC_INIT_ST_CODE_1, expected, orc_status_name(o, node->status));
    }
}

/* An initiate came back: kinds and parents are known, nothing is applied yet. */
void orc_tree_judge(struct oracle *o, const struct orc_op *op)
{
    uint32_t live = o->connections->live;
    tree_judge_order(o, op);
    for (uint32_t id = op->node_first; id != ORC_NONE; id = o->operations->node[id].next) {
        const struct orc_node *node = &o->operations->node[id];
        if (node->kind != NODE_NEW || node->dead) {
            continue;
        }
        if (node->layer == LAYER_NEIGHBOR) {
            judge_vlan(o, op, node);
        }
        live += node->layer == LAYER_TCP && taken(node);
        if (!taken(node)) {
            judge_code(o, op, node, live);
        }
    }
}
