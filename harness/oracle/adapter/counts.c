/* SPDX-License-Identifier: MIT
 *
 * The statistics, recounted from the wire.
 */
#include "oracle/adapter/counts.h"
#include "oracle/ledger/cause.h"
#include "oracle/report/report.h"

#define COPY_NS (2 * ORC_NS_PER_SECOND) /* so old may a copy of the counters be */

static void keep(struct oracle *o, bool six)
{
    struct orc_counted *k = &o->counts->counted[six];
    k->next = o->counts->of[six];
    k->next_event = o->event->seq;
    k->next_ns = o->event->time_ns;
}

/* Before anything changes, and before anything is judged. */
static void grow_old(struct oracle *o, bool six)
{
    struct orc_counted *k = &o->counts->counted[six];
    uint64_t now = o->event->time_ns;
    bool settled = now >= k->changed_ns + COPY_NS;
    if (settled) {
        keep(o, six);
    }
    if (settled || now >= k->next_ns + COPY_NS) {
        k->then = k->next;
        k->then_event = k->next_event;
        keep(o, six);
    }
}

/* To be changed. */
static struct orc_count_set *counts_of(struct oracle *o, uint8_t version)
{
    bool six = version == 6;
    grow_old(o, six);
    o->counts->counted[six].changed_ns = o->event->time_ns;
    return &o->counts->of[six];
}

static void add(struct orc_count *count, uint64_t amount, bool sure)
{
    count->most += amount;
    count->least += sure ? amount : 0;
}

/* A frame that names an offloaded connection. */
void orc_counts_in(struct oracle *o, const struct orc_conn *c, const struct orc_packet *packet,
                   bool certain)
{
    struct orc_count_set *x = counts_of(o, packet->version);
    bool sure = certain && orc_running(o, c) && !orc_finished(c) && c->init_returned &&
                packet->tcp.checksum_right;
    if (c->phase == ORC_GONE || c->phase == ORC_ABSENT) {
        return;
    }
    add(&x->in, 1, sure);
    add(&x->received, 1, sure);
    add(&x->in_octets, packet->ip_bytes, sure);
}

#define DATAGRAM_MOST 65575u /* bytes of the longest, header included */

/* A segment that the host forwarded: whether it counts is not said. */
void orc_counts_forwarded(struct oracle *o, const struct orc_conn *c)
{
    struct orc_count_set *x = counts_of(o, c->version);
    add(&x->in, 1, false);
    add(&x->received, 1, false);
    add(&x->in_octets, DATAGRAM_MOST, false);
}

/* Before the frame changes the send ledger: begin is where it stands. */
void orc_counts_out(struct oracle *o, const struct orc_conn *c, const struct orc_packet *packet,
                    int64_t begin, bool sent)
{
    struct orc_count_set *x = counts_of(o, packet->version);
    const struct orc_tcp *tcp = &packet->tcp;
    int64_t end = begin + tcp->length + ((tcp->flags & TCP_FIN) != 0);
    bool old = end > begin && begin<c->send->max_least, fresh = end> c->send->max;
    bool unclear = end > begin && begin < c->send->max && begin >= c->send->max_least;
    add(&x->sent, 1, sent);
    add(&x->octets, packet->ip_bytes, sent);
    add(&x->resets, (tcp->flags & TCP_RST) != 0, sent);
    if (old || unclear) {
        add(&x->again, 1, sent && old && !unclear);
        add(&x->out, end > c->send->max_least, false);
    } else {
        add(&x->out, 1, sent && (fresh || end == begin) && begin >= c->send->max);
        add(&x->again, begin < c->send->max, false);
    }
}

/* A connection is offloaded: from now on it may be reset, once. */
void orc_counts_begin(struct oracle *o, const struct orc_conn *c)
{
    add(&counts_of(o, c->version)->cut, 1, false);
}

/* The Abort event, before it counts. */
void orc_counts_abort(struct oracle *o, const struct orc_conn *c)
{
    bool open = c->begin_state == TcpConnectionEstablished && !c->send->fin_asked &&
                c->mandatory_event == ORC_NONE && c->local_abort == ORC_NONE && !o->adapter->broken;
    counts_of(o, c->version)->cut.least +=
        open && c->aborts == 0 && c->phase == ORC_LIVE && !c->failed_over;
}

/* A connection that goes as it came was not reset. */
void orc_counts_gone(struct oracle *o, const struct orc_conn *c, TCP_OFFLOAD_CONNECTION_STATE state)
{
    struct orc_count *cut = &counts_of(o, c->version)->cut;
    if (state == TcpConnectionEstablished && c->aborts == 0 && !c->receive->rst_possible &&
        !c->receive->rst_lenient && c->local_abort == ORC_NONE && cut->most > cut->least) {
        cut->most--;
    }
}

static void judge(struct oracle *o, const char *name, uint64_t least, const struct orc_count *count,
                  uint64_t reported, bool narrow)
{
    uint64_t mask = narrow ? UINT32_MAX : UINT64_MAX;
    orc_ran(o, ORC_STAT_CNT_1);
    if (((reported - least) & mask) > ((count->most - least) & mask)) {
        orc_fail(o, ORC_NONE, ORC_STAT_CNT_1,
                 orc_text(o, "%s from %llu to %llu", name, (unsigned long long)least,
                          (unsigned long long)count->most),
                 orc_text(o, "%llu", (unsigned long long)reported));
    }
}

