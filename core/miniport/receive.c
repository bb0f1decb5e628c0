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

static void receive_segment(struct chim_adapter *ad, PNIC_FRAME frame,
                            const struct chim_packet *packet, struct chim_conn *c)
{
    if (!chim_packet_sums_ok(frame->Data, packet)) {
        chim_object_drop(&c->obj);
        pass_up(ad, frame); /* the preferred of two ways, without counting (PKT-CSUM-1) */
        return;
    }
    struct chim_arrival arrival = {packet->tcp, frame, NULL};
    chim_conn_lock(c);
    enum chim_input result = chim_input(c, &arrival);
    if (result != CHIM_INPUT_UP) {
        count(ad, packet);
    }
    chim_conn_drain(c);
    chim_object_drop(&c->obj);
    if (result == CHIM_INPUT_UP) {
        pass_up(ad, frame);
    } else if (result == CHIM_INPUT_DONE) {
        drop(ad, frame);
    }
}

/* Some frames at once, so that what their connections need is on its way from memory while others
 * are being looked up. Returns how many were taken. */
static uint32_t take_frames(struct chim_adapter *ad, PNIC_FRAME *frames,
                            struct chim_lookup lookup[CHIM_LOOKUPS_MAX])
{
    uint32_t count = 0;
    while (*frames != NULL && count < CHIM_LOOKUPS_MAX) {
        struct chim_lookup *l = &lookup[count++];
        l->frame = *frames;
        l->conn = NULL;
        l->match = CHIM_MATCH_NONE;
        l->hash = 0;
        l->tcp = chim_packet_parse(l->frame->Data, l->frame->Length, &l->packet);
        if (!l->tcp && l->packet.fragment) {
            CHIM_COUNT(ad->fragments, 1u);
        }
        *frames = (*frames)->Next;
    }
    return count;
}

VOID NDIS_CALL chim_receive_frames(PVOID context, PNIC_FRAME frames)
{
    struct chim_adapter *ad = context;
    struct chim_lookup lookup[CHIM_LOOKUPS_MAX];
    while (frames != NULL) {
        uint32_t count = take_frames(ad, &frames, lookup);
        chim_table_find(ad, lookup, count);
        for (uint32_t i = 0; i < count; i++) {
            struct chim_lookup *l = &lookup[i];
            if (l->match == CHIM_MATCH_FOUND) {
                receive_segment(ad, l->frame, &l->packet, l->conn);
            } else if (l->match == CHIM_MATCH_WRONG_VLAN) {
                drop(ad, l->frame);
            } else {
                pass_up(ad, l->frame);
            }
        }
    }
}
