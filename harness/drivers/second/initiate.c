/* SPDX-License-Identifier: MIT
 *
 * Taking trees over: neighbors, paths, and who hangs on whom.
 */
#include "second.h"

typedef PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST BLOCKS;

/* Copies a state structure; an older one may be shorter. */
void state_read(void *To, const OFFLOAD_STATE_HEADER *From, ULONG Size)
{
    memset(To, 0, Size);
    memcpy(To, From, min_of(From->Length, Size));
}

static NEIGHBOR *neighbor_new(ADAPTER *A, BLOCKS Block, NDIS_STATUS *Status)
{
    NEIGHBOR_OFFLOAD_STATE_CONST Const;
    NEIGHBOR_OFFLOAD_STATE_CACHED Cached;
    NEIGHBOR_OFFLOAD_STATE_DELEGATED Delegated;
    POFFLOAD_STATE_HEADER State = ndis_offload_state_first(Block);
    NEIGHBOR *N;
    state_read(&Const, State, sizeof(Const));
    State = ndis_offload_state_next(State);
    state_read(&Cached, State, sizeof(Cached));
    State = ndis_offload_state_next(State);
    state_read(&Delegated, State, sizeof(Delegated));
    *Status = NDIS_STATUS_OFFLOAD_VLAN_MISMATCH;
    if (Const.VlanId != 0 && A->VlanId != 0 && Const.VlanId != A->VlanId)
        return NULL;
    *Status = NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES;
    if (A->NeighborCount >= SECOND_NEIGHBORS)
        return NULL;
    *Status = NDIS_STATUS_RESOURCES;
    N = memory_take(A, sizeof(*N));
    if (N == NULL)
        return NULL;
    N->Kind = KIND_NEIGHBOR;
    N->OffloadHandle = Block->NdisOffloadHandle;
    memcpy(N->Source, Const.DlSourceAddress, sizeof(N->Source));
    memcpy(N->Destination, Cached.DlDestinationAddress, sizeof(N->Destination));
    N->VlanId = Const.VlanId;
    N->HostAt = (LONG64)now_ms() - (LONG64)ticks_to_ms(A, Cached.HostReachabilityDelta);
    N->NicAt = (LONG64)now_ms() - (LONG64)ticks_to_ms(A, Delegated.NicReachabilityDelta);
    N->Next = A->Neighbors;
    A->Neighbors = N;
    A->NeighborCount++;
    return N;
}

static PATH *path_new(ADAPTER *A, BLOCKS Block, NEIGHBOR *Neighbor, NDIS_STATUS *Status)
{
    PATH_OFFLOAD_STATE_CONST Const;
    PATH_OFFLOAD_STATE_CACHED Cached;
    POFFLOAD_STATE_HEADER State = ndis_offload_state_first(Block);
    PATH *P;
    state_read(&Const, State, sizeof(Const));
    State = ndis_offload_state_next(State);
    state_read(&Cached, State, sizeof(Cached));
    *Status = NDIS_STATUS_OFFLOAD_PATH_ENTRIES;
    if (A->PathCount >= SECOND_PATHS)
        return NULL;
    *Status = NDIS_STATUS_RESOURCES;
    P = memory_take(A, sizeof(*P));
    if (P == NULL)
        return NULL;
    P->Kind = KIND_PATH;
    P->OffloadHandle = Block->NdisOffloadHandle;
    P->V6 = Block->Header.Type == Ip6OffloadState;
    memcpy(P->Source, Const.SourceAddress, P->V6 ? 16 : 4);
    memcpy(P->Destination, Const.DestinationAddress, P->V6 ? 16 : 4);
    P->Mtu = Cached.PathMtu;
    P->Neighbor = Neighbor;
    Neighbor->Paths++;
    P->Next = A->Paths;
    A->Paths = P;
    A->PathCount++;
    return P;
}

