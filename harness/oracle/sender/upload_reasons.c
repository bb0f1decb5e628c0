/* SPDX-License-Identifier: MIT
 *
 * What may have made a target ask to be uploaded for a reason of its own choice. How much of it is
 * too much is the target's business, but there must have been some.
 */
#include "oracle/sender/upload_reasons.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/full_size.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/calls.h"
#include "oracle/model/objects.h"
#include "oracle/report/report.h"
#include "oracle/sender/sender.h"

#define PAUSE_NS (100 * ORC_MS)

/* Data moves, either way. */
static void moved(struct oracle *o, struct orc_conn *c)
{
    struct orc_upload_reasons *g = c->upload_reasons;
    uint64_t before = g->moved_ns ? g->moved_ns : c->begun_ns;
    g->paused = g->paused || o->event->time_ns - before >= PAUSE_NS;
    g->moved_ns = o->event->time_ns;
}

void orc_upload_reasons_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    struct orc_upload_reasons *g = c->upload_reasons;
    bool next = s->begin == c->receive->possible && s->begin == c->receive->sure;
    bool text = s->tcp->length || (s->tcp->flags & TCP_FIN);
    if (!text || (s->tcp->flags & (TCP_RST | TCP_SYN))) {
        return;
    }
    g->disordered = g->disordered || !next;
    if (!s->tcp->length) {
        return;
    }
    moved(o, c);
    /* What came just before may have used the requests up. */
    bool covered = c->receive->posted_bytes >= s->end - c->receive->delivered;
    g->unposted = g->unposted || !covered || c->inside || orc_in_batch(o);
}

void orc_upload_reasons_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    moved(o, c);
    /* Also what the wire refused before: the target sends it again. */
    c->upload_reasons->again = c->upload_reasons->again || f->begin < c->send->max;
}

/* A receive request or a send. */
void orc_upload_reasons_request(struct oracle *o, struct orc_conn *c, uint32_t bytes)
{
    const struct orc_object *path = orc_object(o, c->path);
    int64_t least, most;
    orc_full_sizes(o, c, &least, &most);
    /* By what the peer takes, or by what the path carries. */
    c->upload_reasons->small =
        c->upload_reasons->small || bytes < most || (path && bytes < path->mtu_most);
}

static const char *missing(const struct oracle *o, const struct orc_conn *c, uint32_t reason)
{
    const struct orc_upload_reasons *g = c->upload_reasons;
    uint64_t quiet = o->event->time_ns - (g->moved_ns ? g->moved_ns : c->begun_ns);
    switch (reason) {
    case LowActivity:
        return g->paused || quiet >= PAUSE_NS ? NULL : "LowActivity needs a pause";
    case HighDropRate:
        return g->again || !c->sender->on ? NULL : "HighDropRate needs a retransmission";
    case SmallIO:
        return g->small ? NULL : "SmallIO needs a request below a full segment";
    case NoBufferPreposting:
        return g->unposted || c->buffered_expected
                   ? NULL
                   : "NoBufferPreposting needs data that met no request";
    case HighFragmentation:
        return o->adapter->odd_packets ? NULL : "HighFragmentation needs a fragment";
    case HighOutOfOrderPackets:
        return g->disordered ? NULL : "HighOutOfOrderPackets needs a segment out of order";
    default:
        return NULL;
    }
}

void orc_upload_reasons_judge(struct oracle *o, const struct orc_conn *c, uint32_t reason)
{
    const char *what = missing(o, c, reason);
    if (what) {
        orc_fail(o, orc_ordinal(o, c), ORC_EVT_CAUSE_1, what, "none since INIT");
    }
}
