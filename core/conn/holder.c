/* SPDX-License-Identifier: MIT */
#include "conn/holder.h"

enum { HOLDER_COPY, HOLDER_FRAME };

struct copy {
    struct chim_seg seg;
    PMDL mdl;
    uint8_t bytes[];
};

_Static_assert(sizeof(struct chim_seg) <= sizeof(((PNIC_FRAME)0)->DriverReserved),
               "a holder fits into a frame");

static PNIC_FRAME frame_of(const struct chim_seg *seg)
{
    return (PNIC_FRAME)((ULONG_PTR)seg - offsetof(NIC_FRAME, DriverReserved));
}

static struct copy *copy_of(const struct chim_seg *seg)
{
    return (struct copy *)(ULONG_PTR)seg;
}

static struct chim_seg *describe(struct chim_seg *seg, uint8_t kind, const uint8_t *data,
                                 uint32_t len)
{
    seg->kind = kind;
    seg->flags = 0;
    seg->next = NULL;
    seg->data = data;
    seg->len = len;
    return seg;
}

struct chim_seg *chim_hold_frame(PNIC_FRAME frame, const uint8_t *data, uint32_t len)
{
    struct chim_seg *seg = (struct chim_seg *)(void *)frame->DriverReserved;
    return describe(seg, HOLDER_FRAME, data, len);
}

struct chim_seg *chim_hold_new(struct chim_adapter *ad, uint32_t len, uint8_t **bytes)
{
    if (len > 0x7FFFFFFFu - sizeof(struct copy)) {
        return NULL;
    }
    struct copy *copy = chim_alloc(ad, (uint32_t)sizeof(struct copy) + len);
    if (copy == NULL) {
        return NULL;
    }
    copy->mdl = NdisAllocateMdl(ad->handle, copy->bytes, len);
    if (copy->mdl == NULL) {
        NdisFreeMemory(copy, 0, 0);
        return NULL;
    }
    *bytes = copy->bytes;
    return describe(&copy->seg, HOLDER_COPY, copy->bytes, len);
}

void chim_hold_free(struct chim_adapter *ad, struct chim_seg *list)
{
    PNIC_FRAME frames = NULL;
    while (list != NULL) {
        struct chim_seg *next = list->next;
        if (list->kind == HOLDER_FRAME) {
            PNIC_FRAME frame = frame_of(list);
            frame->Next = frames;
            frames = frame;
        } else {
            NdisFreeMdl(copy_of(list)->mdl);
            NdisFreeMemory(copy_of(list), 0, 0);
        }
        list = next;
    }
    if (frames != NULL) {
        NicReturnFrames(ad->nic, frames);
    }
}

PMDL chim_hold_mdl(const struct chim_seg *seg)
{
    return seg->kind == HOLDER_FRAME ? frame_of(seg)->Mdl : copy_of(seg)->mdl;
}

uint32_t chim_hold_offset(const struct chim_seg *seg)
{
    const uint8_t *base = seg->kind == HOLDER_FRAME ? frame_of(seg)->Data : copy_of(seg)->bytes;
    return (uint32_t)(seg->data - base);
}
