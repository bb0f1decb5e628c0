/* SPDX-License-Identifier: MIT
 *
 * Every frame that the target transmits: whose it is, and whether it is built from the offloaded
 * state.
 */
#include "oracle/segment/wire_check.h"
#include "oracle/adapter/reach.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/flows.h"
#include "oracle/model/passings.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/receive/wire_window.h"
#include "oracle/report/report.h"
#include "oracle/segment/host_frames.h"
#include "oracle/send/send_wire.h"

#include <string.h>

/* Values replaced by an UPD may still show until the step of its completion is over. */
static bool old_too(const struct oracle *o, bool open, uint32_t step)
{
    return open || step == o->steps || (step != ORC_NONE && orc_wire_waived(o));
}

static void header(struct oracle *o, const struct orc_conn *conn, bool right, const char *what,
                   uint32_t expected, uint32_t actual)
{
    if (!right) {
        orc_fail(o, orc_ordinal(o, conn), ORC_WIRE_HDR_1, orc_text(o, "%s 0x%x", what, expected),
                 orc_text(o, "0x%x", actual));
    }
}

static bool either(const struct oracle *o, const struct orc_conn *conn, uint32_t actual,
                   uint32_t now, uint32_t before)
{
    return actual == now || (actual == before && old_too(o, conn->update_open, conn->update_step));
}

static void judge_link(struct oracle *o, const struct orc_conn *conn,
                       const struct orc_packet *packet)
{
    const struct orc_object *path = orc_object(o, conn->path);
    uint32_t before = path ? path->parent_old : ORC_NONE;
    bool moved = path && before != path->parent && old_too(o, path->update_open, path->update_step);
    const struct orc_object *neighbor = path ? orc_object(o, path->parent) : NULL;
    if (!neighbor || moved) {
        return;
    }
    orc_ran(o, ORC_WIRE_HDR_1);
    orc_ran(o, ORC_WIRE_TAG_1);
    bool to = memcmp(packet->frame, neighbor->mac, 6) == 0 ||
              (memcmp(packet->frame, neighbor->mac_old, 6) == 0 &&
               old_too(o, neighbor->update_open, neighbor->update_step));
    const uint8_t *source = neighbor->source_set ? neighbor->source : o->adapter->mac;
    bool from = memcmp(packet->frame + 6, source, 6) == 0;
    o->ran[ORC_UPD_LINK_1] += path && before != path->parent;
    o->ran[ORC_INIT_MAC_1] += neighbor->source_set;
    if (!to) {
        orc_fail(o, orc_ordinal(o, conn), ORC_WIRE_HDR_1,
                 orc_text(o, "the neighbor's address as destination, %s",
                          orc_bytes(o, neighbor->mac, 6)),
                 orc_bytes(o, packet->frame, 6));
    }
    if (!from && (neighbor->source_set || o->adapter->mac_known)) {
        orc_fail(o, orc_ordinal(o, conn), neighbor->source_set ? ORC_INIT_MAC_1 : ORC_WIRE_HDR_1,
                 orc_text(o, "the %s source address, %s",
                          neighbor->source_set ? "neighbor's" : "interface's",
                          orc_bytes(o, source, 6)),
                 orc_bytes(o, packet->frame + 6, 6));
    }
    uint32_t now = conn->cached.UserPriority, was = conn->cached_old.UserPriority;
    uint32_t priority = packet->tag >> 13;
    bool tag_needed = neighbor->vlan != 0;
    bool right =
        packet->tagged
            ? (packet->tag & 0x1000) == 0 && (packet->tag & 0xFFF) == neighbor->vlan &&
                  (either(o, conn, priority, now, was) || (priority == 0 && neighbor->vlan))
            : !tag_needed;
    if (packet->tagged && !neighbor->vlan && priority == 0) {
        right = false;
    }
    if (!right) {
        orc_fail(o, orc_ordinal(o, conn), ORC_WIRE_TAG_1,
                 orc_text(o, "VLAN %u, priority %u", neighbor->vlan, now),
                 packet->tagged ? orc_text(o, "tag 0x%04x", packet->tag) : "no tag");
    }
}

