/* SPDX-License-Identifier: MIT
 *
 * From a captured frame to the IP datagram in it: link headers, VLAN tags, provider
 * backbone bridges (802.1ah), MPLS, PPPoE, LLC/SNAP.
 */
#ifndef REPLAY_LINK_H
#define REPLAY_LINK_H

#include <stdbool.h>
#include <stdint.h>

/* What is left of a packet. */
struct view {
    const uint8_t *bytes;
    uint32_t captured; /* bytes that are there */
    uint32_t length;   /* bytes that were on the wire */
};

/* Drops bytes from the front; NULL if they were not captured, else where they began. */
const uint8_t *view_take(struct view *view, uint32_t count);
uint32_t view_get16(const uint8_t *at);
uint32_t view_get32(const uint8_t *at);

/* Moves the view to the IP header. False: no IP in it, or a link type that is not known. */
bool link_to_ip(int link_type, struct view *view);
bool link_known(int link_type);
/* The same from an Ethernet header (tunnels) or an EtherType on. */
bool link_ethernet(struct view *view);
bool link_ether_type(uint32_t type, struct view *view);

#endif
