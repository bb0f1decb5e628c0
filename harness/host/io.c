/* SPDX-License-Identifier: MIT
 *
 * The host's I/O: posting, sending, disconnecting, forwarding, giving indicated lists back. Calls
 * that the rules forbid at this moment are put off (SER-HOST-1) or left out.
 */
#include "host/internal.h"

#define LISTS_MAX 16u

static void fill_prefix(void *context, uint8_t *bytes, uint32_t offset, uint32_t length)
{
    (void)context, (void)offset;
    memset(bytes, 0xEE, length);
}

static void put_off(struct host *host, const struct host_request *request)
{
    host->late = host_grow(host->late, host->late_last, &host->late_room, sizeof(host->late[0]));
    host->late[host->late_last++] = *request;
}

static void io_post(struct host *host, struct host_conn *conn, const struct host_request *r)
{
    PNET_BUFFER_LIST first = NULL, last = NULL;
    uint32_t count = r->count ? r->count : 1;
    for (uint32_t i = 0; i < count && i < LISTS_MAX; i++) {
        struct host_fill fill = {host, conn->index, 0, PAYLOAD_TO_TARGET};
        PNET_BUFFER_LIST nbl = host_list(host, ROLE_POST, r->length,
                                         (struct nds_list_shape){r->pieces + i, 1, r->slack, false},
                                         fill_prefix, &fill);
        struct nds_list *list = nds_list_detail(nbl);
        list->no_push = r->no_push;
        list->prefill = conn->posts_out ? 0 : r->prefill; /* Q6: only with no older one pending */
        if (last) {
            nds_list_chain(last, nbl);
        } else {
            first = nbl;
        }
        last = nbl;
        conn->posts_out++;
    }
    host->counts.posted++;
    conn->in_post = true;
    nds_io_call(TAP_POST, conn->tcp, first, 0);
    conn->in_post = false;
}

static PNET_BUFFER_LIST send_list(struct host *host, struct host_conn *conn, enum tap_role role,
                                  uint32_t length, struct nds_list_shape shape)
{
    struct host_fill fill = {host, conn->index, conn->handed_down, PAYLOAD_FROM_TARGET};
    PNET_BUFFER_LIST nbl = host_list(host, role, length, shape, host_fill_stream, &fill);
    nds_list_detail(nbl)->stream_offset = conn->handed_down;
    conn->handed_down += length;
    return nbl;
}

static void io_send(struct host *host, struct host_conn *conn, const struct host_request *r)
{
    PNET_BUFFER_LIST first = NULL, last = NULL;
    uint32_t count = r->count ? r->count : 1;
    for (uint32_t i = 0; i < count && i < LISTS_MAX; i++) {
        uint32_t buffers = r->buffers ? r->buffers : 1;
        struct nds_list_shape shape = {r->pieces + i, buffers, r->slack, r->empty};
        PNET_BUFFER_LIST nbl = send_list(host, conn, ROLE_SEND, r->length ? r->length : 1, shape);
        if (last) {
            nds_list_chain(last, nbl);
        } else {
            first = nbl;
        }
        last = nbl;
        conn->sends_out++;
    }
    host->counts.sent++;
    conn->in_send = true;
    nds_io_call(TAP_SEND, conn->tcp, first, 0);
    conn->in_send = false;
}

static void disconnect(struct host *host, struct host_conn *conn, const struct host_request *r)
{
    bool abort = r->abort;
    if (conn->aborted || (!abort && conn->closed)) {
        return; /* DISC-RST-4: no second graceful one, nothing after an abort */
    }
    uint32_t length = abort ? 0 : r->length;
    PNET_BUFFER_LIST nbl = send_list(host, conn, ROLE_DISCONNECT, length,
                                     (struct nds_list_shape){.pieces = r->pieces, .nb_count = 1});
    conn->closed = true;
    conn->aborted |= abort;
    host->counts.disconnected++;
    conn->in_disconnect = true;
    nds_io_call(TAP_DISCONNECT, conn->tcp, nbl,
                abort ? TCP_DISCONNECT_ABORTIVE_CLOSE : TCP_DISCONNECT_GRACEFUL_CLOSE);
    conn->in_disconnect = false;
}

