/* SPDX-License-Identifier: MIT */
#include "oracle/checks.h"

#include <stdlib.h>
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
    struct orc_flows *flows = &o->flows;
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
    struct orc_flows *flows = &o->flows;
    uint32_t *grown = calloc(slots, sizeof(uint32_t));
    if (!grown) {
        o->short_of_memory = true;
        return false;
    }
    free(flows->slot);
    flows->slot = grown;
    flows->mask = slots - 1;
    flows->used = 0;
    for (uint32_t i = 0; i < o->conns; i++) {
        if (o->conn[i].used && o->conn[i].hash_slot != ORC_NONE) {
            put(o, &o->conn[i]);
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
    const struct orc_flows *flows = &o->flows;
    uint32_t ordinal = orc_ordinal(o, conn);
    uint32_t at = conn_hash(conn) & flows->mask;
    while (flows->slot[at] && flows->slot[at] != ordinal + 1) {
        at = (at + 1) & flows->mask;
    }
    return flows->slot[at] && at == conn->hash_slot;
}

void orc_flow_add(struct oracle *o, struct orc_conn *conn)
{
    struct orc_flows *flows = &o->flows;
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
    struct orc_flows *flows = &o->flows;
    struct orc_conn *found = NULL;
    if (!flows->used) {
        return NULL;
    }
    struct orc_conn *last = &o->conn[flows->last];
    if (last->phase == ORC_LIVE && last->hash_slot != ORC_NONE &&
        same_flow(last, version, local, remote, local_port, remote_port)) {
        return last;
    }
    uint32_t at = flow_hash(version, local, remote, local_port, remote_port) & flows->mask;
    for (; flows->slot[at]; at = (at + 1) & flows->mask) {
        struct orc_conn *c = &o->conn[flows->slot[at] - 1];
        if (same_flow(c, version, local, remote, local_port, remote_port)) {
            if (!found || found->phase == ORC_GONE) {
                found = c;
            }
        }
    }
    flows->last = found ? orc_ordinal(o, found) : flows->last;
    return found;
}

void orc_flows_reset(struct oracle *o)
{
    if (o->flows.used) {
        for (uint32_t i = 0; i < o->conns; i++) {
            if (o->conn[i].used && o->conn[i].hash_slot != ORC_NONE) {
                o->flows.slot[o->conn[i].hash_slot] = 0;
            }
        }
    }
    o->flows.used = o->flows.last = 0;
}

struct orc_passing *orc_passing_find(struct orc_passings *set, uint64_t hash)
{
    if (!set->count) {
        return NULL;
    }
    uint32_t at = set->slot[hash & set->mask];
    while (at && set->entry[at - 1].hash != hash) {
        at = set->entry[at - 1].chain;
    }
    return at ? &set->entry[at - 1] : NULL;
}

static bool more_slots(struct orc_passings *set)
{
    uint32_t slots = set->slot ? (set->mask + 1) * 2 : 64;
    uint32_t *grown = calloc(slots, sizeof(uint32_t));
    if (!grown) {
        return false;
    }
    free(set->slot);
    set->slot = grown;
    set->mask = slots - 1;
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t *slot = &set->slot[set->entry[i].hash & set->mask];
        set->entry[i].chain = *slot;
        *slot = i + 1;
    }
    return true;
}

struct orc_passing *orc_passing_add(struct oracle *o, struct orc_passings *set, uint64_t hash)
{
    bool full = !set->slot || set->count > set->mask;
    if ((full && !more_slots(set)) ||
        !orc_grow((void **)&set->entry, &set->room, set->count + 1, sizeof(*set->entry))) {
        o->short_of_memory = true;
        return NULL;
    }
    struct orc_passing *entry = &set->entry[set->count++];
    uint32_t *slot = &set->slot[hash & set->mask];
    memset(entry, 0, sizeof(*entry));
    entry->hash = hash;
    entry->chain = *slot;
    *slot = set->count;
    return entry;
}

void orc_passings_reset(struct orc_passings *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        set->slot[set->entry[i].hash & set->mask] = 0;
    }
    set->count = 0;
    set->due_from = 0;
}
