/* SPDX-License-Identifier: MIT
 *
 * Memory descriptor lists (MDL), NET_BUFFER and NET_BUFFER_LIST: layout, accessors, functions.
 *
 * Invariant of a NET_BUFFER: DataOffset counts from the start of MdlChain to the used data;
 * CurrentMdl and CurrentMdlOffset name the same byte; DataLength is the used length. Chains are
 * singly linked and end in NULL.
 *
 * Chimney data MDLs are locked but not mapped: MappedSystemVa is meaningful only after
 * NdisQueryMdl.
 */
#ifndef NDIS_BUFFER_H
#define NDIS_BUFFER_H

#include "ndis_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MDL_MAPPED_TO_SYSTEM_VA 0x0001
#define MDL_PAGES_LOCKED 0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE 0x0008
#define MDL_PARTIAL 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_NETWORK_HEADER 0x1000

typedef struct _MDL {
    struct _MDL *Next;
    SHORT Size;
    SHORT MdlFlags;
    PVOID Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount; /* bytes described */
    ULONG ByteOffset;
} MDL, *PMDL;
NDIS_ASSERT_SIZE(MDL, 48);

typedef enum _MM_PAGE_PRIORITY {
    LowPagePriority = 0,
    NormalPagePriority = 16,
    HighPagePriority = 32
} MM_PAGE_PRIORITY;

/* Stand-in for the lock-free list header that NET_BUFFER and NET_BUFFER_LIST share storage with. */
typedef struct _SLIST_HEADER {
    NDIS_ALIGNED(16) ULONG64 Alignment;
    ULONG64 Region;
} SLIST_HEADER;

typedef struct _NET_BUFFER NET_BUFFER, *PNET_BUFFER;
typedef struct _NET_BUFFER_LIST NET_BUFFER_LIST, *PNET_BUFFER_LIST;

struct _NET_BUFFER {
    union {
        struct {
            PNET_BUFFER Next;
            PMDL CurrentMdl;
            ULONG CurrentMdlOffset; /* bytes into CurrentMdl */
            union {
                ULONG DataLength; /* bytes in use */
                SIZE_T stDataLength;
            };
            PMDL MdlChain;
            ULONG DataOffset; /* bytes from the start of MdlChain */
        };
        SLIST_HEADER Link;
    };
    USHORT ChecksumBias;
    USHORT Reserved;
    NDIS_HANDLE NdisPoolHandle;
    NDIS_ALIGNED(16) PVOID NdisReserved[2];
    NDIS_ALIGNED(16) PVOID ProtocolReserved[6];
    NDIS_ALIGNED(16) PVOID MiniportReserved[4];
    NDIS_PHYSICAL_ADDRESS DataPhysicalAddress;
    PVOID ScatterGatherList;
};
NDIS_ASSERT_OFFSET(NET_BUFFER, CurrentMdl, 8);
NDIS_ASSERT_OFFSET(NET_BUFFER, CurrentMdlOffset, 16);
NDIS_ASSERT_OFFSET(NET_BUFFER, DataLength, 24);
NDIS_ASSERT_OFFSET(NET_BUFFER, MdlChain, 32);
NDIS_ASSERT_OFFSET(NET_BUFFER, DataOffset, 40);
NDIS_ASSERT_OFFSET(NET_BUFFER, MiniportReserved, 128);
NDIS_ASSERT_SIZE(NET_BUFFER, 176);

/* Slots of NET_BUFFER_LIST.NetBufferListInfo (NDIS 6.20 set). The chimney uses three of them. */
typedef enum _NDIS_NET_BUFFER_LIST_INFO {
    TcpIpChecksumNetBufferListInfo = 0,
    /* ULONG in the slot, written by the target on send, receive and disconnect completion:
     * bytes transferred. */
    TcpOffloadBytesTransferred = TcpIpChecksumNetBufferListInfo,
    IPsecOffloadV1NetBufferListInfo = 1,
    TcpLargeSendNetBufferListInfo = 2,
    /* BOOLEAN in the slot, read by the target on a posted receive: TRUE = non-push mode. */
    TcpReceiveNoPush = TcpLargeSendNetBufferListInfo,
    ClassificationHandleNetBufferListInfo = 3,
    Ieee8021QNetBufferListInfo = 4,
    NetBufferListCancelId = 5,
    MediaSpecificInformation = 6,
    NetBufferListFrameType = 7,
    NetBufferListProtocolId = NetBufferListFrameType,
    NetBufferListHashValue = 8,
    NetBufferListHashInfo = 9,
    WfpNetBufferListInfo = 10,
    IPsecOffloadV2TunnelNetBufferListInfo = 11,
    IPsecOffloadV2HeaderNetBufferListInfo = 12,
    NetBufferListCorrelationId = 13,
    NetBufferListFilteringInfo = 14,
    MediaSpecificInformationEx = 15,
    NblOriginalInterfaceIfIndex = 16,
    /* ULONG, read by the target: bytes that the host already put into this posted receive. */
    TcpReceiveBytesTransferred = 17,
    MaxNetBufferListInfo = 18
} NDIS_NET_BUFFER_LIST_INFO;

