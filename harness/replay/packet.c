/* SPDX-License-Identifier: MIT */
#include "replay/packet.h"

#include <stdlib.h>
#include <string.h>

#include "replay/fragment.h"
#include "replay/link.h"

#define NESTING_MAX 8u

enum protocol {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ICMP = 1,
    PROTOCOL_IPV4 = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_AUTHENTICATION = 51,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_DESTINATION = 60,
};

struct packet_reader {
    struct fragment_table *fragments;
    uint32_t nesting;
    bool quoted; /* inside an ICMP error */
};

/* A datagram while its headers are read. */
struct datagram {
    const uint8_t *start; /* IP header */
    uint32_t there;       /* bytes from there on */
    struct view payload;
    uint8_t protocol;
    bool unusual, damaged;
};

struct packet_reader *packet_reader_new(void)
{
    struct packet_reader *reader = calloc(1, sizeof(*reader));
    if (reader) {
        reader->fragments = fragment_table_new();
    }
    if (reader && !reader->fragments) {
        free(reader);
        return NULL;
    }
    return reader;
}

void packet_reader_del(struct packet_reader *reader)
{
    if (reader) {
        fragment_table_del(reader->fragments);
        free(reader);
    }
}

static void read_ip(struct packet_reader *reader, struct view view, struct packet *out);

#define TCP_BYTES 20u

static void packet_read_tcp(const struct packet_reader *reader, const struct datagram *d,
                            struct packet *out)
{
    const uint8_t *tcp = d->payload.bytes;
    uint32_t captured = d->payload.captured, length = d->payload.length;
    bool cut = captured < length;
    if (captured < 4) {
        return; /* not even ports */
    }
    out->from_port = (uint16_t)view_get16(tcp);
    out->to_port = (uint16_t)view_get16(tcp + 2);
    out->bytes = d->start;
    out->length = d->there;
    out->tcp_at = (uint32_t)(tcp - d->start);
    out->tcp_length = length;
    out->unusual = d->unusual;
    if (reader->quoted) {
        out->kind = captured < TCP_BYTES ? PACKET_OTHER : PACKET_QUOTED;
        return;
    }
    uint32_t header = captured >= 13 ? (uint32_t)(tcp[12] >> 4) * 4 : TCP_BYTES;
    if (!d->damaged && cut && captured < header) {
        out->kind = PACKET_SEGMENT;
        out->header_cut = true;
    } else {
        bool bad = d->damaged || header < 20 || header > length;
        out->kind = bad ? PACKET_DAMAGED : PACKET_SEGMENT;
    }
}

#define GRE_ERSPAN 0x88BEu
#define GRE_ERSPAN_3 0x22EBu
#define ETHERNET 0x6558u /* as an EtherType */

/* A mirrored frame: the first type has no header, the second one of 8 bytes, the third one of 12,
 * and 8 more where the card says when. The EtherType of what follows, 0 = it cannot be read. */
static uint32_t erspan(bool third, bool numbered, struct view *view)
{
    const uint8_t *at = third ? view_take(view, 12) : NULL;
    if (!third) {
        return !numbered || view_take(view, 8) ? ETHERNET : 0;
    }
    if (!at || ((at[11] & 1) && !view_take(view, 8))) {
        return 0;
    }
    bool bare = ((at[10] >> 2) & 31) == 2; /* an IP datagram */
    return !bare ? ETHERNET : !view->captured ? 0 : view->bytes[0] >> 4 == 6 ? 0x86DD : 0x0800;
}

static void read_gre(struct packet_reader *reader, struct view view, struct packet *out)
{
    const uint8_t *at = view_take(&view, 4);
    if (!at || (at[1] & 7) > 1) {
        return;
    }
    uint32_t type = view_get16(at + 2);
    uint32_t more = (at[0] & 0x80 ? 4u : 0) + (at[0] & 0x20 ? 4u : 0) + (at[0] & 0x10 ? 4u : 0) +
                    ((at[1] & 7) == 1 && (at[1] & 0x80) ? 4u : 0);
    if (!view_take(&view, more)) {
        return;
    }
    if (type == GRE_ERSPAN || type == GRE_ERSPAN_3) {
        type = erspan(type == GRE_ERSPAN_3, at[0] & 0x10, &view);
    }
    if (link_ether_type(type, &view)) {
        read_ip(reader, view, out);
    }
}

