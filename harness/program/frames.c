/* SPDX-License-Identifier: MIT
 *
 * Operations that put frames on the wire, or segments into the host's hands.
 */
#include <string.h>

#include "base/payload.h"
#include "program/choices.h"
#include "program/stage.h"

static uint8_t payload[16384];
static uint8_t frame[SEGMENT_FRAME_MAX];

static void read_send(const struct program_op *op, struct peer_send *send)
{
    memset(send, 0, sizeof(*send));
    send->from_una = op_get(op, "from-una");
    send->offset = (int32_t)op_get(op, "offset");
    send->length = op_get(op, "length");
    send->length = send->length > 8960 ? 8960 : send->length;
    send->flags = (uint8_t)((op_get(op, "fin") ? SEG_FIN : 0) | (op_get(op, "syn") ? SEG_SYN : 0) |
                            (op_get(op, "rst") ? SEG_RST : 0) | (op_get(op, "push") ? SEG_PSH : 0) |
                            (op_get(op, "urgent") ? SEG_URG : 0));
    send->no_ack = op_get(op, "no-ack");
    send->ack_delta = (int32_t)op_parameter(op, "ack");
    send->window = (enum peer_window)op_get(op, "window");
    send->bad_checksum = op_get(op, "bad-checksum");
    send->old_ts = op_get(op, "old-timestamp");
    send->no_ts = op_get(op, "no-timestamp");
    send->other_content = op_get(op, "other-content");
    send->odd_options = (enum peer_options)op_get(op, "options");
    send->urgent = send->flags & SEG_URG ? 1 : 0;
    send->stamp = op_parameter(op, "stamp");
    send->priority = (uint8_t)op_get(op, "priority");
    send->trailer = op_get(op, "trailer");
}

void stage_segment(struct stage *stage, const struct program_op *op, uint32_t conn)
{
    struct peer_send send;
    struct segment segment;
    read_send(op, &send);
    peer_segment(&stage->peer[conn], &send, payload, &segment);
    uint32_t length = segment_build(&segment, frame);
    if (length) {
        stage_frame(stage, frame, length, conn);
    }
}

void stage_forward(struct stage *stage, const struct program_op *op, uint32_t conn)
{
    struct peer_send send;
    struct segment segment;
    read_send(op, &send);
    send.bad_checksum = false; /* Q22: the host has verified it; it may also have zeroed it */
    peer_segment(&stage->peer[conn], &send, payload, &segment);
    if ((int32_t)(segment.seq + segment.length - stage->peer[conn].snd_una) <= 0 &&
        segment.length) {
        return; /* FWD-HOST-1: only unacknowledged segments */
    }
    host_forward(&stage->world->host, conn, &segment, op_get(op, "bad-checksum"));
    world_settle(stage->world);
}

#define SACK_BLOCKS_MOST 3u /* beside timestamps */

/* The highest block first: the one that came last. */
static void report_held(struct segment *segment, uint32_t from, uint32_t length, uint32_t further)
{
    uint32_t blocks = further + 1 < SACK_BLOCKS_MOST ? further + 1 : SACK_BLOCKS_MOST;
    segment->sack_blocks = (uint8_t)blocks;
    for (uint32_t i = 0; i < blocks; i++) {
        segment->sack[i][0] = from + 2 * length * (blocks - 1 - i);
        segment->sack[i][1] = segment->sack[i][0] + length;
    }
}

void stage_ack(struct stage *stage, const struct program_op *op, uint32_t conn)
{
    struct segment segment;
    struct peer_conn *peer = &stage->peer[conn];
    uint32_t hundreds = op_get(op, "sack-hundreds");
    for (uint32_t i = 0; i <= op_get(op, "repeat"); i++) {
        peer_ack_segment(peer, &segment);
        segment.ack -= op_get(op, "less");
        segment.window = peer_window(peer, (enum peer_window)op_get(op, "window"),
                                     (uint16_t)op_get(op, "window-value"), op_get(op, "keep"));
        if (hundreds && peer->sack) {
            report_held(&segment, segment.ack + op_get(op, "sack-from"), 100 * hundreds,
                        op_get(op, "sack-more"));
            segment.sack[0][1] += 100 * hundreds * i;
            peer_report(peer, (enum peer_report)op_get(op, "report"), &segment);
        }
        stage_frame(stage, frame, segment_build(&segment, frame), conn);
    }
}

