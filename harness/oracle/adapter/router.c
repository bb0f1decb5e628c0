/* SPDX-License-Identifier: MIT
 *
 * What routers say does not concern the target: only the host changes the path MTU.
 */
#include "oracle/adapter/router.h"
#include "oracle/ledger/sends.h"
#include "oracle/model/flows.h"
#include "oracle/model/objects.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/report/report.h"

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* The datagram that an ICMP message quotes, when that says "too big": NULL for all else. */
static const uint8_t *quoted(const struct orc_packet *packet, uint32_t *mtu, uint32_t *room)
{
    const uint8_t *icmp = packet->frame + packet->ip_at + packet->ip_header;
    uint32_t bytes = packet->ip_bytes - packet->ip_header;
    bool four = packet->version == 4 && packet->protocol == 1;
    bool six = packet->version == 6 && packet->protocol == 58;
    if (bytes < 8 || packet->ip_bytes < packet->ip_header || (!four && !six)) {
        return NULL;
    }
    *room = bytes - 8;
    if (four && icmp[0] == 3 && icmp[1] == 4) {
        *mtu = get16(icmp + 6);
        return icmp + 8;
    }
    *mtu = get16(icmp + 4) << 16 | get16(icmp + 6);
    return six && icmp[0] == 2 ? icmp + 8 : NULL;
}

void orc_router_frame(struct oracle *o, const struct orc_packet *packet)
{
    uint32_t mtu, room, fixed = packet->version == 6 ? 40 : 20;
    const uint8_t *ip = packet->ip_right ? quoted(packet, &mtu, &room) : NULL;
    if (!ip || room < fixed + 4) {
        return;
    }
    uint32_t source = packet->version == 6 ? 8 : 12, size = packet->version == 6 ? 16 : 4;
    struct orc_conn *c =
        orc_flow_find(o, packet->version, ip + source, ip + source + size,
                      (uint16_t)get16(ip + fixed), (uint16_t)get16(ip + fixed + 2));
    const struct orc_object *path = c ? orc_object(o, c->path) : NULL;
    if (path && mtu > fixed + 20 && mtu < path->mtu) {
        c->life->reported_mtu = mtu;
        c->life->reported_cuts = 0;
    }
}

/* New data of a connection whose path MTU a router called too large. One segment may be cut to that
 * size by chance; two in a row, with more to send and room for it, are not. */
void orc_router_data(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp, int64_t begin)
{
    struct orc_life *x = c->life;
    const struct orc_send *s = c->send;
    const struct orc_object *path = orc_object(o, c->path);
    uint32_t fixed = c->version == 6 ? 60 : 40;
    int64_t end = begin + tcp->length;
    if (!x->reported_mtu || !path || begin < s->max || end >= s->handed) {
        return;
    }
    if (path->update_step != ORC_NONE || path->update_open) {
        x->reported_mtu = 0;
        return;
    }
    bool room = s->window_sure && end + path->mtu <= s->una_sure + (int64_t)s->window;
    bool cut = tcp->length + tcp->options == x->reported_mtu - fixed &&
               x->reported_mtu - fixed < c->remote_mss;
    orc_ran(o, ORC_PKT_MTU_1);
    x->reported_cuts = cut && room ? x->reported_cuts + 1 : 0;
    if (x->reported_cuts == 2) {
        orc_fail(o, orc_ordinal(o, c), ORC_PKT_MTU_1,
                 orc_text(o, "segments by the path MTU of the host, %u", path->mtu),
                 orc_text(o, "cut to the %u that a router named", x->reported_mtu));
    }
}
