/* SPDX-License-Identifier: MIT
 *
 * The host's tables: connections, paths, neighbors.
 */
#include "host/internal.h"

void host_reset(struct host *host)
{
    *host = (struct host){.ticks_per_second = 1000};
}

void *host_grow(void *old, uint32_t used, uint32_t *room, size_t size)
{
    if (used < *room) {
        return old;
    }
    uint32_t more = *room ? 2 * *room : 8;
    void *block = rig_alloc(more * size);
    if (used) {
        memcpy(block, old, used * size);
    }
    *room = more;
    return block;
}

static uint32_t neighbor_for(struct host *host, const struct host_conn_setup *setup)
{
    for (uint32_t i = 0; i < host->neighbors; i++) {
        if (host->neighbor[i].vlan == setup->vlan &&
            !memcmp(host->neighbor[i].mac, setup->remote.mac, 6)) {
            return i;
        }
    }
    uint32_t at = host->neighbors < 2 ? host->neighbors++ : 1;
    struct host_neighbor *neighbor = &host->neighbor[at];
    neighbor->state = nds_state_new(LAYER_NEIGHBOR, TAP_NONE);
    neighbor->vlan = setup->vlan;
    memcpy(neighbor->mac, setup->remote.mac, 6);
    if (setup->source_mac) {
        memcpy(neighbor->source, (const uint8_t[6]){0x02, 0x5E, 0xED, 0, 0, 1}, 6);
    }
    return at;
}

static uint32_t path_for(struct host *host, const struct host_conn_setup *setup)
{
    size_t bytes = setup->v6 ? 16 : 4;
    for (uint32_t i = host->paths; i-- > 0 && i + 16 > host->paths;) {
        struct host_path *path = &host->path[i];
        if (path->v6 == setup->v6 && !memcmp(path->local, setup->local.address, bytes) &&
            !memcmp(path->remote, setup->remote.address, bytes)) {
            return i;
        }
    }
    host->path = host_grow(host->path, host->paths, &host->path_room, sizeof(host->path[0]));
    struct host_path *path = &host->path[host->paths];
    memset(path, 0, sizeof(*path));
    path->state = nds_state_new(LAYER_PATH, TAP_NONE);
    path->v6 = setup->v6;
    path->mtu = setup->mtu;
    path->neighbor = neighbor_for(host, setup);
    memcpy(path->local, setup->local.address, 16);
    memcpy(path->remote, setup->remote.address, 16);
    return host->paths++;
}

uint32_t host_add(struct host *host, const struct host_conn_setup *setup)
{
    host->conn = host_grow(host->conn, host->conns, &host->conn_room, sizeof(host->conn[0]));
    uint32_t index = host->conns++;
    struct host_conn *conn = &host->conn[index];
    memset(conn, 0, sizeof(*conn));
    conn->index = index;
    conn->used = true;
    conn->v6 = setup->v6;
    conn->local = setup->local;
    conn->remote = setup->remote;
    conn->path = path_for(host, setup);
    conn->tcp = nds_state_new(LAYER_TCP, index);
    conn->constant = setup->constant;
    if (!nds_advertised().sack) { /* such a host does not offer it to the peer */
        conn->constant.Flags &= (USHORT)~TCP_FLAG_SACK_ENABLED;
    }
    conn->cached = setup->cached;
    conn->tcb = setup->tcb;
    conn->buffered = setup->buffered;
    conn->outstanding = setup->outstanding;
    conn->handed_down = setup->outstanding;
    return index;
}

bool host_family_offered(bool v6)
{
    struct nds_capability offered = nds_advertised();
    return v6 ? offered.ipv6 : offered.ipv4;
}

bool host_all_uploaded(const struct host *host)
{
    for (uint32_t i = 0; i < host->conns; i++) {
        if (host->conn[i].phase != HOST_OWNS) {
            return false;
        }
    }
    return true;
}
