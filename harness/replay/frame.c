/* SPDX-License-Identifier: MIT */
#include "replay/frame.h"

#include <string.h>

#include "replay/link.h"

#define ETHERNET_BYTES 14u
#define FRAME_MIN 60u

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

static void sum_ip(uint8_t *ip)
{
    if (ip[0] >> 4 == 4) {
        uint32_t header = (ip[0] & 15u) * 4;
        put16(ip + 10, 0);
        put16(ip + 10, internet_checksum(ip, header, 0));
    }
}

static void sum_tcp(uint8_t *ip, uint8_t *tcp, uint32_t length)
{
    bool v6 = ip[0] >> 4 == 6;
    uint32_t pseudo = 6 + length;
    for (uint32_t at = v6 ? 8 : 12; at < (v6 ? 40u : 20u); at += 2) {
        pseudo += view_get16(ip + at);
    }
    put16(tcp + 16, 0);
    put16(tcp + 16, internet_checksum(tcp, length, pseudo));
}

/* Payload bytes [begin, end); those of the stream where the snap length cut them off. */
static void copy_payload(const struct flow_packet *p, const struct stream *data, uint32_t begin,
                         uint32_t end, uint8_t *out)
{
    uint32_t there = p->captured < end ? p->captured : end;
    if (begin < there) {
        memcpy(out, flow_payload(p) + begin, there - begin);
    }
    uint32_t from = begin > there ? begin : there;
    if (from < end) {
        int64_t at = p->offset + from;
        stream_copy(data, at > 0 ? (uint64_t)at : 0, out + (from - begin), end - from);
    }
}

/* TCP and IP headers; options that the snap length cut end the list of them. */
static void copy_headers(const struct flow_packet *p, uint8_t *ip)
{
    uint32_t headers = p->tcp_at + p->tcp_header;
    uint32_t there = p->length < headers ? p->length : headers;
    memcpy(ip, p->bytes, there);
    memset(ip + there, 0, headers - there);
}

static uint32_t finish(uint8_t *frame, uint32_t length)
{
    if (length < FRAME_MIN) {
        memset(frame + length, 0, FRAME_MIN - length);
        return FRAME_MIN;
    }
    return length;
}

static void ethernet(const struct flow_packet *p, const struct frame_change *change, uint8_t *frame)
{
    memcpy(frame, change->to, 6);
    memcpy(frame + 6, change->from, 6);
    put16(frame + 12, p->bytes[0] >> 4 == 6 ? 0x86DD : 0x0800);
}

/* Pieces, packets too long or cut short, and segments whose ACK changes: lengths and sums anew. */
static uint32_t build_segment(const struct flow_packet *p, const struct frame_change *change,
                              uint8_t *frame)
{
    uint32_t begin = change->piece ? change->begin : 0;
    uint32_t end = change->piece ? change->end : p->payload;
    uint8_t *ip = frame + ETHERNET_BYTES, *tcp = ip + p->tcp_at;
    uint32_t headers = p->tcp_at + p->tcp_header;
    uint32_t tcp_length = p->tcp_header + end - begin;
    if (ETHERNET_BYTES + headers + (end - begin) > FRAME_MAX) {
        return 0;
    }
    copy_headers(p, ip);
    copy_payload(p, change->data, begin, end, tcp + p->tcp_header);
    if (ip[0] >> 4 == 4) {
        put16(ip + 2, p->tcp_at + tcp_length);
    } else {
        put16(ip + 4, p->tcp_at - 40 + tcp_length);
    }
    put32(tcp + 4, p->seq + begin);
    if (end < p->payload) {
        tcp[13] &= (uint8_t) ~(SEG_FIN | SEG_PSH);
    }
    if (change->set_ack) {
        put32(tcp + 8, change->ack);
        put16(tcp + 14, change->window);
    }
    sum_ip(ip);
    sum_tcp(ip, tcp, tcp_length);
    return finish(frame, ETHERNET_BYTES + headers + end - begin);
}

uint32_t frame_build(const struct flow_packet *p, const struct frame_change *change,
                     uint8_t frame[FRAME_MAX])
{
    ethernet(p, change, frame);
    bool sums = (p->bad_tcp || p->bad_ip) && !p->repair;
    if (p->kind == FLOW_SEGMENT && !sums &&
        (change->piece || change->set_ack || p->repair || p->cut)) {
        return build_segment(p, change, frame);
    }
    uint32_t length = p->length; /* as captured, padding and wrong sums included */
    if (ETHERNET_BYTES + length > FRAME_MAX) {
        return 0;
    }
    memcpy(frame + ETHERNET_BYTES, p->bytes, length);
    return finish(frame, ETHERNET_BYTES + length);
}

void frame_segment(const struct flow_packet *p, const struct frame_change *change,
                   uint8_t *payload_room, struct segment *out)
{
    const uint8_t *tcp = p->bytes + p->tcp_at;
    memset(out, 0, sizeof(*out));
    out->ipv6 = p->bytes[0] >> 4 == 6;
    uint32_t bytes = out->ipv6 ? 16 : 4, at = out->ipv6 ? 8 : 12;
    memcpy(out->from.address, p->bytes + at, bytes);
    memcpy(out->to.address, p->bytes + at + bytes, bytes);
    out->from.port = (uint16_t)view_get16(tcp);
    out->to.port = (uint16_t)view_get16(tcp + 2);
    out->seq = p->seq;
    out->ack = change->set_ack ? change->ack : p->ack;
    out->window = change->set_ack ? change->window : p->window;
    out->flags = p->flags;
    out->urgent = p->urgent;
    out->option_bytes = (uint8_t)(p->tcp_header - 20);
    uint32_t there = p->length - p->tcp_at - 20;
    memcpy(out->option, tcp + 20, there < out->option_bytes ? there : out->option_bytes);
    out->length = p->payload;
    out->payload = flow_payload(p);
    if (p->cut) {
        copy_payload(p, change->data, 0, p->payload, payload_room);
        out->payload = payload_room;
    }
}
