/* Registration: who this driver is and what it can be called for. */
#include "driver.h"

NDIS_HANDLE RegisteredDriver;

static VOID NDIS_CALL EntryUnload(PDRIVER_OBJECT DriverObject)
{
    (void)DriverObject;
    NdisMDeregisterMiniportDriver(RegisteredDriver);
    RegisteredDriver = NULL;
}

static BOOLEAN NDIS_CALL EntryCheckForHang(NDIS_HANDLE Context)
{
    (void)Context;
    return FALSE; /* TODO: TRUE when the card does not answer any more; NDIS then resets it */
}

/* The halt that follows a removal does the work. */
static VOID NDIS_CALL EntryPnpEvent(NDIS_HANDLE Context, PNET_DEVICE_PNP_EVENT Event)
{
    (void)Context;
    (void)Event;
}

static VOID NDIS_CALL EntryShutdown(NDIS_HANDLE Context, NDIS_SHUTDOWN_ACTION Action)
{
    (void)Context;
    (void)Action; /* TODO: stop the card's DMA; nothing else is allowed here */
}

/* REG-HND-1: both tables, and every handler in them. */
static NDIS_STATUS NDIS_CALL EntrySetOptions(NDIS_HANDLE Driver, NDIS_HANDLE Context)
{
    NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS Generic;
    NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS Tcp;
    NDIS_STATUS Status;
    (void)Context;

    memset(&Generic, 0, sizeof(Generic));
    Generic.Header.Type = NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;
    Generic.Header.Revision = 1;
    Generic.Header.Size = sizeof(Generic);
    Generic.InitiateOffloadHandler = TreeInitiate;
    Generic.TerminateOffloadHandler = TreeTerminate;
    Generic.UpdateOffloadHandler = TreeUpdate;
    Generic.InvalidateOffloadHandler = TreeInvalidate;
    Generic.QueryOffloadHandler = TreeQuery;
    Status = NdisSetOptionalHandlers(Driver, &Generic.Header);
    if (Status != NDIS_STATUS_SUCCESS) {
        return Status;
    }
    memset(&Tcp, 0, sizeof(Tcp));
    Tcp.Header.Type = NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS;
    Tcp.Header.Revision = 1;
    Tcp.Header.Size = sizeof(Tcp);
    Tcp.OffloadType = NdisTcpChimneyOffload;
    Tcp.TcpOffloadSendHandler = ConnectionSend;
    Tcp.TcpOffloadReceiveHandler = ConnectionReceive;
    Tcp.TcpOffloadDisconnectHandler = ConnectionDisconnect;
    Tcp.TcpOffloadForwardHandler = ConnectionForward;
    Tcp.TcpOffloadReceiveReturnHandler = ConnectionReturn;
    return NdisSetOptionalHandlers(Driver, &Tcp.Header);
}

/* The one symbol that is exported, whatever the compiler's default is. */
__attribute__((visibility("default"))) NDIS_STATUS NDIS_CALL
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS Miniport;
    memset(&Miniport, 0, sizeof(Miniport));
    Miniport.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    Miniport.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    Miniport.Header.Size = sizeof(Miniport);
    Miniport.MajorNdisVersion = 6;
    Miniport.MinorNdisVersion = 20;
    Miniport.MajorDriverVersion = 1;
    Miniport.SetOptionsHandler = EntrySetOptions;
    Miniport.InitializeHandlerEx = AdapterInitialize;
    Miniport.HaltHandlerEx = AdapterHalt;
    Miniport.UnloadHandler = EntryUnload;
    Miniport.PauseHandler = AdapterPause;
    Miniport.RestartHandler = AdapterRestart;
    Miniport.OidRequestHandler = RequestOid;
    Miniport.SendNetBufferListsHandler = HostSends;
    Miniport.ReturnNetBufferListsHandler = FramesReturned;
    Miniport.CancelSendHandler = HostCancels;
    Miniport.CheckForHangHandlerEx = EntryCheckForHang;
    Miniport.ResetHandlerEx = AdapterReset;
    Miniport.DevicePnPEventNotifyHandler = EntryPnpEvent;
    Miniport.ShutdownHandlerEx = EntryShutdown;
    Miniport.CancelOidRequestHandler = RequestCancel;
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &Miniport,
                                       &RegisteredDriver);
}
