/* SPDX-License-Identifier: MIT
 *
 * The life of an adapter: initialise, restart, pause, reset, halt.
 */
#include "second.h"

static NDIS_OID SupportedOids[] = {
    OID_GEN_CURRENT_PACKET_FILTER,
    OID_GEN_MAXIMUM_FRAME_SIZE,
    OID_GEN_VLAN_ID,
    OID_GEN_RECEIVE_SCALE_PARAMETERS,
    OID_PNP_SET_POWER,
    OID_OFFLOAD_ENCAPSULATION,
    OID_TCP4_OFFLOAD_STATS,
    OID_TCP6_OFFLOAD_STATS,
    OID_IP4_OFFLOAD_STATS,
    OID_IP6_OFFLOAD_STATS,
    OID_TCP_OFFLOAD_PARAMETERS,
    OID_TCP_CONNECTION_OFFLOAD_PARAMETERS,
};

PVOID memory_take(ADAPTER *A, ULONG Bytes)
{
    PVOID Memory =
        NdisAllocateMemoryWithTagPriority(A->Handle, Bytes, SECOND_TAG, NormalPoolPriority);
    if (Memory != NULL)
        memset(Memory, 0, Bytes);
    return Memory;
}

void memory_give(PVOID Memory, ULONG Bytes)
{
    NdisFreeMemory(Memory, Bytes, 0);
}

NDIS_HANDLE completion_handle(const ADAPTER *A)
{
    return SECOND_HANDLE_OF_ADAPTER ? A->Handle : SecondDriver;
}

static NDIS_STATUS attributes_registration(ADAPTER *A)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes;
    memset(&Attributes, 0, sizeof(Attributes));
    Attributes.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    Attributes.Header.Revision = 1;
    Attributes.Header.Size = SECOND_REGISTRATION_BYTES;
    Attributes.RegistrationAttributes.MiniportAdapterContext = A;
    return NdisMSetMiniportAttributes(A->Handle, &Attributes);
}

static NDIS_STATUS attributes_general(ADAPTER *A)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *General = &Attributes.GeneralAttributes;
    memset(&Attributes, 0, sizeof(Attributes));
    General->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    General->Header.Revision = 1;
    General->Header.Size = sizeof(*General);
    General->MtuSize = A->Attributes.MaxFrameBytes - 14;
    General->MaxXmitLinkSpeed = General->XmitLinkSpeed = 1000000000;
    General->MaxRcvLinkSpeed = General->RcvLinkSpeed = 1000000000;
    General->MediaConnectState = A->Attributes.Connected ? 1 : 2;
    General->MediaDuplexState = 2;
    General->LookaheadSize = A->Attributes.MaxFrameBytes - 14;
    General->SupportedPacketFilters = 0x2F;
    General->MaxMulticastListSize = 32;
    General->MacAddressLength = 6;
    memcpy(General->PermanentMacAddress, A->Attributes.MacAddress, 6);
    memcpy(General->CurrentMacAddress, A->Attributes.MacAddress, 6);
    General->AccessType = 2;
    General->ConnectionType = 1;
    General->IfType = 6;
    General->IfConnectorPresent = TRUE;
    General->SupportedOidList = SupportedOids;
    General->SupportedOidListLength = sizeof(SupportedOids);
    return NdisMSetMiniportAttributes(A->Handle, &Attributes);
}

NDIS_TCP_CONNECTION_OFFLOAD capability(void)
{
    NDIS_TCP_CONNECTION_OFFLOAD Chimney;
    memset(&Chimney, 0, sizeof(Chimney));
    Chimney.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Chimney.Header.Revision = NDIS_TCP_CONNECTION_OFFLOAD_REVISION_1;
    Chimney.Header.Size = sizeof(Chimney);
    Chimney.Encapsulation = NDIS_ENCAPSULATION_IEEE_802_3;
    Chimney.SupportIPv4 = NDIS_OFFLOAD_SUPPORTED;
    Chimney.SupportIPv6 = SECOND_ADVERTISE_IPV6 ? NDIS_OFFLOAD_SUPPORTED : 0;
    Chimney.SupportSack = SECOND_ADVERTISE_SACK ? NDIS_OFFLOAD_SUPPORTED : 0;
    Chimney.TcpConnectionOffloadCapacity = SECOND_CAPACITY;
    return Chimney;
}

static NDIS_STATUS attributes_offload(ADAPTER *A)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes;
    NDIS_TCP_CONNECTION_OFFLOAD Chimney = capability();
    memset(&Attributes, 0, sizeof(Attributes));
    Attributes.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES;
    Attributes.Header.Revision = 1;
    Attributes.Header.Size = sizeof(Attributes.OffloadAttributes);
    Attributes.OffloadAttributes.DefaultTcpConnectionOffloadConfiguration = &Chimney;
    Attributes.OffloadAttributes.TcpConnectionOffloadHardwareCapabilities = &Chimney;
    return NdisMSetMiniportAttributes(A->Handle, &Attributes);
}

