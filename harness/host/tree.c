/* SPDX-License-Identifier: MIT
 *
 * State operations: building the block list trees and reading what comes back.
 */
#include "host/internal.h"

#define PIECES_MAX 512u

/* A tree under construction; blocks are linked in the order in which they are added. */
struct tree {
    struct nds_piece piece[PIECES_MAX];
    uint32_t pieces;
};

static void *piece(struct tree *tree, uint32_t bytes)
{
    void *memory = guest_alloc(bytes);
    memset(memory, 0, bytes);
    tree->piece[tree->pieces++] = (struct nds_piece){memory, bytes};
    return memory;
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block(struct tree *tree, struct nds_state *state,
                                               UCHAR type, uint32_t state_bytes)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made = piece(tree, (uint32_t)sizeof(*made) + state_bytes);
    made->Header = (NDIS_OBJECT_HEADER){type, 1, sizeof(*made)};
    made->Status = (NDIS_STATUS)0xA5A5A5A5; /* output fields start poisoned */
    made->MiniportOffloadContext = nds_state_cell(state);
    made->NdisOffloadHandle = nds_state_handle(state);
    made->ProtocolReserved[0] = (PVOID)(uintptr_t)0x5EED0101;
    made->ProtocolReserved[1] = (PVOID)(uintptr_t)0x5EED0102;
    made->ImReserved[0] = (PVOID)(uintptr_t)0x5EED0103;
    made->SourceHandle = (PVOID)(uintptr_t)0x5EED0104;
    made->NetBufferListChain = NULL;
    return made;
}

static void header(void *state, uint32_t bytes)
{
    ((POFFLOAD_STATE_HEADER)state)->Length = bytes;
}

/* Copies one state structure behind a block; returns the place of the next one. */
static void *append(void *at, const void *state, uint32_t bytes)
{
    memcpy(at, state, bytes);
    header(at, bytes);
    return ndis_offload_state_next(at);
}

