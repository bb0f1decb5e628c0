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
    return first == NO_PACKET || flow_from(g, out, t, first, NO_PACKET);
}

static int by_first_packet(const void *a, const void *b)
{
    const struct flow *x = a, *y = b;
    return x->packet[0].number < y->packet[0].number ? -1 : 1;
}

bool flow_file_read(const char *path, const struct flow_reading *how, struct flow_file *out,
                    char *error, size_t size)
{
    struct gathering g = {0};
    memset(out, 0, sizeof(*out));
    bool good = flow_gather(path, how, &g, out, error, size);
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
        flow_sums(&out->flow[i], how->checksums);
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
