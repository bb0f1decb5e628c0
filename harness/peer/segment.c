/* SPDX-License-Identifier: MIT */
#include "peer/segment.h"

#include <string.h>

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

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

/* Sums 16-bit words in memory order, eight bytes at a time, and turns the result at the end. */
uint16_t internet_checksum(const uint8_t *bytes, uint32_t length, uint32_t start)
{
    uint64_t sum = 0;
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        sum += (word & 0xFFFFFFFFu) + (word >> 32);
        bytes += 8;
        length -= 8;
    }
    uint8_t rest[8] = {0};
    memcpy(rest, bytes, length);
    uint64_t word;
    memcpy(&word, rest, 8);
    sum += (word & 0xFFFFFFFFu) + (word >> 32);
    sum = (sum & 0xFFFF) + (sum >> 16 & 0xFFFF) + (sum >> 32 & 0xFFFF) + (sum >> 48);
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    uint32_t turned = (uint32_t)((sum & 0xFF) << 8 | sum >> 8) + start;
    turned = (turned & 0xFFFF) + (turned >> 16);
    turned = (turned & 0xFFFF) + (turned >> 16);
    return (uint16_t)~turned;
}

static uint32_t pseudo_sum(const struct segment *s, uint32_t tcp_length)
{
    uint32_t bytes = s->ipv6 ? 16 : 4, sum = 6 + tcp_length;
    for (uint32_t i = 0; i < bytes; i += 2) {
        sum += get16(s->from.address + i) + get16(s->to.address + i);
    }
    return sum;
}

static uint32_t build_options(const struct segment *s, uint8_t *out)
{
    uint32_t at = 0;
    if (s->have_ts) {
        out[0] = out[1] = 1;
        out[2] = 8;
        out[3] = 10;
        put32(out + 4, s->ts_value);
        put32(out + 8, s->ts_echo);
        at = 12;
    }
    uint32_t blocks = s->sack_blocks;
    while (blocks && at + 4 + 8 * blocks > SEGMENT_OPTIONS_MAX) {
        blocks--;
    }
    if (blocks) {
        out[at] = out[at + 1] = 1;
        out[at + 2] = 5;
        out[at + 3] = (uint8_t)(2 + 8 * blocks);
        at += 4;
        for (uint32_t i = 0; i < blocks; i++, at += 8) {
            put32(out + at, s->sack[i][0]);
            put32(out + at + 4, s->sack[i][1]);
        }
    }
    if (s->option_bytes && at + s->option_bytes <= SEGMENT_OPTIONS_MAX) {
        memcpy(out + at, s->option, s->option_bytes);
        at += s->option_bytes;
    }
    while (at % 4) {
        out[at++] = 0;
    }
    return at;
}

uint32_t segment_build_tcp(const struct segment *s, bool no_checksum, uint8_t *out)
{
    uint32_t options = build_options(s, out + 20);
    uint32_t length = 20 + options + s->length;
    put16(out, s->from.port);
    put16(out + 2, s->to.port);
    put32(out + 4, s->seq);
    put32(out + 8, s->ack);
    out[12] = (uint8_t)((5 + options / 4) << 4);
    out[13] = s->flags;
    put16(out + 14, s->window);
    put16(out + 16, 0);
    put16(out + 18, s->urgent);
    if (s->length) {
        memcpy(out + 20 + options, s->payload, s->length);
    }
    if (!no_checksum) {
        uint16_t sum = internet_checksum(out, length, pseudo_sum(s, length));
        put16(out + 16, sum ^ (s->bad_tcp_checksum ? 0x1234u : 0));
    }
    return length;
}

static uint32_t segment_build_ip(const struct segment *s, uint32_t tcp_length, uint8_t *out)
{
    if (s->ipv6) {
        put32(out, 6u << 28 | (uint32_t)s->tos << 20);
        put16(out + 4, tcp_length);
        out[6] = 6;
        out[7] = s->ttl;
        memcpy(out + 8, s->from.address, 16);
        memcpy(out + 24, s->to.address, 16);
        return 40;
    }
    out[0] = 0x45;
    out[1] = s->tos;
    put16(out + 2, 20 + tcp_length);
    put16(out + 4, s->ip_id);
    put16(out + 6, 0x4000);
    out[8] = s->ttl;
    out[9] = 6;
    put16(out + 10, 0);
    memcpy(out + 12, s->from.address, 4);
    memcpy(out + 16, s->to.address, 4);
    put16(out + 10, internet_checksum(out, 20, 0) ^ (s->bad_ip_checksum ? 0x0101u : 0));
    return 20;
}

#define TRAILER_BYTES 7u
#define TRAILER_BYTE 0xA7