/* A plain segment of the connection, as the base of what is then bent. */
static uint32_t base_frame(struct stage *stage, uint32_t conn, uint32_t length,
                           struct segment *segment)
{
    struct peer_conn *peer = &stage->peer[conn];
    peer_ack_segment(peer, segment);
    segment->sack_blocks = 0;
    segment->payload = payload;
    segment->length = length;
    payload_fill(payload, conn, PAYLOAD_TO_TARGET, (uint32_t)(segment->seq - peer->irs), length, 0);
    return segment_build(segment, frame);
}

/* Moves everything from an offset on to make room, within the frame. */
static uint32_t insert(uint32_t length, uint32_t at, const uint8_t *bytes, uint32_t count)
{
    memmove(frame + at + count, frame + at, length - at);
    memcpy(frame + at, bytes, count);
    return length + count;
}

static void fix_ip4(uint8_t *ip)
{
    ip[10] = ip[11] = 0;
    uint16_t sum = internet_checksum(ip, (uint32_t)(ip[0] & 15) * 4, 0);
    ip[10] = (uint8_t)(sum >> 8);
    ip[11] = (uint8_t)sum;
}

static uint32_t bend_ip(struct stage *stage, uint32_t conn, enum raw_kind kind, uint32_t length)
{
    const struct peer_conn *peer = &stage->peer[conn];
    uint32_t at = peer->tagged ? 18 : 14;
    uint8_t *ip = frame + at;
    if (kind == RAW_IPV6_EXTENSION && peer->ipv6) {
        static const uint8_t extension[8] = {6, 0, 1, 4,
                                             0, 0, 0, 0}; /* destination options, padding */
        uint32_t total = (uint32_t)(ip[4] << 8 | ip[5]) + 8;
        ip[4] = (uint8_t)(total >> 8);
        ip[5] = (uint8_t)total;
        ip[6] = 60;
        return insert(length, at + 40, extension, 8);
    }
    if (peer->ipv6) {
        ip[6] = kind == RAW_FRAGMENT ? 44 : kind == RAW_UDP ? 17 : 58;
        return length;
    }
    if (kind == RAW_FRAGMENT) {
        ip[6] = 0x20; /* more fragments */
        fix_ip4(ip);
    } else if (kind == RAW_IP_OPTIONS) {
        static const uint8_t options[4] = {1, 1, 1, 0};
        uint32_t total = (uint32_t)(ip[2] << 8 | ip[3]) + 4;
        ip[0] = 0x46;
        ip[2] = (uint8_t)(total >> 8);
        ip[3] = (uint8_t)total;
        length = insert(length, at + 20, options, 4);
        fix_ip4(ip);
    } else {
        ip[9] = kind == RAW_UDP ? 17 : 1;
        fix_ip4(ip);
    }
    return length;
}

/* A router says that the target's segments are too big for it (PKT-MTU-1). */
static uint32_t too_big(struct stage *stage, uint32_t conn, uint32_t mtu)
{
    const struct peer_conn *peer = &stage->peer[conn];
    uint32_t at = peer->tagged ? 18 : 14, size = peer->ipv6 ? 16 : 4;
    uint32_t fixed = peer->ipv6 ? 40 : 20, source = peer->ipv6 ? 8 : 12;
    uint8_t quote[48];
    struct segment segment;
    uint32_t length = base_frame(stage, conn, 8 + fixed, &segment);
    uint8_t *ip = frame + at, *icmp = ip + fixed;
    memcpy(quote, ip, fixed);
    memcpy(quote + source, ip + source + size, size); /* the quoted datagram went the other way */
    memcpy(quote + source + size, ip + source, size);
    memcpy(quote + fixed, icmp + 2, 2);
    memcpy(quote + fixed + 2, icmp, 2);
    memset(icmp, 0, length - at - fixed);
    icmp[0] = peer->ipv6 ? 2 : 3;
    icmp[1] = peer->ipv6 ? 0 : 4;
    icmp[6] = (uint8_t)(mtu >> 8);
    icmp[7] = (uint8_t)mtu;
    memcpy(icmp + 8, quote, fixed + 4);
    if (peer->ipv6) {
        ip[6] = 58;
    } else {
        ip[9] = 1;
        fix_ip4(ip);
    }
    return length;
}