#define PADDED(type) (((uint32_t)sizeof(type) + 7u) & ~7u)

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST neighbor_new(struct tree *tree, struct host_neighbor *n)
{
    uint32_t bytes = PADDED(NEIGHBOR_OFFLOAD_STATE_CONST) + PADDED(NEIGHBOR_OFFLOAD_STATE_CACHED) +
                     sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made = block(tree, n->state, NeighborOffloadState, bytes);
    NEIGHBOR_OFFLOAD_STATE_CONST constant = {.VlanId = n->vlan};
    NEIGHBOR_OFFLOAD_STATE_CACHED cached = {.HostReachabilityDelta = 0};
    NEIGHBOR_OFFLOAD_STATE_DELEGATED delegated = {.NicReachabilityDelta = 0};
    memcpy(cached.DlDestinationAddress, n->mac, 6);
    memcpy(constant.DlSourceAddress, n->source, 6);
    void *at = append(ndis_offload_state_first(made), &constant, sizeof(constant));
    at = append(at, &cached, sizeof(cached));
    append(at, &delegated, sizeof(delegated));
    n->busy = true;
    n->invalidated = false;
    return made;
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST path_new(struct host *host, struct tree *tree,
                                                  struct host_path *p)
{
    uint32_t bytes = PADDED(PATH_OFFLOAD_STATE_CONST) + PADDED(PATH_OFFLOAD_STATE_CACHED) +
                     sizeof(PATH_OFFLOAD_STATE_DELEGATED);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        block(tree, p->state, p->v6 ? Ip6OffloadState : Ip4OffloadState, bytes);
    uint32_t length = p->v6 ? 16 : 4;
    UCHAR *addresses = piece(tree, 2 * length);
    memcpy(addresses, p->local, length);
    memcpy(addresses + length, p->remote, length);
    PATH_OFFLOAD_STATE_CONST constant = {.SourceAddress = addresses,
                                         .DestinationAddress = addresses + length};
    PATH_OFFLOAD_STATE_CACHED cached = {.PathMtu = p->mtu};
    PATH_OFFLOAD_STATE_DELEGATED delegated = {0};
    void *at = append(ndis_offload_state_first(made), &constant, sizeof(constant));
    at = append(at, &cached, sizeof(cached));
    append(at, &delegated, sizeof(delegated));
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
            host_list(host, ROLE_INIT_SEND, take, (struct nds_list_shape){done % 7, 1},
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
    if (!conn->buffered) {
        return NULL;
    }
    struct host_fill fill = {host, conn->index, conn->received, PAYLOAD_TO_TARGET};
    return nds_list_build(ROLE_BUFFERED, conn->index, conn->buffered,
                          (struct nds_list_shape){conn->buffered % 5, 1}, host_fill_stream, &fill);
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST tcp_new(struct host *host, struct tree *tree,
                                                 struct host_conn *conn)
{
    uint32_t bytes = PADDED(TCP_OFFLOAD_STATE_CONST) + PADDED(TCP_OFFLOAD_STATE_CACHED) +
                     sizeof(TCP_OFFLOAD_STATE_DELEGATED);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made = block(tree, conn->tcp, TcpOffloadState, bytes);
    PNET_BUFFER_LIST tail;
    made->NetBufferListChain = outstanding_chain(host, conn, &tail);
    conn->tcb.SendDataHead = made->NetBufferListChain;
    conn->tcb.SendDataTail = tail;
    conn->tcb.BufferedData = buffered_list(host, conn);
    void *at = append(ndis_offload_state_first(made), &conn->constant, sizeof(conn->constant));
    at = append(at, &conn->cached, sizeof(conn->cached));
    append(at, &conn->tcb, sizeof(conn->tcb));
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
    return ours_to_offload(conn) && !host->paused && (path_in_tree || !path->busy) &&
           (neighbor_in_tree || !neighbor->busy);
}

void host_initiate(struct host *host, uint32_t first, uint32_t count)
{
    static struct tree tree;
    tree.pieces = 0;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root = NULL, path_block = NULL, last_tcp = NULL;
    uint32_t path_now = UINT32_MAX, neighbor_now = UINT32_MAX;
    for (uint32_t i = first; i < first + count && i < host->conns; i++) {
        struct host_conn *conn = &host->conn[i];
        struct host_path *path = &host->path[conn->path];
        struct host_neighbor *neighbor = &host->neighbor[path->neighbor];
        if (!may_initiate(host, conn, conn->path == path_now, root != NULL) ||
            (root && path->neighbor != neighbor_now) || tree.pieces + 8 > PIECES_MAX) {
            continue;
        }
        if (!root) {
            root = neighbor->offloaded ? block(&tree, neighbor->state, NeighborOffloadState, 0)
                                       : neighbor_new(&tree, neighbor);
            if (host->placeholders && neighbor->offloaded && path->offloaded) {
                root->MiniportOffloadContext = NULL; /* only the way to the path */
            }
            neighbor_now = path->neighbor;
        }
        if (!path_block || conn->path != path_now) {
            PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
                path->offloaded
                    ? block(&tree, path->state, path->v6 ? Ip6OffloadState : Ip4OffloadState, 0)
                    : path_new(host, &tree, path);
            if (path_block) {
                path_block->NextBlock = made;
            } else {
                root->DependentBlockList = made;
            }
            path_block = made;
            path_now = conn->path;
            last_tcp = NULL;
        }
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST tcp = tcp_new(host, &tree, conn);
        if (last_tcp) {
            last_tcp->NextBlock = tcp;
        } else {
            path_block->DependentBlockList = tcp;
        }
        last_tcp = tcp;
    }
    if (root) {
        nds_state_call(TAP_INITIATE, root, tree.piece, tree.pieces);
    }
}

static bool may_terminate(const struct host_conn *conn)
{
    return conn->phase == HOST_OFFLOADED && !conn->busy_ops && !conn->in_post &&
           !conn->in_disconnect;
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST tcp_terminate(struct tree *tree, struct host_conn *conn)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        block(tree, conn->tcp, TcpOffloadDelegatedState, sizeof(TCP_OFFLOAD_STATE_DELEGATED));
    TCP_OFFLOAD_STATE_DELEGATED poison;
    memset(&poison, 0xA5, sizeof(poison));
    append(ndis_offload_state_first(made), &poison, sizeof(poison));
    made->NetBufferListChain = (PNET_BUFFER_LIST)(uintptr_t)0xA5A5A5A5A5A5A5A5; /* TERM-SEND-3 */
    conn->phase = HOST_TERMINATING;
    return made;
}

void host_terminate(struct host *host, uint32_t index, enum host_scope scope)
{
    static struct tree tree;
    tree.pieces = 0;
    if (index >= host->conns) {
        return;
    }
    struct host_conn *conn = &host->conn[index];
    struct host_path *path = &host->path[conn->path];
    struct host_neighbor *neighbor = &host->neighbor[path->neighbor];
    bool tcp = may_terminate(conn);
    /* TERM-HOST-1: only without dependents, or together with the last of them. */
    bool with_path = scope >= SCOPE_PATH && path->offloaded && !path->busy && !path->settling &&
                     path->live == (tcp ? 1u : 0u);
    bool with_neighbor = scope == SCOPE_ALL && with_path && neighbor->offloaded &&
                         !neighbor->busy && !neighbor->settling && neighbor->live == 1;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root = NULL;
    if (tcp) {
        root = tcp_terminate(&tree, conn);
    }
    if (with_path) {
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made = block(
            &tree, path->state, path->v6 ? Ip6OffloadDelegatedState : Ip4OffloadDelegatedState,
            sizeof(PATH_OFFLOAD_STATE_DELEGATED));
        header(ndis_offload_state_first(made), sizeof(PATH_OFFLOAD_STATE_DELEGATED));
        made->DependentBlockList = root;
        root = made;
        path->busy = true;
        if (with_neighbor) {
            made = block(&tree, neighbor->state, NeighborOffloadDelegatedState,
                         sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED));
            header(ndis_offload_state_first(made), sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED));
            made->DependentBlockList = root;
            root = made;
            neighbor->busy = true;
        }
    }
    if (root) {
        nds_state_call(TAP_TERMINATE, root, tree.piece, tree.pieces);
    }
}

void host_terminate_everything(struct host *host)
{
    for (uint32_t i = 0; i < host->conns; i++) {
        host_terminate(host, i, SCOPE_ALL);
    }
}

/* Makes a call on one object, and remembers it until it comes back. */
static void single(struct host *host, enum tap_fn fn, struct host_conn *conn,
                   const struct nds_state *state, const struct tree *tree)
{
    host->op = host_grow(host->op, host->ops, &host->op_room, sizeof(host->op[0]));
    host->op[host->ops++] = (struct host_op){tree->piece[0].address, fn, state, conn->index};
    conn->busy_ops++;
    nds_state_call(fn, tree->piece[0].address, tree->piece, tree->pieces);
}

/* A block that asks for all of an object's state; the three structures hold nothing yet. */
static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST ask_all(struct tree *tree, struct nds_state *state,
                                                 UCHAR type, const uint32_t size[3])
{
    uint32_t bytes = ((size[0] + 7u) & ~7u) + ((size[1] + 7u) & ~7u) + size[2];
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made = block(tree, state, type, bytes);
    OFFLOAD_STATE_HEADER *at = ndis_offload_state_first(made);
    memset(at, 0xA5, bytes);
    for (uint32_t i = 0; i < 3; i++) {
        header(at, size[i]);
        at = ndis_offload_state_next(at);
    }
    return made;
}

/* The connection with the path and the neighbor that it depends on. */
static void query_tree(struct host *host, struct host_conn *conn)
{
    static struct tree tree;
    static const uint32_t of_neighbor[3] = {sizeof(NEIGHBOR_OFFLOAD_STATE_CONST),
                                            sizeof(NEIGHBOR_OFFLOAD_STATE_CACHED),
                                            sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED)};
    static const uint32_t of_path[3] = {sizeof(PATH_OFFLOAD_STATE_CONST),
                                        sizeof(PATH_OFFLOAD_STATE_CACHED),
                                        sizeof(PATH_OFFLOAD_STATE_DELEGATED)};
    static const uint32_t of_tcp[3] = {sizeof(TCP_OFFLOAD_STATE_CONST),
                                       sizeof(TCP_OFFLOAD_STATE_CACHED),
                                       sizeof(TCP_OFFLOAD_STATE_DELEGATED)};
    struct host_path *path = &host->path[conn->path];
    struct host_neighbor *neighbor = &host->neighbor[path->neighbor];
    tree.pieces = 0;
    if (path->busy || path->settling || neighbor->busy || neighbor->settling) {
        return;
    }
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
        ask_all(&tree, neighbor->state, NeighborOffloadState, of_neighbor);
    root->DependentBlockList =
        ask_all(&tree, path->state, path->v6 ? Ip6OffloadState : Ip4OffloadState, of_path);
    root->DependentBlockList->DependentBlockList =
        ask_all(&tree, conn->tcp, TcpOffloadState, of_tcp);
    single(host, TAP_QUERY, conn, conn->tcp, &tree);
}

