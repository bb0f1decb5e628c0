/* SPDX-License-Identifier: MIT
 *
 * Moving and copying the used data of NET_BUFFERs.
 */
#include "ndis/internal.h"

static void seek(PNET_BUFFER nb)
{
    ULONG offset = nb->DataOffset;
    PMDL mdl = nb->MdlChain;
    while (mdl && mdl->Next && offset >= mdl->ByteCount) {
        offset -= mdl->ByteCount;
        mdl = mdl->Next;
    }
    nb->CurrentMdl = mdl;
    nb->CurrentMdlOffset = offset;
}

VOID NDIS_CALL NdisAdvanceNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta,
                                             BOOLEAN FreeMdl,
                                             NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler)
{
    NDS_GIVEN(GIVEN_BUFFER, NetBuffer);
    (void)FreeMdl, (void)FreeMdlHandler; /* nothing here was allocated by a retreat */
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    if (DataOffsetDelta > NetBuffer->DataLength) {
        nds_misuse(MISUSE_ADVANCE_TOO_FAR, TAP_NONE, DataOffsetDelta);
        DataOffsetDelta = NetBuffer->DataLength;
    }
    NetBuffer->DataOffset += DataOffsetDelta;
    NetBuffer->DataLength -= DataOffsetDelta;
    seek(NetBuffer);
}

VOID NDIS_CALL NdisAdvanceNetBufferListDataStart(PNET_BUFFER_LIST NetBufferList,
                                                 ULONG DataOffsetDelta, BOOLEAN FreeMdl,
                                                 NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler)
{
    for (PNET_BUFFER nb = NetBufferList->FirstNetBuffer; nb; nb = nb->Next) {
        NdisAdvanceNetBufferDataStart(nb, DataOffsetDelta, FreeMdl, FreeMdlHandler);
    }
}

NDIS_STATUS NDIS_CALL
NdisRetreatNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta, ULONG DataBackFill,
                              NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler)
{
    NDS_GIVEN(GIVEN_BUFFER, NetBuffer);
    (void)DataBackFill, (void)AllocateMdlHandler;
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    if (DataOffsetDelta > NetBuffer->DataOffset) {
        return NDIS_STATUS_RESOURCES; /* no front space; the rig chains no new MDL */
    }
    NetBuffer->DataOffset -= DataOffsetDelta;
    NetBuffer->DataLength += DataOffsetDelta;
    seek(NetBuffer);
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NDIS_CALL NdisRetreatNetBufferListDataStart(
    PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta, ULONG DataBackFill,
    NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler, NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler)
{
    for (PNET_BUFFER nb = NetBufferList->FirstNetBuffer; nb; nb = nb->Next) {
        if (DataOffsetDelta > nb->DataOffset) {
            return NDIS_STATUS_RESOURCES;
        }
    }
    (void)FreeMdlHandler;
    for (PNET_BUFFER nb = NetBufferList->FirstNetBuffer; nb; nb = nb->Next) {
        (void)NdisRetreatNetBufferDataStart(nb, DataOffsetDelta, DataBackFill, AllocateMdlHandler);
    }
    return NDIS_STATUS_SUCCESS;
}

struct cursor {
    PMDL mdl;
    uint64_t offset;
};

static struct cursor cursor_at(PNET_BUFFER nb, ULONG offset)
{
    struct cursor at = {nb->MdlChain, (uint64_t)nb->DataOffset + offset};
    while (at.mdl && at.offset >= at.mdl->ByteCount) {
        at.offset -= at.mdl->ByteCount;
        at.mdl = at.mdl->Next;
    }
    return at;
}

static ULONG cursor_left(const struct cursor *at)
{
    return at->mdl ? at->mdl->ByteCount - (ULONG)at->offset : 0;
}

static void cursor_step(struct cursor *at, ULONG bytes)
{
    at->offset += bytes;
    while (at->mdl && at->offset >= at->mdl->ByteCount) {
        at->offset -= at->mdl->ByteCount;
        at->mdl = at->mdl->Next;
    }
}

NDIS_STATUS NDIS_CALL NdisCopyFromNetBufferToNetBuffer(PNET_BUFFER Destination,
                                                       ULONG DestinationOffset, ULONG BytesToCopy,
                                                       PNET_BUFFER Source, ULONG SourceOffset,
                                                       PULONG BytesCopied)
{
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    struct cursor to = cursor_at(Destination, DestinationOffset);
    struct cursor from = cursor_at(Source, SourceOffset);
    ULONG room = DestinationOffset < Destination->DataLength
                     ? Destination->DataLength - DestinationOffset
                     : 0;
    ULONG have = SourceOffset < Source->DataLength ? Source->DataLength - SourceOffset : 0;
    ULONG want = BytesToCopy < room ? BytesToCopy : room;
    want = want < have ? want : have;
    ULONG done = 0;
    while (done < want) {
        ULONG take = cursor_left(&to) < cursor_left(&from) ? cursor_left(&to) : cursor_left(&from);
        take = take < want - done ? take : want - done;
        if (!take) {
            break;
        }
        memcpy(mdl_bytes(to.mdl) + to.offset, mdl_bytes(from.mdl) + from.offset, take);
        cursor_step(&to, take);
        cursor_step(&from, take);
        done += take;
    }
    *BytesCopied = done;
    return done ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

PVOID NDIS_CALL NdisGetDataBuffer(PNET_BUFFER NetBuffer, ULONG BytesNeeded, PVOID Storage,
                                  UINT AlignMultiple, UINT AlignOffset)
{
    (void)AlignOffset;
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    if (BytesNeeded > NetBuffer->DataLength) {
        return NULL;
    }
    struct cursor at = cursor_at(NetBuffer, 0);
    if (cursor_left(&at) >= BytesNeeded && at.mdl) {
        uint8_t *bytes = mdl_bytes(at.mdl) + at.offset;
        if (AlignMultiple <= 1 || (uintptr_t)bytes % AlignMultiple == 0) {
            return bytes;
        }
    }
    if (!Storage) {
        return NULL;
    }
    for (ULONG done = 0; done < BytesNeeded && at.mdl;) {
        ULONG take = cursor_left(&at) < BytesNeeded - done ? cursor_left(&at) : BytesNeeded - done;
        memcpy((uint8_t *)Storage + done, mdl_bytes(at.mdl) + at.offset, take);
        done += take;
        cursor_step(&at, take);
    }
    return Storage;
}
