/* SPDX-License-Identifier: MIT */
#include "wire/header.h"

#include "wire/bytes.h"

#include <string.h>

static uint32_t build_link(uint8_t *p, const struct chim_header_fields *f)
{
    uint16_t type = f->family == 4 ? CHIM_ETHERTYPE_IP4 : CHIM_ETHERTYPE_IP6;
    memcpy(p, f->destination_mac, 6);
    memcpy(p + 6, f->source_mac, 6);
    /* A tag only for an id or a priority; the canonical bit stays 0 (WIRE-TAG-1). */
    if (f->vlan_id == 0 && f->priority == 0) {
        chim_store16(p + 12, type);
        return CHIM_ETH_BYTES;
    }
    chim_store16(p + 12, CHIM_ETHERTYPE_VLAN);
    chim_store16(p + 14, (uint16_t)((uint32_t)(f->priority & 7u) << 13 | (f->vlan_id & 0x0FFFu)));
    chim_store16(p + 16, type);
    return CHIM_ETH_BYTES + CHIM_TAG_BYTES;
}

static uint32_t header_build_ip(uint8_t *p, const struct chim_header_fields *f)
{
    if (f->family == 4) {
        memset(p, 0, CHIM_IP4_BYTES);
        p[0] = 0x45;
        p[1] = f->tos;
        p[6] = 0x40; /* do not fragment (WIRE-IPID-1) */
        p[8] = f->ttl;
        p[9] = CHIM_PROTOCOL_TCP;
        memcpy(p + 12, f->source, 4);
        memcpy(p + 16, f->destination, 4);
        return CHIM_IP4_BYTES;
    }
    chim_store32(p, 6u << 28 | (uint32_t)f->tos << 20 | (f->flow_label & 0xFFFFFu));
    p[6] = CHIM_PROTOCOL_TCP;
    p[7] = f->ttl;
    memcpy(p + 8, f->source, 16);
    memcpy(p + 24, f->destination, 16);
    return CHIM_IP6_BYTES;
}

void chim_template_build(struct chim_template *t, const struct chim_header_fields *f)
{
    uint32_t at = build_link(t->bytes, f);
    t->family = f->family;
    t->ip_offset = (uint8_t)at;
    at += header_build_ip(t->bytes + at, f);
    t->tcp_offset = (uint8_t)at;
    memset(t->bytes + at, 0, CHIM_TCP_BYTES);
    chim_store16(t->bytes + at, f->source_port);
    chim_store16(t->bytes + at + 2, f->destination_port);
}

static void write_ip(const struct chim_template *t, uint16_t ip_id, uint32_t tcp_bytes, uint8_t *ip)
{
    if (t->family == 4) {
        struct chim_csum sum = {0, 0};
        chim_store16(ip + 2, (uint16_t)(CHIM_IP4_BYTES + tcp_bytes));
        chim_store16(ip + 4, ip_id);
        chim_csum_add(&sum, ip, CHIM_IP4_BYTES);
        chim_csum_store(&sum, ip + 10);
    } else {
        chim_store16(ip + 4, (uint16_t)tcp_bytes);
    }
}

uint32_t chim_template_write(const struct chim_template *t, const struct chim_segment_fields *f,
                             uint16_t ip_id, uint32_t payload_bytes,
                             const struct chim_csum *payload_sum, uint8_t *buffer)
{
    uint32_t header = CHIM_TCP_BYTES + f->option_bytes;
    uint32_t length = t->tcp_offset + header + payload_bytes;
    uint8_t *tcp = buffer + t->tcp_offset;
    const uint8_t *addresses = buffer + t->ip_offset + (t->family == 4 ? 12 : 8);
    uint32_t address_bytes = t->family == 4 ? 4 : 16;

    memcpy(buffer, t->bytes, t->tcp_offset + CHIM_TCP_BYTES);
    write_ip(t, ip_id, header + payload_bytes, buffer + t->ip_offset);
    chim_store32(tcp + 4, f->seq);
    chim_store32(tcp + 8, f->ack);
    tcp[12] = (uint8_t)((header / 4) << 4);
    tcp[13] = f->flags;
    chim_store16(tcp + 14, f->window);
    memcpy(tcp + CHIM_TCP_BYTES, f->options, f->option_bytes);

    struct chim_csum sum = *payload_sum;
    sum.odd = 0; /* the header has even length: its sum joins whatever the payload's was */
    chim_csum_pseudo(&sum, addresses, addresses + address_bytes, address_bytes,
                     header + payload_bytes);
    chim_csum_add(&sum, tcp, header);
    chim_csum_store(&sum, tcp + 16);
    if (length < CHIM_FRAME_BYTES_MIN) {
        memset(buffer + length, 0, CHIM_FRAME_BYTES_MIN - length);
        length = CHIM_FRAME_BYTES_MIN;
    }
    return length;
}
