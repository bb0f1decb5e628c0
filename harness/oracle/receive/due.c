/* SPDX-License-Identifier: MIT */
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ownership/owner.h"
#include "oracle/receive/answers.h"
#include "oracle/receive/delivery.h"
#include "oracle/report/report.h"

#define HOST_LISTS_MAX 32u /* with that many lists out, a pool may rightly be dry */

static uint64_t push_ns(const struct oracle *o)
{
    return o->parameters->push_ticks * o->parameters->tick_ns;
}

/* Why bytes and a request (or nobody) stand beside each other: names the rule that was broken. */
static enum orc_rule stranded_rule(const struct orc_conn *c, enum orc_rule plain)
{
    const struct orc_receive *r = c->receive;
    if (c->answers->odd_options) {
        return ORC_WIRE_OPT_1;
    }
    if (r->raced_indicate) {
        return ORC_IND_RACE_1;
    }
    if (r->raced_complete) {
        return ORC_SER_QUEUE_1;
    }
    return plain;
}

/* What failed for lack of something may have been tried again only after the fault. */
static uint64_t not_before_waiver(const struct oracle *o, const struct orc_conn *c, uint64_t start)
{
    uint64_t resumed = c->waived_ns ? c->waived_ns + orc_slack_ns(o) : 0;
    return resumed > start ? resumed : start;
}

static void due_partly_filled(struct oracle *o, struct orc_conn *c, const struct orc_nbl *nbl)
{
    const struct orc_receive *r = c->receive;
    uint32_t ordinal = orc_ordinal(o, c);
    uint64_t now = o->event->time_ns;
    long long held = (long long)(r->sure - r->delivered);
    if (nbl->no_push) {
        orc_ran(o, ORC_FIN_IND_2);
        if (r->fin_sure >= 0 && r->fin_sure == r->sure) {
            orc_fail(o, ordinal, ORC_FIN_IND_2, "a partly filled request completed by the FIN",
                     orc_text(o, "request #%u holds %lld bytes", nbl->index, held));
        }
        return;
    }
    if (r->push_due > r->delivered) {
        bool raced = r->raced_indicate || r->raced_complete;
        (raced ? orc_warn : orc_fail)(
            o, ordinal, ORC_RCV_PUSH_1, "a partly filled request completed by the PSH segment",
            orc_text(o, "request #%u holds %lld of %u bytes", nbl->index, held, nbl->length));
        return;
    }
    if (!o->parameters->known) {
        return;
    }
    bool arrived = r->last_arrival_event > nbl->handed;
    uint64_t start = not_before_waiver(o, c, arrived ? r->last_arrival_ns : nbl->time_ns);
    uint32_t event = r->nonempty_event > nbl->handed ? r->nonempty_event : nbl->handed;
    uint64_t due = start + push_ns(o) + orc_slack_ns(o);
    if (event < o->parameters->event) {
        return; /* the timer may run by the former ones */
    }
    orc_ran(o, ORC_RCV_PUSH_2);
    if (now > due) {
        orc_fail(o, ordinal, ORC_RCV_PUSH_2, "a partly filled request completed by the push timer",
                 orc_text(o, "request #%u holds %lld bytes for %llu ms", nbl->index, held,
                          (unsigned long long)((now - start) / 1000000)));
    } else {
        orc_watch(o, c, due + 1);
    }
}

static void due_prefilled(struct oracle *o, struct orc_conn *c, const struct orc_nbl *nbl)
{
    uint64_t due = not_before_waiver(o, c, nbl->time_ns) + push_ns(o) + orc_slack_ns(o);
    if (nbl->handed < o->parameters->event) {
        return;
    }
    orc_ran(o, ORC_RCV_PRE_1);
    if (o->event->time_ns > due) {
        orc_fail(o, orc_ordinal(o, c), ORC_RCV_PRE_1,
                 "a prefilled push-mode request completed by the push timer",
                 orc_text(o, "request #%u is pending", nbl->index));
    } else {
        orc_watch(o, c, due + 1);
    }
}

static void due_request(struct oracle *o, struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    const struct orc_nbl *nbl = &o->lists->nbl[c->requests.head];
    uint32_t ordinal = orc_ordinal(o, c);
    int64_t held = r->sure - r->delivered;
    if (nbl->after & ORC_AFTER_DISCONNECT) {
        return;
    }
    if (nbl->length == 0) {
        if (held > 0) {
            orc_fail(o, ordinal, stranded_rule(c, ORC_IND_ZERO_1),
                     "a zero-byte request completed when data is there",
                     orc_text(o, "request #%u pending with %lld bytes buffered", nbl->index,
                              (long long)held));
        } else if (c->disconnect_event != ORC_NONE) {
            orc_fail(o, ordinal, ORC_RCV_ZERO_1,
                     "a zero-byte request completed by the Disconnect event",
                     orc_text(o, "request #%u pending", nbl->index));
        }
        return;
    }
    if (held >= nbl->length) {
        enum orc_rule plain = r->buffered_before_post ? ORC_RCV_BUF_1 : ORC_RCV_FULL_1;
        orc_fail(o, ordinal, stranded_rule(c, plain), "a request completed as soon as it is full",
                 orc_text(o, "request #%u (%u bytes, event %u) pending, %lld bytes accepted",
                          nbl->index, nbl->length, nbl->handed, (long long)held));
    } else if (held > 0) {
        due_partly_filled(o, c, nbl);
    } else if (nbl->prefill && !nbl->no_push && o->parameters->known) {
        due_prefilled(o, c, nbl);
    }
}

