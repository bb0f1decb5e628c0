/* SPDX-License-Identifier: MIT
 *
 * The lists that a TermComplete hands back: sends that were not done, and bytes that were received.
 */
#include "oracle/ledger/stream.h"
#include "oracle/ownership/owner.h"
#include "oracle/report/report.h"
#include "oracle/send/send.h"
#include "oracle/tree/terminate.h"

static void chain_list(struct oracle *o, struct orc_conn *c, struct orc_closing *closing,
                       const struct tap_nbl *list)
{
    struct orc_nbl *nbl = orc_owner_back(o, o->event, list);
    closing->chain_lists++;
    if (!nbl) {
        return;
    }
    if (c->sends.head != list->id) {
        orc_fail(o, closing->conn, ORC_TERM_SEND_2, "the chain in the order posted",
                 orc_text(o, "list %u before list %u", list->id, c->sends.head));
    }
    orc_queue_remove(o, &c->sends, list->id);
    orc_ran(o, ORC_TERM_SEND_2);
    int64_t least, most;
    orc_send_acked(c->send, nbl, &least, &most);
    if (!c->send->blind && (list->advance < least || list->advance > most)) {
        orc_fail(o, closing->conn, ORC_TERM_SEND_2,
                 orc_text(o, "list %u advanced by %lld to %lld acknowledged bytes", list->id,
                          (long long)least, (long long)most),
                 orc_text(o, "%u", list->advance));
    }
    if (closing->chain_lists == 1) {
        closing->chain_begin = nbl->begin + list->advance;
        closing->chain_head = list->nbl;
    }
    if (nbl->length > list->advance) {
        closing->chain_data = closing->chain_data ? closing->chain_data : list->nbl;
        closing->chain_tail = list->nbl;
    }
    closing->chain_bytes += nbl->length - list->advance;
}

/* A pointer that is no list, or not one to be handed back, at an end that says which it was. */
static void bad_list(struct oracle *o, const struct tap_nbl *list)
{
    for (uint32_t i = 0; i < o->closings->count; i++) {
        struct orc_closing *closing = &o->closings->closing[i];
        if (closing->chain && !closing->chain_lists && closing->chain == list->nbl) {
            closing->bad_list = true;
            orc_fail(o, closing->conn, ORC_TERM_SEND_3,
                     "only the connection's sends in NetBufferListChain, or NULL",
                     orc_text(o, "a pointer that is none (%u)", (unsigned)list->fault));
            return;
        }
    }
    for (uint32_t i = 0; i < o->closings->count; i++) {
        o->closings->closing[i].bad_list = true;
    }
    orc_fail(o, list->conn, ORC_TERM_STATE_2, "only lists of the target in BufferedData, or NULL",
             orc_text(o, "a pointer that is none (%u)", (unsigned)list->fault));
}

void orc_terminate_list(struct oracle *o, const struct tap_nbl *list)
{
    if (!o->closings->count) {
        return;
    }
    if (list->fault != NBL_OK) {
        bad_list(o, list);
        return;
    }
    struct orc_conn *c = orc_conn(o, list->conn);
    struct orc_closing *closing = c && c->closing ? &o->closings->closing[c->closing - 1] : NULL;
    if (!closing) {
        orc_fail(o, list->conn, ORC_TERM_SEND_2, "lists of the connections terminated only",
                 orc_text(o, "list %u of another connection", list->id));
    } else if (list->role == ROLE_INDICATED || list->role == ROLE_BUFFERED) {
        closing->buffered_lists++;
        closing->buffered_bytes += list->length;
        orc_owner_indicated(o, o->event, list);
        orc_stream_judge(o, c, list, 0, list->length, "BufferedData");
        orc_stream_consume(o, c, list->length);
        orc_owner_to_host(o, list->id, closing->conn, TAP_TERMINATE_COMPLETE);
    } else {
        chain_list(o, c, closing, list);
    }
}