/* It is open as it came: nothing has reset it. */
static bool surely_open(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    bool closing = r->fins || r->fin_before || c->send->fin_asked;
    return orc_running(o, c) && c->begin_state == TcpConnectionEstablished && !closing;
}

/* A request is rare: all connections are visited. */
static void count_open(const struct oracle *o, const struct orc_conn *c, bool six,
                       struct orc_count *open, uint64_t *whole)
{
    bool gone = c->phase == ORC_GONE && c->gone_event <= o->counts->counted[six].then_event;
    bool young = c->begun_ns + COPY_NS > o->event->time_ns;
    if (c->phase != ORC_ABSENT && !gone && (c->version == 6) == six) {
        add(open, 1, surely_open(o, c) && !young);
        *whole += surely_open(o, c);
    }
}

static void counts_judge_tcp(struct oracle *o, const struct orc_count_set *x,
                             const TCP_OFFLOAD_STATS *reported, bool six)
{
    const struct orc_count_set *then = &o->counts->counted[six].then;
    struct orc_count open = {0, 0}, cut = x->cut;
    uint64_t whole = 0;
    for (uint32_t i = 0; i < o->connections->conns; i++) {
        if (o->connections->conn[i]) {
            count_open(o, o->connections->conn[i], six, &open, &whole);
        }
    }
    if (cut.most - then->cut.least >= whole) {
        cut.most -= whole; /* what is surely open was not reset */
    }
    judge(o, "InSegments", then->in.least, &x->in, reported->InSegments, false);
    judge(o, "OutSegments", then->out.least, &x->out, reported->OutSegments, false);
    judge(o, "RetransmittedSegments", then->again.least, &x->again, reported->RetransmittedSegments,
          true);
    judge(o, "OutResets", then->resets.least, &x->resets, reported->OutResets, true);
    judge(o, "ResetEstablished", then->cut.least, &cut, reported->ResetEstablished, true);
    judge(o, "CurrentlyEstablished", open.least, &open, reported->CurrentlyEstablished, true);
}

/* Those that are offloaded now may be reset yet. */
static uint64_t resets_to_come(const struct oracle *o, bool six)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < o->connections->conns; i++) {
        const struct orc_conn *c = o->connections->conn[i];
        count += c && c->phase != ORC_ABSENT && c->phase != ORC_GONE && (c->version == 6) == six;
    }
    return count;
}

static void judge_ip(struct oracle *o, const struct orc_count_set *x,
                     const struct orc_count_set *then, const IP_OFFLOAD_STATS *reported)
{
    judge(o, "InReceives", then->received.least, &x->received, reported->InReceives, false);
    judge(o, "InOctets", then->in_octets.least, &x->in_octets, reported->InOctets, false);
    judge(o, "OutRequests", then->sent.least, &x->sent, reported->OutRequests, false);
    judge(o, "OutOctets", then->octets.least, &x->octets, reported->OutOctets, false);
}

/* What was counted before a zeroing is asked for no more. */
static void zero_least(struct orc_count_set *x, bool tcp)
{
    if (tcp) {
        x->in.least = x->out.least = x->again.least = x->resets.least = x->cut.least = 0;
    } else {
        x->received.least = x->sent.least = x->octets.least = x->in_octets.least = 0;
    }
}

static void zero_then(struct orc_counts *counts, bool six, bool tcp)
{
    zero_least(&counts->counted[six].then, tcp);
    zero_least(&counts->counted[six].next, tcp);
}

/* A request of statistics ended with SUCCESS. */
void orc_counts_request(struct oracle *o, const struct tap_event *ev)
{
    bool six = ev->data.request.oid == OID_TCP6_OFFLOAD_STATS ||
               ev->data.request.oid == OID_IP6_OFFLOAD_STATS;
    bool tcp = ev->data.request.oid == OID_TCP4_OFFLOAD_STATS ||
               ev->data.request.oid == OID_TCP6_OFFLOAD_STATS;
    bool ip = ev->data.request.oid == OID_IP4_OFFLOAD_STATS ||
              ev->data.request.oid == OID_IP6_OFFLOAD_STATS;
    struct orc_count_set *x = &o->counts->of[six], old = *x;
    grow_old(o, six);
    if (ev->data.request.set && tcp) {
        *x = (struct orc_count_set){.received = old.received,
                                    .sent = old.sent,
                                    .octets = old.octets,
                                    .in_octets = old.in_octets,
                                    .cut.most = resets_to_come(o, six)};
        zero_then(o->counts, six, true);
    } else if (ev->data.request.set && ip) {
        *x = (struct orc_count_set){
            .in = old.in, .out = old.out, .again = old.again, .resets = old.resets, .cut = old.cut};
        zero_then(o->counts, six, false);
    } else if (tcp && ev->data.request.bytes >= sizeof(TCP_OFFLOAD_STATS)) {
        counts_judge_tcp(o, x, ev->ptr, six);
    } else if (ip && ev->data.request.bytes >= sizeof(IP_OFFLOAD_STATS)) {
        judge_ip(o, x, &o->counts->counted[six].then, ev->ptr);
    }
}
