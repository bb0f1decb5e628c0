/* Operations on the state tree: neighbors, paths below them, connections below those. */
#include "driver.h"

/* INIT-ST-PH-1: a placeholder has nothing that could fail. */
static void TreeRefuse(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block)
{
    for (; Block != NULL; Block = Block->NextBlock) {
        Block->Status =
            Block->MiniportOffloadContext == NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_FAILURE;
        TreeRefuse(Block->DependentBlockList);
    }
}

/* TODO INIT-KIND-1, INIT-TRAV-1, INIT-CTX-1: walk the tree depth first, make an object of each new
 * block, write its context and status. INIT-ASYNC-1: keep Tree, return, and complete it from a work
 * item; here it is completed at once, which is a warning. */
VOID NDIS_CALL TreeInitiate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree)
{
    ADAPTER *Adapter = Context;
    TreeRefuse(Tree);
    NdisMInitiateOffloadComplete(Adapter->Handle, Tree);
}

/* TODO TERM-DRAIN-1, TERM-ACK-1, TERM-STATE-1: complete every request of the connection, send the
 * ACK that is owed, give the state back; the memory goes after the completion (LIFE-LEAK-1). */
VOID NDIS_CALL TreeTerminate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree)
{
    ADAPTER *Adapter = Context;
    TreeRefuse(Tree);
    NdisMTerminateOffloadComplete(Adapter->Handle, Tree);
}

/* TODO UPD-CACHE-1, UPD-ST-1: cached variables change, and are in force at the completion. */
VOID NDIS_CALL TreeUpdate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree)
{
    ADAPTER *Adapter = Context;
    TreeRefuse(Tree);
    NdisMUpdateOffloadComplete(Adapter->Handle, Tree);
}

/* TODO INV-STOP-1, INV-KEEP-1: the object sends no data any more, and stays. */
VOID NDIS_CALL TreeInvalidate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree)
{
    ADAPTER *Adapter = Context;
    TreeRefuse(Tree);
    NdisMInvalidateOffloadComplete(Adapter->Handle, Tree);
}

/* TODO QRY-FILL-1, QRY-PURE-1: the values of now, and nothing changes by asking. */
VOID NDIS_CALL TreeQuery(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree)
{
    ADAPTER *Adapter = Context;
    TreeRefuse(Tree);
    NdisMQueryOffloadStateComplete(Adapter->Handle, Tree);
}
