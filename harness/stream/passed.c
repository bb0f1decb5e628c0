/* SPDX-License-Identifier: MIT
 *
 * The ordinary path: frames that the driver passes up, and those that the host sends itself. What
 * came while the connection was the host's is forwarded once it is the target's again.
 */
#include <string.h>

#include "stream/session.h"

struct copy {
    const uint8_t *from;
    uint8_t *to;
};

static void fill_frame(void *context, uint8_t *out, uint32_t offset, uint32_t length)
{
    memcpy(out, ((const struct copy *)context)->from + offset, length);
}

void session_frame(struct session *session, const uint8_t *bytes, uint32_t length)
{
    struct copy copy = {.from = bytes};
    if (length && session->world->up) {
        nds_host_send(nds_list_build(ROLE_HOST_SEND, TAP_NONE, length,
                                     (struct nds_list_shape){.pieces = length % 3, .nb_count = 1},
                                     fill_frame, &copy));
    }
}

static void append(void *context, const uint8_t *bytes, uint32_t length)
{
    struct copy *copy = context;
    memcpy(copy->to, bytes, length);
    copy->to += length;
}

static void passed_up(struct session *session, const struct tap_nbl *list)
{
    if (session->passed_count == SESSION_PASSED_MAX || list->length > SESSION_FRAME_MAX) {
        return; /* lost, as in any stack that is short of buffers */
    }
    uint32_t at = (session->passed_first + session->passed_count++) % SESSION_PASSED_MAX;
    struct session_passed *passed = &session->passed[at];
    struct copy copy = {.to = passed->bytes};
    passed->length = tap_nbl_spans(list, 0, list->length, append, &copy);
    passed->owned = session->state != SESSION_OFFLOADED;
}

static void buffered_back(struct session *session, const struct tap_nbl *list)
{
    if (session->buffered_bytes + list->length <= SESSION_BUFFERED_MAX) {
        struct copy copy = {.to = session->buffered + session->buffered_bytes};
        session->buffered_bytes += tap_nbl_spans(list, 0, list->length, append, &copy);
    }
}

static void take_span(void *context, const uint8_t *bytes, uint32_t length)
{
    struct session *session = context;
    session->counts.taken += length;
    session->options.take(session->options.context, bytes, length);
}

static void list_seen(struct session *session, const struct tap_nbl *list)
{
    switch (session->call_fn) {
    case TAP_RCV_COMPLETE:
        if (list->role == ROLE_POST && list->bytes_transferred <= list->length) {
            tap_nbl_spans(list, 0, list->bytes_transferred, take_span, session);
        }
        break;
    case TAP_SND_COMPLETE:
        if (list->status == NDIS_STATUS_SUCCESS) {
            session->acked = list->stream_offset + list->length;
        }
        break;
    case TAP_DIS_COMPLETE:
        session->fin_acked |= list->status == NDIS_STATUS_SUCCESS;
        break;
    case TAP_TERMINATE_COMPLETE:
        if (list->role == ROLE_INDICATED) {
            buffered_back(session, list);
        }
        break;
    case TAP_NONOFF_INDICATE:
        passed_up(session, list);
        break;
    default:
        break;
    }
}

/* Lists that come back are read here: afterwards they are the host's and poisoned. */
void session_tap(void *context, const struct tap_event *event)
{
    struct session *session = context;
    if (event->kind == TAP_ENTER &&
        (event->fn == TAP_RCV_COMPLETE || event->fn == TAP_SND_COMPLETE ||
         event->fn == TAP_DIS_COMPLETE || event->fn == TAP_TERMINATE_COMPLETE ||
         event->fn == TAP_NONOFF_INDICATE)) {
        session->call = event->seq;
        session->call_fn = (enum tap_fn)event->fn;
    } else if (event->kind == TAP_POINT && event->fn == TAP_NBL && event->call == session->call) {
        const struct tap_nbl *list = event->ptr;
        if (list->fault == NBL_OK) {
            list_seen(session, list);
        }
    } else if (event->kind == TAP_POINT &&
               (event->fn == TAP_FRAME_IN || event->fn == TAP_FRAME_OUT)) {
        session->counts.segments++;
        session->since_upload++;
    }
}

static bool of_connection(const struct session *session, const struct segment *segment)
{
    const struct session_options *o = &session->options;
    bool any = o->listen && !session->syn_seen;
    return !segment->ipv6 && !memcmp(segment->to.address, o->local.address, 4) &&
           segment->to.port == o->local.port &&
           (any || (!memcmp(segment->from.address, o->remote.address, 4) &&
                    segment->from.port == o->remote.port));
}

/* Only what the connection still lacks: bytes, or the news that ours have arrived. Anything else is
 * acknowledged already (FWD-HOST-1). */
static void forward(struct session *session, const struct segment *segment)
{
    const struct host_conn *conn = &session->world->host.conn[session->conn];
    uint32_t end = segment->seq + segment->length + ((segment->flags & SEG_FIN) ? 1 : 0);
    bool lacks = end != segment->seq ? (int32_t)(end - conn->tcb.RcvNxt) > 0
                                     : (int32_t)(segment->ack - conn->tcb.SndUna) > 0;
    if (lacks) {
        session->counts.forwarded++;
        host_forward(&session->world->host, session->conn, segment, false);
    }
}

/* The remote end did not get the last acknowledgement. */
static void acknowledge_again(struct session *session, const struct segment *segment)
{
    const struct host_conn *conn = &session->world->host.conn[session->conn];
    static uint8_t frame[SEGMENT_FRAME_MAX];
    struct segment ack;
    if (segment->length || (segment->flags & SEG_FIN)) {
        session_segment(session, &ack, SEG_ACK);
        ack.seq = conn->tcb.SndNxt;
        ack.ack = conn->tcb.RcvNxt;
        session_frame(session, frame, segment_build(&ack, frame));
    }
}

bool session_passed_one(struct session *session)
{
    const struct host *host = &session->world->host;
    bool waits =
        session->state == SESSION_OWNED ||
        (session->state == SESSION_OFFLOADED &&
         (host->conn[session->conn].phase != HOST_OFFLOADED || host->conn[session->conn].settling));
    if (!session->passed_count || waits) {
        return false;
    }
    struct session_passed *passed = &session->passed[session->passed_first];
    session->passed_first = (session->passed_first + 1) % SESSION_PASSED_MAX;
    session->passed_count--;
    struct segment segment;
    bool tcp = segment_read(passed->bytes, passed->length, &segment);
    if (!tcp || !of_connection(session, &segment)) {
        if (session->options.other) {
            session->options.other(session->options.context, passed->bytes, passed->length);
        }
        return true;
    }
    if (segment.bad_tcp_checksum || segment.bad_ip_checksum) {
        return true;
    }
    if (session->state == SESSION_OPENING) {
        session_handshake(session, &segment);
    } else if (session->state == SESSION_OFFLOADED && passed->owned) {
        forward(session, &segment);
    } else if (session->state == SESSION_DONE) {
        acknowledge_again(session, &segment);
    }
    return true;
}
