/* SPDX-License-Identifier: MIT */
#include "oracle/wire/wire_parse.h"
#include "oracle/wire/ones_sum.h"

#include <stddef.h>
#include <string.h>

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool sums_to_ones(uint64_t sum)
{
    sum = (sum & 0xFFFFFFFF) + (sum >> 32);
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    return sum == 0xFFFF;
}

static uint64_t network16(uint32_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    uint16_t word;
    memcpy(&word, bytes, 2);
    return word;
}

static void parse_option(const uint8_t *option, uint8_t kind, uint8_t length, struct orc_tcp *out)
{
    if (kind == 8) {
        if (length != 10) {
            out->options_right = false;
            return;
        }
        out->odd_options = out->odd_options || out->has_timestamp; /* once more */
        out->has_timestamp = true;
        out->ts_value = get32(option + 2);
        out->ts_echo = get32(option + 6);
    } else if (kind == 5) {
        if (length < 10 || (length - 2) % 8 != 0) {
            out->options_right = false;
            return;
        }
        for (uint32_t at = 2; at + 8 <= length; at += 8, out->sack_blocks++) {
            if (out->sack_blocks < ORC_SACK_MAX) {
                out->sack[out->sack_blocks][0] = get32(option + at);
                out->sack[out->sack_blocks][1] = get32(option + at + 4);
            }
        }
    } else {
        out->odd_options = true;
    }
}

static void parse_options(const uint8_t *options, uint32_t bytes, struct orc_tcp *out)
{
    out->options_right = true;
    out->padding_right = true;
    for (uint32_t at = 0; at < bytes;) {
        uint8_t kind = options[at];
        if (kind == 0) {
            for (uint32_t i = at; i < bytes; i++) {
                out->padding_right = out->padding_right && options[i] == 0;
            }
            return;
        }
        if (kind == 1) {
            at++;
            continue;
        }
        uint8_t length = at + 1 < bytes ? options[at + 1] : 0;
        if (length < 2 || at + length > bytes) {
            out->options_right = false;
            return;
        }
        parse_option(options + at, kind, length, out);
        at += length;
    }
}

void orc_parse_tcp(const uint8_t *segment, uint32_t bytes, struct orc_tcp *out)
{
    memset(out, 0, sizeof(*out));
    if (bytes < 20) {
        return;
    }
    out->source_port = get16(segment);
    out->destination_port = get16(segment + 2);
    out->sequence = get32(segment + 4);
    out->ack = get32(segment + 8);
    out->header = (uint32_t)(segment[12] >> 4) * 4;
    out->reserved = segment[12] & 0x0F;
    out->flags = segment[13];
    out->window = get16(segment + 14);
    out->urgent = get16(segment + 18);
    if (out->header < 20 || out->header > bytes) {
        return;
    }
    out->valid = true;
    out->options = out->header - 20;
    out->payload = segment + out->header;
    out->length = bytes - out->header;
    parse_options(segment + 20, out->options, out);
}

static void finish_tcp(struct orc_packet *out, uint32_t address_bytes)
{
    const uint8_t *segment = out->frame + out->ip_at + out->ip_header;
    uint32_t bytes = out->ip_bytes - out->ip_header;
    orc_parse_tcp(segment, bytes, &out->tcp);
    /* The destination stands behind the source in both kinds of header. */
    uint64_t sum = orc_sum_words(out->source, 2 * address_bytes) + network16(6) +
                   network16(bytes & 0xFFFF) + network16(bytes >> 16);
    out->tcp.checksum_right = sums_to_ones(sum + orc_sum_words(segment, bytes));
}

static const uint8_t *summed(const struct orc_packet *packet, bool tcp)
{
    return packet->frame + packet->ip_at + (tcp ? packet->ip_header : 0);
}

uint16_t orc_checksum(const struct orc_packet *packet, bool tcp)
{
    return (uint16_t)get16(summed(packet, tcp) + (tcp ? 16 : 10));
}