void host_query(struct host *host, uint32_t index, uint32_t what)
{
    static struct tree tree;
    tree.pieces = 0;
    if (index >= host->conns || host->conn[index].phase != HOST_OFFLOADED) {
        return;
    }
    struct host_conn *conn = &host->conn[index];
    if (what == 3) {
        query_tree(host, conn);
        return;
    }
    static const struct {
        UCHAR type;
        uint32_t bytes;
    } forms[3] = {
        {TcpOffloadState, PADDED(TCP_OFFLOAD_STATE_CONST) + PADDED(TCP_OFFLOAD_STATE_CACHED) +
                              sizeof(TCP_OFFLOAD_STATE_DELEGATED)},
        {TcpOffloadDelegatedState, sizeof(TCP_OFFLOAD_STATE_DELEGATED)},
        {TcpOffloadCachedState, sizeof(TCP_OFFLOAD_STATE_CACHED)},
    };
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
        block(&tree, conn->tcp, forms[what % 3].type, forms[what % 3].bytes);
    memset(ndis_offload_state_first(root), 0xA5, forms[what % 3].bytes);
    OFFLOAD_STATE_HEADER *at = ndis_offload_state_first(root);
    if (what % 3 == 0) {
        header(at, sizeof(TCP_OFFLOAD_STATE_CONST));
        at = ndis_offload_state_next(at);
        header(at, sizeof(TCP_OFFLOAD_STATE_CACHED));
        at = ndis_offload_state_next(at);
        header(at, sizeof(TCP_OFFLOAD_STATE_DELEGATED));
    } else {
        header(at, forms[what % 3].bytes);
    }
    single(host, TAP_QUERY, conn, conn->tcp, &tree);
}