static NDIS_STATUS fetch_handlers(ADAPTER *A)
{
    PNDIS_OFFLOAD_EVENT_HANDLERS Table = NULL;
    NDIS_STATUS Status = NdisMGetOffloadHandlers(A->Handle, NdisTcpChimneyOffload, &Table);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    if (Table->Header.Revision < NDIS_OBJECT_TCP_OFFLOAD_REVISION_1 ||
        Table->Header.Size < sizeof(A->Up))
        return NDIS_STATUS_BAD_VERSION;
    memcpy(&A->Up, Table, sizeof(A->Up));
    return NDIS_STATUS_SUCCESS;
}

static NDIS_HANDLE pool_new(ADAPTER *A)
{
    NET_BUFFER_LIST_POOL_PARAMETERS Pool;
    memset(&Pool, 0, sizeof(Pool));
    Pool.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Pool.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    Pool.Header.Size = sizeof(Pool);
    Pool.fAllocateNetBuffer = TRUE;
    Pool.PoolTag = SECOND_TAG;
    return NdisAllocateNetBufferListPool(A->Handle, &Pool);
}

static BOOLEAN transmit_buffers(ADAPTER *A)
{
    ULONG I, Size = A->Attributes.MaxFrameBytes;
    A->TxMemory = memory_take(A, SECOND_TX_BUFFERS * sizeof(TX));
    A->TxBytes = memory_take(A, SECOND_TX_BUFFERS * Size);
    if (A->TxMemory == NULL || A->TxBytes == NULL)
        return FALSE;
    for (I = 0; I < SECOND_TX_BUFFERS; I++) {
        A->TxMemory[I].Bytes = A->TxBytes + I * Size;
        tx_give(A, &A->TxMemory[I]);
    }
    return TRUE;
}

