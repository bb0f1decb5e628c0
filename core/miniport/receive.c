/* SPDX-License-Identifier: MIT */
#include "miniport/receive.h"

#include "conn/input.h"
#include "miniport/hostreceive.h"
#include "miniport/table.h"

static void count(struct chim_adapter *ad, const struct chim_packet *packet)
{
    struct chim_stats *stats = chim_stats_of(ad, packet->family);
    CHIM_COUNT(stats->ip.InReceives, 1u);
    CHIM_COUNT(stats->ip.InOctets, packet->ip_bytes);
    CHIM_COUNT(stats->ip.InDelivers, 1u);
    CHIM_COUNT(stats->tcp.InSegments, 1u);
}

static void pass_up(struct chim_adapter *ad, PNIC_FRAME frame)
{
    frame->Next = NULL;
    chim_hostreceive_indicate(ad, frame);
}

static void drop(struct chim_adapter *ad, PNIC_FRAME frame)
{
    frame->Next = NULL;
    NicReturnFrames(ad->nic, frame);
}

static void receive_frame(struct chim_adapter *ad, PNIC_FRAME frame)
{
    struct chim_packet packet;
    struct chim_conn *c = NULL;
    if (!chim_packet_parse(frame->Data, frame->Length, &packet)) {
        pass_up(ad, frame);
        return;
    }
    enum chim_match match = chim_table_find(ad, &packet, &c);
    if (match == CHIM_MATCH_WRONG_VLAN) {
        drop(ad, frame);
        return;
    }
    if (match == CHIM_MATCH_NONE) {
        pass_up(ad, frame);
        return;
    }
    if (!chim_packet_sums_ok(frame->Data, &packet)) {
        chim_object_drop(&c->obj);
        pass_up(ad, frame); /* the preferred of two ways, without counting (PKT-CSUM-1) */
        return;
    }
    struct chim_arrival arrival = {packet.tcp, frame, NULL};
    chim_conn_lock(c);
    enum chim_input result = chim_input(c, &arrival);
    if (result != CHIM_INPUT_UP) {
        count(ad, &packet);
    }
    chim_conn_drain(c);
    chim_object_drop(&c->obj);
    if (result == CHIM_INPUT_UP) {
        pass_up(ad, frame);
    } else if (result == CHIM_INPUT_DONE) {
        drop(ad, frame);
    }
}

VOID NDIS_CALL chim_receive_frames(PVOID context, PNIC_FRAME frames)
{
    struct chim_adapter *ad = context;
    while (frames != NULL) {
        PNIC_FRAME next = frames->Next;
        receive_frame(ad, frames);
        frames = next;
    }
}