void host_invalidate(struct host *host, uint32_t index, enum host_scope scope)
{
    static struct tree tree;
    tree.pieces = 0;
    if (index >= host->conns || host->conn[index].phase != HOST_OFFLOADED) {
        return;
    }
    struct host_conn *conn = &host->conn[index];
    struct host_path *path = &host->path[conn->path];
    struct host_neighbor *neighbor = &host->neighbor[path->neighbor];
    struct nds_state *state = conn->tcp;
    if (scope == SCOPE_PATH) {
        state = path->state;
        path->invalidated = true;
        block(&tree, state, path->v6 ? Ip6OffloadState : Ip4OffloadState, 0);
    } else if (scope == SCOPE_ALL) {
        state = neighbor->state;
        neighbor->invalidated = true;
        block(&tree, state, NeighborOffloadState, 0);
    } else {
        conn->invalidated = true;
        block(&tree, state, TcpOffloadState, 0);
    }
    single(host, TAP_INVALIDATE, conn, state, &tree);
}

static void update_value(struct host *host, struct host_conn *conn, enum host_update what,
                         uint32_t value)
{
    struct host_path *path = &host->path[conn->path];
    TCP_OFFLOAD_STATE_CACHED *cached = &conn->cached;
    cached->Flags &=
        (USHORT) ~(TCP_FLAG_KEEP_ALIVE_RESTART | TCP_FLAG_MAX_RT_RESTART | TCP_FLAG_UPDATE_RCV_WND);
    switch (what) {
    case UPDATE_WINDOW:
        cached->InitialRcvWnd = value ? value : 1;
        cached->Flags |= TCP_FLAG_UPDATE_RCV_WND;
        break;
    case UPDATE_KEEPALIVE:
        cached->Flags ^= TCP_FLAG_KEEP_ALIVE_ENABLED;
        cached->KaTimeout = value > host->ticks_per_second ? value : host->ticks_per_second;
        cached->Flags |= TCP_FLAG_KEEP_ALIVE_RESTART;
        break;
    case UPDATE_NAGLE:
        cached->Flags ^= TCP_FLAG_NAGLING_ENABLED;
        break;
    case UPDATE_MAXRT:
        cached->MaxRT = value;
        cached->Flags |= TCP_FLAG_MAX_RT_RESTART;
        break;
    case UPDATE_TTL:
        cached->TtlOrHopLimit = (UCHAR)(value ? value : 1);
        break;
    case UPDATE_INDICATION:
        cached->RcvIndicationSize = value;
        break;
    case UPDATE_KA_TIMEOUT:
        cached->KaTimeout = value > host->ticks_per_second ? value : host->ticks_per_second;
        break;
    case UPDATE_KA_INTERVAL:
        cached->KaInterval = value > host->ticks_per_second ? value : host->ticks_per_second;
        break;
    case UPDATE_KA_PROBES:
        cached->KaProbeCount = (UCHAR)(value ? value : 1);
        break;
    case UPDATE_KA_RESTART:
        cached->Flags |= TCP_FLAG_KEEP_ALIVE_RESTART;
        break;
    case UPDATE_MTU:
        path->mtu = value < (path->v6 ? 1280u : 68u) ? (path->v6 ? 1280u : 68u) : value;
        break;
    case UPDATE_MAC:
        host->neighbor[path->neighbor].mac[5] ^= 1;
        break;
    case UPDATE_NEIGHBOR:
        break;
    }
}

