/* SPDX-License-Identifier: MIT
 *
 * Reading TCP headers, and from them what a conversation's handshake agreed.
 */
#include "peer/segment.h"
#include "replay/flow.h"
#include "replay/link.h"

#include <string.h>

#define SCALE_MAX 14

static uint32_t pseudo_sum(const struct flow_packet *p, uint32_t tcp_length)
{
    bool v6 = p->bytes[0] >> 4 == 6;
    uint32_t sum = 6 + (tcp_length & 0xFFFF) + (tcp_length >> 16);
    for (uint32_t at = v6 ? 8 : 12; at < (v6 ? 40u : 20u); at += 2) {
        sum += view_get16(p->bytes + at);
    }
    return sum;
}

/* Wrong, and if so: as a card would have found it that was to finish it? */
static void judge_sum(struct flow_packet *p, uint32_t tcp_length)
{
    const uint8_t *tcp = p->bytes + p->tcp_at;
    uint32_t pseudo = pseudo_sum(p, tcp_length), bare = pseudo_sum(p, 0);
    uint16_t field = (uint16_t)view_get16(tcp + 16);
    p->bad_tcp = internet_checksum(tcp, tcp_length, pseudo) != 0;
    uint16_t partial = (uint16_t)~internet_checksum(tcp, 0, pseudo);
    uint16_t shorter = (uint16_t)~internet_checksum(tcp, 0, bare);
    p->offload = p->bad_tcp && (field == 0 || field == partial || field == shorter);
}

/* Bytes of options that are there. */
static uint32_t options_there(const struct flow_packet *p)
{
    uint32_t there = p->length - p->tcp_at;
    return (there < p->tcp_header ? there : p->tcp_header) - 20;
}

static void read_timestamps(struct flow_packet *p)
{
    const uint8_t *option = p->bytes + p->tcp_at + 20;
    for (uint32_t left = options_there(p); left && option[0] != 0;) {
        uint32_t length = option[0] == 1 ? 1 : left >= 2 ? option[1] : 0;
        if (length < 1 || length > left || (length < 2 && option[0] != 1)) {
            return;
        }
        if (option[0] == 8 && length == 10) {
            p->have_ts = true;
            p->ts_value = view_get32(option + 2);
            p->ts_echo = view_get32(option + 6);
        }
        option += length;
        left -= length;
    }
}

void flow_parse(struct flow_packet *p, uint32_t tcp_length)
{
    const uint8_t *tcp = p->bytes + p->tcp_at;
    uint32_t there = p->length - p->tcp_at;
    bool v6 = p->bytes[0] >> 4 == 6;
    p->bad_ip = !v6 && internet_checksum(p->bytes, (p->bytes[0] & 15u) * 4, 0) != 0;
    if (there < 20) {
        p->header_cut = true;
        return;
    }
    p->seq = view_get32(tcp + 4);
    p->ack = view_get32(tcp + 8);
    p->flags = tcp[13] & 0x3F;
    p->window = (uint16_t)view_get16(tcp + 14);
    p->urgent = (uint16_t)view_get16(tcp + 18);
    p->tcp_header = (uint32_t)(tcp[12] >> 4) * 4;
    if (p->header_cut && p->tcp_header > there && p->tcp_header <= tcp_length) {
        p->options_cut = p->cut = true;
        p->payload = tcp_length - p->tcp_header;
        return;
    }
    if (p->header_cut || p->tcp_header < 20 || p->tcp_header > tcp_length ||
        p->tcp_header > there) {
        p->header_cut = true;
        return;
    }
    p->payload = tcp_length - p->tcp_header;
    p->captured = there - p->tcp_header < p->payload ? there - p->tcp_header : p->payload;
    p->cut = p->captured < p->payload;
    read_timestamps(p);
    if (!p->cut) {
        judge_sum(p, tcp_length);
    }
}

void flow_parse_syn(const struct flow_packet *p, struct flow_end *end)
{
    const uint8_t *option = p->bytes + p->tcp_at + 20;
    end->syn_seen = end->base_known = true;
    end->base = p->seq + 1;
    end->syn_window = p->window;
    end->has_ts = p->have_ts;
    end->syn_ts = p->ts_value;
    for (uint32_t left = options_there(p); left && option[0] != 0;) {
        uint32_t length = option[0] == 1 ? 1 : left >= 2 ? option[1] : 0;
        if (length < 1 || length > left || (length < 2 && option[0] != 1)) {
            return;
        }
        if (option[0] == 2 && length == 4) {
            end->mss = (uint16_t)view_get16(option + 2);
        } else if (option[0] == 3 && length == 3) {
            end->has_scale = true;
            end->scale = option[2] > SCALE_MAX ? SCALE_MAX : option[2];
        } else if (option[0] == 4 && length == 2) {
            end->has_sack = true;
        }
        option += length;
        left -= length;
    }
}

static bool readable(const struct flow_packet *p)
{
    return p->kind == FLOW_SEGMENT && !p->header_cut;
}

/* The sender of the SYN, else the receiver of a SYN-ACK, else whoever speaks first, becomes end 0.
 */
static void orient(struct flow *flow)
{
    uint8_t client = flow->packet[0].from;
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (readable(p) && p->payload && !(p->flags & SEG_SYN)) {
            break;
        }
        if (readable(p) && (p->flags & SEG_SYN)) {
            client = p->flags & SEG_ACK ? !p->from : p->from;
            break;
        }
    }
    if (client == 1) {
        struct flow_end swap = flow->end[0];
        flow->end[0] = flow->end[1];
        flow->end[1] = swap;
        for (uint32_t i = 0; i < flow->packets; i++) {
            flow->packet[i].from ^= 1;
        }
    }
}

