/* SPDX-License-Identifier: MIT */
#include "wire/packet.h"

#include "wire/bytes.h"
#include "wire/checksum.h"

static bool parse_ip4(const uint8_t *frame, uint32_t length, struct chim_packet *packet)
{
    uint32_t at = packet->ip_offset;
    if (length < at + CHIM_IP4_BYTES) {
        return false;
    }
    const uint8_t *ip = frame + at;
    uint32_t total = chim_load16(ip + 2);
    packet->fragment = (chim_load16(ip + 6) & 0x3FFFu) != 0;
    if (ip[0] != 0x45 || packet->fragment || ip[9] != CHIM_PROTOCOL_TCP) {
        return false;
    }
    if (total < CHIM_IP4_BYTES || total > length - at) {
        return false;
    }
    packet->family = 4;
    packet->ip_bytes = (uint16_t)total;
    packet->tcp_offset = (uint16_t)(at + CHIM_IP4_BYTES);
    packet->tcp_bytes = (uint16_t)(total - CHIM_IP4_BYTES);
    packet->source = ip + 12;
    packet->destination = ip + 16;
    return true;
}

static bool parse_ip6(const uint8_t *frame, uint32_t length, struct chim_packet *packet)
{
    uint32_t at = packet->ip_offset;
    if (length < at + CHIM_IP6_BYTES) {
        return false;
    }
    const uint8_t *ip = frame + at;
    uint32_t payload = chim_load16(ip + 4);
    packet->fragment = ip[6] == CHIM_NEXT_HEADER_FRAGMENT;
    if ((ip[0] >> 4) != 6 || ip[6] != CHIM_PROTOCOL_TCP) {
        return false;
    }
    if (payload > length - at - CHIM_IP6_BYTES || payload + CHIM_IP6_BYTES > 0xFFFFu) {
        return false;
    }
    packet->family = 6;
    packet->ip_bytes = (uint16_t)(payload + CHIM_IP6_BYTES);
    packet->tcp_offset = (uint16_t)(at + CHIM_IP6_BYTES);
    packet->tcp_bytes = (uint16_t)payload;
    packet->source = ip + 8;
    packet->destination = ip + 24;
    return true;
}

bool chim_packet_parse(const uint8_t *frame, uint32_t length, struct chim_packet *packet)
{
    packet->fragment = false;
    if (length < CHIM_ETH_BYTES) {
        return false;
    }
    uint32_t at = CHIM_ETH_BYTES;
    uint16_t type = chim_load16(frame + 12);
    packet->tagged = false;
    packet->vlan_id = 0;
    if (type == CHIM_ETHERTYPE_VLAN) {
        if (length < CHIM_ETH_BYTES + CHIM_TAG_BYTES) {
            return false;
        }
        packet->tagged = true;
        packet->vlan_id = chim_load16(frame + 14) & 0x0FFFu;
        type = chim_load16(frame + 16);
        at += CHIM_TAG_BYTES;
    }
    packet->ip_offset = (uint16_t)at;
    if (type == CHIM_ETHERTYPE_IP4) {
        if (!parse_ip4(frame, length, packet)) {
            return false;
        }
    } else if (type == CHIM_ETHERTYPE_IP6) {
        if (!parse_ip6(frame, length, packet)) {
            return false;
        }
    } else {
        return false;
    }
    return chim_segment_parse(frame + packet->tcp_offset, packet->tcp_bytes, &packet->tcp);
}

bool chim_packet_sums_ok(const uint8_t *frame, const struct chim_packet *packet)
{
    uint32_t address_bytes = packet->family == 4 ? 4 : 16;
    if (packet->family == 4) {
        struct chim_csum ip = {0, 0};
        chim_csum_add(&ip, frame + packet->ip_offset, CHIM_IP4_BYTES);
        if (chim_csum_fold(&ip) != 0xFFFF) {
            return false;
        }
    }
    struct chim_csum tcp = {0, 0};
    chim_csum_pseudo(&tcp, packet->source, packet->destination, address_bytes, packet->tcp_bytes);
    chim_csum_add(&tcp, frame + packet->tcp_offset, packet->tcp_bytes);
    return chim_csum_fold(&tcp) == 0xFFFF;
}

bool chim_segment_parse(const uint8_t *tcp, uint32_t length, struct chim_segment *segment)
{
    if (length < CHIM_TCP_BYTES) {
        return false;
    }
    uint32_t header = (uint32_t)(tcp[12] >> 4) * 4;
    if (header < CHIM_TCP_BYTES || header > length) {
        return false;
    }
    segment->source_port = chim_load16(tcp);
    segment->destination_port = chim_load16(tcp + 2);
    segment->seq = chim_load32(tcp + 4);
    segment->ack = chim_load32(tcp + 8);
    segment->flags = tcp[13];
    segment->window = chim_load16(tcp + 14);
    segment->header_bytes = (uint8_t)header;
    segment->options = tcp + CHIM_TCP_BYTES;
    segment->payload = tcp + header;
    segment->payload_bytes = length - header;
    segment->opt.has_timestamp = false;
    segment->opt.sack_count = 0;
    return true;
}

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_SACK 5
#define OPTION_TIMESTAMP 8

static void read_sack(struct chim_tcp_options *opt, const uint8_t *p, uint32_t bytes)
{
    opt->sack_count = 0;
    for (uint32_t at = 0; at + 8 <= bytes && opt->sack_count < CHIM_SACK_BLOCKS_MAX; at += 8) {
        opt->sack[opt->sack_count].begin = chim_load32(p + at);
        opt->sack[opt->sack_count].end = chim_load32(p + at + 4);
        opt->sack_count++;
    }
}

void chim_segment_options(struct chim_segment *segment)
{
    const uint8_t *p = segment->options;
    uint32_t left = (uint32_t)segment->header_bytes - CHIM_TCP_BYTES;
    while (left > 0 && p[0] != OPTION_END) {
        if (p[0] == OPTION_NOP) {
            p++;
            left--;
            continue;
        }
        if (left < 2 || p[1] < 2 || p[1] > left) {
            return;
        }
        if (p[0] == OPTION_TIMESTAMP && p[1] == 10) {
            segment->opt.has_timestamp = true;
            segment->opt.ts_value = chim_load32(p + 2);
            segment->opt.ts_echo = chim_load32(p + 6);
        } else if (p[0] == OPTION_SACK && p[1] >= 10 && (p[1] - 2) % 8 == 0) {
            read_sack(&segment->opt, p + 2, (uint32_t)p[1] - 2);
        }
        left -= p[1];
        p += p[1];
    }
}
