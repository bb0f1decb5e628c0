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

#include "peer/segment.h"
#include "replay/gather.h"
#include "replay/map.h"
#include "replay/packet.h"

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

static void packet_drop(struct flow_packet *packet)
{
    if (packet->stored) {
        store_drop(packet->bytes);
    }
}

/* Whether the SYN at `at` is answered and the answer acknowledged. */
static bool syn_answered(const struct tuple *t, uint32_t at)
{
    const struct flow_packet *syn = &t->packet[at];
    bool answer = false;
    for (uint32_t i = at + 1; i < t->packets; i++) {
        const struct flow_packet *p = &t->packet[i];
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

static bool begins(const struct tuple *t, const struct cutting *c, uint32_t at)
{
    const struct flow_packet *p = &t->packet[at];
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
    return closed || (known && !c->established) || syn_answered(t, at);
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

/* Packets [first, end) of a list as a conversation; the whole list is handed over as it is. */
static bool flow_from(struct flow_file *out, struct tuple *t, uint32_t first, uint32_t end)
{
    uint32_t count = end - first;
    if (out->flows == out->room) {
        uint32_t room = out->room ? 2 * out->room : 64;
        struct flow *list = realloc(out->flow, room * sizeof(*list));
        if (!list) {
            return false;
        }
        out->flow = list;
        out->room = room;
    }
    struct flow *flow = &out->flow[out->flows];
    memset(flow, 0, sizeof(*flow));
    if (count == t->packets) {
        flow->packet = t->packet;
        t->packet = NULL;
    } else {
        flow->packet = malloc(count * sizeof(flow->packet[0]));
        if (!flow->packet) {
            return false;
        }
        memcpy(flow->packet, &t->packet[first], count * sizeof(flow->packet[0]));
    }
    flow->packets = count;
    out->flows++;
    flow->stream = flow->packet[0].stream;
    flow->v6 = t->v6;
    for (uint32_t side = 0; side < 2; side++) {
        memcpy(flow->end[side].address, t->address[side], 16);
        flow->end[side].port = t->port[side];
    }
    return true;
}

/* False: out of memory; packets that are no flow's yet stay in the list. */
static bool cut_tuple(struct flow_file *out, struct tuple *t)
{
    struct cutting cutting = {0};
    uint32_t first = 0, packets = t->packets;
    bool good = true;
    for (uint32_t i = 0; i < packets && good; i++) {
        if (i != first && begins(t, &cutting, i)) {
            good = flow_from(out, t, first, i);
            first = good ? i : first;
            cutting = (struct cutting){0};
        }
        flow_note(&cutting, &t->packet[i]);
    }
    good = good && (first == packets || flow_from(out, t, first, packets));
    first = good ? packets : first;
    for (uint32_t i = first; i < packets; i++) {
        packet_drop(&t->packet[i]);
    }
    free(t->packet);
    t->packet = NULL;
    t->packets = t->room = 0;
    t->over = true;
    return good;
}

static int by_first_packet(const void *a, const void *b)
{
    const struct flow *x = a, *y = b;
    return x->packet[0].number < y->packet[0].number ? -1 : 1;
}

/* ---- Reading a file in parts ---- */

#define PART_BYTES ((uint64_t)8 << 20)
#define LINGER 4096u /* packets of the file, in which the last words of a conversation may come */

struct flow_reader {
    struct gathering g;
    struct capture_map *map;
    struct flow_file so_far; /* counts */
    uint64_t wanted;         /* bytes that the next part may take */
    char *path;
};

struct flow_reader *flow_open(const char *path, const struct flow_reading *how, char *error,
                              size_t size)
{
    struct flow_reader *reader = calloc(1, sizeof(*reader));
    char *name = strdup(path);
    struct capture *capture = reader && name ? capture_open(path, error, size) : NULL;
    struct packet_reader *packets = capture ? packet_reader_new() : NULL;
    if (!packets) {
        if (capture || !reader || !name) {
            snprintf(error, size, "%s: out of memory", path);
        }
        capture_close(capture);
        free(reader);
        free(name);
        return NULL;
    }
    reader->path = name;
    reader->map = capture_mapped(capture);
    reader->g =
        (struct gathering){.path = name, .how = *how, .capture = capture, .reader = packets};
    reader->wanted = PART_BYTES;
    return reader;
}

void flow_close(struct flow_reader *reader)
{
    struct gathering *g = &reader->g;
    for (uint32_t i = 0; i < g->tuples; i++) {
        for (uint32_t k = 0; k < g->tuple[i].packets; k++) {
            packet_drop(&g->tuple[i].packet[k]);
        }
        free(g->tuple[i].packet);
    }
    free(g->tuple);
    free(g->slot);
    store_fini(&g->store);
    packet_reader_del(g->reader);
    capture_close(g->capture);
    capture_map_drop(reader->map);
    free(reader->path);
    free(reader);
}

/* Hands conversations over: all of them, or those that are closed. */
static bool give_away(struct flow_reader *reader, bool all, struct flow_file *out)
{
    struct gathering *g = &reader->g;
    for (uint32_t i = 0; i < g->tuples; i++) {
        struct tuple *t = &g->tuple[i];
        if (!t->packets || !(all || (t->closed && g->number - t->last > LINGER))) {
            continue;
        }
        uint64_t bytes = t->room * sizeof(t->packet[0]);
        for (uint32_t k = 0; k < t->packets; k++) {
            bytes += t->packet[k].stored ? t->packet[k].length : 0;
        }
        g->bytes -= bytes;
        if (!cut_tuple(out, t)) {
            return false;
        }
    }
    return true;
}

static void finish_part(struct flow_reader *reader, struct flow_file *out)
{
    if (out->flows) {
        qsort(out->flow, out->flows, sizeof(out->flow[0]), by_first_packet);
    }
    for (uint32_t i = 0; i < out->flows; i++) {
        struct flow *flow = &out->flow[i];
        flow->adaptive = reader->g.how.adaptive;
        flow_handshake(flow);
        flow_sums(flow, reader->g.how.checksums);
        flow_streams(flow);
        for (uint32_t k = 0; k < flow->packets; k++) {
            out->payload += flow->packet[k].payload;
        }
    }
}

bool flow_more(struct flow_reader *reader, bool whole, struct flow_file *out, char *error,
               size_t size)
{
    struct gathering *g = &reader->g;
    bool good = true;
    *out = reader->so_far;
    out->payload = 0;
    while (good && !out->flows && !out->last) {
        out->last = !gather_some(g, whole ? UINT64_MAX : reader->wanted, out);
        good = !g->failed && give_away(reader, out->last, out);
        reader->wanted = g->bytes + PART_BYTES;
    }
    reader->so_far = *out;
    reader->so_far.flow = NULL;
    reader->so_far.flows = reader->so_far.room = 0;
    out->map = map_use(reader->map);
    if (!good) {
        snprintf(error, size, "%s: %s", reader->path, g->failed ? g->failed : "out of memory");
        flow_file_fini(out);
        return false;
    }
    finish_part(reader, out);
    return true;
}

bool flow_file_read(const char *path, const struct flow_reading *how, struct flow_file *out,
                    char *error, size_t size)
{
    struct flow_reader *reader = flow_open(path, how, error, size);
    bool good = reader && flow_more(reader, true, out, error, size);
    if (reader) {
        flow_close(reader);
    }
    return good;
}

void flow_file_fini(struct flow_file *file)
{
    for (uint32_t i = 0; i < file->flows; i++) {
        struct flow *flow = &file->flow[i];
        for (uint32_t k = 0; k < flow->packets; k++) {
            packet_drop(&flow->packet[k]);
        }
        free(flow->packet);
        stream_fini(&flow->data[0]);
        stream_fini(&flow->data[1]);
    }
    free(file->flow);
    capture_map_drop(file->map);
    file->flow = NULL;
    file->map = NULL;
    file->flows = file->room = 0;
}