uint32_t segment_build(const struct segment *s, uint8_t *frame)
{
    uint32_t ip_bytes = s->ipv6 ? 40 : 20, at = 12;
    if (18 + ip_bytes + 20 + SEGMENT_OPTIONS_MAX + s->length + TRAILER_BYTES > SEGMENT_FRAME_MAX) {
        return 0;
    }
    memcpy(frame, s->to.mac, 6);
    memcpy(frame + 6, s->from.mac, 6);
    if (s->tagged) {
        put16(frame + 12, 0x8100);
        put16(frame + 14, (uint32_t)s->priority << 13 | (s->vlan & 0xFFF));
        at = 16;
    }
    put16(frame + at, s->ipv6 ? 0x86DD : 0x0800);
    at += 2;
    uint32_t tcp = segment_build_tcp(s, false, frame + at + ip_bytes);
    segment_build_ip(s, tcp, frame + at);
    at += ip_bytes + tcp;
    if (s->trailer) {
        memset(frame + at, TRAILER_BYTE, TRAILER_BYTES);
        at += TRAILER_BYTES;
    }
    if (at < 60) {
        memset(frame + at, 0, 60 - at);
        at = 60;
    }
    return at;
}

static void segment_read_options(struct segment *s)
{
    const uint8_t *option = s->option;
    uint32_t left = s->option_bytes;
    while (left) {
        if (option[0] == 0) {
            return;
        }
        if (option[0] == 1) {
            option++;
            left--;
            continue;
        }
        if (left < 2 || option[1] < 2 || option[1] > left) {
            return;
        }
        if (option[0] == 8 && option[1] == 10) {
            s->have_ts = true;
            s->ts_value = get32(option + 2);
            s->ts_echo = get32(option + 6);
        } else if (option[0] == 5 && option[1] >= 10 && (option[1] - 2) % 8 == 0) {
            s->sack_blocks = (uint8_t)((option[1] - 2) / 8);
            for (uint32_t i = 0; i < s->sack_blocks; i++) {
                s->sack[i][0] = get32(option + 2 + 8 * i);
                s->sack[i][1] = get32(option + 6 + 8 * i);
            }
        }
        left -= option[1];
        option += option[1];
    }
}

static bool segment_read_tcp(const uint8_t *tcp, uint32_t length, struct segment *out)
{
    uint32_t header = length >= 20 ? (uint32_t)(tcp[12] >> 4) * 4 : 0;
    if (header < 20 || header > length) {
        return false;
    }
    out->from.port = (uint16_t)get16(tcp);
    out->to.port = (uint16_t)get16(tcp + 2);
    out->seq = get32(tcp + 4);
    out->ack = get32(tcp + 8);
    out->flags = tcp[13];
    out->window = (uint16_t)get16(tcp + 14);
    out->urgent = (uint16_t)get16(tcp + 18);
    out->option_bytes = (uint8_t)(header - 20);
    memcpy(out->option, tcp + 20, out->option_bytes);
    out->payload = tcp + header;
    out->length = length - header;
    out->bad_tcp_checksum = internet_checksum(tcp, length, pseudo_sum(out, length)) != 0;
    segment_read_options(out);
    return true;
}

static bool segment_read_ip4(const uint8_t *ip, uint32_t length, struct segment *out)
{
    if (length < 20 || ip[0] != 0x45 || (get16(ip + 6) & 0x3FFF) || ip[9] != 6) {
        return false;
    }
    uint32_t total = get16(ip + 2);
    if (total < 40 || total > length) {
        return false;
    }
    out->tos = ip[1];
    out->ip_id = (uint16_t)get16(ip + 4);
    out->ttl = ip[8];
    memcpy(out->from.address, ip + 12, 4);
    memcpy(out->to.address, ip + 16, 4);
    out->bad_ip_checksum = internet_checksum(ip, 20, 0) != 0;
    return segment_read_tcp(ip + 20, total - 20, out);
}

static bool read_ip6(const uint8_t *ip, uint32_t length, struct segment *out)
{
    if (length < 40 || ip[0] >> 4 != 6 || ip[6] != 6 || get16(ip + 4) + 40 > length) {
        return false;
    }
    out->ipv6 = true;
    out->tos = (uint8_t)(get32(ip) >> 20);
    out->ttl = ip[7];
    memcpy(out->from.address, ip + 8, 16);
    memcpy(out->to.address, ip + 24, 16);
    return segment_read_tcp(ip + 40, get16(ip + 4), out);
}

bool segment_read(const uint8_t *frame, uint32_t length, struct segment *out)
{
    memset(out, 0, sizeof(*out));
    if (length < 14) {
        return false;
    }
    uint32_t at = 12;
    memcpy(out->to.mac, frame, 6);
    memcpy(out->from.mac, frame + 6, 6);
    if (get16(frame + 12) == 0x8100 && length >= 18) {
        out->tagged = true;
        out->priority = frame[14] >> 5;
        out->vlan = get16(frame + 14) & 0xFFF;
        at = 16;
    }
    uint32_t type = get16(frame + at);
    at += 2;
    if (type == 0x0800) {
        return segment_read_ip4(frame + at, length - at, out);
    }
    return type == 0x86DD && read_ip6(frame + at, length - at, out);
}
