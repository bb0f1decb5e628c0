/* SPDX-License-Identifier: MIT */
#include "miniport/hostreceive.h"

#include "miniport/nbl.h"
#include "miniport/power.h"

#define FRAME(nbl) ((nbl)->MiniportReserved[0])

void chim_hostreceive_indicate(struct chim_adapter *ad, PNIC_FRAME frames)
{
    struct chim_nblq up = {NULL, NULL};
    PNIC_FRAME dropped = NULL;
    ULONG count = 0;
    while (frames != NULL) {
        PNIC_FRAME next = frames->Next;
        PNET_BUFFER_LIST nbl = NULL;
        if (CHIM_LOAD(ad->running)) {
            nbl = chim_nbl_get(ad, &ad->nonoff, frames->Mdl, 0, frames->Length);
        }
        if (nbl != NULL) {
            FRAME(nbl) = frames;
            chim_nblq_append(&up, nbl);
            count++;
        } else {
            frames->Next = dropped;
            dropped = frames;
        }
        frames = next;
    }
    if (dropped != NULL) {
        NicReturnFrames(ad->nic, dropped);
    }
    if (count != 0) {
        NdisMIndicateReceiveNetBufferLists(ad->handle, up.head, NDIS_DEFAULT_PORT_NUMBER, count,
                                           NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    }
}

VOID NDIS_CALL chim_hostreceive_return(NDIS_HANDLE adapter, PNET_BUFFER_LIST list, ULONG flags)
{
    struct chim_adapter *ad = adapter;
    PNIC_FRAME frames = NULL;
    KIRQL old = chim_enter();
    (void)flags;
    while (list != NULL) {
        PNET_BUFFER_LIST next = list->Next;
        PNIC_FRAME frame = FRAME(list);
        frame->Next = frames;
        frames = frame;
        chim_nbl_put(ad, &ad->nonoff, list);
        list = next;
    }
    if (frames != NULL) {
        NicReturnFrames(ad->nic, frames);
    }
    chim_pause_check(ad);
    chim_leave(old);
}
