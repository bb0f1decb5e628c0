/* SPDX-License-Identifier: MIT
 *
 * What the target calls the host for: completions, indications, events.
 */
#include "host/internal.h"

static void list_back(void *context, enum tap_fn fn, const struct tap_nbl *list)
{
    struct host *host = context;
    struct host_conn *conn = list->conn < host->conns ? &host->conn[list->conn] : NULL;
    if (!conn) {
        return;
    }
    if (host->request_back && (fn == TAP_RCV_COMPLETE || fn == TAP_SND_COMPLETE)) {
        host->request_back(host->delivered_context, fn, list->id);
    }
    host_list_done(host, list);
    if (fn == TAP_RCV_COMPLETE) {
        uint32_t bytes = list->bytes_transferred <= list->length ? list->bytes_transferred : 0;
        conn->posts_out--;
        conn->received += bytes;
        host->counts.completed++;
        if (host->delivered && bytes) {
            host->delivered(host->delivered_context, conn->index, list, bytes);
        }
    } else if (fn == TAP_SND_COMPLETE) {
        conn->sends_out--;
        /* The connection goes on from the bytes that were not acknowledged. */
        if (list->status == NDIS_STATUS_UPLOAD_IN_PROGRESS && list->advance <= list->length) {
            conn->outstanding += list->length - list->advance;
        }
    } else if (fn == TAP_DIS_COMPLETE) {
        if (list->status == NDIS_STATUS_UPLOAD_IN_PROGRESS && list->advance <= list->length) {
            conn->outstanding += list->length - list->advance;
        }
    } else if (fn == TAP_TERMINATE_COMPLETE && list->role == ROLE_INDICATED) {
        /* Buffered data: the application has not seen it; it goes down again with the next
         * initiate. */
        conn->buffered += list->length;
        host->held = host_grow(host->held, host->held_last, &host->held_room, sizeof(uint32_t));
        host->held[host->held_last++] = list->id;
    } else if (fn == TAP_TERMINATE_COMPLETE) {
        conn->sends_out--;
        conn->outstanding += list->length - list->advance;
    }
}

/* Does what the program has armed for this callback, on the driver's stack. */
static void callback_open(void *context, enum tap_fn fn, uint32_t conn)
{
    struct host *host = context;
    for (uint32_t i = 0; i < HOST_NESTED_MAX; i++) {
        struct host_nested *nested = &host->nested[i];
        if (nested->armed && nested->inside == fn) {
            nested->armed = false;
            struct host_request request = nested->request;
            if (request.conn == UINT32_MAX) {
                request.conn = conn;
            }
            if (request.fn != TAP_NIC_RECEIVE) {
                host_request(host, &request);
            } else if (host->nested_frame && request.conn < host->conns) {
                host->nested_frame(host->nested_context, request.conn, request.length);
            }
        }
    }
}

static NDIS_STATUS answer_of(struct host_conn *conn, uint32_t length, uint32_t *consumed)
{
    enum host_answer answer = conn->answer;
    if (answer != ANSWER_ALL && conn->answer_count && --conn->answer_count == 0) {
        conn->answer = ANSWER_ALL;
    }
    if (answer == ANSWER_NONE || (answer == ANSWER_BYTES && conn->answer_bytes == 0)) {
        return NDIS_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    }
    if (answer == ANSWER_BYTES && conn->answer_bytes < length) {
        *consumed = conn->answer_bytes;
        return NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED;
    }
    *consumed = length;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS back_indicate(void *context, const struct tap_nbl *list, uint32_t *consumed)
{
    struct host *host = context;
    struct host_conn *conn = &host->conn[list->conn];
    host->counts.indicated++;
    NDIS_STATUS status = answer_of(conn, list->length, consumed);
    if (status != NDIS_STATUS_SUCCESS) {
        host->counts.refused++;
    } else {
        host->held = host_grow(host->held, host->held_last, &host->held_room, sizeof(uint32_t));
        host->held[host->held_last++] = list->id;
    }
    conn->received += *consumed;
    if (host->delivered && *consumed) {
        host->delivered(host->delivered_context, conn->index, list, *consumed);
    }
    return status;
}

static void event(void *context, uint32_t index, uint32_t type, uint32_t information)
{
    struct host *host = context;
    struct host_conn *conn = &host->conn[index];
    switch (type) {
    case TcpIndicateDisconnect:
        conn->saw_disconnect = true;
        break;
    case TcpIndicateAbort:
        conn->saw_abort = true;
        break;
    case TcpIndicateRetrieve:
        conn->retrieve = information;
        break;
    default:
        break;
    }
}

static uint32_t reachability(void *context, uint32_t neighbor)
{
    const struct host *host = context;
    for (uint32_t i = 0; i < host->neighbors; i++) {
        if (nds_state_id(host->neighbor[i].state) == neighbor) {
            return host->neighbor[i].host_age;
        }
    }
    return 0;
}

static void status(void *context, NDIS_STATUS code)
{
    struct host *host = context;
    if (code == NDIS_STATUS_UPLOAD_ALL || code == NDIS_STATUS_OFFLOAD_PAUSE) {
        host->paused = true;
        host->upload_all |= code == NDIS_STATUS_UPLOAD_ALL;
    } else if (code == NDIS_STATUS_OFFLOAD_RESUME) {
        host->paused = false;
    }
}

static void nonoff(void *context, const struct tap_nbl *list)
{
    struct host *host = context;
    host->nonoff = host_grow(host->nonoff, host->nonoff_last, &host->nonoff_room, sizeof(uint32_t));
    host->nonoff[host->nonoff_last++] = list->id;
}

static void request_done(void *context, enum tap_fn fn, uint32_t object, NDIS_STATUS done)
{
    (void)context, (void)fn, (void)object, (void)done;
}

void host_hooks(struct host *host, struct nds_hooks *hooks)
{
    hooks->context = host;
    hooks->list_back = list_back;
    hooks->callback_open = callback_open;
    hooks->indicate = back_indicate;
    hooks->event = event;
    hooks->reachability = reachability;
    hooks->status = status;
    hooks->nonoff = nonoff;
    hooks->state_back = host_state_back;
    hooks->state_closed = host_state_closed;
    hooks->request_done = request_done;
}
