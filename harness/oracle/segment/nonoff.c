/* SPDX-License-Identifier: MIT
 *
 * Frames that are not the target's to process go up as they came.
 */
#include "oracle/segment/nonoff.h"
#include "oracle/base/memory.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/flows.h"
#include "oracle/model/passings.h"
#include "oracle/ownership/owner.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/report/report.h"

#include <string.h>

enum orc_passing_why { WHY_MAY, WHY_UNMATCHED, WHY_GONE, WHY_URGENT, WHY_CLOSED };

#define HOST_LISTS_MAX 32u /* with that many lists out, a pool may rightly be dry */

/* Of the frame without trailing zeros, so that Ethernet padding does not matter. */
uint64_t orc_frame_hash(const uint8_t *frame, uint32_t bytes)
{
    while (bytes > 14 && frame[bytes - 1] == 0) {
        bytes--;
    }
    return orc_hash(0x5EED, frame, bytes);
}

static bool for_us(const struct oracle *o, const uint8_t *mac)
{
    static const uint8_t broadcast[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    return o->adapter->mac_known &&
           (memcmp(mac, o->adapter->mac, 6) == 0 || memcmp(mac, broadcast, 6) == 0);
}

static enum orc_passing_why classify(struct oracle *o, const struct orc_packet *packet,
                                     const struct orc_conn *conn)
{
    const struct orc_tcp *tcp = &packet->tcp;
    if (!packet->ethernet || !for_us(o, packet->frame) || packet->tagged) {
        return WHY_MAY;
    }
    if (packet->version && (!packet->ip_right || (packet->plain && !tcp->checksum_right))) {
        return WHY_MAY;
    }
    if (!packet->version && (packet->ethertype == 0x0800 || packet->ethertype == 0x86DD)) {
        return WHY_MAY; /* says IP and is none */
    }
    if (!conn || conn->phase == ORC_ABSENT) {
        return WHY_UNMATCHED;
    }
    if (conn->phase == ORC_GONE) {
        return WHY_GONE;
    }
    if (!orc_vlan_fits(o, conn, packet)) {
        return WHY_MAY; /* of another network: dropped or passed up (PKT-VLAN-1) */
    }
    if (orc_closed_before(o, conn)) {
        return WHY_CLOSED;
    }
    const struct orc_receive *r = conn->receive;
    int64_t begin = orc_receive_offset(r, tcp->sequence);
    bool whole = tcp->options_right && !(tcp->flags & (TCP_SYN | TCP_RST)) &&
                 (tcp->flags & TCP_ACK) && begin >= r->urgent_limit && begin < r->edge;
    bool urgent = conn->phase == ORC_LIVE && conn->urgent_sure && whole && tcp->length;
    return urgent ? WHY_URGENT : WHY_MAY;
}

void orc_nonoff_frame(struct oracle *o, const struct tap_event *ev, const struct orc_packet *packet,
                      struct orc_conn *conn)
{
    struct orc_passing *entry =
        orc_passing_add(o, &o->frames->in, orc_frame_hash(packet->frame, packet->frame_bytes));
    if (!entry) {
        return;
    }
    entry->event = ev->seq;
    entry->bytes = packet->frame_bytes;
    entry->conn = orc_ordinal(o, conn);
    entry->why = (uint8_t)classify(o, packet, conn);
    entry->due =
        o->adapter->phase == ORC_ADAPTER_RUNNING &&
        (entry->why == WHY_UNMATCHED || entry->why == WHY_GONE || entry->why == WHY_CLOSED);
}

/* The connection may have been uploaded and offloaded again since. */
static bool of_this_offload(const struct oracle *o, const struct orc_passing *entry)
{
    return entry->event > o->connections->conn[entry->conn]->init_op;
}

/* How well an arrival that was not handed up yet fits a frame handed up: of its very length, due
 * now, in order. */
static uint32_t fit(const struct oracle *o, const struct orc_passing *entry, uint32_t length)
{
    const struct orc_passings *set = &o->frames->in;
    uint32_t at = (uint32_t)(entry - set->entry);
    bool kept = entry->why == WHY_URGENT && of_this_offload(o, entry);
    bool due = entry->due && at >= set->due_from;
    uint32_t up = kept ? o->connections->conn[entry->conn]->life->raw_up : o->frames->up;
    return 1u + (entry->bytes == length ? 8u : 0u) + (due ? 4u : 0u) + (kept ? 2u : 0u) +
           ((due || kept) && at >= up ? 1u : 0u);
}

/* The arrival of this content that a frame handed up stands for: the oldest of those that fit best
 * and were not handed up yet, else any. Padding may be gone, but none is added. */
static struct orc_passing *pick(const struct oracle *o, uint64_t hash, uint32_t length)
{
    struct orc_passings *set = &o->frames->in;
    struct orc_passing *any = NULL, *best = NULL;
    uint32_t most = 0;
    for (struct orc_passing *entry = orc_passing_find(set, hash); entry;) {
        bool same = entry->hash == hash && length <= entry->bytes;
        uint32_t fits = same && !entry->passed ? fit(o, entry, length) : 0;
        any = same && !any ? entry : any;
        best = fits && fits >= most ? entry : best;
        most = fits > most ? fits : most;
        entry = entry->chain ? &set->entry[entry->chain - 1] : NULL;
    }
    return best ? best : any;
}

/* The connection that a frame belongs to: the target may process it, so it is not in the table. */
static const struct orc_conn *served(struct oracle *o, const uint8_t *bytes, uint32_t length,
                                     struct orc_packet *packet)
{
    orc_parse_frame(bytes, length, packet);
    if (!packet->plain || !packet->ip_right || !packet->tcp.valid) {
        return NULL;
    }
    const struct orc_conn *conn =
        orc_flow_find(o, packet->version, packet->destination, packet->source,
                      packet->tcp.destination_port, packet->tcp.source_port);
    return conn && conn->phase != ORC_ABSENT ? conn : NULL;
}

/* Nothing stands between the connection and the frame: no end in sight, no fault. */
static bool surely_served(struct oracle *o, const struct orc_conn *c,
                          const struct orc_packet *packet)
{
    const struct orc_receive *r = c->receive;
    bool in = r->fins || r->fin_before || r->fin_lenient;
    bool closed = c->send->fin_asked && in && !c->life->fin_alone; /* perhaps not only TIME_WAIT */
    bool odd = packet->tcp.flags & (TCP_SYN | TCP_RST | TCP_URG);
    bool ending = c->term_enter != ORC_NONE || c->mandatory_event != ORC_NONE ||
                  o->adapter->upload_all != ORC_NONE || orc_abort_possible(o, c);
    return orc_running(o, c) && c->init_returned && !closed && !odd && !ending &&
           packet->tcp.checksum_right && for_us(o, packet->frame) && !r->urgent_possible &&
           !orc_path_invalid(o, c) && !orc_shorted(o, r) && !orc_starved(o, c);
}

static void judge_unknown(struct oracle *o, const struct tap_nbl *list, const uint8_t *bytes,
                          uint32_t length)
{
    struct orc_packet packet;
    const struct orc_conn *conn = served(o, bytes, length, &packet);
    if (!conn) {
        orc_fail(o, list->conn, ORC_PKT_NONOFF_1, "a frame handed up as it came from the wire",
                 orc_text(o, "%u bytes that no frame from the wire had", length));
    } else if (surely_served(o, conn, &packet)) {
        orc_fail(o, orc_ordinal(o, conn), ORC_PKT_NONOFF_1,
                 "a segment of an offloaded connection kept from the host", "handed up");
    }
}

/* Nothing may rightly be late: neither memory nor lists are short. */
static bool unhindered(const struct oracle *o)
{
    return !orc_waived(o) && o->ownership->host_lists < HOST_LISTS_MAX;
}

static void judge_order(struct oracle *o, const struct orc_passing *entry, uint32_t *up,
                        enum orc_rule rule)
{
    uint32_t at = (uint32_t)(entry - o->frames->in.entry);
    orc_ran(o, rule);
    if (at + 1 < *up && unhindered(o)) {
        orc_fail(o, entry->conn, rule, "frames handed up in the order in which they came",
                 orc_text(o, "the frame of event %u after that of event %u", entry->event,
                          o->frames->in.entry[*up - 1].event));
    }
    *up = at + 1 > *up ? at + 1 : *up;
}

/* Another frame like it may have been the one that was handed up. */
static bool ambiguous(struct orc_passings *set, const struct orc_passing *entry)
{
    for (const struct orc_passing *other = orc_passing_find(set, entry->hash); other;
         other = other->chain ? &set->entry[other->chain - 1] : NULL) {
        if (other != entry && other->hash == entry->hash && !other->passed) {
            return true;
        }
    }
    return false;
}

/* Frames of no connection are one queue; so are those of a connection that wait for one thing. */
static void judge_arrival(struct oracle *o, const struct orc_passing *entry)
{
    if (ambiguous(&o->frames->in, entry)) {
        return;
    }
    if (entry->why == WHY_UNMATCHED && entry->due) {
        judge_order(o, entry, &o->frames->up, ORC_PKT_ORDER_1);
        return;
    }
    struct orc_conn *c = orc_conn(o, entry->conn);
    bool raw = entry->why == WHY_URGENT || (entry->due && entry->why != WHY_MAY);
    if (!c || !raw || !of_this_offload(o, entry)) {
        return;
    }
    if (c->receive->urgent_possible && !c->urgent_sure) {
        return; /* one that is kept, perhaps, is not in the table, and may be a twin of this one */
    }
    if (entry->why == WHY_URGENT && c->term_enter == ORC_NONE) {
        return; /* rightly so only when it was aborted: what was held then keeps its time */
    }
    if (c->life->raw_why != entry->why) {
        c->life->raw_why = entry->why;
        c->life->raw_up = 0;
    }
    judge_order(o, entry, &c->life->raw_up,
                entry->why == WHY_URGENT ? ORC_URG_QUEUE_1 : ORC_PKT_ORDER_1);
}

/* Padding up to the least that a wire carries may be gone, and what follows a datagram. */
static void judge_whole(struct oracle *o, const struct orc_passing *entry,
                        const struct orc_packet *packet, uint32_t length)
{
    bool datagram = packet->version && packet->ip_right && length >= packet->end;
    if (length != entry->bytes && entry->bytes > (packet->tagged ? 64u : 60u) && !datagram) {
        orc_fail(
            o, entry->conn, ORC_PKT_NONOFF_1,
            orc_text(o, "the frame of event %u as it came, %u bytes", entry->event, entry->bytes),
            orc_text(o, "its first %u", length));
    }
}

void orc_nonoff_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    orc_owner_indicated(o, ev, list);
    uint8_t *bytes = list->fault == NBL_OK ? orc_scratch(o, list->length) : NULL;
    if (!bytes || list->nb_count != 1) {
        return;
    }
    if (!(call->counted & NDIS_RECEIVE_FLAGS_RESOURCES)) {
        orc_owner_to_host(o, list->id, list->conn, TAP_NONOFF_INDICATE);
    }
    uint32_t length = tap_nbl_copy(list, 0, bytes, list->length);
    struct orc_passing *entry = pick(o, orc_frame_hash(bytes, length), length);
    if (!entry) {
        judge_unknown(o, list, bytes, length);
        return;
    }
    struct orc_packet packet;
    orc_ran(o, ORC_PKT_NONOFF_1);
    bool own = served(o, bytes, length, &packet) != NULL;
    if (entry->passed++) {
        if (!own) {
            orc_fail(o, entry->conn, ORC_PKT_NONOFF_1, "each frame handed up once",
                     orc_text(o, "the frame of event %u again", entry->event));
        }
    } else {
        judge_arrival(o, entry);
        judge_whole(o, entry, &packet, length);
    }
    if (entry->why == WHY_URGENT && of_this_offload(o, entry) &&
        o->connections->conn[entry->conn]->term_enter == ORC_NONE &&
        o->connections->conn[entry->conn]->abort_event == ORC_NONE &&
        o->connections->conn[entry->conn]->local_abort == ORC_NONE) { /* else CLOSED-DATA-1 */
        orc_fail(o, entry->conn, ORC_URG_QUEUE_1,
                 "urgent and later segments handed up from the TERM call on",
                 "handed up before it");
    }
}

