/* SPDX-License-Identifier: MIT
 *
 * DriverEntry: the one symbol that the module exports.
 */
#include "conn/deliver.h"
#include "conn/disconnect.h"
#include "conn/forward.h"
#include "conn/indicate.h"
#include "conn/send.h"
#include "miniport/hostreceive.h"
#include "miniport/hostsend.h"
#include "miniport/initialize.h"
#include "miniport/oid.h"
#include "miniport/power.h"
#include "state/ops.h"

#include <string.h>

/* The only global state. */
static struct {
    NDIS_HANDLE handle;
} driver;

/* Twice: the generic chimney, then TCP (REG-HND-1). */
static NDIS_STATUS NDIS_CALL set_options(NDIS_HANDLE handle, NDIS_HANDLE context)
{
    NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS generic;
    NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS tcp;
    (void)context;
    memset(&generic, 0, sizeof(generic));
    generic.Header.Type = NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;
    generic.Header.Revision = 1;
    generic.Header.Size = sizeof(generic);
    generic.InitiateOffloadHandler = chim_initiate_handler;
    generic.TerminateOffloadHandler = chim_terminate_handler;
    generic.UpdateOffloadHandler = chim_update_handler;
    generic.InvalidateOffloadHandler = chim_invalidate_handler;
    generic.QueryOffloadHandler = chim_query_handler;
    NDIS_STATUS status = NdisSetOptionalHandlers(handle, &generic.Header);
    if (status != NDIS_STATUS_SUCCESS) {
        return status;
    }
    memset(&tcp, 0, sizeof(tcp));
    tcp.Header.Type = NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS;
    tcp.Header.Revision = 1;
    tcp.Header.Size = sizeof(tcp);
    tcp.OffloadType = NdisTcpChimneyOffload;
    tcp.TcpOffloadSendHandler = chim_send_handler;
    tcp.TcpOffloadReceiveHandler = chim_receive_handler;
    tcp.TcpOffloadDisconnectHandler = chim_disconnect_handler;
    tcp.TcpOffloadForwardHandler = chim_forward_handler;
    tcp.TcpOffloadReceiveReturnHandler = chim_receive_return_handler;
    return NdisSetOptionalHandlers(handle, &tcp.Header);
}

static VOID NDIS_CALL unload(PDRIVER_OBJECT object)
{
    (void)object;
    NdisMDeregisterMiniportDriver(driver.handle);
    driver.handle = NULL;
}

static BOOLEAN NDIS_CALL check_for_hang(NDIS_HANDLE adapter)
{
    (void)adapter;
    return FALSE;
}

static VOID NDIS_CALL pnp_event(NDIS_HANDLE adapter, PNET_DEVICE_PNP_EVENT event)
{
    (void)adapter; /* the halt that follows a removal does the work */
    (void)event;
}

static VOID NDIS_CALL shut_down(NDIS_HANDLE adapter, NDIS_SHUTDOWN_ACTION action)
{
    (void)adapter;
    (void)action;
}

__attribute__((visibility("default"))) NDIS_STATUS NDIS_CALL
DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS c;
    memset(&c, 0, sizeof(c));
    c.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    c.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    c.Header.Size = sizeof(c);
    c.MajorNdisVersion = 6;
    c.MinorNdisVersion = 20;
    c.MajorDriverVersion = 1;
    c.SetOptionsHandler = set_options;
    c.InitializeHandlerEx = chim_initialize_handler;
    c.HaltHandlerEx = chim_halt_handler;
    c.UnloadHandler = unload;
    c.PauseHandler = chim_pause_handler;
    c.RestartHandler = chim_restart_handler;
    c.OidRequestHandler = chim_oid_handler;
    c.SendNetBufferListsHandler = chim_hostsend_handler;
    c.ReturnNetBufferListsHandler = chim_hostreceive_return;
    c.CancelSendHandler = chim_hostsend_cancel;
    c.CheckForHangHandlerEx = check_for_hang;
    c.ResetHandlerEx = chim_reset_handler;
    c.DevicePnPEventNotifyHandler = pnp_event;
    c.ShutdownHandlerEx = shut_down;
    c.CancelOidRequestHandler = chim_oid_cancel;
    return NdisMRegisterMiniportDriver(object, registry_path, NULL, &c, &driver.handle);
}
