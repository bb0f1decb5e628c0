/* SPDX-License-Identifier: MIT
 *
 * Which check of the receiving half sees what, in which order.
 */
#include "oracle/checks.h"

/* A segment arrived; the ledgers do not know it yet. */
void orc_receiver_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    orc_answers_received(o, c, s);
    if (s->tcp->flags & (TCP_RST | TCP_SYN)) {
        c->blocks.others = true;
        return;
    }
    orc_upload_reasons_received(o, c, s);
    orc_offers_received(c, s);
    orc_stamps_received(o, c, s);
    orc_blocks_received(c, s);
}

/* A frame of a connection with sane numbers; the ledgers do not know it yet. */
void orc_receiver_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *c,
                        const struct orc_tcp *tcp)
{
    orc_blocks_frame(o, c, tcp);
    orc_offers_frame(o, c, tcp);
    orc_stamps_frame(o, c, tcp);
    orc_answers_frame(o, ev, c, tcp);
}

/* At rest. judged: the connection runs, and nothing excuses the target. */
void orc_receiver_step(struct oracle *o, struct orc_conn *c, bool judged)
{
    bool wire = !o->transmit_failed && !o->transmit_failed_step && !o->link_down &&
                !o->fault_stall && !o->replies.stalled;
    orc_answers_step(o, c, judged);
    orc_held_step(o, c, judged && wire);
    orc_offers_step(o, c, judged && wire);
    orc_stamps_step(c, judged);
    orc_blocks_step(c);
}