static void judge_missing(struct oracle *o, const struct orc_passing *entry)
{
    if (entry->why == WHY_CLOSED) {
        orc_fail(o, entry->conn, ORC_CLOSED_DATA_1,
                 "a segment of a closed connection handed up to the host",
                 orc_text(o, "the frame of event %u was not", entry->event));
        return;
    }
    bool gone = entry->why == WHY_GONE;
    orc_fail(o, entry->conn, gone ? ORC_TERM_SEG_1 : ORC_PKT_NONOFF_1,
             gone ? "a segment after TermComplete handed up to the host"
                  : "a packet of no offloaded connection handed up to the host",
             orc_text(o, "the frame of event %u was not", entry->event));
}

void orc_nonoff_step(struct oracle *o)
{
    struct orc_passings *set = &o->frames->in;
    if (set->due_from == set->count) {
        return;
    }
    bool excused = !unhindered(o) || o->adapter->phase != ORC_ADAPTER_RUNNING;
    for (; set->due_from < set->count; set->due_from++) {
        struct orc_passing *entry = &set->entry[set->due_from];
        o->ran[ORC_TERM_SEG_1] += entry->due && entry->why == WHY_GONE;
        o->ran[ORC_PKT_NONOFF_1] += entry->due && entry->why == WHY_UNMATCHED;
        o->ran[ORC_CLOSED_DATA_1] += entry->due && entry->why == WHY_CLOSED;
        if (entry->due && !entry->passed && !excused) {
            judge_missing(o, entry);
        }
        entry->due = entry->due && !excused; /* what was late then has no place any more */
    }
}

void orc_nonoff_end(struct oracle *o)
{
    for (uint32_t i = 0; i < o->frames->in.count; i++) {
        const struct orc_passing *entry = &o->frames->in.entry[i];
        if (entry->why != WHY_URGENT || entry->passed || !of_this_offload(o, entry)) {
            continue;
        }
        const struct orc_conn *conn = o->connections->conn[entry->conn];
        o->ran[ORC_URG_QUEUE_1] += conn->urgent_owed;
        if (conn->phase == ORC_GONE && conn->urgent_owed && !conn->urgent_excused) {
            orc_fail(o, entry->conn, ORC_URG_QUEUE_1,
                     "the urgent segment and later ones handed up after TERM",
                     orc_text(o, "the frame of event %u never was", entry->event));
        }
    }
}

void orc_nonoff_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)o;
    call->counted = ev->data.shown.flags;
}