/* Bytes that came on a SYN and were acknowledged by the first ACK of the other end. */
static void find_prefix(struct flow *flow, enum flow_side side, uint32_t first)
{
    uint32_t carried = 0;
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (!readable(p)) {
            continue;
        }
        if (p->from == side && (p->flags & (SEG_SYN | SEG_RST)) == SEG_SYN &&
            p->seq + 1 == flow->end[side].base && i < first && p->payload > carried) {
            carried = p->payload;
        }
        if (p->from != side && (p->flags & SEG_ACK) && !(p->flags & SEG_RST)) {
            uint32_t acked = p->ack - flow->end[side].base;
            flow->prefix[side] = acked <= carried ? (int64_t)acked : 0;
            return;
        }
    }
}

static void from_handshake(struct flow *flow)
{
    bool acked[2] = {false, false}, sent[2] = {false, false};
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (!readable(p)) {
            continue;
        }
        if ((p->flags & (SEG_SYN | SEG_RST)) == SEG_SYN && !flow->end[p->from].syn_seen &&
            !sent[p->from]) {
            flow_parse_syn(p, &flow->end[p->from]);
        }
        sent[p->from] |= p->payload && !(p->flags & SEG_SYN);
        struct flow_end *other = &flow->end[!p->from];
        bool right = (p->flags & SEG_ACK) && other->syn_seen && !(p->flags & SEG_RST);
        acked[!p->from] |= right;
        if (flow->end[0].syn_seen && flow->end[1].syn_seen && (acked[0] || acked[1])) {
            if (flow->started == START_NONE) {
                flow->started = START_HANDSHAKE;
                flow->start = i + 1;
            }
            flow->handshake |= acked[0] && acked[1];
        }
    }
    if (flow->started == START_HANDSHAKE) {
        find_prefix(flow, FLOW_CLIENT, flow->start);
        find_prefix(flow, FLOW_SERVER, flow->start);
    }
}

/* Only one end speaks in the capture: of the other one there are the numbers that it acknowledges,
 * and a SYN or its answer at the most. */
static void from_one_end(struct flow *flow, enum flow_side side)
{
    const struct flow_end *here = &flow->end[side];
    struct flow_end *there = &flow->end[!side];
    for (uint32_t i = 0; i < flow->packets && !there->base_known; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (readable(p) && p->from == side && (p->flags & (SEG_ACK | SEG_RST)) == SEG_ACK) {
            there->base = p->ack;
            there->base_known = true;
            there->syn_ts = p->ts_echo;
        }
    }
    flow->started = START_MIDSTREAM;
    there->syn_window = there->syn_window ? there->syn_window : 65535;
    flow->scaling = here->syn_seen && here->has_scale;
    flow->sack = here->syn_seen && here->has_sack;
}

/* No whole handshake: each stream begins at the first number that its sender shows. */
static void from_midstream(struct flow *flow)
{
    uint32_t seen = 0;
    bool timestamps[2] = {false, false};
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (!readable(p) || (p->flags & (SEG_SYN | SEG_RST)) || !(p->flags & SEG_ACK) ||
            (seen & (1u << p->from))) {
            continue;
        }
        seen |= 1u << p->from;
        timestamps[p->from] = p->have_ts;
        struct flow_end *end = &flow->end[p->from];
        if (!end->base_known) {
            end->base = p->seq;
            end->base_known = true;
        }
        end->syn_ts = p->ts_value;
        end->syn_window = p->window;
    }
    if (seen == 3) {
        flow->started = START_MIDSTREAM;
        flow->timestamps = timestamps[0] && timestamps[1];
    } else if (seen && flow->adaptive) {
        enum flow_side side = seen == 1 ? FLOW_CLIENT : FLOW_SERVER;
        from_one_end(flow, side);
        flow->timestamps = timestamps[side];
    }
}

void flow_handshake(struct flow *flow)
{
    orient(flow);
    flow->started = START_NONE;
    for (uint32_t i = 0; i < flow->packets; i++) {
        flow->end[flow->packet[i].from].packets++;
        flow->packet[i].header_cut &= !(flow->adaptive && flow->packet[i].options_cut);
        flow->header_cut |= flow->packet[i].header_cut;
    }
    flow->one_sided = !flow->end[0].packets || !flow->end[1].packets;
    from_handshake(flow);
    const struct flow_end *client = &flow->end[0], *server = &flow->end[1];
    if (flow->started == START_HANDSHAKE) {
        flow->scaling = client->has_scale && server->has_scale;
        flow->timestamps = client->has_ts && server->has_ts;
        flow->sack = client->has_sack && server->has_sack;
    } else {
        from_midstream(flow);
    }
}

uint32_t flow_window_given(const struct flow *flow, enum flow_side side)
{
    uint64_t most = flow->end[side].window_most;
    uint32_t credited = flow_window(flow, side);
    return flow->adaptive && most && most < credited ? (uint32_t)most : credited;
}

uint32_t flow_window(const struct flow *flow, enum flow_side side)
{
    const struct flow_end *end = &flow->end[side];
    uint64_t most = 65535ull << (flow->scaling ? end->scale : 0);
    uint64_t window = end->window_most > 65535 ? end->window_most : 65535;
    return (uint32_t)(window < most ? window : most);
}
