/* SPDX-License-Identifier: MIT
 *
 * State operations but the initiate: terminate, query, invalidate, update.
 */
#include "host/tree.h"

void *host_tree_piece(struct host_tree *tree, uint32_t bytes)
{
    void *memory = guest_alloc(bytes);
    memset(memory, 0, bytes);
    tree->piece[tree->pieces++] = (struct nds_piece){memory, bytes};
    return memory;
}

PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST host_tree_block(struct host_tree *tree, struct nds_state *state,
                                                  UCHAR type, uint32_t state_bytes)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        host_tree_piece(tree, (uint32_t)sizeof(*made) + state_bytes);
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

void *host_tree_append(void *at, const void *state, uint32_t bytes)
{
    memcpy(at, state, bytes);
    header(at, bytes);
    return ndis_offload_state_next(at);
}

static bool may_terminate(const struct host_conn *conn)
{
    return conn->phase == HOST_OFFLOADED && !conn->busy_ops && !conn->in_post &&
           !conn->in_disconnect;
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST
tcp_terminate(const struct host *host, struct host_tree *tree, struct host_conn *conn)
{
    uint32_t bytes = host->short_state ? NDIS_SIZEOF_TCP_OFFLOAD_STATE_DELEGATED_6_0
                                       : (uint32_t)sizeof(TCP_OFFLOAD_STATE_DELEGATED);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made =
        host_tree_block(tree, conn->tcp, TcpOffloadDelegatedState, bytes);
    TCP_OFFLOAD_STATE_DELEGATED poison;
    memset(&poison, 0xA5, sizeof(poison));
    host_tree_append(ndis_offload_state_first(made), &poison, bytes);
    made->NetBufferListChain = (PNET_BUFFER_LIST)(uintptr_t)0xA5A5A5A5A5A5A5A5; /* TERM-SEND-3 */
    conn->phase = HOST_TERMINATING;
    return made;
}

void host_terminate(struct host *host, uint32_t index, enum host_scope scope)
{
    static struct host_tree tree;
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
        root = tcp_terminate(host, &tree, conn);
    }
    if (with_path) {
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made = host_tree_block(
            &tree, path->state, path->v6 ? Ip6OffloadDelegatedState : Ip4OffloadDelegatedState,
            sizeof(PATH_OFFLOAD_STATE_DELEGATED));
        header(ndis_offload_state_first(made), sizeof(PATH_OFFLOAD_STATE_DELEGATED));
        made->DependentBlockList = root;
        root = made;
        path->busy = true;
        if (with_neighbor) {
            made = host_tree_block(&tree, neighbor->state, NeighborOffloadDelegatedState,
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
                   const struct nds_state *state, const struct host_tree *tree)
{
    host->op = host_grow(host->op, host->ops, &host->op_room, sizeof(host->op[0]));
    host->op[host->ops++] = (struct host_op){tree->piece[0].address, fn, state, conn->index};
    conn->busy_ops++;
    nds_state_call(fn, tree->piece[0].address, tree->piece, tree->pieces);
}

/* A block that asks for all of an object's state; the three structures hold nothing yet. */
static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST ask_all(struct host_tree *tree, struct nds_state *state,
                                                 UCHAR type, const uint32_t size[3])
{
    uint32_t bytes = ((size[0] + 7u) & ~7u) + ((size[1] + 7u) & ~7u) + size[2];
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made = host_tree_block(tree, state, type, bytes);
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
    static struct host_tree tree;
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

void host_query(struct host *host, uint32_t index, enum host_queried what)
{
    static struct host_tree tree;
    tree.pieces = 0;
    if (index >= host->conns || host->conn[index].phase != HOST_OFFLOADED) {
        return;
    }
    struct host_conn *conn = &host->conn[index];
    if (what == QUERY_TREE) {
        query_tree(host, conn);
        return;
    }
    static const struct {
        UCHAR type;
        uint32_t bytes;
    } forms[] = {
        [QUERY_ALL] = {TcpOffloadState, STATE_PADDED(TCP_OFFLOAD_STATE_CONST) +
                                            STATE_PADDED(TCP_OFFLOAD_STATE_CACHED) +
                                            sizeof(TCP_OFFLOAD_STATE_DELEGATED)},
        [QUERY_DELEGATED] = {TcpOffloadDelegatedState, sizeof(TCP_OFFLOAD_STATE_DELEGATED)},
        [QUERY_CACHED] = {TcpOffloadCachedState, sizeof(TCP_OFFLOAD_STATE_CACHED)},
    };
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
        host_tree_block(&tree, conn->tcp, forms[what].type, forms[what].bytes);
    memset(ndis_offload_state_first(root), 0xA5, forms[what].bytes);
    OFFLOAD_STATE_HEADER *at = ndis_offload_state_first(root);
    if (what == QUERY_ALL) {
        header(at, sizeof(TCP_OFFLOAD_STATE_CONST));
        at = ndis_offload_state_next(at);
        header(at, sizeof(TCP_OFFLOAD_STATE_CACHED));
        at = ndis_offload_state_next(at);
        header(at, sizeof(TCP_OFFLOAD_STATE_DELEGATED));
    } else {
        header(at, forms[what].bytes);
    }
    single(host, TAP_QUERY, conn, conn->tcp, &tree);
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST below(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST above,
                                               PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST made)
{
    if (above) {
        above->DependentBlockList = made;
    }
    return made;
}

/* The object alone, or with what connects it to the connection in the same tree. */
void host_invalidate(struct host *host, uint32_t index, enum host_scope scope, bool whole)
{
    static struct host_tree tree;
    tree.pieces = 0;
    if (index >= host->conns || host->conn[index].phase != HOST_OFFLOADED) {
        return;
    }
    struct host_conn *conn = &host->conn[index];
    struct host_path *path = &host->path[conn->path];
    struct host_neighbor *neighbor = &host->neighbor[path->neighbor];
    bool resting = !path->busy && !path->settling && !neighbor->busy && !neighbor->settling;
    struct nds_state *state = conn->tcp;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST above = NULL;
    if (whole && !resting) {
        return;
    }
    if (scope == SCOPE_ALL) {
        state = neighbor->state;
        neighbor->invalidated = true;
        above = host_tree_block(&tree, state, NeighborOffloadState, 0);
    }
    if (scope == SCOPE_PATH || (scope == SCOPE_ALL && whole)) {
        state = above ? state : path->state;
        path->invalidated = true;
        above = below(above, host_tree_block(&tree, path->state,
                                             path->v6 ? Ip6OffloadState : Ip4OffloadState, 0));
    }
    if (scope == SCOPE_TCP || whole) {
        conn->invalidated = true;
        below(above, host_tree_block(&tree, conn->tcp, TcpOffloadState, 0));
    }
    single(host, TAP_INVALIDATE, conn, state, &tree);
}

/* What is not of the connection itself. */
static void update_below(struct host *host, struct host_path *path, enum host_update what,
                         uint32_t value)
{
    switch (what) {
    case UPDATE_MTU:
        path->mtu = value < (path->v6 ? 1280u : 68u) ? (path->v6 ? 1280u : 68u) : value;
        break;
    case UPDATE_MAC:
        host->neighbor[path->neighbor].mac[5] ^= 1;
        break;
    case UPDATE_REACHED:
        host->neighbor[path->neighbor].host_age = value & HOST_AGE_MOST;
        break;
    default:
        break;
    }
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
    case UPDATE_TOS:
        cached->TosOrTrafficClass = (UCHAR)value;
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
    case UPDATE_PRIORITY:
        cached->UserPriority = value & 7;
        break;
    case UPDATE_FLOW:
        cached->FlowLabel = conn->v6 ? value & 0xFFFFF : 0;
        break;
    default:
        update_below(host, path, what, value);
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

static void tree_update_path(struct host *host, struct host_conn *conn, uint32_t value)
{
    static struct host_tree tree;
    struct host_path *path = &host->path[conn->path];
    tree.pieces = 0;
    if (may_update(host, path->state, path->busy || path->settling, path->invalidated)) {
        update_value(host, conn, UPDATE_MTU, value);
        PATH_OFFLOAD_STATE_CACHED cached = {.PathMtu = path->mtu};
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root = host_tree_block(
            &tree, path->state, path->v6 ? Ip6OffloadCachedState : Ip4OffloadCachedState,
            sizeof(cached));
        host_tree_append(ndis_offload_state_first(root), &cached, sizeof(cached));
        single(host, TAP_UPDATE, conn, path->state, &tree);
    }
}

static void tree_update_neighbor(struct host *host, struct host_conn *conn, enum host_update what,
                                 uint32_t value)
{
    static struct host_tree tree;
    struct host_neighbor *neighbor = &host->neighbor[host->path[conn->path].neighbor];
    tree.pieces = 0;
    if (may_update(host, neighbor->state, neighbor->busy || neighbor->settling,
                   neighbor->invalidated)) {
        update_value(host, conn, what, value);
        NEIGHBOR_OFFLOAD_STATE_CACHED cached = {.HostReachabilityDelta = neighbor->host_age};
        memcpy(cached.DlDestinationAddress, neighbor->mac, 6);
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
            host_tree_block(&tree, neighbor->state, NeighborOffloadCachedState, sizeof(cached));
        host_tree_append(ndis_offload_state_first(root), &cached, sizeof(cached));
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
    static struct host_tree tree;
    struct host_path *path = &host->path[conn->path];
    uint32_t other = other_neighbor(host, path);
    struct host_neighbor *from = &host->neighbor[path->neighbor], *to = &host->neighbor[other];
    tree.pieces = 0;
    if (to->busy || to->settling || to->invalidated || host->paused) {
        return;
    }
    if (!to->offloaded) {
        nds_state_call(TAP_INITIATE, host_tree_neighbor(&tree, to), tree.piece, tree.pieces);
        return;
    }
    if (!may_update(host, path->state, path->busy || path->settling, path->invalidated) ||
        !may_update(host, to->state, false, false)) {
        return;
    }
    NEIGHBOR_OFFLOAD_STATE_CACHED neighbor = {.HostReachabilityDelta = to->host_age};
    PATH_OFFLOAD_STATE_CACHED cached = {.PathMtu = path->mtu};
    memcpy(neighbor.DlDestinationAddress, to->mac, 6);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
        host_tree_block(&tree, to->state, NeighborOffloadCachedState, sizeof(neighbor));
    host_tree_append(ndis_offload_state_first(root), &neighbor, sizeof(neighbor));
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST below =
        host_tree_block(&tree, path->state,
                        path->v6 ? Ip6OffloadCachedState : Ip4OffloadCachedState, sizeof(cached));
    host_tree_append(ndis_offload_state_first(below), &cached, sizeof(cached));
    root->DependentBlockList = below;
    from->live--;
    to->live++;
    path->neighbor = other;
    single(host, TAP_UPDATE, conn, path->state, &tree);
}

void host_update(struct host *host, uint32_t index, enum host_update what, uint32_t value)
{
    static struct host_tree tree;
    tree.pieces = 0;
    if (index >= host->conns || host->conn[index].phase != HOST_OFFLOADED) {
        return;
    }
    struct host_conn *conn = &host->conn[index];
    if (what == UPDATE_MTU) {
        tree_update_path(host, conn, value);
    } else if (what == UPDATE_NEIGHBOR) {
        update_link(host, conn);
    } else if (what == UPDATE_MAC || what == UPDATE_REACHED) {
        tree_update_neighbor(host, conn, what, value);
    } else if (may_update(host, conn->tcp, conn->settling, conn->invalidated)) {
        update_value(host, conn, what, value);
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root =
            host_tree_block(&tree, conn->tcp, TcpOffloadCachedState, sizeof(conn->cached));
        host_tree_append(ndis_offload_state_first(root), &conn->cached, sizeof(conn->cached));
        single(host, TAP_UPDATE, conn, conn->tcp, &tree);
    }
}
