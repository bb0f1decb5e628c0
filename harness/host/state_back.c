/* SPDX-License-Identifier: MIT
 *
 * What comes back from state operations: statuses, contexts, the delegated state of an upload.
 */
#include "host/internal.h"

static struct host_conn *conn_of(struct host *host, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    uint32_t index = nds_state_conn(block->NdisOffloadHandle);
    return index < host->conns ? &host->conn[index] : NULL;
}

static struct host_path *path_of(struct host *host, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    for (uint32_t i = 0; i < host->paths; i++) {
        if (nds_state_handle(host->path[i].state) == block->NdisOffloadHandle) {
            return &host->path[i];
        }
    }
    return NULL;
}

static struct host_neighbor *neighbor_of(struct host *host, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    for (uint32_t i = 0; i < host->neighbors; i++) {
        if (nds_state_handle(host->neighbor[i].state) == block->NdisOffloadHandle) {
            return &host->neighbor[i];
        }
    }
    return NULL;
}

static void tcp_initiated(struct host *host, struct host_conn *conn)
{
    if (!nds_state_live(conn->tcp)) {
        conn->phase = HOST_OWNS; /* its chain and its buffered data stay ours */
        conn->sends_out = 0;
        host->path[conn->path].live--;
        return;
    }
    conn->phase = HOST_OFFLOADED;
    conn->settling = true;
    host->settling =
        host_grow(host->settling, host->settlings, &host->settling_room, sizeof(host->settling[0]));
    host->settling[host->settlings++] = conn->index;
    conn->buffered = 0;
    conn->outstanding = 0;
    conn->closed = conn->aborted = conn->invalidated = false;
    conn->retrieve = 0;
    conn->saw_disconnect = conn->saw_abort = false;
    if (conn->tcb.State == TcpConnectionFinWait1 || conn->tcb.State == TcpConnectionFinWait2 ||
        conn->tcb.State == TcpConnectionClosing || conn->tcb.State == TcpConnectionLastAck) {
        conn->closed = true;
    }
    host->counts.established++;
}

/* A FIN that was asked for and has not left is not in SndMax: the host asks for it anew. */
static void reopen_without_fin(struct host_conn *conn)
{
    TCP_OFFLOAD_STATE_DELEGATED *tcb = &conn->tcb;
    if (tcb->SndMax - tcb->SndUna > conn->outstanding) {
        return;
    }
    if (tcb->State == TcpConnectionFinWait1) {
        tcb->State = TcpConnectionEstablished;
    } else if (tcb->State == TcpConnectionClosing || tcb->State == TcpConnectionLastAck) {
        tcb->State = TcpConnectionCloseWait;
    }
}

static void tcp_terminated(struct host *host, struct host_conn *conn,
                           PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    const TCP_OFFLOAD_STATE_DELEGATED *tcp = (const void *)ndis_offload_state_first(block);
    if (block->Status == NDIS_STATUS_FAILURE) {
        conn->phase = HOST_OFFLOADED; /* Q13: until a second terminate has completed */
        return;
    }
    conn->phase = HOST_OWNS;
    host->path[conn->path].live--;
    nds_state_forget(conn->tcp);
    memcpy(&conn->tcb, tcp, tcp->Header.Length < sizeof(*tcp) ? tcp->Header.Length : sizeof(*tcp));
    conn->tcb.Header.Length = sizeof(conn->tcb);
    conn->tcb.SendDataHead = conn->tcb.SendDataTail = NULL;
    conn->tcb.BufferedData = NULL;
    reopen_without_fin(conn);
    host->counts.uploaded++;
}

/* After a terminate that failed the object stays (Q13). */
static void path_back(struct host *host, struct host_path *path, bool term, bool failed)
{
    bool live = term ? failed : nds_state_live(path->state);
    if (path->busy && !live) {
        host->neighbor[path->neighbor].live--;
    }
    path->settling = path->busy && !term;
    path->busy = false;
    path->offloaded = live;
    if (term && !failed) {
        nds_state_forget(path->state);
    }
}

static void neighbor_back(struct host_neighbor *neighbor, bool term, bool failed)
{
    neighbor->settling = neighbor->busy && !term;
    neighbor->busy = false;
    neighbor->offloaded = term ? failed : nds_state_live(neighbor->state);
    if (term && !failed) {
        nds_state_forget(neighbor->state);
    }
}

static void blocks_back(struct host *host, bool term, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    for (; block; block = block->NextBlock) {
        struct host_conn *conn = conn_of(host, block);
        struct host_path *path = conn ? NULL : path_of(host, block);
        struct host_neighbor *neighbor = conn || path ? NULL : neighbor_of(host, block);
        bool failed = block->Status == NDIS_STATUS_FAILURE;
        if (conn && term) {
            tcp_terminated(host, conn, block);
        } else if (conn) {
            tcp_initiated(host, conn);
        } else if (path) {
            path_back(host, path, term, failed);
        } else if (neighbor) {
            neighbor_back(neighbor, term, failed);
        }
        blocks_back(host, term, block->DependentBlockList);
    }
}

static void single_back(struct host *host, enum tap_fn fn, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root)
{
    enum tap_fn call = fn == TAP_QUERY_COMPLETE    ? TAP_QUERY
                       : fn == TAP_UPDATE_COMPLETE ? TAP_UPDATE
                                                   : TAP_INVALIDATE;
    for (uint32_t i = 0; i < host->ops; i++) {
        if (host->op[i].root == root && host->op[i].fn == call) {
            host->conn[host->op[i].conn].busy_ops--;
            host->op[i] = host->op[--host->ops];
            return;
        }
    }
}

void host_state_back(void *context, enum tap_fn fn, uint32_t operation,
                     PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root)
{
    struct host *host = context;
    (void)operation;
    if (fn == TAP_INITIATE_COMPLETE || fn == TAP_TERMINATE_COMPLETE) {
        blocks_back(host, fn == TAP_TERMINATE_COMPLETE, root);
    } else {
        single_back(host, fn, root);
    }
}

void host_state_closed(void *context, enum tap_fn fn)
{
    struct host *host = context;
    if (fn != TAP_INITIATE_COMPLETE) {
        return;
    }
    while (host->settlings) {
        host->conn[host->settling[--host->settlings]].settling = false;
    }
    for (uint32_t i = 0; i < host->paths; i++) {
        host->path[i].settling = false;
    }
    for (uint32_t i = 0; i < host->neighbors; i++) {
        host->neighbor[i].settling = false;
    }
}