static void wire_check_judge_ip(struct oracle *o, const struct orc_conn *conn,
                                const struct orc_packet *packet)
{
    const TCP_OFFLOAD_STATE_CACHED *now = &conn->cached, *was = &conn->cached_old;
    o->ran[ORC_UPD_CACHE_1] += conn->update_step != ORC_NONE;
    if (!packet->ip_right) {
        header(o, conn, false, "IP header checksum", orc_right_checksum(packet, false),
               orc_checksum(packet, false));
    }
    header(o, conn, either(o, conn, packet->ttl, now->TtlOrHopLimit, was->TtlOrHopLimit),
           "TTL or hop limit", now->TtlOrHopLimit, packet->ttl);
    header(o, conn, either(o, conn, packet->tos, now->TosOrTrafficClass, was->TosOrTrafficClass),
           "TOS or traffic class", now->TosOrTrafficClass, packet->tos);
    if (packet->version == 6) {
        header(o, conn, either(o, conn, packet->flow_label, now->FlowLabel, was->FlowLabel),
               "flow label", now->FlowLabel, packet->flow_label);
        return;
    }
    orc_ran(o, ORC_WIRE_IPID_1);
    if (!(packet->fragment & 0x4000) || (packet->fragment & 0xBFFF) || packet->id < 0x8000) {
        orc_fail(o, orc_ordinal(o, conn), ORC_WIRE_IPID_1,
                 "DF set, no fragment, identification from 0x8000 up",
                 orc_text(o, "flags and offset 0x%04x, identification 0x%04x", packet->fragment,
                          packet->id));
    }
}

static void wire_check_judge_tcp(struct oracle *o, const struct orc_conn *conn,
                                 const struct orc_packet *packet)
{
    const struct orc_tcp *tcp = &packet->tcp;
    uint8_t never = TCP_SYN | TCP_ECE | TCP_CWR;
    uint32_t ordinal = orc_ordinal(o, conn);
    if (!tcp->checksum_right) {
        header(o, conn, false, "TCP checksum", orc_right_checksum(packet, true),
               orc_checksum(packet, true));
    }
    header(o, conn, tcp->reserved == 0, "reserved bits", 0, tcp->reserved);
    header(o, conn, !(tcp->flags & never), "flags without SYN, ECE and CWR,",
           tcp->flags & ~(uint32_t)never, tcp->flags);
    header(o, conn, tcp->flags & (TCP_ACK | TCP_RST), "flags with ACK,", tcp->flags | TCP_ACK,
           tcp->flags);
    if (!tcp->options_right || !tcp->padding_right) {
        orc_fail(o, ordinal, ORC_WIRE_HDR_1,
                 "options of legal lengths, and nothing but zeros behind their end",
                 orc_bytes(o, tcp->payload - tcp->options, tcp->options));
    }
    orc_ran(o, ORC_URG_INIT_1);
    if (tcp->flags & TCP_URG) {
        orc_fail(o, ordinal, ORC_URG_INIT_1, "URG never set",
                 orc_text(o, "flags 0x%02x", tcp->flags));
    }
    const struct orc_object *path = orc_object(o, conn->path);
    if (!path || !tcp->length) {
        return;
    }
    uint32_t mtu = path->mtu;
    if (path->mtu_old > mtu && old_too(o, path->update_open, path->update_step)) {
        mtu = path->mtu_old;
    }
    uint32_t fixed = packet->version == 4 ? 40 : 60;
    uint32_t most = mtu - fixed < conn->remote_mss ? mtu - fixed : conn->remote_mss;
    orc_ran(o, ORC_WIRE_MSS_1);
    if (tcp->length + tcp->options > most) {
        orc_fail(o, ordinal, ORC_WIRE_MSS_1,
                 orc_text(o, "at most %u bytes of payload and options", most),
                 orc_text(o, "%u + %u", tcp->length, tcp->options));
    }
}

