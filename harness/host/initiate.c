/* SPDX-License-Identifier: MIT
 *
 * Initiates: the state of neighbors, paths and connections, in one tree.
 */
#include "host/tree.h"

PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST host_tree_neighbor(struct host_tree *tree,
                                                     struct host_neighbor *n)
{
    uint32_t bytes = STATE_PADDED(NEIGHBOR_OFFLOAD_STATE_CONST) +
                     STATE_PADDED(NEIGHBOR_OFFLOAD_STATE_CACHED) +
                     sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        host_tree_block(tree, n->state, NeighborOffloadState, bytes);
    NEIGHBOR_OFFLOAD_STATE_CONST constant = {.VlanId = n->vlan};
    NEIGHBOR_OFFLOAD_STATE_CACHED cached = {.HostReachabilityDelta = n->host_age};
    NEIGHBOR_OFFLOAD_STATE_DELEGATED delegated = {.NicReachabilityDelta = n->nic_age};
    memcpy(cached.DlDestinationAddress, n->mac, 6);
    memcpy(constant.DlSourceAddress, n->source, 6);
    void *at = host_tree_append(ndis_offload_state_first(made), &constant, sizeof(constant));
    at = host_tree_append(at, &cached, sizeof(cached));
    host_tree_append(at, &delegated, sizeof(delegated));
    n->busy = true;
    n->invalidated = false;
    return made;
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST path_new(struct host *host, struct host_tree *tree,
                                                  struct host_path *p)
{
    uint32_t bytes = STATE_PADDED(PATH_OFFLOAD_STATE_CONST) +
                     STATE_PADDED(PATH_OFFLOAD_STATE_CACHED) + sizeof(PATH_OFFLOAD_STATE_DELEGATED);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        host_tree_block(tree, p->state, p->v6 ? Ip6OffloadState : Ip4OffloadState, bytes);
    uint32_t length = p->v6 ? 16 : 4;
    UCHAR *addresses = host_tree_piece(tree, 2 * length);
    memcpy(addresses, p->local, length);
    memcpy(addresses + length, p->remote, length);
    PATH_OFFLOAD_STATE_CONST constant = {.SourceAddress = addresses,
                                         .DestinationAddress = addresses + length};
    PATH_OFFLOAD_STATE_CACHED cached = {.PathMtu = p->mtu};
    PATH_OFFLOAD_STATE_DELEGATED delegated = {0};
    void *at = host_tree_append(ndis_offload_state_first(made), &constant, sizeof(constant));
    at = host_tree_append(at, &cached, sizeof(cached));
    host_tree_append(at, &delegated, sizeof(delegated));
    p->busy = true;
    p->invalidated = false;
    host->neighbor[p->neighbor].live++;
    return made;
}

void host_fill_stream(void *context, uint8_t *bytes, uint32_t offset, uint32_t length)
{
    struct host_fill *fill = context;
    struct host *host = fill->host;
    if (host->payload_stream && fill->direction == PAYLOAD_FROM_TARGET) {
        host->payload_stream(host->delivered_context, fill->conn, fill->offset + offset, bytes,
                             length);
        return;
    }
    if (host->buffered_bytes && fill->direction == PAYLOAD_TO_TARGET) {
        host->buffered_bytes(host->delivered_context, fill->conn, offset, bytes, length);
        return;
    }
    payload_fill(bytes, fill->conn, fill->direction, fill->offset + offset, length, 0);
}

/* Cuts the outstanding bytes into lists of at most this many, each with one NET_BUFFER. */
#define CHAIN_PIECE 1000u

static PNET_BUFFER_LIST outstanding_chain(struct host *host, struct host_conn *conn,
                                          PNET_BUFFER_LIST *tail)
{
    PNET_BUFFER_LIST head = NULL;
    *tail = NULL;
    uint64_t start = conn->handed_down - conn->outstanding;
    for (uint32_t done = 0; done < conn->outstanding;) {
        uint32_t take =
            conn->outstanding - done < CHAIN_PIECE ? conn->outstanding - done : CHAIN_PIECE;
        struct host_fill fill = {host, conn->index, start + done, PAYLOAD_FROM_TARGET};
        PNET_BUFFER_LIST nbl =
            host_list(host, ROLE_INIT_SEND, take,
                      (struct nds_list_shape){done % 7, host->many_lists ? 3 : 1, host->many_lists,
                                              host->many_lists},
                      host_fill_stream, &fill);
        nds_list_detail(nbl)->stream_offset = start + done;
        if (*tail) {
            nds_list_chain(*tail, nbl);
        } else {
            head = nbl;
        }
        *tail = nbl;
        done += take;
        conn->sends_out++;
    }
    return head;
}

static PNET_BUFFER_LIST buffered_list(struct host *host, struct host_conn *conn)
{
    PNET_BUFFER_LIST head = NULL, tail = NULL;
    for (uint32_t done = 0; done < conn->buffered;) {
        uint32_t left = conn->buffered - done;
        uint32_t take = host->many_lists && left > CHAIN_PIECE ? CHAIN_PIECE : left;
        struct host_fill fill = {host, conn->index, conn->received + done, PAYLOAD_TO_TARGET};
        struct nds_list_shape shape = {take % 5, host->many_lists ? 3 : 1, host->many_lists,
                                       host->many_lists};
        PNET_BUFFER_LIST nbl =
            nds_list_build(ROLE_BUFFERED, conn->index, take, shape, host_fill_stream, &fill);
        if (tail) {
            nds_list_chain(tail, nbl);
        } else {
            head = nbl;
        }
        tail = nbl;
        done += take;
    }
    return head;
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST tcp_new(struct host *host, struct host_tree *tree,
                                                 struct host_conn *conn)
{
    uint32_t bytes = STATE_PADDED(TCP_OFFLOAD_STATE_CONST) +
                     STATE_PADDED(TCP_OFFLOAD_STATE_CACHED) + sizeof(TCP_OFFLOAD_STATE_DELEGATED);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        host_tree_block(tree, conn->tcp, TcpOffloadState, bytes);
    PNET_BUFFER_LIST tail;
    made->NetBufferListChain = outstanding_chain(host, conn, &tail);
    conn->tcb.SendDataHead = made->NetBufferListChain;
    conn->tcb.SendDataTail = tail;
    conn->tcb.BufferedData = buffered_list(host, conn);
    void *at =
        host_tree_append(ndis_offload_state_first(made), &conn->constant, sizeof(conn->constant));
    at = host_tree_append(at, &conn->cached, sizeof(conn->cached));
    host_tree_append(at, &conn->tcb, sizeof(conn->tcb));
    conn->phase = HOST_INITIATING;
    host->path[conn->path].live++;
    return made;
}

/* INIT-STATE-1 */
static bool ours_to_offload(const struct host_conn *conn)
{
    TCP_OFFLOAD_CONNECTION_STATE state = conn->tcb.State;
    return conn->phase == HOST_OWNS && state >= TcpConnectionEstablished &&
           state <= TcpConnectionLastAck;
}

/* What is part of this very tree already does not stand in the way. */
static bool may_initiate(const struct host *host, const struct host_conn *conn, bool path_in_tree,
                         bool neighbor_in_tree)
{
    const struct host_path *path = &host->path[conn->path];
    const struct host_neighbor *neighbor = &host->neighbor[path->neighbor];
    return ours_to_offload(conn) && !host->paused && host_family_offered(conn->v6) &&
           (path_in_tree || !path->busy) && (neighbor_in_tree || !neighbor->busy);
}

/* A tree that grows by one connection at a time; what the next one hangs below is the newest. */
struct growth {
    struct host_tree *tree;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST first, root, path_block, tcp_block;
    uint32_t path, neighbor; /* of the newest blocks */
};

static void grow_root(struct host *host, struct growth *g, const struct host_path *path)
{
    struct host_neighbor *neighbor = &host->neighbor[path->neighbor];
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        neighbor->offloaded ? host_tree_block(g->tree, neighbor->state, NeighborOffloadState, 0)
                            : host_tree_neighbor(g->tree, neighbor);
    if (host->placeholders && neighbor->offloaded && path->offloaded) {
        made->MiniportOffloadContext = NULL; /* only the way to the path */
    }
    if (g->root) {
        g->root->NextBlock = made;
    } else {
        g->first = made;
    }
    g->root = made;
    g->neighbor = path->neighbor;
    g->path_block = g->tcp_block = NULL;
}

static void grow_path(struct host *host, struct growth *g, uint32_t index)
{
    struct host_path *path = &host->path[index];
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        path->offloaded
            ? host_tree_block(g->tree, path->state, path->v6 ? Ip6OffloadState : Ip4OffloadState, 0)
            : path_new(host, g->tree, path);
    if (g->path_block) {
        g->path_block->NextBlock = made;
    } else {
        g->root->DependentBlockList = made;
    }
    g->path_block = made;
    g->path = index;
    g->tcp_block = NULL;
}

static void grow_tcp(struct host *host, struct growth *g, struct host_conn *conn)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made = tcp_new(host, g->tree, conn);
    if (g->tcp_block) {
        g->tcp_block->NextBlock = made;
    } else {
        g->path_block->DependentBlockList = made;
    }
    g->tcp_block = made;
}

void host_initiate(struct host *host, uint32_t first, uint32_t count)
{
    static struct host_tree tree;
    tree.pieces = 0;
    struct growth g = {.tree = &tree, .path = UINT32_MAX, .neighbor = UINT32_MAX};
    for (uint32_t i = first; i < first + count && i < host->conns; i++) {
        struct host_conn *conn = &host->conn[i];
        const struct host_path *path = &host->path[conn->path];
        if (!may_initiate(host, conn, conn->path == g.path, path->neighbor == g.neighbor) ||
            tree.pieces + 8 > TREE_PIECES) {
            continue;
        }
        if (!g.root || path->neighbor != g.neighbor) {
            grow_root(host, &g, path);
        }
        if (!g.path_block || conn->path != g.path) {
            grow_path(host, &g, conn->path);
        }
        grow_tcp(host, &g, conn);
    }
    if (g.first) {
        nds_state_call(TAP_INITIATE, g.first, tree.piece, tree.pieces);
    }
}
