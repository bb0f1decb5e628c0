/* SPDX-License-Identifier: MIT
 *
 * Receiving and sending while the target has the connection.
 */
#include "stream/session.h"

#define POSTS 4u
#define SENDS 6u
#define REFUSE_EVERY 16u
#define HOLD_NS 20000000u

enum receiving { INTO_MANY, BY_INDICATION, INTO_FEW, FUSSY, RECEIVING_WAYS };

static struct host_request next_post(struct session *session, uint32_t length)
{
    uint32_t turn = session->posts++;
    return (struct host_request){.fn = TAP_POST,
                                 .conn = session->conn,
                                 .length = length,
                                 .count = 1,
                                 .pieces = turn % 8,
                                 .no_push = session->options.patient && turn % 5 == 4};
}

static bool post(struct session *session, uint32_t length)
{
    struct host_request request = next_post(session, length);
    session->post_ns = SESSION_NEVER;
    host_request(&session->world->host, &request);
    return true;
}

/* Keeps some requests out; every third is posted inside the completion of another one. */
static bool into_many(struct session *session, const struct host_conn *conn)
{
    static const uint32_t sizes[8] = {5840, 4096, 10000, 1, 65535, 32768, 777, 14600};
    uint32_t length = sizes[session->posts % 8];
    if (conn->posts_out >= POSTS) {
        return false;
    }
    if (session->posts % 3 == 2) {
        struct host_request request = next_post(session, length);
        host_arm_nested(&session->world->host, TAP_RCV_COMPLETE, &request);
        return true;
    }
    return post(session, length);
}

/* Refused data waits for a request; so does this host, for a while. */
static void note_refusal(struct session *session)
{
    const struct host_counts *counts = &session->world->host.counts;
    if (counts->refused != session->refused_seen) {
        session->refused_seen = counts->refused;
        session->counts.refused++;
        session->post_ns = nds_now() + HOLD_NS;
    }
}

/* Now and then the host takes nothing, or only a part, of an indication. */
static void choose_answer(struct session *session, struct host_conn *conn)
{
    uint32_t indicated = session->world->host.counts.indicated;
    if (conn->answer == ANSWER_ALL && indicated % REFUSE_EVERY == 0) {
        conn->answer = indicated % (2 * REFUSE_EVERY) ? ANSWER_NONE : ANSWER_BYTES;
        conn->answer_bytes = 100;
        conn->answer_count = 1;
    }
}

static bool session_io_receive(struct session *session, struct host_conn *conn)
{
    if (conn->saw_disconnect || conn->in_post) {
        return false;
    }
    enum receiving way = session->counts.uploads % RECEIVING_WAYS;
    note_refusal(session);
    if (way == FUSSY) {
        choose_answer(session, conn);
    }
    if (way == INTO_MANY && into_many(session, conn)) {
        return true;
    }
    if (way == INTO_FEW && conn->posts_out < 1) {
        return post(session, 3000);
    }
    return session->post_ns <= nds_now() && post(session, session->posts % 2 ? 2000 : 0);
}

static bool session_io_send(struct session *session, struct host_conn *conn)
{
    static const uint32_t sizes[8] = {1460, 8192, 16384, 40000, 3, 65000, 4096, 20000};
    uint64_t left = session->to_send - conn->handed_down;
    if (conn->in_send || conn->in_disconnect || conn->closed || conn->sends_out >= SENDS) {
        return false;
    }
    if (left) {
        uint32_t most = sizes[session->sends % 8];
        struct host_request request = {.fn = TAP_SEND,
                                       .conn = session->conn,
                                       .length = left < most ? (uint32_t)left : most,
                                       .count = 1,
                                       .pieces = session->sends % 7,
                                       .buffers = 1 + session->sends % 4};
        session->sends++;
        host_request(&session->world->host, &request);
        return true;
    }
    if (session->finish) {
        struct host_request request = {.fn = TAP_DISCONNECT, .conn = session->conn};
        host_request(&session->world->host, &request);
        return true;
    }
    return false;
}

bool session_io(struct session *session)
{
    struct host_conn *conn = &session->world->host.conn[session->conn];
    if (conn->settling || conn->saw_abort || conn->aborted || conn->retrieve) {
        return false;
    }
    return session_io_receive(session, conn) || session_io_send(session, conn);
}