static void read_gtp(struct packet_reader *reader, struct view view, struct packet *out)
{
    const uint8_t *at = view_take(&view, 8);
    if (!at || at[0] >> 5 != 1 || at[1] != 0xFF) {
        return;
    }
    if (at[0] & 7) {
        const uint8_t *more = view_take(&view, 4);
        for (uint32_t i = 0; more && more[3] && i < NESTING_MAX; i++) {
            uint32_t units = view.captured ? view.bytes[0] : 0;
            more = units ? view_take(&view, units * 4) : NULL;
            more = more ? more + units * 4 - 4 : NULL;
        }
        if (!more) {
            return;
        }
    }
    read_ip(reader, view, out);
}

/* Tunnels over UDP, known by their ports. */
static void read_udp(struct packet_reader *reader, struct view view, struct packet *out)
{
    const uint8_t *at = view_take(&view, 8);
    uint32_t port = at ? view_get16(at + 2) : 0;
    if (port == 4789) {
        if (view_take(&view, 8) && link_ethernet(&view)) {
            read_ip(reader, view, out);
        }
    } else if (port == 6081) {
        const uint8_t *head = view_take(&view, 8);
        if (head && view_take(&view, (head[0] & 0x3Fu) * 4) &&
            link_ether_type(view_get16(head + 2), &view)) {
            read_ip(reader, view, out);
        }
    } else if (port == 2152) {
        read_gtp(reader, view, out);
    }
}

/* An error quotes the beginning of what it is about. */
static void read_icmp(struct packet_reader *reader, struct view view, bool v6, struct packet *out)
{
    const uint8_t *at = view_take(&view, 8);
    bool error = at && (v6 ? at[0] >= 1 && at[0] <= 4
                           : (at[0] >= 3 && at[0] <= 5) || at[0] == 11 || at[0] == 12);
    if (error && !reader->quoted) {
        reader->quoted = true;
        read_ip(reader, view, out);
    }
}

static void read_payload(struct packet_reader *reader, const struct datagram *d, struct packet *out)
{
    switch (d->protocol) {
    case PROTOCOL_TCP:
        packet_read_tcp(reader, d, out);
        break;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        read_icmp(reader, d->payload, d->protocol == PROTOCOL_ICMPV6, out);
        break;
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
        read_ip(reader, d->payload, out);
        break;
    case PROTOCOL_GRE:
        read_gre(reader, d->payload, out);
        break;
    case PROTOCOL_UDP:
        read_udp(reader, d->payload, out);
        break;
    default:
        break;
    }
}

/* Limits the payload to what the IP header says; true = the wire held less than that. */
static bool limit(struct view *payload, uint32_t length)
{
    if (payload->length < length) {
        return true;
    }
    payload->length = length;
    if (payload->captured > length) {
        payload->captured = length;
    }
    return false;
}

static void read_fragment(struct packet_reader *reader, struct datagram *d, struct fragment *f,
                          struct packet *out)
{
    struct fragment_whole whole;
    memcpy(f->from, out->from, 16);
    memcpy(f->to, out->to, 16);
    f->v6 = out->v6;
    f->header = d->start;
    f->data = d->payload.bytes;
    f->length = d->payload.length;
    f->packet_length = (uint32_t)(d->payload.bytes - d->start) + d->payload.captured;
    out->kind = PACKET_PIECE;
    if (d->payload.captured < d->payload.length || d->damaged ||
        !fragment_add(reader->fragments, f, out, &whole)) {
        return;
    }
    out->kind = PACKET_OTHER;
    out->piece = whole.piece;
    out->pieces = whole.pieces;
    struct datagram joined = {
        .start = whole.bytes, .there = whole.length, .unusual = true, .protocol = f->protocol};
    joined.payload =
        (struct view){whole.bytes + whole.header_length, whole.length - whole.header_length,
                      whole.length - whole.header_length};
    read_payload(reader, &joined, out);
}