struct _NET_BUFFER_LIST {
    union {
        struct {
            PNET_BUFFER_LIST Next;
            PNET_BUFFER FirstNetBuffer;
        };
        SLIST_HEADER Link;
    };
    PVOID Context;
    PNET_BUFFER_LIST ParentNetBufferList;
    NDIS_HANDLE NdisPoolHandle;
    NDIS_ALIGNED(16) PVOID NdisReserved[2];
    NDIS_ALIGNED(16) PVOID ProtocolReserved[4];
    NDIS_ALIGNED(16) PVOID MiniportReserved[2]; /* the target's, see below */
    PVOID Scratch;                              /* the current owner's */
    NDIS_HANDLE SourceHandle;
    ULONG NblFlags;
    LONG ChildRefCount;
    ULONG Flags; /* NBL_FLAGS_* */
    NDIS_STATUS Status;
    PVOID NetBufferListInfo[MaxNetBufferListInfo];
};
/* MiniportReserved of a list, and of a NET_BUFFER, is free for the target while it owns the list.
 * Of the target's own lists it survives an indication: the host writes only Next while it holds
 * them (it returns them linked in any order). Scratch, Status and the info slots belong to whoever
 * owns the list: do not trust them across ownership. */
NDIS_ASSERT_OFFSET(NET_BUFFER_LIST, NdisReserved, 48);
NDIS_ASSERT_OFFSET(NET_BUFFER_LIST, ProtocolReserved, 64);
NDIS_ASSERT_OFFSET(NET_BUFFER_LIST, MiniportReserved, 96);
NDIS_ASSERT_OFFSET(NET_BUFFER_LIST, Scratch, 112);
NDIS_ASSERT_OFFSET(NET_BUFFER_LIST, Status, 140);
NDIS_ASSERT_OFFSET(NET_BUFFER_LIST, NetBufferListInfo, 144);
NDIS_ASSERT_SIZE(NET_BUFFER_LIST, 288);

#define NBL_FLAGS_PROTOCOL_RESERVED 0xFFF00000u
#define NBL_FLAGS_SCRATCH 0x000F0000u
#define NBL_FLAGS_MINIPORT_RESERVED 0x0000F000u
#define NBL_FLAGS_NDIS_RESERVED 0x00000FFFu

#define NET_BUFFER_LIST_NEXT_NBL(nbl) ((nbl)->Next)
#define NET_BUFFER_LIST_FIRST_NB(nbl) ((nbl)->FirstNetBuffer)
#define NET_BUFFER_LIST_INFO(nbl, id) ((nbl)->NetBufferListInfo[(id)])
#define NET_BUFFER_LIST_STATUS(nbl) ((nbl)->Status)
#define NET_BUFFER_LIST_MINIPORT_RESERVED(nbl) ((nbl)->MiniportReserved)
#define NET_BUFFER_NEXT_NB(nb) ((nb)->Next)
#define NET_BUFFER_FIRST_MDL(nb) ((nb)->MdlChain)
#define NET_BUFFER_CURRENT_MDL(nb) ((nb)->CurrentMdl)
#define NET_BUFFER_CURRENT_MDL_OFFSET(nb) ((nb)->CurrentMdlOffset)
#define NET_BUFFER_DATA_LENGTH(nb) ((nb)->DataLength)
#define NET_BUFFER_DATA_OFFSET(nb) ((nb)->DataOffset)
#define NDIS_MDL_LINKAGE(mdl) ((mdl)->Next)

