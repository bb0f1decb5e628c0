/* The life of an adapter: initialise, restart, pause, reset, halt. */
#include "driver.h"

static NDIS_STATUS AdapterSetRegistration(ADAPTER *Adapter)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes;
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *Registration =
        &Attributes.RegistrationAttributes;
    memset(&Attributes, 0, sizeof(Attributes));
    Registration->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    Registration->Header.Revision = 1;
    Registration->Header.Size = sizeof(*Registration);
    Registration->MiniportAdapterContext = Adapter;
    return NdisMSetMiniportAttributes(Adapter->Handle, &Attributes);
}

static NDIS_STATUS AdapterSetGeneral(ADAPTER *Adapter)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *General = &Attributes.GeneralAttributes;
    memset(&Attributes, 0, sizeof(Attributes));
    General->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    General->Header.Revision = 1;
    General->Header.Size = sizeof(*General);
    General->MtuSize = Adapter->Attributes.MaxFrameBytes - ETHERNET_BYTES;
    General->LookaheadSize = General->MtuSize;
    General->MaxXmitLinkSpeed = General->XmitLinkSpeed = 1000000000;
    General->MaxRcvLinkSpeed = General->RcvLinkSpeed = 1000000000;
    General->MacAddressLength = sizeof(Adapter->Attributes.MacAddress);
    memcpy(General->PermanentMacAddress, Adapter->Attributes.MacAddress, General->MacAddressLength);
    memcpy(General->CurrentMacAddress, Adapter->Attributes.MacAddress, General->MacAddressLength);
    General->SupportedOidList = SupportedOids;
    General->SupportedOidListLength = SupportedOidsBytes;
    return NdisMSetMiniportAttributes(Adapter->Handle, &Attributes);
}

/* REG-CAP-1: true, for every bit of it. */
static NDIS_STATUS AdapterSetOffload(ADAPTER *Adapter)
{
    NDIS_TCP_CONNECTION_OFFLOAD Chimney;
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes;
    NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *Offload = &Attributes.OffloadAttributes;
    memset(&Chimney, 0, sizeof(Chimney));
    Chimney.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Chimney.Header.Revision = NDIS_TCP_CONNECTION_OFFLOAD_REVISION_1;
    Chimney.Header.Size = sizeof(Chimney);
    Chimney.Encapsulation = NDIS_ENCAPSULATION_IEEE_802_3;
    Chimney.SupportIPv4 = ADVERTISE_IPV4 ? NDIS_OFFLOAD_SUPPORTED : NDIS_OFFLOAD_NOT_SUPPORTED;
    Chimney.SupportIPv6 = ADVERTISE_IPV6 ? NDIS_OFFLOAD_SUPPORTED : NDIS_OFFLOAD_NOT_SUPPORTED;
    Chimney.SupportSack = ADVERTISE_SACK ? NDIS_OFFLOAD_SUPPORTED : NDIS_OFFLOAD_NOT_SUPPORTED;
    Chimney.TcpConnectionOffloadCapacity = CAPACITY;
    memset(&Attributes, 0, sizeof(Attributes));
    Offload->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES;
    Offload->Header.Revision = 1;
    Offload->Header.Size = sizeof(*Offload);
    Offload->DefaultTcpConnectionOffloadConfiguration = &Chimney;
    Offload->TcpConnectionOffloadHardwareCapabilities = &Chimney;
    return NdisMSetMiniportAttributes(Adapter->Handle, &Attributes);
}