void stage_nested_frame(void *context, uint32_t conn, uint32_t length)
{
    struct stage *stage = context;
    struct segment segment;
    if (conn >= stage->conns || nds_wire_busy()) {
        return;
    }
    struct peer_send send = {.length = length % 8961, .flags = SEG_PSH};
    peer_segment(&stage->peer[conn], &send, payload, &segment);
    struct nds_wire_frame wire = {frame, segment_build(&segment, frame), conn};
    if (wire.length) {
        nds_wire_receive(&wire, 1);
    }
}

/* The next text, its header bent: the timestamps option twice and the same in both, or behind other
 * options; an urgent pointer. */
static bool odd_text(struct stage *stage, uint32_t conn, enum raw_kind kind, uint32_t bytes,
                     uint32_t value)
{
    struct peer_send send = {.length = bytes,
                             .two_ts = kind == RAW_TWO_TIMESTAMPS,
                             .late_ts = kind == RAW_LATE_TIMESTAMPS,
                             .flags = kind == RAW_URGENT ? SEG_URG : 0};
    struct segment segment;
    bool pointer = kind == RAW_URGENT || kind == RAW_POINTER;
    if (!pointer && !send.two_ts && !send.late_ts) {
        return false;
    }
    send.urgent = pointer ? (uint16_t)value : 0;
    peer_segment(&stage->peer[conn], &send, payload, &segment);
    stage_frame(stage, frame, segment_build(&segment, frame), conn);
    return true;
}

void stage_raw(struct stage *stage, const struct program_op *op, uint32_t conn)
{
    enum raw_kind kind = (enum raw_kind)op_get(op, "kind");
    uint32_t value = op_get(op, "value"), bytes = op_get(op, "length") % 1400;
    struct segment segment;
    if (odd_text(stage, conn, kind, bytes, value)) {
        return;
    }
    uint32_t length = base_frame(stage, conn, bytes, &segment);
    uint32_t at = stage->peer[conn].tagged ? 18 : 14;
    switch (kind) {
    case RAW_ARP:
        memset(frame, 0xFF, 6);
        frame[at - 2] = 0x08;
        frame[at - 1] = 0x06;
        length = 60;
        break;
    case RAW_OTHER_PORT:
        segment.to.port = (uint16_t)(9000 + value % 1000);
        length = segment_build(&segment, frame);
        break;
    case RAW_SHORT:
        length = at + value % 40;
        length = length < 14 ? 14 : length;
        break;
    case RAW_VLAN:
        segment.tagged = value < 0x1000;
        segment.vlan = (uint16_t)(value & 0xFFF);
        length = segment_build(&segment, frame);
        break;
    case RAW_BLIND_DATA:
        segment.seq += 0x40000000u + value;
        length = segment_build(&segment, frame);
        break;
    case RAW_TCP_OFFSET:
        frame[at + (segment.ipv6 ? 40 : 20) + 12] = (uint8_t)(value & 1 ? 0xF0 : 0x40);
        break;
    case RAW_RUNT:
        length = 1 + value % 13;
        break;
    case RAW_CUT:
        length = 1 + value % length;
        break;
    case RAW_PEER_PORT:
        segment.from.port = (uint16_t)(segment.from.port + 1 + value % 1000);
        length = segment_build(&segment, frame);
        break;
    case RAW_TOO_BIG:
        length = too_big(stage, conn, value);
        break;
    default:
        length = bend_ip(stage, conn, kind, length);
        break;
    }
    stage_frame(stage, frame, length,
                kind == RAW_BLIND_DATA || kind == RAW_TCP_OFFSET ? conn : TAP_NONE);
}
