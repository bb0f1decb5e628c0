/* SPDX-License-Identifier: MIT
 *
 * Reading a file into conversations. Packets are gathered by their four addresses first; then each
 * such list is cut where a new connection begins, which can take a look ahead: a stray SYN begins
 * nothing.
 */
#include "replay/flow.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer/segment.h"
#include "replay/link.h"
#include "replay/packet.h"

#define NO_PACKET UINT32_MAX

/* Four addresses, the smaller end first. */
struct tuple {
    uint8_t address[2][16];
    uint16_t port[2];
    bool v6;
    uint32_t first, last; /* packets; from = index of the end here */
    bool base_set[2];     /* tshark's rules for its stream numbers */
    uint32_t base[2];
    uint32_t stream;
    uint32_t chain;
};

struct gathering {
    struct flow_packet *packet;
    uint32_t *stream; /* tshark's, of each packet */
    uint32_t packets, room;
    struct tuple *tuple;
    uint32_t tuples, tuple_room;
    uint32_t *slot; /* tuple + 1 */
    uint32_t slots;
    uint32_t streams;
    uint64_t bytes;
    const char *failed;
};

const uint8_t *flow_payload(const struct flow_packet *packet)
{
    return packet->bytes + packet->tcp_at + packet->tcp_header;
}

int64_t flow_offset(uint32_t base, uint64_t near, uint32_t seq)
{
    return (int64_t)near + (int32_t)(seq - (base + (uint32_t)near));
}

void flow_end_text(const struct flow *flow, enum flow_side side, char *text, size_t size)
{
    char address[INET6_ADDRSTRLEN] = "?";
    const struct flow_end *end = &flow->end[side];
    inet_ntop(flow->v6 ? AF_INET6 : AF_INET, end->address, address, sizeof(address));
    snprintf(text, size, flow->v6 ? "[%s]:%u" : "%s:%u", address, end->port);
}

