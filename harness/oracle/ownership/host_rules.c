/* SPDX-License-Identifier: MIT
 *
 * What the rig promised the target. A violation here is a fault of the rig, never of the driver.
 */
#include "oracle/ownership/host_rules.h"
#include "oracle/model/objects.h"
#include "oracle/report/report.h"

static void broken(struct oracle *o, const struct orc_conn *conn, enum orc_rule rule,
                   const char *expected, const char *actual)
{
    orc_fail_host(o, orc_ordinal(o, conn), rule, expected, actual);
}

/* A data-path call begins; counts of open calls do not include it yet. */
void orc_host_call(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, ev->conn);
    (void)call;
    if (!conn) {
        return;
    }
    const char *name = tap_fn_name((enum tap_fn)ev->fn);
    orc_ran(o, ORC_INIT_QUIET_1);
    orc_ran(o, ORC_TERM_HOST_1);
    if (conn->phase == ORC_STARTING || (conn->phase == ORC_LIVE && !conn->init_returned)) {
        broken(o, conn, ev->fn == TAP_FORWARD ? ORC_FWD_HOST_1 : ORC_INIT_QUIET_1,
               "no call before InitComplete has returned", name);
    } else if (conn->phase == ORC_ENDING || conn->phase == ORC_GONE) {
        broken(o, conn, ev->fn == TAP_FORWARD ? ORC_FWD_HOST_1 : ORC_TERM_HOST_1,
               "no call on a connection after TERM", name);
    }
    o->ran[ORC_FWD_HOST_1] += ev->fn == TAP_FORWARD;
    switch (ev->fn) {
    case TAP_POST:
        orc_ran(o, ORC_SER_HOST_1);
        if (conn->post_open) {
            broken(o, conn, ORC_SER_HOST_1, "one POST of a connection at a time", "another");
        }
        break;
    case TAP_SEND:
        orc_ran(o, ORC_SER_HOST_1);
        orc_ran(o, ORC_DISC_RST_4);
        if (conn->send_open) {
            broken(o, conn, ORC_SER_HOST_1, "one SEND of a connection at a time", "another");
        }
        if (conn->graceful != ORC_NONE || conn->local_abort != ORC_NONE) {
            broken(o, conn, ORC_DISC_RST_4, "no SEND after a DISC", "SEND");
        }
        break;
    case TAP_DISCONNECT:
        orc_ran(o, ORC_SER_HOST_1);
        orc_ran(o, ORC_DISC_RST_4);
        if (conn->send_open) {
            broken(o, conn, ORC_SER_HOST_1, "no DISC while a SEND runs", "DISC");
        }
        if (conn->graceful != ORC_NONE && !(ev->data.io.flags & TCP_DISCONNECT_ABORTIVE_CLOSE)) {
            broken(o, conn, ORC_DISC_RST_4, "one graceful DISC", "a second");
        }
        break;
    default:
        break;
    }
}

static void judge_end(struct oracle *o, const struct orc_conn *conn)
{
    orc_ran(o, ORC_TERM_HOST_1);
    if (conn->ops_open) {
        broken(o, conn, ORC_TERM_HOST_1, "no QRY, UPD or INV open at TERM",
               orc_text(o, "%u open", conn->ops_open));
    } else if (conn->post_open || conn->disconnect_open) {
        broken(o, conn, ORC_TERM_HOST_1, "every POST and DISC call returned before TERM",
               orc_text(o, "%u POST, %u DISC open", conn->post_open, conn->disconnect_open));
    } else if (conn->phase == ORC_ENDING) {
        broken(o, conn, ORC_TERM_HOST_1, "one TERM", "a second");
    }
}

/* A node of a state operation is handed over. */
void orc_host_operation(struct oracle *o, const struct tap_event *ev, const struct orc_node *node)
{
    const struct orc_call *call = orc_call_top(o, ev->cpu);
    struct orc_conn *conn = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    struct orc_object *object = orc_object(o, node->object);
    uint8_t fn = call ? call->fn : TAP_INITIATE;
    if (fn == TAP_INITIATE || node->kind != NODE_LINKER) {
        return;
    }
    if (conn &&
        (conn->phase == ORC_STARTING || (conn->phase == ORC_LIVE && !conn->init_returned))) {
        broken(o, conn, ORC_INIT_QUIET_1, "no operation before InitComplete has returned",
               tap_fn_name((enum tap_fn)fn));
    }
    if (conn && fn == TAP_TERMINATE) {
        judge_end(o, conn);
    }
    o->ran[ORC_UPD_HOST_1] += fn == TAP_UPDATE;
    if (fn == TAP_UPDATE && object && (object->updates || object->invalid)) {
        broken(o, conn, ORC_UPD_HOST_1,
               "one UPD of an object at a time, none of an invalidated one",
               object->updates ? "another is open" : "invalidated");
    }
}

void orc_host_disconnect(struct oracle *o, const struct orc_conn *conn, const struct tap_nbl *list,
                         const struct orc_call *call)
{
    orc_ran(o, ORC_DISC_RST_4);
    bool abortive = call->word & TCP_DISCONNECT_ABORTIVE_CLOSE;
    if (list->index_in_call != 0 || list->nb_count != 1 || (abortive && list->length != 0)) {
        broken(o, conn, ORC_DISC_RST_4, "one list with one NET_BUFFER, empty for an abort",
               orc_text(o, "list %u of the call, %u NET_BUFFERs, %u bytes", list->index_in_call,
                        list->nb_count, list->length));
    }
}

void orc_host_answer(struct oracle *o, const struct tap_event *ev, const struct orc_call *call)
{
    const struct orc_conn *conn = orc_conn(o, call->conn);
    uint32_t consumed = ev->data.answer.consumed, length = call->length;
    bool right;
    switch ((uint32_t)ev->status) {
    case (uint32_t)NDIS_STATUS_SUCCESS:
        right = consumed == length;
        break;
    case (uint32_t)NDIS_STATUS_OFFLOAD_DATA_NOT_ACCEPTED:
        right = consumed == 0;
        break;
    case (uint32_t)NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED:
        right = consumed > 0 && consumed < length;
        break;
    default:
        right = false;
        break;
    }
    orc_ran(o, ORC_IND_OK_1);
    if (!right && call->lists) {
        broken(o, conn, ORC_IND_OK_1, "SUCCESS: all, refusal: none, partial: some of the bytes",
               orc_text(o, "%s, %u of %u", orc_status_name(o, ev->status), consumed, length));
    }
}

void orc_host_initiate(struct oracle *o, const struct orc_conn *conn, uint32_t state)
{
    orc_ran(o, ORC_INIT_STATE_1);
    switch (state) {
    case TcpConnectionEstablished:
    case TcpConnectionFinWait1:
    case TcpConnectionFinWait2:
    case TcpConnectionCloseWait:
    case TcpConnectionClosing:
    case TcpConnectionLastAck:
        return;
    default:
        broken(o, conn, ORC_INIT_STATE_1,
               "a connection from ESTABLISHED to LAST_ACK, not TIME_WAIT",
               orc_text(o, "state %u", state));
    }
}
