/* SPDX-License-Identifier: MIT */
#include "oracle/model/flows.h"
#include "oracle/base/bytes.h"
#include "oracle/base/memory.h"

#include <string.h>

static uint32_t flow_hash(uint8_t version, const uint8_t *local, const uint8_t *remote,
                          uint16_t local_port, uint16_t remote_port)
{
    uint32_t bytes = version == 6 ? 16 : 4;
    uint64_t seed = ((uint64_t)local_port << 16 | remote_port) * 0x9E3779B97F4A7C15ull;
    seed = orc_hash(seed, local, bytes);
    return (uint32_t)orc_hash(seed, remote, bytes);
}

static uint32_t conn_hash(const struct orc_conn *c)
{
    return flow_hash(c->version, c->local, c->remote, c->local_port, c->remote_port);
}

static void put(struct oracle *o, struct orc_conn *conn)
{
    struct orc_flows *flows = o->flows;
    uint32_t at = conn_hash(conn) & flows->mask;
    while (flows->slot[at]) {
        at = (at + 1) & flows->mask;
    }
    flows->slot[at] = orc_ordinal(o, conn) + 1;
    conn->hash_slot = at;
    flows->used++;
}

static bool rebuild(struct oracle *o, uint32_t slots)
{
    struct orc_flows *flows = o->flows;
    bool fits = flows->slot && slots == flows->mask + 1;
    uint32_t *slot = fits ? flows->slot : orc_take(o->memory, slots * sizeof(*slot));
    if (!slot) {
        o->short_of_memory = true;
        return false;
    }
    flows->slot = memset(slot, 0, slots * sizeof(*slot));
    flows->mask = slots - 1;
    flows->used = 0;
    for (uint32_t i = 0; i < o->connections->conns; i++) {
        if (o->connections->conn[i] && o->connections->conn[i]->hash_slot != ORC_NONE) {
            put(o, o->connections->conn[i]);
        }
    }
    return true;
}

static bool same_flow(const struct orc_conn *c, uint8_t version, const uint8_t *local,
                      const uint8_t *remote, uint16_t local_port, uint16_t remote_port)
{
    if (c->version != version || c->local_port != local_port || c->remote_port != remote_port) {
        return false;
    }
    return version == 6 ? !memcmp(c->local, local, 16) && !memcmp(c->remote, remote, 16)
                        : !memcmp(c->local, local, 4) && !memcmp(c->remote, remote, 4);
}

/* Whether the slot that the connection took when it was offloaded before still finds it. */
static bool still_found(struct oracle *o, const struct orc_conn *conn)
{
    const struct orc_flows *flows = o->flows;
    uint32_t ordinal = orc_ordinal(o, conn);
    uint32_t at = conn_hash(conn) & flows->mask;
    while (flows->slot[at] && flows->slot[at] != ordinal + 1) {
        at = (at + 1) & flows->mask;
    }
    return flows->slot[at] && at == conn->hash_slot;
}

void orc_flow_add(struct oracle *o, struct orc_conn *conn)
{
    struct orc_flows *flows = o->flows;
    if (conn->hash_slot != ORC_NONE && still_found(o, conn)) {
        return;
    }
    if (conn->hash_slot != ORC_NONE) { /* offloaded before with other addresses */
        conn->hash_slot = ORC_NONE;
        if (!rebuild(o, flows->mask + 1)) {
            return;
        }
    }
    if (!flows->slot || (flows->used + 1) * 2 > flows->mask + 1) {
        if (!rebuild(o, flows->slot ? (flows->mask + 1) * 2 : 64)) {
            return;
        }
    }
    put(o, conn);
}

struct orc_conn *orc_flow_find(struct oracle *o, uint8_t version, const uint8_t *local,
                               const uint8_t *remote, uint16_t local_port, uint16_t remote_port)
{
    struct orc_flows *flows = o->flows;
    struct orc_conn *found = NULL;
    if (!flows->used) {
        return NULL;
    }
    struct orc_conn *last = o->connections->conn[flows->last];
    if (last && last->phase == ORC_LIVE && last->hash_slot != ORC_NONE &&
        same_flow(last, version, local, remote, local_port, remote_port)) {
        return last;
    }
    uint32_t at = flow_hash(version, local, remote, local_port, remote_port) & flows->mask;
    for (; flows->slot[at]; at = (at + 1) & flows->mask) {
        struct orc_conn *c = o->connections->conn[flows->slot[at] - 1];
        if (same_flow(c, version, local, remote, local_port, remote_port)) {
            if (!found || found->phase == ORC_GONE) {
                found = c;
            }
        }
    }
    flows->last = found ? orc_ordinal(o, found) : flows->last;
    return found;
}
