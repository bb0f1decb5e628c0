/* SPDX-License-Identifier: MIT
 *
 * Why a request may fail, and whether a connection runs normally.
 */
#ifndef ORACLE_LEDGER_CAUSE_H
#define ORACLE_LEDGER_CAUSE_H

#include "ndis/tap.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/sends.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/calls.h"
#include "oracle/model/objects.h"

static inline bool orc_running(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    if (c->phase != ORC_LIVE || c->term_enter != ORC_NONE ||
        o->adapter->phase != ORC_ADAPTER_RUNNING || o->short_of_memory) {
        return false;
    }
    bool reported = c->abort_event != ORC_NONE || c->local_abort != ORC_NONE ||
                    c->mandatory_event != ORC_NONE || c->upload_early_event != ORC_NONE;
    bool killed = r->rst_possible || r->syn_possible || r->urgent_possible;
    return !reported && !killed && !c->failed_over;
}

/* Whether a reason for an upload of the connection is known: from here on UPLOAD_IN_PROGRESS is
 * right. */
bool orc_upload_known(const struct oracle *o, const struct orc_conn *conn);
/* UPLOAD_IN_PROGRESS was given: right if a reason is known, else one must follow in this step,
 * or the rule is broken. */
void orc_upload_cause(struct oracle *o, struct orc_conn *conn, enum orc_rule rule);
/* REQUEST_ABORTED was given: judged by the rule, for there must be a cause. */
void orc_abort_cause(struct oracle *o, struct orc_conn *conn, enum orc_rule rule);
/* A reset of either end, a failure or the end of the adapter may have ended the connection. */
bool orc_reset_possible(const struct oracle *o, const struct orc_conn *conn);
/* Whether something may have ended the connection that aborts its requests. */
bool orc_abort_possible(const struct oracle *o, const struct orc_conn *conn);
/* Whether the connection had surely ended before what this cpu does now. */
bool orc_closed_before(const struct oracle *o, const struct orc_conn *conn);

/* Both FINs were seen and ours may be acknowledged: TIME_WAIT, or CLOSED, which passes frames up.
 */
static inline bool orc_finished(const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    return (r->fins || r->fin_before) && s->fin_sent && s->una_possible > s->fin;
}

bool orc_path_found_invalid(struct oracle *o, const struct orc_conn *conn);

static inline bool orc_path_invalid(struct oracle *o, const struct orc_conn *conn)
{
    return o->objects->invalidated_ever && orc_path_found_invalid(o, conn);
}

/* What the target had said of the connection when the call that is open on this cpu began (enum
 * orc_after). */
uint8_t orc_after_flags(const struct oracle *o, const struct orc_conn *conn);
/* Whether a reason of Retrieve leaves the host no choice. */
bool orc_mandatory_reason(uint32_t reason);

#endif