static void judge_length(struct oracle *o, uint32_t conn, const struct orc_packet *packet)
{
    uint32_t padding = packet->frame_bytes - packet->end;
    if (packet->frame_bytes > (packet->tagged ? 64u : 60u) && padding > 0) {
        orc_fail(o, conn, ORC_WIRE_HDR_1, orc_text(o, "a frame of %u bytes", packet->end),
                 orc_text(o, "%u", packet->frame_bytes));
    }
    o->ran[ORC_WIRE_PAD_1] += padding > 1;
    for (uint32_t i = 1; i < padding; i++) {
        if (packet->frame[packet->end + i] != packet->frame[packet->end]) {
            orc_fail(o, conn, ORC_WIRE_PAD_1, "padding of zeros or of one repeated byte",
                     orc_text(o, "0x%02x behind 0x%02x", packet->frame[packet->end + i],
                              packet->frame[packet->end]));
            return;
        }
    }
}

/* A frame of no connection that is being served: the host's own, or one without a cause. */
static void judge_foreign(struct oracle *o, const struct tap_event *ev,
                          const struct orc_packet *packet, const struct orc_conn *conn)
{
    orc_ran(o, ORC_WIRE_QUIET_1);
    if (orc_host_frame_out(o, ev, packet) || !o->connections->live_ever) {
        return;
    }
    bool reset = packet->plain && packet->ip_right && (packet->tcp.flags & TCP_RST);
    const char *actual =
        conn ? orc_text(o, "a frame of connection %u after its TermComplete (event %u)",
                        orc_ordinal(o, conn), conn->gone_event)
             : orc_text(o, "%u bytes, ethertype 0x%04x", ev->data.frame.length, packet->ethertype);
    orc_fail(o, orc_ordinal(o, conn), reset ? ORC_DISC_RST_3 : ORC_WIRE_QUIET_1,
             "only frames of offloaded connections, and those that the host sends", actual);
}

void orc_frame_out(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct orc_rows *rows = o->rows;
    orc_ran(o, ORC_DmaChecking);
    (void)call;
    struct orc_packet packet;
    struct orc_conn *conn = NULL;
    if (ev->status != NDIS_STATUS_SUCCESS) {
        orc_faults_refused(o);
    }
    if (!ev->ptr || ev->status == NDIS_STATUS_INVALID_LENGTH) {
        return;
    }
    orc_parse_frame(ev->ptr, ev->data.frame.length, &packet);
    bool tcp = packet.plain && packet.version && packet.tcp.valid;
    if (tcp) {
        conn = orc_flow_find(o, packet.version, packet.source, packet.destination,
                             packet.tcp.source_port, packet.tcp.destination_port);
    }
    if (!conn || conn->phase == ORC_GONE || conn->phase == ORC_ABSENT) {
        judge_foreign(o, ev, &packet, conn && conn->phase == ORC_GONE ? conn : NULL);
        return;
    }
    if (conn->phase == ORC_STARTING && orc_host_frame_out(o, ev, &packet)) {
        return;
    }
    if (conn->sane) {
        orc_quiescence_frame(o, conn, ev->status == NDIS_STATUS_SUCCESS);
        orc_reach_frame(o, conn);
        judge_length(o, orc_ordinal(o, conn), &packet);
        judge_link(o, conn, &packet);
        wire_check_judge_ip(o, conn, &packet);
        wire_check_judge_tcp(o, conn, &packet);
        for (uint32_t i = 0; rows->transmitted[i]; i++) {
            rows->transmitted[i](o, conn, &packet.tcp);
        }
        orc_window_frame(o, ev, conn, &packet.tcp);
    }
    orc_send_frame(o, ev, conn, &packet);
}