/* UPD-HOST-1: no update of an object that is being updated or offloaded, or is invalidated. */
static bool may_update(const struct host *host, const struct nds_state *state, bool busy,
                       bool invalidated)
{
    for (uint32_t i = 0; i < host->ops; i++) {
        if (host->op[i].fn == TAP_UPDATE && host->op[i].state == state) {
            return false;
        }
    }
    return !busy && !invalidated;
}

static void update_path(struct host *host, struct host_conn *conn, uint32_t value)
{
    static struct tree tree;
    struct host_path *path = &host->path[conn->path];
    tree.pieces = 0;
    if (may_update(host, path->state, path->busy || path->settling, path->invalidated)) {
        update_value(host, conn, UPDATE_MTU, value);
        PATH_OFFLOAD_STATE_CACHED cached = {.PathMtu = path->mtu};
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
            block(&tree, path->state, path->v6 ? Ip6OffloadCachedState : Ip4OffloadCachedState,
                  sizeof(cached));
        append(ndis_offload_state_first(root), &cached, sizeof(cached));
        single(host, TAP_UPDATE, conn, path->state, &tree);
    }
}

static void update_neighbor(struct host *host, struct host_conn *conn)
{
    static struct tree tree;
    struct host_neighbor *neighbor = &host->neighbor[host->path[conn->path].neighbor];
    tree.pieces = 0;
    if (may_update(host, neighbor->state, neighbor->busy || neighbor->settling,
                   neighbor->invalidated)) {
        update_value(host, conn, UPDATE_MAC, 0);
        NEIGHBOR_OFFLOAD_STATE_CACHED cached = {.HostReachabilityDelta = 0};
        memcpy(cached.DlDestinationAddress, neighbor->mac, 6);
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
            block(&tree, neighbor->state, NeighborOffloadCachedState, sizeof(cached));
        append(ndis_offload_state_first(root), &cached, sizeof(cached));
        single(host, TAP_UPDATE, conn, neighbor->state, &tree);
    }
}