typedef struct _NET_BUFFER_LIST_POOL_PARAMETERS {
    NDIS_OBJECT_HEADER Header; /* Type NDIS_OBJECT_TYPE_DEFAULT, revision 1 */
    UCHAR ProtocolId;          /* 0 for miniports */
    BOOLEAN fAllocateNetBuffer;
    USHORT ContextSize;
    ULONG PoolTag;
    ULONG DataSize; /* nonzero requires fAllocateNetBuffer */
} NET_BUFFER_LIST_POOL_PARAMETERS, *PNET_BUFFER_LIST_POOL_PARAMETERS;
#define NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 1

typedef struct _NET_BUFFER_POOL_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    ULONG PoolTag;
    ULONG DataSize;
} NET_BUFFER_POOL_PARAMETERS, *PNET_BUFFER_POOL_PARAMETERS;
#define NET_BUFFER_POOL_PARAMETERS_REVISION_1 1

typedef PMDL(NDIS_CALL *NET_BUFFER_ALLOCATE_MDL_HANDLER)(PULONG BufferSize);
typedef VOID(NDIS_CALL *NET_BUFFER_FREE_MDL_HANDLER)(PMDL Mdl);

/* Allocates a pool of lists. Of all pools: NdisHandle is the miniport handle or NULL. NULL is
 * returned when memory is short. A pool is freed after every object taken from it was freed.
 * Source: ndis/nf-ndis-ndisallocatenetbufferlistpool. */
NDIS_LEVEL_TO_DISPATCH NDIS_HANDLE NDIS_CALL NdisAllocateNetBufferListPool(
    NDIS_IN NDIS_HANDLE NdisHandle, NDIS_IN PNET_BUFFER_LIST_POOL_PARAMETERS Parameters);
/* Frees a pool of lists. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisFreeNetBufferListPool(NDIS_IN NDIS_HANDLE PoolHandle);
/* Allocates a pool of buffers. */
NDIS_LEVEL_TO_DISPATCH NDIS_HANDLE NDIS_CALL NdisAllocateNetBufferPool(
    NDIS_IN NDIS_HANDLE NdisHandle, NDIS_IN PNET_BUFFER_POOL_PARAMETERS Parameters);
/* Frees a pool of buffers. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisFreeNetBufferPool(NDIS_IN NDIS_HANDLE PoolHandle);

/* Allocates a list without a buffer. Of all lists and buffers: sizes are multiples of
 * MEMORY_ALLOCATION_ALIGNMENT. The combined call needs a pool with fAllocateNetBuffer TRUE and
 * DataSize 0; MdlChain NULL requires offset and length 0. NULL is returned when memory is short;
 * the MDL chain stays the caller's in every case. */
NDIS_LEVEL_TO_DISPATCH PNET_BUFFER_LIST NDIS_CALL NdisAllocateNetBufferList(
    NDIS_IN NDIS_HANDLE PoolHandle, NDIS_IN USHORT ContextSize, NDIS_IN USHORT ContextBackFill);
/* Allocates a list with one buffer. */
NDIS_LEVEL_TO_DISPATCH PNET_BUFFER_LIST NDIS_CALL NdisAllocateNetBufferAndNetBufferList(
    NDIS_IN NDIS_HANDLE PoolHandle, NDIS_IN USHORT ContextSize, NDIS_IN USHORT ContextBackFill,
    NDIS_OPT PMDL MdlChain, NDIS_IN ULONG DataOffset, NDIS_IN SIZE_T DataLength);
/* Frees a list, with the buffer that it was allocated with. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisFreeNetBufferList(NDIS_IN PNET_BUFFER_LIST NetBufferList);
/* Allocates a buffer. */
NDIS_LEVEL_TO_DISPATCH PNET_BUFFER NDIS_CALL NdisAllocateNetBuffer(NDIS_IN NDIS_HANDLE PoolHandle,
                                                                   NDIS_OPT PMDL MdlChain,
                                                                   NDIS_IN ULONG DataOffset,
                                                                   NDIS_IN SIZE_T DataLength);