static void *grown(void *old, uint32_t used, uint32_t *room, size_t size)
{
    if (used < *room) {
        return old;
    }
    uint32_t more = *room ? 2 * *room : 64;
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
    struct tuple key = {.v6 = p->v6, .first = NO_PACKET, .last = NO_PACKET};
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

#define PIECE 32u /* that an allocator takes at the least, for its own notes too */

static bool flow_keep(struct gathering *g, struct tuple *t, struct flow_packet packet,
                      const uint8_t *bytes, uint32_t tcp_length)
{
    if (g->packets == g->room) {
        uint32_t room = g->room;
        uint32_t *streams = grown(g->stream, g->packets, &room, sizeof(*streams));
        if (streams) {
            g->stream = streams;
        }
        struct flow_packet *packets = grown(g->packet, g->packets, &g->room, sizeof(*packets));
        if (packets) {
            g->packet = packets;
        }
        if (!streams || !packets) {
            g->failed = "out of memory";
            return false;
        }
    }
    g->bytes += packet.length + PIECE + sizeof(packet) + sizeof(g->stream[0]);
    packet.bytes = g->bytes < memory_max() ? malloc(packet.length ? packet.length : 1) : NULL;
    if (!packet.bytes) {
        g->failed =
            "its packets take more memory than they may (give more by --memory, or split it)";
        return false;
    }
    memcpy(packet.bytes, bytes, packet.length);
    packet.next = NO_PACKET;
    if (packet.kind == FLOW_SEGMENT) {
        flow_parse(&packet, tcp_length);
    }
    if (t->first == NO_PACKET) {
        t->first = g->packets;
    } else {
        g->packet[t->last].next = g->packets;
    }
    t->last = g->packets;
    g->stream[g->packets] = stream_number(g, t, &packet);
    g->packet[g->packets++] = packet;
    return true;
}

static bool flow_take(struct gathering *g, const struct packet *p)
{
    uint8_t from;
    struct tuple *t = tuple_for(g, p, &from);
    if (!t) {
        g->failed = "out of memory";
        return false;
    }
    struct flow_packet made = {.from = from};
    for (uint32_t i = 0; i < p->pieces; i++) {
        made.kind = FLOW_PIECE;
        made.time_ns = p->piece[i].time_ns;
        made.number = p->piece[i].number;
        made.length = p->piece[i].length;
        if (!flow_keep(g, t, made, p->piece[i].bytes, 0)) {
            return false;
        }
    }
    made.kind = p->kind == PACKET_DAMAGED ? FLOW_DAMAGED : FLOW_SEGMENT;
    made.time_ns = p->time_ns;
    made.number = p->number;
    made.unusual = p->unusual;
    made.assembled = p->pieces != 0;
    made.header_cut = p->header_cut;
    made.tcp_at = p->tcp_at;
    made.length = p->length;
    return flow_keep(g, t, made, p->bytes, p->tcp_length);
}

static bool flow_gather(const char *path, struct gathering *g, struct flow_file *out, char *error,
                        size_t size)
{
    struct capture *capture = capture_open(path, error, size);
    struct packet_reader *reader = capture ? packet_reader_new() : NULL;
    enum capture_read read = CAPTURE_END;
    while (reader && !g->failed) {
        struct capture_packet frame;
        struct packet packet;
        read = capture_next(capture, &frame, out->damage, sizeof(out->damage));
        if (read != CAPTURE_PACKET) {
            break;
        }
        out->packets++;
        out->unknown_links += !link_known(frame.link_type);
        packet_read(reader, &frame, &packet);
        if (packet.kind == PACKET_SEGMENT || packet.kind == PACKET_DAMAGED) {
            out->tcp_packets++;
            flow_take(g, &packet);
        }
    }
    if (g->failed || (capture && !reader)) {
        snprintf(error, size, "%s: %s", path, g->failed ? g->failed : "out of memory");
    }
    bool good = reader && !g->failed;
    packet_reader_del(reader);
    capture_close(capture);
    return good;
}

/* Whether the SYN at `at` is answered and the answer acknowledged. */
static bool answered(const struct gathering *g, uint32_t at)
{
    const struct flow_packet *syn = &g->packet[at];
    bool answer = false;
    for (uint32_t i = syn->next; i != NO_PACKET; i = g->packet[i].next) {
        const struct flow_packet *p = &g->packet[i];
        if (p->kind != FLOW_SEGMENT || !(p->flags & SEG_ACK)) {
            continue;
        }
        if (p->from != syn->from && (p->flags & SEG_SYN) && p->ack - syn->seq - 1 <= syn->payload) {
            answer = true;
        } else if (p->from == syn->from && answer && p->seq - syn->seq - 1 <= syn->payload) {
            return true;
        }
    }
    return false;
}

/* State of one list while it is cut. */
struct cutting {
    bool syn_seen[2], fin[2], rst, data;
    uint32_t isn[2];
    bool established;
};

static bool begins(const struct gathering *g, const struct cutting *c, uint32_t at)
{
    const struct flow_packet *p = &g->packet[at];
    if (p->kind != FLOW_SEGMENT || p->header_cut || !(p->flags & SEG_SYN) || (p->flags & SEG_RST)) {
        return false;
    }
    bool known = c->syn_seen[p->from];
    bool closed = c->rst || (c->fin[0] && c->fin[1]);
    if (known && c->isn[p->from] == p->seq) {
        return false;
    }
    if (p->flags & SEG_ACK) {
        return known && closed;
    }
    if (!known && !c->data && !closed) {
        return false; /* the other end's SYN of the same connection */
    }
    return closed || (known && !c->established) || answered(g, at);
}

static void flow_note(struct cutting *c, const struct flow_packet *p)
{
    if (p->kind != FLOW_SEGMENT || p->header_cut) {
        return;
    }
    if ((p->flags & SEG_SYN) && !c->syn_seen[p->from]) {
        c->syn_seen[p->from] = true;
        c->isn[p->from] = p->seq;
    }
    c->data |= !(p->flags & SEG_SYN);
    c->fin[p->from] |= (p->flags & SEG_FIN) != 0;
    c->rst |= (p->flags & SEG_RST) != 0;
    c->established |= c->syn_seen[0] && c->syn_seen[1] && (p->flags & SEG_ACK);
}

static bool flow_from(struct gathering *g, struct flow_file *out, const struct tuple *t,
                      uint32_t first, uint32_t end)
{
    uint32_t count = 0;
    struct flow *list = realloc(out->flow, (out->flows + 1) * sizeof(*list));
    if (!list) {
        return false;
    }
    out->flow = list;
    struct flow *flow = &out->flow[out->flows];
    memset(flow, 0, sizeof(*flow));
    for (uint32_t i = first; i != end; i = g->packet[i].next) {
        count++;
    }
    flow->packet = count ? malloc(count * sizeof(flow->packet[0])) : NULL;
    if (!flow->packet) {
        return false;
    }
    out->flows++;
    flow->stream = g->stream[first];
    flow->v6 = t->v6;
    for (uint32_t side = 0; side < 2; side++) {
        memcpy(flow->end[side].address, t->address[side], 16);
        flow->end[side].port = t->port[side];
    }
    for (uint32_t i = first; i != end; i = g->packet[i].next) {
        flow->packet[flow->packets++] = g->packet[i];
        g->packet[i].bytes = NULL; /* the flow's now */
    }
    return true;
}

static bool cut_tuple(struct gathering *g, struct flow_file *out, const struct tuple *t)
{
    struct cutting cutting = {0};
    uint32_t first = t->first;
    for (uint32_t i = t->first; i != NO_PACKET; i = g->packet[i].next) {
        if (i != first && begins(g, &cutting, i)) {
            if (!flow_from(g, out, t, first, i)) {
                return false;
            }
            first = i;
            cutting = (struct cutting){0};
        }
        flow_note(&cutting, &g->packet[i]);
    }
    return flow_from(g, out, t, first, NO_PACKET);
}

static int by_first_packet(const void *a, const void *b)
{
    const struct flow *x = a, *y = b;
    return x->packet[0].number < y->packet[0].number ? -1 : 1;
}

bool flow_file_read(const char *path, enum flow_checksums checksums, struct flow_file *out,
                    char *error, size_t size)
{
    struct gathering g = {0};
    memset(out, 0, sizeof(*out));
    bool good = flow_gather(path, &g, out, error, size);
    for (uint32_t i = 0; good && i < g.tuples; i++) {
        good = cut_tuple(&g, out, &g.tuple[i]);
        if (!good) {
            snprintf(error, size, "%s: out of memory", path);
        }
    }
    for (uint32_t i = 0; i < g.packets; i++) {
        free(g.packet[i].bytes);
    }
    free(g.packet);
    free(g.stream);
    free(g.tuple);
    free(g.slot);
    if (!good) {
        flow_file_fini(out);
        return false;
    }
    if (out->flows) {
        qsort(out->flow, out->flows, sizeof(out->flow[0]), by_first_packet);
    }
    for (uint32_t i = 0; i < out->flows; i++) {
        flow_handshake(&out->flow[i]);
        flow_sums(&out->flow[i], checksums);
        flow_streams(&out->flow[i]);
        for (uint32_t k = 0; k < out->flow[i].packets; k++) {
            out->payload += out->flow[i].packet[k].payload;
        }
    }
    return true;
}

void flow_file_fini(struct flow_file *file)
{
    for (uint32_t i = 0; i < file->flows; i++) {
        struct flow *flow = &file->flow[i];
        for (uint32_t k = 0; k < flow->packets; k++) {
            free(flow->packet[k].bytes);
        }
        free(flow->packet);
        stream_fini(&flow->data[0]);
        stream_fini(&flow->data[1]);
    }
    free(file->flow);
    file->flow = NULL;
    file->flows = 0;
}