/* REG-HND-2: the table is lent; its pointers are copied. */
static NDIS_STATUS AdapterGetHandlers(ADAPTER *Adapter)
{
    PNDIS_OFFLOAD_EVENT_HANDLERS Table = NULL;
    NDIS_STATUS Status = NdisMGetOffloadHandlers(Adapter->Handle, NdisTcpChimneyOffload, &Table);
    if (Status != NDIS_STATUS_SUCCESS) {
        return Status;
    }
    if (Table->Header.Size < sizeof(Adapter->Up)) {
        return NDIS_STATUS_BAD_VERSION;
    }
    memcpy(&Adapter->Up, Table, sizeof(Adapter->Up));
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS AdapterOpenPort(ADAPTER *Adapter)
{
    NIC_CLIENT Client;
    NDIS_STATUS Status;
    memset(&Client, 0, sizeof(Client));
    Client.Size = sizeof(Client);
    Client.Context = Adapter;
    Client.Receive = FramesArrived;
    Client.TransmitDone = FramesSent;
    Status = NicOpen(Adapter->Handle, &Client, &Adapter->Attributes, &Adapter->Nic);
    if (Status != NDIS_STATUS_SUCCESS) {
        Adapter->Nic = NULL;
    }
    return Status;
}

/* FailedInitialize, PoolTracking: everything goes back, however far initialising came. */
static void AdapterFree(ADAPTER *Adapter)
{
    if (Adapter->Nic != NULL) {
        NicClose(Adapter->Nic);
    }
    NdisFreeMemory(Adapter, sizeof(*Adapter), 0);
}

NDIS_STATUS NDIS_CALL AdapterInitialize(NDIS_HANDLE Handle, NDIS_HANDLE Context,
                                        PNDIS_MINIPORT_INIT_PARAMETERS Parameters)
{
    NDIS_STATUS Status;
    ADAPTER *Adapter =
        NdisAllocateMemoryWithTagPriority(Handle, sizeof(*Adapter), TAG, NormalPoolPriority);
    (void)Context;
    (void)Parameters;
    if (Adapter == NULL) { /* NullCheck: any allocation may fail, and some programs see to it */
        return NDIS_STATUS_RESOURCES;
    }
    memset(Adapter, 0, sizeof(*Adapter));
    Adapter->Handle = Handle;
    Status = AdapterSetRegistration(Adapter);
    if (Status == NDIS_STATUS_SUCCESS) {
        Status = AdapterOpenPort(Adapter);
    }
    if (Status == NDIS_STATUS_SUCCESS) {
        Status = AdapterSetGeneral(Adapter);
    }
    if (Status == NDIS_STATUS_SUCCESS) {
        Status = AdapterSetOffload(Adapter);
    }
    if (Status == NDIS_STATUS_SUCCESS) {
        Status = AdapterGetHandlers(Adapter);
    }
    if (Status != NDIS_STATUS_SUCCESS) {
        AdapterFree(Adapter);
    }
    return Status;
}

NDIS_STATUS NDIS_CALL AdapterRestart(NDIS_HANDLE Context,
                                     PNDIS_MINIPORT_RESTART_PARAMETERS Parameters)
{
    ADAPTER *Adapter = Context;
    (void)Parameters;
    NicStart(Adapter->Nic);
    return NDIS_STATUS_SUCCESS;
}

/* TODO LIFE-RET-1, NdisTimedPauseComplete: PENDING while the host holds lists that were indicated,
 * and NdisMPauseComplete with the last of them. This one indicates none. */
NDIS_STATUS NDIS_CALL AdapterPause(NDIS_HANDLE Context, PNDIS_MINIPORT_PAUSE_PARAMETERS Parameters)
{
    ADAPTER *Adapter = Context;
    (void)Parameters;
    NicStop(Adapter->Nic);
    return NDIS_STATUS_SUCCESS;
}

/* TODO: what the card forgets in a reset is set up again here. */
NDIS_STATUS NDIS_CALL AdapterReset(NDIS_HANDLE Context, PBOOLEAN AddressingReset)
{
    (void)Context;
    *AddressingReset = FALSE;
    return NDIS_STATUS_SUCCESS;
}

/* TODO LIFE-RET-1, LIFE-LEAK-1, CancelTimerObject: a halt may come with connections on the card (a
 * card pulled out). Everything is given back, no timer is queued and no list is out before this
 * returns. */
VOID NDIS_CALL AdapterHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action)
{
    ADAPTER *Adapter = Context;
    (void)Action;
    NicStop(Adapter->Nic);
    AdapterFree(Adapter);
}