/* Frees a buffer. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisFreeNetBuffer(NDIS_IN PNET_BUFFER NetBuffer);

/* Shortens the used data of a buffer from the front by DataOffsetDelta bytes. FreeMdl FALSE keeps
 * every MDL. Advancing by more than DataLength is a bug of the caller. Source:
 * nblapi/ndisadvancenetbufferdatastart. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisAdvanceNetBufferDataStart(
    NDIS_IN PNET_BUFFER NetBuffer, NDIS_IN ULONG DataOffsetDelta, NDIS_IN BOOLEAN FreeMdl,
    NDIS_OPT NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);
/* Shortens the used data of every buffer of a list from the front. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisAdvanceNetBufferListDataStart(
    NDIS_IN PNET_BUFFER_LIST NetBufferList, NDIS_IN ULONG DataOffsetDelta, NDIS_IN BOOLEAN FreeMdl,
    NDIS_OPT NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);

/* Lengthens the used data of a buffer at the front by DataOffsetDelta bytes. It grows into free
 * front space of the chain or into a new first MDL. SUCCESS, RESOURCES or FAILURE; on failure
 * nothing has changed. */
NDIS_LEVEL_TO_DISPATCH NDIS_STATUS NDIS_CALL NdisRetreatNetBufferDataStart(
    NDIS_IN PNET_BUFFER NetBuffer, NDIS_IN ULONG DataOffsetDelta, NDIS_IN ULONG DataBackFill,
    NDIS_OPT NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler);
/* Lengthens the used data of every buffer of a list at the front. */
NDIS_LEVEL_TO_DISPATCH NDIS_STATUS NDIS_CALL NdisRetreatNetBufferListDataStart(
    NDIS_IN PNET_BUFFER_LIST NetBufferList, NDIS_IN ULONG DataOffsetDelta,
    NDIS_IN ULONG DataBackFill, NDIS_OPT NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler,
    NDIS_OPT NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);

/* Copies used data of one buffer to that of another. *BytesCopied says how many fitted. */
NDIS_LEVEL_TO_DISPATCH NDIS_STATUS NDIS_CALL NdisCopyFromNetBufferToNetBuffer(
    NDIS_IN PNET_BUFFER Destination, NDIS_IN ULONG DestinationOffset, NDIS_IN ULONG BytesToCopy,
    NDIS_IN PNET_BUFFER Source, NDIS_IN ULONG SourceOffset, NDIS_OUT PULONG BytesCopied);

/* Gives the first BytesNeeded bytes of the used data as one piece. In place when they are
 * contiguous and aligned, else copied to Storage, else NULL. */
NDIS_LEVEL_TO_DISPATCH PVOID NDIS_CALL NdisGetDataBuffer(NDIS_IN PNET_BUFFER NetBuffer,
                                                         NDIS_IN ULONG BytesNeeded,
                                                         NDIS_OPT PVOID Storage,
                                                         NDIS_IN UINT AlignMultiple,
                                                         NDIS_IN UINT AlignOffset);

/* Allocates an MDL of the caller's own nonpaged memory. It is mapped from the start. NULL when
 * memory is short. */
NDIS_LEVEL_TO_DISPATCH PMDL NDIS_CALL NdisAllocateMdl(NDIS_IN NDIS_HANDLE NdisHandle,
                                                      NDIS_IN PVOID VirtualAddress,
                                                      NDIS_IN UINT Length);
/* Frees an MDL that the driver allocated. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisFreeMdl(NDIS_IN PMDL Mdl);
/* Changes how many bytes an MDL describes. */
VOID NDIS_CALL NdisAdjustMdlLength(NDIS_IN PMDL Mdl, NDIS_IN UINT Length);

/* Maps an MDL and gives its address and length. *VirtualAddress is its first byte, or
 * NULL when mapping fails, *Length its bytes. The mapping stays until the owner of the MDL takes
 * it back; mapping twice is free of charge. */
VOID NDIS_CALL NdisQueryMdl(NDIS_IN PMDL Mdl, NDIS_OUT PVOID *VirtualAddress, NDIS_OUT PUINT Length,
                            NDIS_IN MM_PAGE_PRIORITY Priority);

/* Gives the next MDL of a chain. */
static inline VOID NdisGetNextMdl(PMDL CurrentMdl, PMDL *NextMdl)
{
    *NextMdl = CurrentMdl->Next;
}

#ifdef __cplusplus
}
#endif

#endif
