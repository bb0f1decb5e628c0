/* SPDX-License-Identifier: MIT
 *
 * Why a request may end otherwise than normally (the status matrix), and whether a connection is
 * one whose every duty can be judged.
 */
#include "oracle/ledger/cause.h"
#include "oracle/report/report.h"

bool orc_mandatory_reason(uint32_t reason)
{
    switch (reason) {
    case ReceivedUrgentData:
    case TimeoutExpiration:
    case InvalidState:
    case UploadRequested:
    case HardwareFailure:
        return true;
    default:
        return false;
    }
}

/* An Abort event had returned before what this cpu does now: the connection is CLOSED. */
bool orc_closed_before(const struct oracle *o, const struct orc_conn *conn)
{
    return conn->phase == ORC_LIVE && conn->term_enter == ORC_NONE &&
           conn->abort_left != ORC_NONE && orc_before(o, conn->abort_left);
}

bool orc_path_found_invalid(struct oracle *o, const struct orc_conn *conn)
{
    const struct orc_object *path = orc_object(o, conn->path);
    if (conn->invalidated || !path) {
        return conn->invalidated;
    }
    uint32_t parent = path->parent;
    bool invalid = path->invalid;
    const struct orc_object *neighbor = orc_object(o, parent);
    return invalid || (neighbor && neighbor->invalid);
}

bool orc_upload_known(const struct oracle *o, const struct orc_conn *conn)
{
    return conn->mandatory_event != ORC_NONE || o->adapter->upload_all != ORC_NONE ||
           conn->term_enter != ORC_NONE || conn->failed_over || o->adapter->leaving;
}

/* UPLOAD_IN_PROGRESS was given. Right if a reason is known; else one must follow in this step. */
void orc_upload_cause(struct oracle *o, struct orc_conn *conn, enum orc_rule rule)
{
    if (orc_upload_known(o, conn) || conn->upload_early_event != ORC_NONE) {
        return;
    }
    conn->upload_early_event = o->event->seq;
    conn->upload_early_arrived = conn->receive->possible;
    conn->upload_early_rule = rule;
    orc_dirty(o, conn);
}

bool orc_reset_possible(const struct oracle *o, const struct orc_conn *conn)
{
    const struct orc_receive *r = conn->receive;
    bool reset = r->rst_possible || r->rst_lenient;
    for (uint32_t i = 0; i < r->rsts; i++) {
        reset = reset || r->rst[i] <= r->possible + 1;
    }
    return o->adapter->leaving || conn->abort_event != ORC_NONE || conn->local_abort != ORC_NONE ||
           conn->failed_over || reset || r->syn_possible;
}

bool orc_abort_possible(const struct oracle *o, const struct orc_conn *conn)
{
    bool timeout =
        conn->mandatory_event != ORC_NONE &&
        (conn->mandatory_reason == TimeoutExpiration || conn->mandatory_reason == HardwareFailure);
    return timeout || orc_reset_possible(o, conn);
}

void orc_abort_cause(struct oracle *o, struct orc_conn *conn, enum orc_rule rule)
{
    uint32_t ordinal = orc_ordinal(o, conn);
    if (!orc_abort_possible(o, conn)) {
        orc_fail(o, ordinal, rule, "an RST, a local abort or a hardware failure before it",
                 "REQUEST_ABORTED without any of them");
    } else if (conn->abort_event == ORC_NONE && conn->local_abort == ORC_NONE &&
               !conn->failed_over && conn->receive->rst_possible &&
               conn->mandatory_event == ORC_NONE && conn->term_enter == ORC_NONE &&
               !o->adapter->leaving) {
        orc_warn(o, ordinal, ORC_RST_IND_1, "the Abort event before the aborted requests",
                 "REQUEST_ABORTED before the Abort event");
    }
}

static bool ended_before(const struct orc_call *call, uint32_t left)
{
    return left != ORC_NONE && call && left < call->seq;
}

/* For something handed over by the call that is open on this cpu. */
uint8_t orc_after_flags(const struct oracle *o, const struct orc_conn *conn)
{
    const struct orc_cpu *cpu = &o->calls->cpu[o->event->cpu % ORC_CPUS];
    const struct orc_call *call = cpu->depth ? &cpu->call[cpu->depth - 1] : NULL;
    uint8_t after = 0;
    if (ended_before(call, conn->disconnect_left)) {
        after |= ORC_AFTER_DISCONNECT;
    }
    if (ended_before(call, conn->abort_left)) {
        after |= ORC_AFTER_ABORT;
    }
    if (ended_before(call, conn->local_abort_left)) {
        after |= ORC_AFTER_LOCAL_ABORT;
    }
    if (ended_before(call, conn->mandatory_left)) {
        after |= ORC_AFTER_MANDATORY;
        if (conn->mandatory_reason == InvalidState) {
            after |= ORC_AFTER_INVALID_STATE;
        }
    }
    return after;
}
