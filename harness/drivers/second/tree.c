/* SPDX-License-Identifier: MIT
 *
 * The five state operations. A handler only queues its tree; a work item does the work, one tree
 * after the other, and completes it.
 */
#include "second.h"

typedef PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST BLOCKS;

static PVOID object_of(BLOCKS Block)
{
    return Block->MiniportOffloadContext != NULL ? *Block->MiniportOffloadContext : NULL;
}

/* The queue goes through MiniportReserved of the roots. */
static void operation_add(ADAPTER *A, BLOCKS Tree, ULONG_PTR Kind)
{
    Tree->MiniportReserved[0] = NULL;
    Tree->MiniportReserved[1] = (PVOID)Kind;
    if (A->OpTail != NULL)
        A->OpTail->MiniportReserved[0] = Tree;
    else
        A->OpHead = Tree;
    A->OpTail = Tree;
    if (!A->WorkQueued && A->OpRetryAt == NEVER && !A->Pumping) {
        A->WorkQueued = TRUE;
        NdisQueueIoWorkItem(A->WorkItem, work_function, A);
    }
}

static void operation_begin(NDIS_HANDLE Context, BLOCKS Tree, ULONG_PTR Kind)
{
    ADAPTER *A = Context;
    NdisAcquireSpinLock(&A->Lock);
    operation_add(A, Tree, Kind);
    NdisReleaseSpinLock(&A->Lock);
}

VOID NDIS_CALL SecondInitiate(NDIS_HANDLE Context, BLOCKS Tree)
{
    operation_begin(Context, Tree, OP_INITIATE);
}

VOID NDIS_CALL SecondQuery(NDIS_HANDLE Context, BLOCKS Tree)
{
    operation_begin(Context, Tree, OP_QUERY);
}

VOID NDIS_CALL SecondUpdate(NDIS_HANDLE Context, BLOCKS Tree)
{
    operation_begin(Context, Tree, OP_UPDATE);
}

VOID NDIS_CALL SecondInvalidate(NDIS_HANDLE Context, BLOCKS Tree)
{
    operation_begin(Context, Tree, OP_INVALIDATE);
}

/* From now on the connections of the tree process nothing that arrives. */
static void mark_terminating(BLOCKS Block)
{
    for (; Block != NULL; Block = Block->NextBlock) {
        CONN *C = object_of(Block);
        if (C != NULL && C->Kind == KIND_CONN)
            C->Terminating = TRUE;
        mark_terminating(Block->DependentBlockList);
    }
}

VOID NDIS_CALL SecondTerminate(NDIS_HANDLE Context, BLOCKS Tree)
{
    ADAPTER *A = Context;
    NdisAcquireSpinLock(&A->Lock);
    mark_terminating(Tree);
    operation_add(A, Tree, OP_TERMINATE);
    NdisReleaseSpinLock(&A->Lock);
}

/* Applies an operation to every object of a tree. A card that lost its state fails them. */
static void visit(ADAPTER *A, BLOCKS Block, PVOID Parent, ULONG_PTR Kind)
{
    for (; Block != NULL; Block = Block->NextBlock) {
        PVOID Object = object_of(Block);
        Block->Status = NDIS_STATUS_SUCCESS;
        if (Object != NULL && A->HardwareLost && Kind != OP_TERMINATE)
            Block->Status = NDIS_STATUS_FAILURE;
        else if (Object != NULL && Kind == OP_QUERY)
            state_query(A, Block, Object);
        else if (Object != NULL && Kind == OP_UPDATE)
            state_update(A, Block, Object, Parent);
        else if (Object != NULL && Kind == OP_INVALIDATE)
            state_invalidate(A, Object);
        else if (Kind == OP_TERMINATE)
            state_terminate(A, Block, Object);
        visit(A, Block->DependentBlockList, Object != NULL ? Object : Parent, Kind);
    }
}

/* FALSE: something of a connection still has to leave; later. */
static BOOLEAN prepare(ADAPTER *A, BLOCKS Block)
{
    for (; Block != NULL; Block = Block->NextBlock) {
        CONN *C = object_of(Block);
        if (C != NULL && C->Kind == KIND_CONN && !terminate_prepare(A, C))
            return FALSE;
        if (!prepare(A, Block->DependentBlockList))
            return FALSE;
    }
    return TRUE;
}

static void initiate_finished(ADAPTER *A)
{
    CONN *C;
    for (C = A->Conns; C != NULL; C = C->Next) {
        C->Dirty |= !C->InitDone;
        C->InitDone = TRUE;
    }
}

static void operation_complete(ADAPTER *A, BLOCKS Tree, ULONG_PTR Kind)
{
    NDIS_HANDLE Handle = completion_handle(A);
    NdisReleaseSpinLock(&A->Lock);
    if (Kind == OP_INITIATE)
        NdisMInitiateOffloadComplete(Handle, Tree);
    else if (Kind == OP_QUERY)
        NdisMQueryOffloadStateComplete(Handle, Tree);
    else if (Kind == OP_UPDATE)
        NdisMUpdateOffloadComplete(Handle, Tree);
    else if (Kind == OP_INVALIDATE)
        NdisMInvalidateOffloadComplete(Handle, Tree);
    else
        NdisMTerminateOffloadComplete(Handle, Tree);
    NdisAcquireSpinLock(&A->Lock);
    if (Kind == OP_INITIATE)
        initiate_finished(A);
    else if (Kind == OP_TERMINATE)
        terminate_sweep(A);
}

/* Does the oldest operation. TRUE: one was completed. */
BOOLEAN operation_step(ADAPTER *A)
{
    BLOCKS Tree = A->OpHead;
    ULONG_PTR Kind;
    if (Tree == NULL)
        return FALSE;
    Kind = (ULONG_PTR)Tree->MiniportReserved[1];
    if (Kind == OP_TERMINATE && !prepare(A, Tree)) {
        A->OpRetryAt = now_ms() + SECOND_RETRY_MS;
        return FALSE;
    }
    A->OpHead = Tree->MiniportReserved[0];
    if (A->OpHead == NULL)
        A->OpTail = NULL;
    if (Kind == OP_INITIATE)
        initiate_tree(A, Tree);
    else
        visit(A, Tree, NULL, Kind);
    operation_complete(A, Tree, Kind);
    return TRUE;
}