static void packet_read_ip4(struct packet_reader *reader, struct view view, struct packet *out)
{
    struct datagram d = {.start = view.bytes, .there = view.captured};
    uint32_t header = view.captured >= 20 ? (view.bytes[0] & 15u) * 4 : 0;
    const uint8_t *ip = header >= 20 ? view_take(&view, header) : NULL;
    if (!ip) {
        return;
    }
    uint32_t total = view_get16(ip + 2), field = view_get16(ip + 6);
    if (total == 0) {
        total = header + view.length; /* left open for the card: segmentation offload, big TCP */
    }
    out->v6 = false;
    memset(out->from, 0, 16);
    memset(out->to, 0, 16);
    memcpy(out->from, ip + 12, 4);
    memcpy(out->to, ip + 16, 4);
    d.payload = view;
    d.protocol = ip[9];
    d.unusual = header > 20;
    d.damaged = total < header || limit(&d.payload, total - header);
    if ((field & 0x3FFF) && !reader->quoted) {
        struct fragment f = {.more = field & 0x2000,
                             .protocol = ip[9],
                             .header_length = header,
                             .id = view_get16(ip + 4),
                             .offset = (field & 0x1FFF) * 8};
        read_fragment(reader, &d, &f, out);
        return;
    }
    read_payload(reader, &d, out);
}

static void packet_read_ip6(struct packet_reader *reader, struct view view, struct packet *out)
{
    struct datagram d = {.start = view.bytes, .there = view.captured};
    const uint8_t *ip = view_take(&view, 40);
    if (!ip) {
        return;
    }
    uint32_t length = view_get16(ip + 4);
    out->v6 = true;
    memcpy(out->from, ip + 8, 16);
    memcpy(out->to, ip + 24, 16);
    d.protocol = ip[6];
    d.damaged = length ? limit(&view, length) : false;
    for (uint32_t i = 0; i < NESTING_MAX; i++) {
        bool skip = d.protocol == PROTOCOL_HOP_BY_HOP || d.protocol == PROTOCOL_ROUTING ||
                    d.protocol == PROTOCOL_DESTINATION || d.protocol == PROTOCOL_AUTHENTICATION;
        if (!skip && d.protocol != PROTOCOL_FRAGMENT) {
            break;
        }
        const uint8_t *at = view.bytes;
        uint32_t units = view.captured >= 2 ? at[1] : 0;
        bool fragment = d.protocol == PROTOCOL_FRAGMENT;
        uint32_t bytes = fragment                                ? 8
                         : d.protocol == PROTOCOL_AUTHENTICATION ? (units + 2) * 4
                                                                 : (units + 1) * 8;
        uint32_t before = (uint32_t)(at - d.start);
        if (!view_take(&view, bytes)) {
            return;
        }
        d.unusual = true;
        d.protocol = at[0];
        d.payload = view;
        uint32_t field = fragment ? view_get16(at + 2) : 0;
        if ((field & 0xFFF9) && !reader->quoted) {
            struct fragment f = {.more = field & 1,
                                 .protocol = at[0],
                                 .header_length = before,
                                 .id = view_get32(at + 4),
                                 .offset = field & 0xFFF8};
            read_fragment(reader, &d, &f, out);
            return;
        }
    }
    d.payload = view;
    read_payload(reader, &d, out);
}

static void read_ip(struct packet_reader *reader, struct view view, struct packet *out)
{
    if (++reader->nesting > NESTING_MAX || !view.captured) {
        return;
    }
    if (view.bytes[0] >> 4 == 4) {
        packet_read_ip4(reader, view, out);
    } else if (view.bytes[0] >> 4 == 6) {
        packet_read_ip6(reader, view, out);
    }
}

void packet_read(struct packet_reader *reader, const struct capture_packet *frame,
                 struct packet *out)
{
    struct view view = {frame->bytes, frame->captured, frame->length};
    *out =
        (struct packet){.kind = PACKET_OTHER, .time_ns = frame->time_ns, .number = frame->number};
    reader->nesting = 0;
    reader->quoted = false;
    if (link_to_ip(frame->link_type, &view)) {
        read_ip(reader, view, out);
    }
}
