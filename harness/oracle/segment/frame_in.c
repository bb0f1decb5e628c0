/* SPDX-License-Identifier: MIT
 *
 * A frame from the wire: whose it is, and whether it may have got through.
 */
#include "oracle/adapter/counts.h"
#include "oracle/adapter/reach.h"
#include "oracle/adapter/router.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/cause.h"
#include "oracle/model/calls.h"
#include "oracle/model/flows.h"
#include "oracle/model/objects.h"
#include "oracle/segment/nonoff.h"
#include "oracle/segment/segment.h"

#include <string.h>

/* Whether the neighbor's VLAN lets a frame in. */
bool orc_vlan_fits(struct oracle *o, const struct orc_conn *conn, const struct orc_packet *packet)
{
    const struct orc_object *path = orc_object(o, conn->path);
    const struct orc_object *neighbor = path ? orc_object(o, path->parent) : NULL;
    if (!neighbor || !neighbor->vlan) {
        return true;
    }
    return packet->tagged && (packet->tag & 0xFFF) == neighbor->vlan;
}

void orc_frame_in(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_packet packet;
    struct orc_conn *conn = NULL;
    if (!ev->ptr) {
        return;
    }
    orc_parse_frame(ev->ptr, ev->data.frame.length, &packet);
    o->adapter->odd_packets |= packet.version && !packet.plain;
    bool tcp = packet.plain && packet.ip_right && packet.tcp.valid;
    o->ran[ORC_PKT_CSUM_1] +=
        packet.version && (!packet.ip_right || (packet.plain && !packet.tcp.checksum_right));
    if (tcp) {
        conn = orc_flow_find(o, packet.version, packet.destination, packet.source,
                             packet.tcp.destination_port, packet.tcp.source_port);
    }
    bool vlan = !conn || orc_vlan_fits(o, conn, &packet);
    o->ran[ORC_PKT_VLAN_1] += packet.tagged || !vlan;
    bool ours = conn && (!o->adapter->mac_known || memcmp(packet.frame, o->adapter->mac, 6) == 0);
    if (conn && packet.tcp.checksum_right && vlan) {
        /* A timer that runs out for several may have ended the connection, and not yet told. */
        orc_segment_in(o, ev, conn, &packet.tcp, !ours || orc_in_own_work(o));
    }
    if (conn) {
        orc_came_for(o, conn);
        /* What a batch brings first may end the connection for what follows, as may a timer. */
        bool alone = call && call->fn == TAP_NIC_RECEIVE && call->word == 1 && !orc_in_own_work(o);
        orc_counts_in(o, conn, &packet, ours && vlan && alone);
    } else if (packet.version && !packet.plain) {
        orc_router_frame(o, &packet);
    }
    bool regular =
        conn && (conn->phase == ORC_LIVE) && !conn->urgent_sure && !orc_closed_before(o, conn);
    bool foreign = conn && conn->phase == ORC_LIVE && !vlan; /* it is dropped */
    if (!regular && !foreign) {
        orc_nonoff_frame(o, ev, &packet, conn);
    }
}
