/* SPDX-License-Identifier: MIT
 *
 * The life of the connection: opening, offloads and uploads in turn, the end.
 */
#include "stream/session.h"

#include <string.h>

#include "base/arena.h"

#define MS 1000000u
#define CLOSE_LOOK_NS (100ull * MS)
#define RETRY_NS (10ull * MS)

static void delivered_span(void *context, const uint8_t *bytes, uint32_t length)
{
    struct session *session = context;
    session->counts.taken += length;
    session->options.take(session->options.context, bytes, length);
}

/* Posted receives are read at the tap; an indication while the host answers it. */
static void delivered(void *context, uint32_t conn, const struct tap_nbl *list, uint32_t bytes)
{
    (void)conn;
    if (list->role == ROLE_INDICATED) {
        tap_nbl_spans(list, 0, bytes, delivered_span, context);
    }
}

static uint64_t payload_stream(void *context, uint32_t conn, uint64_t offset, uint8_t *out,
                               uint32_t length)
{
    const struct session *session = context;
    (void)conn;
    session->options.give(session->options.context, offset, out, length);
    return length;
}

static void buffered_bytes(void *context, uint32_t conn, uint32_t offset, uint8_t *out,
                           uint32_t length)
{
    const struct session *session = context;
    (void)conn;
    memcpy(out, session->buffered + offset, length);
}

void session_start(struct session *session, struct world *world,
                   const struct session_options *options)
{
    memset(session, 0, sizeof(*session));
    session->options = *options;
    session->world = world;
    session->use_scale = options->scale != 0;
    session->use_sack = options->sack && nds_advertised().sack;
    session->use_timestamps = options->timestamps;
    session->wake_ns = session->close_ns = session->post_ns = SESSION_NEVER;
    session->buffered = rig_alloc(SESSION_BUFFERED_MAX);
    session->passed = rig_alloc(SESSION_PASSED_MAX * sizeof(session->passed[0]));
    session->call = TAP_NONE;
    struct host *host = &world->host;
    host->delivered = delivered;
    host->delivered_context = session;
    host->payload_stream = payload_stream;
    host->buffered_bytes = buffered_bytes;
    host->reuse = true;
    tap_subscribe(session_tap, session);
    if (!options->listen && !options->deferred) {
        session_syn(session);
    }
}

void session_connect(struct session *session, const uint8_t mac[6])
{
    memcpy(session->options.remote.mac, mac, 6);
    session_syn(session);
}

void session_send(struct session *session, uint64_t to_send, bool finish)
{
    session->to_send = to_send;
    session->finish = finish;
}

void session_fail(struct session *session, const char *why)
{
    session->state = SESSION_FAILED;
    session->failed = why;
    session->wake_ns = session->close_ns = session->post_ns = SESSION_NEVER;
}

static void hand_down(struct session *session)
{
    struct host *host = &session->world->host;
    struct host_conn *conn = &host->conn[session->conn];
    session->post_ns = conn->buffered ? nds_now() : SESSION_NEVER;
    session->since_upload = 0;
    session->state = SESSION_OFFLOADED;
    session->wake_ns = SESSION_NEVER;
    session->counts.buffered += conn->buffered;
    session->counts.resent += conn->outstanding;
    host_initiate(host, session->conn, 1);
    if (conn->phase == HOST_OWNS) { /* not now */
        session->state = SESSION_OWNED;
        session->wake_ns = nds_now() + RETRY_NS;
    }
}

/* The connection is the host's again. */
static void came_back(struct session *session)
{
    const struct host_conn *conn = &session->world->host.conn[session->conn];
    TCP_OFFLOAD_CONNECTION_STATE state = conn->tcb.State;
    session->close_ns = session->post_ns = SESSION_NEVER;
    session->eof |= conn->saw_disconnect;
    session->acked = conn->handed_down - conn->outstanding;
    if (state == TcpConnectionTimeWait) { /* nobody takes the rest any more but the host itself */
        delivered_span(session, session->buffered, session->buffered_bytes);
        session->buffered_bytes = 0;
        session->eof = true;
    }
    bool over = state == TcpConnectionTimeWait || state == TcpConnectionClosed;
    if (conn->saw_abort) {
        session_fail(session, "the target aborted the connection");
    } else if (over && session->eof && session->finish) {
        session->state = SESSION_DONE;
    } else if (over) {
        session_fail(session, "the target gave the connection back closed, before its end");
    } else {
        session->state = SESSION_OWNED;
        session->wake_ns = nds_now() + session->options.gap_ns;
    }
}

static bool wants_upload(const struct session *session, const struct host_conn *conn)
{
    const struct session_options *o = &session->options;
    return conn->retrieve || conn->saw_abort || session->close_ns <= nds_now() ||
           (o->reoffload && session->since_upload >= o->reoffload);
}

static void upload(struct session *session, const struct host_conn *conn)
{
    static const enum host_scope scopes[3] = {SCOPE_TCP, SCOPE_ALL, SCOPE_PATH};
    session->counts.asked += conn->retrieve != 0;
    session->buffered_bytes = 0;
    host_terminate(&session->world->host, session->conn, scopes[session->counts.uploads++ % 3]);
}

static bool offloaded_more(struct session *session)
{
    struct host *host = &session->world->host;
    struct host_conn *conn = &host->conn[session->conn];
    switch (conn->phase) {
    case HOST_OWNS:
        if (nds_state_live(conn->tcp)) {
            return false;
        }
        came_back(session);
        return true;
    case HOST_OFFLOADED:
        break;
    default:
        return false;
    }
    session->eof |= conn->saw_disconnect;
    if (session->eof && conn->closed && session->close_ns == SESSION_NEVER) {
        session->close_ns = nds_now() + CLOSE_LOOK_NS;
    }
    if (!conn->settling && wants_upload(session, conn)) {
        upload(session, conn);
        return true;
    }
    return session_io(session);
}

bool session_more(struct session *session)
{
    struct host *host = &session->world->host;
    if (!session->world->up || host->gone) {
        return false;
    }
    if (session_passed_one(session)) {
        return true;
    }
    if (host->nonoff_last) {
        host_return_nonoff(host);
        return true;
    }
    if (host->held_last - host->held_first > session->returns % 9) {
        host_return(host, 0, (enum host_order)(session->returns++ % 3));
        return true;
    }
    bool due = session->wake_ns <= nds_now();
    switch (session->state) {
    case SESSION_OPENING:
        if (due) {
            session_syn(session);
        }
        return due;
    case SESSION_OWNED:
        if (due && host->upload_all) {
            session->wake_ns = nds_now() + RETRY_NS;
        } else if (due) {
            hand_down(session);
        }
        return due;
    case SESSION_OFFLOADED:
        return offloaded_more(session);
    default:
        return false;
    }
}

/* What is due already waits for something else. */
uint64_t session_next(const struct session *session)
{
    uint64_t times[3] = {session->wake_ns, session->close_ns, session->post_ns};
    uint64_t next = SESSION_NEVER, now = nds_now();
    for (unsigned i = 0; i < 3; i++) {
        next = times[i] > now && times[i] < next ? times[i] : next;
    }
    return next;
}