/* A new object of the kind that may hang on Parent. NULL: not taken, *Status says why. */
static PVOID object_new(ADAPTER *A, BLOCKS Block, PVOID Parent, NDIS_STATUS *Status)
{
    ULONG Kind = Parent != NULL ? ((NEIGHBOR *)Parent)->Kind : 0;
    *Status = NDIS_STATUS_FAILURE;
    if (A->HardwareLost)
        return NULL;
    if (Kind == 0 && Block->Header.Type == NeighborOffloadState)
        return neighbor_new(A, Block, Status);
    if (Kind == KIND_NEIGHBOR &&
        (Block->Header.Type == Ip4OffloadState || Block->Header.Type == Ip6OffloadState))
        return path_new(A, Block, Parent, Status);
    if (Kind == KIND_PATH && Block->Header.Type == TcpOffloadState)
        return conn_new(A, Block, Parent, Status);
    return NULL;
}

static void refuse(BLOCKS Block)
{
    for (; Block != NULL; Block = Block->NextBlock) {
        Block->Status =
            Block->MiniportOffloadContext == NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_FAILURE;
        refuse(Block->DependentBlockList);
    }
}

static BOOLEAN is_taken(NDIS_STATUS Status)
{
    return Status == NDIS_STATUS_SUCCESS || Status == NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS;
}

/* All, some or none of the immediate dependents. */
static NDIS_STATUS judge(BLOCKS Children, BOOLEAN Linker)
{
    ULONG Taken = 0, All = 0;
    for (; Children != NULL; Children = Children->NextBlock) {
        All++;
        Taken += is_taken(Children->Status);
    }
    if (Taken == All)
        return NDIS_STATUS_SUCCESS;
    return Linker && Taken == 0 ? NDIS_STATUS_FAILURE : NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS;
}

/* Depth first: a block, its dependents, the next one. FALSE: a root failed, and the walk ends. */
static BOOLEAN take(ADAPTER *A, BLOCKS Block, PVOID Parent, BOOLEAN Root)
{
    for (; Block != NULL; Block = Block->NextBlock) {
        PVOID Object = Parent;
        BOOLEAN Placeholder = Block->MiniportOffloadContext == NULL;
        BOOLEAN Linker = !Placeholder && *Block->MiniportOffloadContext != NULL;
        NDIS_STATUS Status;
        if (Linker)
            Object = *Block->MiniportOffloadContext;
        if (!Placeholder && !Linker) {
            Object = object_new(A, Block, Parent, &Status);
            if (Object == NULL) {
                Block->Status = Status;
                refuse(Block->DependentBlockList);
                if (Root) {
                    refuse(Block->NextBlock);
                    return FALSE;
                }
                continue;
            }
            *Block->MiniportOffloadContext = Object;
        }
        take(A, Block->DependentBlockList, Object, FALSE);
        Block->Status =
            Placeholder ? NDIS_STATUS_SUCCESS : judge(Block->DependentBlockList, Linker);
    }
    return TRUE;
}

void initiate_tree(ADAPTER *A, BLOCKS Tree)
{
    take(A, Tree, NULL, TRUE);
}

static void unlink_path(ADAPTER *A, PATH *P)
{
    PATH **At = &A->Paths;
    while (*At != P)
        At = &(*At)->Next;
    *At = P->Next;
    P->Neighbor->Paths--;
    A->PathCount--;
    memory_give(P, sizeof(*P));
}

static void unlink_neighbor(ADAPTER *A, NEIGHBOR *N)
{
    NEIGHBOR **At = &A->Neighbors;
    while (*At != N)
        At = &(*At)->Next;
    *At = N->Next;
    A->NeighborCount--;
    memory_give(N, sizeof(*N));
}

void object_free(ADAPTER *A, PVOID Object)
{
    switch (((NEIGHBOR *)Object)->Kind) {
    case KIND_NEIGHBOR:
        unlink_neighbor(A, Object);
        break;
    case KIND_PATH:
        unlink_path(A, Object);
        break;
    default:
        conn_free(A, Object);
        break;
    }
}