uint16_t orc_right_checksum(const struct orc_packet *packet, bool tcp)
{
    const uint8_t *from = summed(packet, tcp);
    uint32_t bytes = tcp ? packet->ip_bytes - packet->ip_header : packet->ip_header;
    uint32_t address = packet->version == 6 ? 16 : 4, skipped = tcp ? 16 : 10;
    uint32_t sum = tcp ? 6 + bytes : 0;
    for (uint32_t at = 0; tcp && at < 2 * address; at += 2) {
        sum += get16(packet->source + at);
    }
    for (uint32_t at = 0; at < bytes; at++) {
        bool counts = at < skipped || at >= skipped + 2;
        sum += counts ? (uint32_t)from[at] << (at & 1 ? 0 : 8) : 0;
    }
    sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t) ~((sum & 0xFFFF) + (sum >> 16));
}

static void parse_v4(struct orc_packet *out, const uint8_t *ip, uint32_t room)
{
    if (room < 20 || ip[0] >> 4 != 4) {
        return;
    }
    out->version = 4;
    out->ip_header = (uint32_t)(ip[0] & 15) * 4;
    out->tos = ip[1];
    out->ip_bytes = get16(ip + 2);
    out->id = get16(ip + 4);
    out->fragment = get16(ip + 6);
    out->ttl = ip[8];
    out->protocol = ip[9];
    out->source = ip + 12;
    out->destination = ip + 16;
    if (out->ip_header < 20 || out->ip_header > out->ip_bytes || out->ip_bytes > room) {
        return;
    }
    out->ip_right = sums_to_ones(orc_sum_words(ip, out->ip_header));
    out->end = out->ip_at + out->ip_bytes;
    out->plain = out->ip_header == 20 && (out->fragment & 0x3FFF) == 0 && out->protocol == 6;
    if (out->plain) {
        finish_tcp(out, 4);
    }
}

static void parse_v6(struct orc_packet *out, const uint8_t *ip, uint32_t room)
{
    if (room < 40 || ip[0] >> 4 != 6) {
        return;
    }
    uint32_t first = get32(ip);
    out->version = 6;
    out->ip_header = 40;
    out->tos = (uint8_t)(first >> 20);
    out->flow_label = first & 0xFFFFF;
    out->ip_bytes = 40u + get16(ip + 4);
    out->protocol = ip[6];
    out->ttl = ip[7];
    out->source = ip + 8;
    out->destination = ip + 24;
    if (out->ip_bytes > room) {
        return;
    }
    out->ip_right = true;
    out->end = out->ip_at + out->ip_bytes;
    out->plain = out->protocol == 6;
    if (out->plain) {
        finish_tcp(out, 16);
    }
}

static void parse_ip(const uint8_t *frame, uint32_t bytes, struct orc_packet *out)
{
    out->frame = frame;
    out->frame_bytes = bytes;
    if (bytes < 14) {
        return;
    }
    out->ethernet = true;
    out->ethertype = get16(frame + 12);
    out->ip_at = 14;
    if (out->ethertype == 0x8100 && bytes >= 18) {
        out->tagged = true;
        out->tag = get16(frame + 14);
        out->ethertype = get16(frame + 16);
        out->ip_at = 18;
    }
    if (out->ethertype == 0x0800) {
        parse_v4(out, frame + out->ip_at, bytes - out->ip_at);
    } else if (out->ethertype == 0x86DD) {
        parse_v6(out, frame + out->ip_at, bytes - out->ip_at);
    }
}

void orc_parse_frame(const uint8_t *frame, uint32_t bytes, struct orc_packet *out)
{
    memset(out, 0, offsetof(struct orc_packet, tcp));
    parse_ip(frame, bytes, out);
    if (!out->plain) {
        memset(&out->tcp, 0, sizeof(out->tcp));
    }
}

bool orc_multicast(const uint8_t *mac)
{
    return mac[0] & 1;
}