static NDIS_STATUS take_resources(ADAPTER *A)
{
    NDIS_TIMER_CHARACTERISTICS Timer;
    A->OrdinaryPool = pool_new(A);
    A->ChimneyPool = pool_new(A);
    A->WorkItem = NdisAllocateIoWorkItem(A->Handle);
    if (A->OrdinaryPool == NULL || A->ChimneyPool == NULL || A->WorkItem == NULL)
        return NDIS_STATUS_RESOURCES;
    memset(&Timer, 0, sizeof(Timer));
    Timer.Header.Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS;
    Timer.Header.Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1;
    Timer.Header.Size = sizeof(Timer);
    Timer.AllocationTag = SECOND_TAG;
    Timer.TimerFunction = timer_function;
    Timer.FunctionContext = A;
    if (NdisAllocateTimerObject(A->Handle, &Timer, &A->Timer) != NDIS_STATUS_SUCCESS) {
        A->Timer = NULL;
        return NDIS_STATUS_RESOURCES;
    }
    return transmit_buffers(A) ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

static void give_resources(ADAPTER *A)
{
    if (A->Nic != NULL)
        NicClose(A->Nic);
    if (A->TxBytes != NULL)
        memory_give(A->TxBytes, SECOND_TX_BUFFERS * A->Attributes.MaxFrameBytes);
    if (A->TxMemory != NULL)
        memory_give(A->TxMemory, SECOND_TX_BUFFERS * sizeof(TX));
    if (A->Timer != NULL)
        NdisFreeTimerObject(A->Timer);
    if (A->WorkItem != NULL)
        NdisFreeIoWorkItem(A->WorkItem);
    if (A->ChimneyPool != NULL)
        NdisFreeNetBufferListPool(A->ChimneyPool);
    if (A->OrdinaryPool != NULL)
        NdisFreeNetBufferListPool(A->OrdinaryPool);
    NdisFreeSpinLock(&A->Lock);
    memory_give(A, sizeof(*A));
}

static NDIS_STATUS open_port(ADAPTER *A)
{
    NIC_CLIENT Client;
    memset(&Client, 0, sizeof(Client));
    Client.Size = sizeof(Client);
    Client.Context = A;
    Client.Receive = wire_receive;
    Client.TransmitDone = wire_transmit_done;
    Client.LinkChange = wire_link_change;
    Client.HardwareFailed = wire_hardware_failed;
    return NicOpen(A->Handle, &Client, &A->Attributes, &A->Nic);
}

NDIS_STATUS NDIS_CALL SecondInitialize(NDIS_HANDLE Handle, NDIS_HANDLE Context,
                                       PNDIS_MINIPORT_INIT_PARAMETERS Parameters)
{
    NDIS_STATUS Status;
    ADAPTER *A =
        NdisAllocateMemoryWithTagPriority(Handle, sizeof(*A), SECOND_TAG, NormalPoolPriority);
    (void)Context;
    (void)Parameters;
    if (A == NULL)
        return NDIS_STATUS_RESOURCES;
    memset(A, 0, sizeof(*A));
    A->Handle = Handle;
    A->Paused = TRUE;
    A->TicksPerSecond = 1000;
    A->AckFrequency = 2;
    A->DackTicks = 200;
    A->MaxRetransmissions = 5;
    A->DupAckThreshold = 3;
    A->PushTicks = 500;
    A->NceStaleTicks = 30000;
    A->OpRetryAt = NEVER;
    A->TimerAt = NEVER;
    NdisAllocateSpinLock(&A->Lock);
    Status = open_port(A);
    if (Status != NDIS_STATUS_SUCCESS)
        A->Nic = NULL;
    if (Status == NDIS_STATUS_SUCCESS)
        Status = attributes_registration(A);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = attributes_general(A);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = attributes_offload(A);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = fetch_handlers(A);
    if (Status == NDIS_STATUS_SUCCESS)
        Status = take_resources(A);
    if (Status != NDIS_STATUS_SUCCESS)
        give_resources(A);
    return Status;
}

NDIS_STATUS NDIS_CALL SecondRestart(NDIS_HANDLE Context,
                                    PNDIS_MINIPORT_RESTART_PARAMETERS Parameters)
{
    ADAPTER *A = Context;
    CONN *C;
    (void)Parameters;
    NicStart(A->Nic);
    NdisAcquireSpinLock(&A->Lock);
    A->Paused = FALSE;
    for (C = A->Conns; C != NULL; C = C->Next)
        C->Dirty = TRUE; /* what was not indicated meanwhile */
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NDIS_CALL SecondPause(NDIS_HANDLE Context, PNDIS_MINIPORT_PAUSE_PARAMETERS Parameters)
{
    ADAPTER *A = Context;
    BOOLEAN Pending;
    (void)Parameters;
    NicStop(A->Nic);
    NdisAcquireSpinLock(&A->Lock);
    A->Paused = TRUE;
    ordinary_fail_sends(A, NDIS_STATUS_PAUSED);
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
    NdisAcquireSpinLock(&A->Lock);
    Pending = A->ListsOut != 0 || A->Pumping || A->HostDone != NULL;
    A->Pausing = Pending;
    NdisReleaseSpinLock(&A->Lock);
    return Pending ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS;
}

/* The driver's tables are its own memory, which no reset of the card loses: there is nothing to do
 * but to give back what the host wanted sent. */
NDIS_STATUS NDIS_CALL SecondReset(NDIS_HANDLE Context, PBOOLEAN AddressingReset)
{
    ADAPTER *A = Context;
    *AddressingReset = FALSE;
    NdisAcquireSpinLock(&A->Lock);
    ordinary_fail_sends(A, NDIS_STATUS_RESET_IN_PROGRESS);
    A->HardwareLost = FALSE;
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
    return NDIS_STATUS_SUCCESS;
}

/* Whoever halts an adapter with connections on it (a card pulled out) gets all I/O back. */
static void halt_connections(ADAPTER *A)
{
    CONN *C;
    NdisAcquireSpinLock(&A->Lock);
    for (C = A->Conns; C != NULL; C = C->Next) {
        if (!C->Aborted)
            conn_abort(A, C);
        C->Terminating = TRUE;
        /* An RST that has not left by now never will. */
        if (C->DiscDone != NULL && (C->RstOwed || tx_waits(A, C)))
            NET_BUFFER_LIST_STATUS(C->DiscDone) = NDIS_STATUS_REQUEST_ABORTED;
        C->AbortDue = C->RstOwed = FALSE;
        forget_received(A, C); /* an earlier abort left it to a terminate that lacks lists */
        tx_purge(A, C);
        settle_all(A, C, NDIS_STATUS_REQUEST_ABORTED);
    }
    NdisReleaseSpinLock(&A->Lock);
    pump_with_operations(A);
}

static BOOLEAN halt_finished(ADAPTER *A)
{
    BOOLEAN Finished;
    NdisAcquireSpinLock(&A->Lock);
    Finished = A->ListsOut == 0 && !A->Pumping && !A->WorkQueued && A->OpHead == NULL;
    NdisReleaseSpinLock(&A->Lock);
    return Finished;
}

VOID NDIS_CALL SecondHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action)
{
    ADAPTER *A = Context;
    (void)Action;
    NicStop(A->Nic);
    NdisAcquireSpinLock(&A->Lock);
    A->Halting = TRUE;
    A->Paused = TRUE;
    ordinary_fail_sends(A, NDIS_STATUS_PAUSED);
    NdisReleaseSpinLock(&A->Lock);
    halt_connections(A);
    halt_connections(A); /* also what an initiate that had to wait has brought meanwhile */
    while (!halt_finished(A))
        NdisMSleep(1000);
    while (A->TimerArmed && !NdisCancelTimerObject(A->Timer))
        NdisMSleep(1000);
    while (A->Conns != NULL)
        object_free(A, A->Conns);
    while (A->Paths != NULL)
        object_free(A, A->Paths);
    while (A->Neighbors != NULL)
        object_free(A, A->Neighbors);
    give_resources(A);
}