/* False: it must wait. */
static bool request_now(struct host *host, const struct host_request *request)
{
    if (request->fn == TAP_RETURN) {
        host_return(host, request->count, request->order);
        return true;
    }
    if (request->conn >= host->conns || host->gone) {
        return true;
    }
    struct host_conn *conn = &host->conn[request->conn];
    if (conn->settling) {
        return false;
    }
    if (request->fn == TAP_TERMINATE) {
        if (conn->in_post || conn->in_disconnect || conn->busy_ops) {
            return false;
        }
        host_terminate(host, request->conn, request->scope);
        return true;
    }
    if (conn->phase != HOST_OFFLOADED) {
        return true;
    }
    bool busy = request->fn == TAP_POST         ? conn->in_post
                : request->fn == TAP_SEND       ? conn->in_send || conn->in_disconnect
                : request->fn == TAP_DISCONNECT ? conn->in_send || conn->in_disconnect
                                                : false;
    if (busy) {
        return false;
    }
    if (request->fn == TAP_POST && !conn->aborted) {
        io_post(host, conn, request);
    } else if (request->fn == TAP_SEND && !conn->closed && !conn->aborted) {
        io_send(host, conn, request);
    } else if (request->fn == TAP_DISCONNECT) {
        disconnect(host, conn, request);
    }
    return true;
}

void host_request(struct host *host, const struct host_request *request)
{
    if (!request_now(host, request)) {
        put_off(host, request);
    }
}

bool host_run_late(struct host *host)
{
    if (host->upload_all) {
        host->upload_all = false;
        host_terminate_everything(host);
        return true;
    }
    /* What must wait longer, perhaps for the clock, stays behind the others. */
    for (uint32_t waiting = host->late_last - host->late_first; waiting; waiting--) {
        struct host_request request = host->late[host->late_first++];
        if (host->late_first == host->late_last) {
            host->late_first = host->late_last = 0;
        }
        if (request_now(host, &request)) {
            return true;
        }
        put_off(host, &request);
    }
    return false;
}

struct bytes {
    const uint8_t *at;
};

static void fill_bytes(void *context, uint8_t *out, uint32_t offset, uint32_t length)
{
    memcpy(out, ((const struct bytes *)context)->at + offset, length);
}

void host_forward(struct host *host, uint32_t index, const struct segment *segment,
                  bool no_checksum)
{
    static uint8_t tcp[SEGMENT_FRAME_MAX];
    if (index >= host->conns || host->conn[index].phase != HOST_OFFLOADED) {
        return; /* FWD-HOST-1 */
    }
    if (20 + SEGMENT_OPTIONS_MAX + segment->length > sizeof(tcp)) {
        return; /* no segment of a frame that the rig can build */
    }
    uint32_t length = segment_build_tcp(segment, no_checksum, tcp);
    struct bytes bytes = {tcp};
    PNET_BUFFER_LIST nbl = nds_list_build(
        ROLE_FORWARD, index, length, (struct nds_list_shape){.pieces = length % 4, .nb_count = 1},
        fill_bytes, &bytes);
    nds_io_call(TAP_FORWARD, host->conn[index].tcp, nbl, 0);
}

/* Takes the next list to return out of the ring of held ones, in the order asked for. */
static uint32_t next_held(struct host *host, enum host_order order, uint32_t turn)
{
    bool newest = order == ORDER_NEWEST || (order == ORDER_MIXED && (turn & 1));
    return newest ? host->held[--host->held_last] : host->held[host->held_first++];
}

static void chain_return(struct host *host, uint32_t count, enum host_order order)
{
    PNET_BUFFER_LIST first = NULL, last = NULL;
    for (uint32_t i = 0; i < count && host->held_first < host->held_last; i++) {
        PNET_BUFFER_LIST nbl = nds_list_by_id(next_held(host, order, i));
        nds_list_chain(nbl, NULL);
        if (last) {
            nds_list_chain(last, nbl);
        } else {
            first = nbl;
        }
        last = nbl;
    }
    if (host->held_first == host->held_last) {
        host->held_first = host->held_last = 0;
    }
    if (first) {
        nds_return_call(first);
    }
}

void host_return(struct host *host, uint32_t count, enum host_order order)
{
    uint32_t have = host->held_last - host->held_first;
    if (have) {
        chain_return(host, count && count < have ? count : have, order);
    }
}

void host_return_nonoff(struct host *host)
{
    while (host->nonoff_last) {
        PNET_BUFFER_LIST first = NULL;
        while (host->nonoff_last) {
            PNET_BUFFER_LIST nbl = nds_list_by_id(host->nonoff[--host->nonoff_last]);
            nds_list_chain(nbl, first);
            first = nbl;
        }
        nds_host_return(first);
    }
}

void host_arm_nested(struct host *host, enum tap_fn inside, const struct host_request *request)
{
    for (uint32_t i = 0; i < HOST_NESTED_MAX; i++) {
        if (!host->nested[i].armed) {
            host->nested[i] = (struct host_nested){inside, *request, true};
            return;
        }
    }
}
