/* SPDX-License-Identifier: MIT */
#include "replay/link.h"

#include <stddef.h>

#define TAGS_MAX 16 /* VLAN tags and MPLS labels of one frame */

const uint8_t *view_take(struct view *view, uint32_t count)
{
    const uint8_t *at = view->bytes;
    if (view->captured < count) {
        return NULL;
    }
    view->bytes += count;
    view->captured -= count;
    view->length -= count;
    return at;
}

uint32_t view_get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

uint32_t view_get32(const uint8_t *at)
{
    return view_get16(at) << 16 | view_get16(at + 2);
}

static bool starts_ip(const struct view *view)
{
    return view->captured && (view->bytes[0] >> 4 == 4 || view->bytes[0] >> 4 == 6);
}

static bool snap(struct view *view)
{
    const uint8_t *at = view_take(view, 8);
    return at && at[0] == 0xAA && at[1] == 0xAA && at[2] == 3 &&
           link_ether_type(view_get16(at + 6), view);
}

static bool ppp(struct view *view)
{
    if (view->captured >= 2 && view->bytes[0] == 0xFF && view->bytes[1] == 0x03) {
        view_take(view, 2);
    }
    if (!view->captured) {
        return false;
    }
    bool compressed = view->bytes[0] & 1;
    const uint8_t *at = view_take(view, compressed ? 1 : 2);
    uint32_t protocol = !at ? 0 : compressed ? at[0] : view_get16(at);
    return (protocol == 0x21 || protocol == 0x57) && starts_ip(view);
}

/* Behind the last label stands IP, or Ethernet after a pseudowire's control word. */
static bool mpls(struct view *view)
{
    for (int i = 0; i < TAGS_MAX; i++) {
        const uint8_t *label = view_take(view, 4);
        if (!label) {
            return false;
        }
        if (label[2] & 1) {
            if (starts_ip(view)) {
                return true;
            }
            return view->captured && view->bytes[0] >> 4 == 0 && view_take(view, 4) &&
                   link_ethernet(view);
        }
    }
    return false;
}

bool link_ether_type(uint32_t type, struct view *view)
{
    for (int tags = 0; tags < TAGS_MAX; tags++) {
        const uint8_t *at;
        switch (type) {
        case 0x0800:
        case 0x86DD:
            return starts_ip(view);
        case 0x8100:
        case 0x88A8:
        case 0x9100:
            at = view_take(view, 4);
            if (!at) {
                return false;
            }
            type = view_get16(at + 2);
            break;
        case 0x8847:
        case 0x8848:
            return mpls(view);
        case 0x8864:
            return view_take(view, 6) && ppp(view);
        case 0x6558:
            return link_ethernet(view);
        case 0x88E7: /* 802.1ah: a tag of the provider's, and the customer's whole frame */
            return view_take(view, 4) && link_ethernet(view);
        default:
            return type < 1536 && snap(view); /* a length: LLC follows */
        }
    }
    return false;
}

bool link_ethernet(struct view *view)
{
    const uint8_t *at = view_take(view, 14);
    return at && link_ether_type(view_get16(at + 12), view);
}

/* Data frames only; encrypted ones and aggregates are not seen. */
static bool wireless(struct view *view)
{
    const uint8_t *at = view_take(view, 24);
    if (!at || (at[0] & 0x0C) != 0x08 || (at[0] & 0x40) || (at[1] & 0x40)) {
        return false;
    }
    if ((at[1] & 3) == 3 && !view_take(view, 6)) {
        return false;
    }
    if (at[0] & 0x80) {
        const uint8_t *quality = view_take(view, 2);
        if (!quality || (quality[0] & 0x80) || ((at[1] & 0x80) && !view_take(view, 4))) {
            return false;
        }
    }
    return snap(view);
}

static bool radiotap(struct view *view)
{
    if (view->captured < 4) {
        return false;
    }
    uint32_t length = view->bytes[2] | (uint32_t)view->bytes[3] << 8;
    return length >= 8 && view_take(view, length) && wireless(view);
}

/* Attributes in the byte order of the capturing machine, nearly always little-endian. */
static bool nflog(struct view *view)
{
    if (!view_take(view, 4)) {
        return false;
    }
    while (view->captured >= 4) {
        uint32_t length = view->bytes[0] | (uint32_t)view->bytes[1] << 8;
        uint32_t type = (view->bytes[2] | (uint32_t)view->bytes[3] << 8) & 0x7FFF;
        if (length < 4) {
            return false;
        }
        if (type == 9) {
            return view_take(view, 4) && starts_ip(view);
        }
        if (!view_take(view, (length + 3) & ~3u)) {
            return false;
        }
    }
    return false;
}

enum link_type {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_FDDI = 10,
    LINK_RAW_12 = 12,
    LINK_RAW_14 = 14,
    LINK_PPP_SERIAL = 50,
    LINK_PPP_ETHER = 51,
    LINK_RAW = 101,
    LINK_C_HDLC = 104,
    LINK_WIRELESS = 105,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_RADIOTAP = 127,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_NFLOG = 239,
    LINK_SLL2 = 276,
};

bool link_known(int link_type)
{
    static const int known[] = {
        LINK_NULL,       LINK_ETHERNET,  LINK_PPP,  LINK_FDDI,   LINK_RAW_12,   LINK_RAW_14,
        LINK_PPP_SERIAL, LINK_PPP_ETHER, LINK_RAW,  LINK_C_HDLC, LINK_WIRELESS, LINK_LOOP,
        LINK_SLL,        LINK_RADIOTAP,  LINK_IPV4, LINK_IPV6,   LINK_NFLOG,    LINK_SLL2};
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i] == link_type) {
            return true;
        }
    }
    return false;
}

bool link_to_ip(int link_type, struct view *view)
{
    const uint8_t *at;
    switch (link_type) {
    case LINK_NULL:
    case LINK_LOOP:
        return view_take(view, 4) && starts_ip(view);
    case LINK_ETHERNET:
        return link_ethernet(view);
    case LINK_PPP:
    case LINK_PPP_SERIAL:
        return ppp(view);
    case LINK_PPP_ETHER:
        return view_take(view, 6) && ppp(view);
    case LINK_FDDI:
        return view_take(view, 13) && snap(view);
    case LINK_RAW_12:
    case LINK_RAW_14:
    case LINK_RAW:
    case LINK_IPV4:
    case LINK_IPV6:
        return starts_ip(view);
    case LINK_C_HDLC:
        at = view_take(view, 4);
        return at && link_ether_type(view_get16(at + 2), view);
    case LINK_WIRELESS:
        return wireless(view);
    case LINK_RADIOTAP:
        return radiotap(view);
    case LINK_SLL:
        at = view_take(view, 16);
        return at && link_ether_type(view_get16(at + 14), view);
    case LINK_SLL2:
        at = view_take(view, 20);
        return at && link_ether_type(view_get16(at), view);
    case LINK_NFLOG:
        return nflog(view);
    default:
        return false;
    }
}
