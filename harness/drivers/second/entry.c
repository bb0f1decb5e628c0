/* SPDX-License-Identifier: MIT
 *
 * DriverEntry: registration of the miniport and of the chimney handlers.
 */
#include "second.h"

NDIS_HANDLE SecondDriver;

static VOID NDIS_CALL second_unload(PDRIVER_OBJECT DriverObject)
{
    (void)DriverObject;
    NdisMDeregisterMiniportDriver(SecondDriver);
    SecondDriver = NULL;
}

static BOOLEAN NDIS_CALL second_check_for_hang(NDIS_HANDLE Context)
{
    (void)Context;
    return FALSE;
}

static VOID NDIS_CALL second_pnp(NDIS_HANDLE Context, PNET_DEVICE_PNP_EVENT Event)
{
    (void)Context;
    (void)Event;
}

static VOID NDIS_CALL second_shutdown(NDIS_HANDLE Context, NDIS_SHUTDOWN_ACTION Action)
{
    (void)Context;
    (void)Action;
}

NDIS_STATUS NDIS_CALL SecondSetOptions(NDIS_HANDLE Driver, NDIS_HANDLE Context)
{
    NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS Generic;
    NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS Tcp;
    NDIS_STATUS Status;
    (void)Context;

    memset(&Generic, 0, sizeof(Generic));
    Generic.Header.Type = NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;
    Generic.Header.Revision = 1;
    Generic.Header.Size = sizeof(Generic);
    Generic.InitiateOffloadHandler = SecondInitiate;
    Generic.TerminateOffloadHandler = SecondTerminate;
    Generic.UpdateOffloadHandler = SecondUpdate;
    Generic.InvalidateOffloadHandler = SecondInvalidate;
    Generic.QueryOffloadHandler = SecondQuery;
    Status = NdisSetOptionalHandlers(Driver, (PNDIS_DRIVER_OPTIONAL_HANDLERS)&Generic);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;

    memset(&Tcp, 0, sizeof(Tcp));
    Tcp.Header.Type = NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS;
    Tcp.Header.Revision = 1;
    Tcp.Header.Size = sizeof(Tcp);
    Tcp.OffloadType = NdisTcpChimneyOffload;
    Tcp.TcpOffloadSendHandler = SecondTcpSend;
    Tcp.TcpOffloadReceiveHandler = SecondTcpReceive;
    Tcp.TcpOffloadDisconnectHandler = SecondTcpDisconnect;
    Tcp.TcpOffloadForwardHandler = SecondTcpForward;
    Tcp.TcpOffloadReceiveReturnHandler = SecondTcpReturn;
    return NdisSetOptionalHandlers(Driver, (PNDIS_DRIVER_OPTIONAL_HANDLERS)&Tcp);
}

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
    Miniport.SetOptionsHandler = SecondSetOptions;
    Miniport.InitializeHandlerEx = SecondInitialize;
    Miniport.HaltHandlerEx = SecondHalt;
    Miniport.UnloadHandler = second_unload;
    Miniport.PauseHandler = SecondPause;
    Miniport.RestartHandler = SecondRestart;
    Miniport.OidRequestHandler = SecondOid;
    Miniport.SendNetBufferListsHandler = SecondSend;
    Miniport.ReturnNetBufferListsHandler = SecondReturn;
    Miniport.CancelSendHandler = SecondCancelSend;
    Miniport.CheckForHangHandlerEx = second_check_for_hang;
    Miniport.ResetHandlerEx = SecondReset;
    Miniport.DevicePnPEventNotifyHandler = second_pnp;
    Miniport.ShutdownHandlerEx = second_shutdown;
    Miniport.CancelOidRequestHandler = SecondCancelOid;
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &Miniport, &SecondDriver);
}
