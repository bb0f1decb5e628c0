/* SPDX-License-Identifier: MIT
 *
 * What comes back from state operations: statuses, contexts, the delegated state of an upload.
 */
#include "host/internal.h"

static struct host_conn *conn_of(struct host *host, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    for (uint32_t i = 0; i < host->conns; i++) {
        if (nds_state_handle(host->conn[i].tcp) == block->NdisOffloadHandle) {
            return &host->conn[i];
        }
    }
    return NULL;
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
    struct host_path *path = &host->path[conn->path];
    if (!nds_state_live(conn->tcp)) {
        conn->phase = HOST_OWNS; /* its chain and its buffered data stay ours */
        conn->sends_out = 0;
        return;
    }
    conn->phase = HOST_OFFLOADED;
    conn->settling = true;
    if (path->live++ == 0) {
        host->neighbor[path->neighbor].live++;
    }
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

static void tcp_terminated(struct host *host, struct host_conn *conn,
                           PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    struct host_path *path = &host->path[conn->path];
    const TCP_OFFLOAD_STATE_DELEGATED *tcp = (const void *)ndis_offload_state_first(block);
    conn->phase = HOST_OWNS;
    if (--path->live == 0) {
        host->neighbor[path->neighbor].live--;
    }
    nds_state_forget(conn->tcp);
    conn->tcb = *tcp;
    conn->tcb.SendDataHead = conn->tcb.SendDataTail = NULL;
    conn->tcb.BufferedData = NULL;
    host->counts.uploaded++;
}

static void blocks_back(struct host *host, enum tap_fn fn, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    for (; block; block = block->NextBlock) {
        struct host_conn *conn = conn_of(host, block);
        struct host_path *path = conn ? NULL : path_of(host, block);
        struct host_neighbor *neighbor = conn || path ? NULL : neighbor_of(host, block);
        bool term = fn == TAP_TERMINATE_COMPLETE;
        if (fn == TAP_INITIATE_COMPLETE || term) {
            if (path) {
                path->initiating = false;
                path->offloaded = term ? false : nds_state_live(path->state);
                if (term) {
                    nds_state_forget(path->state);
                }
            } else if (neighbor) {
                neighbor->initiating = false;
                neighbor->offloaded = term ? false : nds_state_live(neighbor->state);
                if (term) {
                    nds_state_forget(neighbor->state);
                }
            } else if (conn && term) {
                tcp_terminated(host, conn, block);
            } else if (conn) {
                tcp_initiated(host, conn);
            }
        }
        blocks_back(host, fn, block->DependentBlockList);
    }
}

/* Query, update and invalidate trees of the host hold one object; every connection that waited for
 * one of them is free again. */
static void single_back(struct host *host, enum tap_fn fn, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root)
{
    struct host_conn *conn = conn_of(host, root);
    for (uint32_t i = 0; i < host->conns; i++) {
        struct host_conn *other = &host->conn[i];
        bool mine = conn ? other == conn : other->busy_ops > 0;
        if (mine && other->busy_ops) {
            other->busy_ops--;
            if (!conn) {
                conn = other;
            }
        }
        if (fn == TAP_UPDATE_COMPLETE && (other == conn || conn_of(host, root) == NULL)) {
            other->updating = false;
        }
    }
}

void host_state_back(void *context, enum tap_fn fn, uint32_t operation,
                     PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root)
{
    struct host *host = context;
    (void)operation;
    if (fn == TAP_INITIATE_COMPLETE || fn == TAP_TERMINATE_COMPLETE) {
        blocks_back(host, fn, root);
    } else {
        single_back(host, fn, root);
    }
}

void host_state_closed(void *context, enum tap_fn fn)
{
    struct host *host = context;
    for (uint32_t i = 0; i < host->conns && fn == TAP_INITIATE_COMPLETE; i++) {
        host->conn[i].settling = false;
    }
}