/* A neighbor of the same VLAN beside the one that the path has. */
static uint32_t other_neighbor(struct host *host, const struct host_path *path)
{
    if (host->neighbors == 1) {
        const struct host_neighbor *first = &host->neighbor[0];
        struct host_neighbor *second = &host->neighbor[host->neighbors++];
        *second = (struct host_neighbor){.state = nds_state_new(LAYER_NEIGHBOR, TAP_NONE),
                                         .vlan = first->vlan};
        memcpy(second->mac, first->mac, 6);
        memcpy(second->source, first->source, 6);
        second->mac[4] ^= 1;
    }
    return 1 - path->neighbor;
}

/* UPD-LINK-1: the new neighbor must be offloaded before paths are linked to it. */
static void update_link(struct host *host, struct host_conn *conn)
{
    static struct tree tree;
    struct host_path *path = &host->path[conn->path];
    uint32_t other = other_neighbor(host, path);
    struct host_neighbor *from = &host->neighbor[path->neighbor], *to = &host->neighbor[other];
    tree.pieces = 0;
    if (to->busy || to->settling || to->invalidated || host->paused) {
        return;
    }
    if (!to->offloaded) {
        nds_state_call(TAP_INITIATE, neighbor_new(&tree, to), tree.piece, tree.pieces);
        return;
    }
    if (!may_update(host, path->state, path->busy || path->settling, path->invalidated) ||
        !may_update(host, to->state, false, false)) {
        return;
    }
    NEIGHBOR_OFFLOAD_STATE_CACHED neighbor = {.HostReachabilityDelta = 0};
    PATH_OFFLOAD_STATE_CACHED cached = {.PathMtu = path->mtu};
    memcpy(neighbor.DlDestinationAddress, to->mac, 6);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
        block(&tree, to->state, NeighborOffloadCachedState, sizeof(neighbor));
    append(ndis_offload_state_first(root), &neighbor, sizeof(neighbor));
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST below =
        block(&tree, path->state, path->v6 ? Ip6OffloadCachedState : Ip4OffloadCachedState,
              sizeof(cached));
    append(ndis_offload_state_first(below), &cached, sizeof(cached));
    root->DependentBlockList = below;
    from->live--;
    to->live++;
    path->neighbor = other;
    single(host, TAP_UPDATE, conn, path->state, &tree);
}

void host_update(struct host *host, uint32_t index, enum host_update what, uint32_t value)
{
    static struct tree tree;
    tree.pieces = 0;
    if (index >= host->conns || host->conn[index].phase != HOST_OFFLOADED) {
        return;
    }
    struct host_conn *conn = &host->conn[index];
    if (what == UPDATE_MTU) {
        update_path(host, conn, value);
    } else if (what == UPDATE_NEIGHBOR) {
        update_link(host, conn);
    } else if (what == UPDATE_MAC) {
        update_neighbor(host, conn);
    } else if (may_update(host, conn->tcp, conn->settling, conn->invalidated)) {
        update_value(host, conn, what, value);
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
            block(&tree, conn->tcp, TcpOffloadCachedState, sizeof(conn->cached));
        append(ndis_offload_state_first(root), &conn->cached, sizeof(conn->cached));
        single(host, TAP_UPDATE, conn, conn->tcp, &tree);
    }
}