static void due_indication(struct oracle *o, struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    bool may_hold = c->cached.RcvIndicationSize != 0;
    if (r->refused || o->ownership->host_lists >= HOST_LISTS_MAX) {
        return;
    }
    if (may_hold && (!r->sure_data_step || r->outlet_step)) {
        return;
    }
    enum orc_rule plain = r->posted_step ? ORC_IND_POST_1 : ORC_IND_SOON_1;
    orc_fail(o, orc_ordinal(o, c), stranded_rule(c, plain),
             "accepted data indicated in the step when no request waits",
             orc_text(o, "%lld bytes from %lld on neither delivered nor refused",
                      (long long)(r->sure - r->delivered), (long long)r->delivered));
}

/* Every duty below is one comparison with what is sure; which of them this rest is about. */
static void count_receive(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    uint32_t *ran = o->ran;
    const struct orc_nbl *head =
        c->requests.head != ORC_NONE ? &o->lists->nbl[c->requests.head] : NULL;
    bool moved = r->outlet_step || r->sure_data_step || r->posted_step;
    ran[ORC_IND_RACE_1] += r->raced_indicate;
    ran[ORC_SER_QUEUE_1] += r->raced_complete;
    ran[ORC_FIN_IND_1] += r->fin_sure >= 0 && c->disconnects <= 1;
    ran[ORC_DISC_HALF_1] += c->graceful != ORC_NONE && r->sure_data_step;
    ran[ORC_FIN_IND_2] += r->fin_sure >= 0 && moved;
    ran[ORC_IND_POST_1] += r->posted_step && r->outlet_step && !head;
    ran[ORC_IND_SOON_1] += r->sure_data_step && !head && !r->refused;
    ran[ORC_RCV_FULL_1] += r->sure_data_step && r->outlet_step;
    ran[ORC_RCV_BUF_1] += r->buffered_before_post;
    ran[ORC_IND_ZERO_1] += r->posted_step && r->zero_posted;
    ran[ORC_RCV_ZERO_1] += head && !head->length;
    ran[ORC_RCV_PUSH_1] += r->push_due >= 0;
    ran[ORC_TMR_PUSH_1] += head && c->begun_ns && r->sure > r->delivered;
}

void orc_due_receive(struct oracle *o, struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    if (r->lossy || c->inside || !c->init_returned) {
        return;
    }
    count_receive(o, c);
    if (c->requests.head != ORC_NONE) {
        due_request(o, c);
    } else if (r->sure > r->delivered) {
        due_indication(o, c);
    }
    if (r->fin_sure >= 0 && r->delivered == r->fin_sure && c->disconnects == 0) {
        orc_fail(o, orc_ordinal(o, c), ORC_FIN_IND_1,
                 "the Disconnect event in the step in which all before the FIN is consumed",
                 orc_text(o, "FIN at %lld accepted, %lld consumed, no event",
                          (long long)r->fin_sure, (long long)r->delivered));
    }
}

/* Duties of a connection that is told to go. */
void orc_due_end(struct oracle *o, struct orc_conn *c)
{
    struct orc_receive *r = c->receive;
    uint32_t ordinal = orc_ordinal(o, c);
    o->ran[ORC_URG_RETR_1] += c->urgent_due;
    o->ran[ORC_URG_PTR_1] += c->urgent_due && c->urgent_odd;
    o->ran[ORC_RST_IND_1] += r->rst_sure;
    o->ran[ORC_DISC_RST_1] += c->reset_due;
    bool over = c->phase != ORC_LIVE || c->mandatory_event != ORC_NONE || c->failed_over ||
                c->local_abort != ORC_NONE;
    if (c->urgent_due && c->urgent_retrieve == ORC_NONE && !over) {
        orc_fail(o, ordinal, ORC_URG_RETR_1, "Retrieve(ReceivedUrgentData) in the segment's step",
                 "no such event");
    }
    if (r->rst_sure && c->abort_event == ORC_NONE && !over) {
        orc_fail(o, ordinal, ORC_RST_IND_1, "the Abort event in the step of the RST",
                 "no such event");
    }
    bool wire = !orc_wire_waived(o);
    if (c->reset_due && c->reset_sent == ORC_NONE && wire && c->phase == ORC_LIVE) {
        orc_fail(o, ordinal, ORC_DISC_RST_1, "an RST in the step of the abortive disconnect",
                 "none");
        c->reset_due = false;
    }
    c->urgent_due = r->rst_sure = false;
}

void orc_due_reason(struct oracle *o, struct orc_conn *c)
{
    o->ran[ORC_UPLD_OPT_1] += c->optional_event != ORC_NONE;
    if (c->upload_early_event == ORC_NONE || c->upload_early_warned || orc_upload_known(o, c)) {
        return;
    }
    c->upload_early_warned = true;
    const char *actual =
        orc_text(o, "UPLOAD_IN_PROGRESS at event %u and no request", c->upload_early_event);
    if (c->optional_event != ORC_NONE) {
        orc_fail(o, orc_ordinal(o, c), ORC_UPLD_OPT_1,
                 "normal service after an optional upload request", actual);
    } else {
        orc_warn(o, orc_ordinal(o, c), c->upload_early_rule,
                 "an upload request or TERM in the step", actual);
    }
}
