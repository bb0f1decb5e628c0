/* SPDX-License-Identifier: MIT */
#include "replay/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer/segment.h"
#include "replay/filter.h"
#include "replay/link.h"
#include "replay/packet.h"

static void *grown(void *old, uint32_t used, uint32_t *room, size_t size)
{
    if (used < *room) {
        return old;
    }
    uint32_t more = *room ? 2 * *room : 16;
    void *made = realloc(old, more * size);
    if (made) {
        *room = more;
    }
    return made;
}

static uint32_t hash_of(const struct tuple *key)
{
    uint32_t hash = 2166136261u;
    const uint8_t *bytes = &key->address[0][0];
    for (uint32_t i = 0; i < 32; i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    hash = (hash ^ key->port[0]) * 16777619u;
    return (hash ^ key->port[1]) * 16777619u;
}

static bool rehash(struct gathering *g)
{
    uint32_t slots = g->slots ? 2 * g->slots : 1024;
    uint32_t *made = calloc(slots, sizeof(*made));
    if (!made) {
        return false;
    }
    for (uint32_t i = 0; i < g->tuples; i++) {
        uint32_t at = hash_of(&g->tuple[i]) & (slots - 1);
        g->tuple[i].chain = made[at];
        made[at] = i + 1;
    }
    free(g->slot);
    g->slot = made;
    g->slots = slots;
    return true;
}

/* The list of a packet's addresses; *from tells which end sent it. NULL: out of memory. */
static struct tuple *tuple_for(struct gathering *g, const struct packet *p, uint8_t *from)
{
    struct tuple key = {.v6 = p->v6};
    int order = memcmp(p->from, p->to, 16);
    *from = order > 0 || (order == 0 && p->from_port > p->to_port);
    memcpy(key.address[*from], p->from, 16);
    memcpy(key.address[!*from], p->to, 16);
    key.port[*from] = p->from_port;
    key.port[!*from] = p->to_port;
    if (g->tuples >= g->slots && !rehash(g)) {
        return NULL;
    }
    uint32_t at = hash_of(&key) & (g->slots - 1);
    /* A slot in use names one of the tuples there are. */
    for (uint32_t i = g->tuples ? g->slot[at] : 0; i && g->tuple; i = g->tuple[i - 1].chain) {
        struct tuple *t = &g->tuple[i - 1];
        if (t->v6 == key.v6 && !memcmp(t->address, key.address, 32) && t->port[0] == key.port[0] &&
            t->port[1] == key.port[1]) {
            return t;
        }
    }
    struct tuple *list = grown(g->tuple, g->tuples, &g->tuple_room, sizeof(*list));
    if (!list) {
        return NULL;
    }
    g->tuple = list;
    key.stream = g->streams++;
    key.chain = g->slot[at];
    g->tuple[g->tuples++] = key;
    g->slot[at] = g->tuples;
    return &g->tuple[g->tuples - 1];
}

/* Gives a packet the number that tshark would: a SYN with another number begins a new stream. */
static uint32_t stream_number(struct gathering *g, struct tuple *t, const struct flow_packet *p)
{
    uint8_t from = p->from;
    bool syn = p->flags & SEG_SYN;
    if (p->kind != FLOW_SEGMENT || p->header_cut) {
        return t->stream;
    }
    if (syn && t->base_set[from] && t->base[from] != p->seq) {
        t->stream = g->streams++;
        t->base_set[0] = t->base_set[1] = false;
    }
    if (!t->base_set[from]) {
        t->base_set[from] = true;
        t->base[from] = syn ? p->seq : p->seq - 1;
    }
    if (!t->base_set[!from] && (p->flags & SEG_ACK)) {
        t->base_set[!from] = true;
        t->base[!from] = p->ack - 1;
    }
    return t->stream;
}

static uint64_t memory_given; /* 0 = by the machine */

void flow_memory(uint64_t bytes)
{
    memory_given = bytes;
}

/* One file's packets may take what is given, and never more than half of the machine's memory. */
static uint64_t memory_max(void)
{
    static uint64_t half;
    if (!half) {
        long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
        half = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 2 : (uint64_t)1 << 30;
    }
    return memory_given && memory_given < half ? memory_given : half;
}

/* Its connection is over, or another one begins. */
static void note_closing(struct tuple *t, const struct flow_packet *p)
{
    t->last = p->number;
    if (p->kind != FLOW_SEGMENT || p->header_cut) {
        return;
    }
    if (p->flags & SEG_SYN) {
        t->closed = t->over = t->fin[0] = t->fin[1] = false;
        t->high[0] = t->high[1] = 0;
    }
    uint32_t end = p->seq + p->payload;
    if (!t->high[p->from] || (int32_t)(end - t->high[p->from]) > 0) {
        t->high[p->from] = end;
    }
    t->fin[p->from] |= (p->flags & SEG_FIN) != 0;
    t->closed |= (p->flags & SEG_RST) || (t->fin[0] && t->fin[1]);
}

/* What comes after a conversation that was given away already: its last words once more. */
static bool belated(const struct tuple *t, const struct flow_packet *p)
{
    return t->over && (p->kind != FLOW_SEGMENT || p->header_cut ||
                       (!(p->flags & SEG_SYN) &&
                        (!p->payload || (int32_t)(p->seq + p->payload - t->high[p->from]) <= 0)));
}

static bool flow_keep(struct gathering *g, struct tuple *t, struct flow_packet packet,
                      const uint8_t *bytes, uint32_t tcp_length, bool stays)
{
    packet.bytes = bytes;
    if (packet.kind == FLOW_SEGMENT) {
        flow_parse(&packet, tcp_length);
    }
    packet.stream = stream_number(g, t, &packet);
    if (belated(t, &packet)) {
        return true;
    }
    t->over = false;
    uint32_t room = t->room;
    struct flow_packet *packets = grown(t->packet, t->packets, &t->room, sizeof(*packets));
    if (!packets) {
        g->failed = "out of memory";
        return false;
    }
    t->packet = packets;
    g->bytes += (t->room - room) * sizeof(*packets) + (stays ? 0 : packet.length);
    packet.stored = !stays;
    if (!stays) {
        packet.bytes = store_keep(&g->store, bytes, packet.length);
    }
    if (!packet.bytes || g->bytes >= memory_max()) {
        g->failed =
            "its packets take more memory than they may (give more by --memory, or split it)";
        return false;
    }
    note_closing(t, &packet);
    t->packet[t->packets++] = packet;
    return true;
}

static struct flow_packet segment_of(const struct packet *p, uint8_t from)
{
    return (struct flow_packet){
        .from = from,
        .kind = p->kind == PACKET_DAMAGED ? FLOW_DAMAGED : FLOW_SEGMENT,
        .time_ns = p->time_ns,
        .number = p->number,
        .unusual = p->unusual,
        .assembled = p->pieces != 0,
        .header_cut = p->header_cut,
        .tcp_at = p->tcp_at,
        .length = p->length,
    };
}

/* wanted: else it only counts where conversations get their numbers. */
static bool flow_take(struct gathering *g, const struct packet *p, bool wanted, bool stays)
{
    uint8_t from;
    struct tuple *t = tuple_for(g, p, &from);
    if (!t) {
        g->failed = "out of memory";
        return false;
    }
    struct flow_packet made = segment_of(p, from);
    if (!wanted) {
        made.bytes = p->bytes; /* read, and forgotten */
        if (made.kind == FLOW_SEGMENT) {
            flow_parse(&made, p->tcp_length);
        }
        stream_number(g, t, &made);
        return true;
    }
    for (uint32_t i = 0; i < p->pieces; i++) {
        struct flow_packet piece = {.from = from,
                                    .kind = FLOW_PIECE,
                                    .time_ns = p->piece[i].time_ns,
                                    .number = p->piece[i].number,
                                    .length = p->piece[i].length};
        if (!flow_keep(g, t, piece, p->piece[i].bytes, 0, false)) {
            return false;
        }
    }
    return flow_keep(g, t, made, p->bytes, p->tcp_length, stays && !p->pieces);
}

/* A datagram is wanted when the filter takes any of its fragments: only the first has ports. */
static bool is_wanted(struct gathering *g, const struct packet *p, uint32_t number, bool matches)
{
    if (p->kind == PACKET_PIECE && matches) {
        g->matched[number % MATCHED] = number;
    }
    for (uint32_t i = 0; i < p->pieces && !matches; i++) {
        matches = g->matched[p->piece[i].number % MATCHED] == p->piece[i].number;
    }
    return matches;
}

/* One packet of the file. False: there is no more to take. */
static bool take_frame(struct gathering *g, const struct capture_packet *frame,
                       struct flow_file *out)
{
    const struct flow_reading *how = &g->how;
    struct packet packet;
    char why[400];
    enum filter_match match =
        how->filter ? filter_match(how->filter, frame, why, sizeof(why)) : FILTER_YES;
    if (match == FILTER_ERROR) {
        snprintf(out->damage, sizeof(out->damage), "%s: packet %u: %s", g->path, frame->number,
                 why);
        return false;
    }
    out->packets++;
    out->unknown_links += !link_known(frame->link_type);
    packet_read(g->reader, frame, &packet);
    bool wanted = is_wanted(g, &packet, frame->number, match == FILTER_YES);
    if (packet.kind == PACKET_SEGMENT || packet.kind == PACKET_DAMAGED) {
        out->tcp_packets += wanted;
        flow_take(g, &packet, wanted, frame->stays);
    } else if (packet.kind == PACKET_QUOTED) {
        flow_take(g, &packet, false, true);
    }
    return !g->failed;
}

#define PROGRESS_PACKETS 4096u

bool gather_some(struct gathering *g, uint64_t bytes, struct flow_file *out)
{
    struct capture_packet frame;
    while (g->bytes < bytes) {
        if (capture_next(g->capture, &frame, out->damage, sizeof(out->damage)) != CAPTURE_PACKET ||
            !take_frame(g, &frame, out)) {
            return false;
        }
        g->number = frame.number;
        if (g->how.progress && frame.number % PROGRESS_PACKETS == 0) {
            g->how.progress(g->how.context, frame.number, capture_share(g->capture));
        }
    }
    return true;
}
