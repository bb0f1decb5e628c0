/* SPDX-License-Identifier: MIT
 *
 * The driver's registration and the adapter's life: load, initialize, restart, pause, reset, halt,
 * unload.
 */
#include "ndis/internal.h"

static NDIS_HANDLE handle_new(enum object_kind kind)
{
    return object_add(kind, guest_handle(), GUEST_HANDLE_BYTES, OWNER_HOST)->address;
}

NDIS_STATUS nds_load(nds_driver_entry entry)
{
    nds.phase = PHASE_ENTRY;
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = TAP_DRIVER_ENTRY, .conn = TAP_NONE, .object = TAP_NONE});
    static WCHAR path[] = {'C', 'h', 'i', 'm', 0};
    UNICODE_STRING registry = {8, 10, path};
    NDIS_STATUS status = entry((PDRIVER_OBJECT)handle_new(OBJECT_ADAPTER), &registry);
    nds_close(mark, true,
              (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE, .status = status});
    nds.phase = PHASE_LOADED;
    if (status == NDIS_STATUS_SUCCESS && !nds.calls.have_driver) {
        return NDIS_STATUS_FAILURE;
    }
    return status;
}

void nds_forget_load(void)
{
    nds.calls = (struct nds_adapter_calls){0};
    nds.phase = PHASE_NONE;
}

static bool characteristics_ok(const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c)
{
    return nds_header_ok(STRUCTURE_DRIVER, &c->Header, TAP_REGISTER) && c->Header.Revision <= 3 &&
           c->InitializeHandlerEx && c->HaltHandlerEx && c->UnloadHandler && c->PauseHandler &&
           c->RestartHandler && c->OidRequestHandler && c->SendNetBufferListsHandler &&
           c->ReturnNetBufferListsHandler;
}

NDIS_STATUS NDIS_CALL NdisMRegisterMiniportDriver(
    PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath, NDIS_HANDLE MiniportDriverContext,
    PNDIS_MINIPORT_DRIVER_CHARACTERISTICS MiniportDriverCharacteristics,
    PNDIS_HANDLE NdisMiniportDriverHandle)
{
    (void)DriverObject, (void)RegistryPath;
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_MINIPORT, PASSIVE_LEVEL);
    *NdisMiniportDriverHandle = NULL;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    if (!characteristics_ok(MiniportDriverCharacteristics)) {
        status = NDIS_STATUS_BAD_CHARACTERISTICS;
    } else if (MiniportDriverCharacteristics->MajorNdisVersion < 6) {
        status = NDIS_STATUS_BAD_VERSION;
    } else if (nds_fail_alloc(RESOURCE_DRIVER, 0, 0)) {
        status = NDIS_STATUS_RESOURCES;
    }
    if (status == NDIS_STATUS_SUCCESS) {
        size_t given = MiniportDriverCharacteristics->Header.Size;
        memcpy(&nds.calls.driver, MiniportDriverCharacteristics,
               given < sizeof(nds.calls.driver) ? given : sizeof(nds.calls.driver));
        nds.calls.have_driver = true;
        nds.driver_handle = handle_new(OBJECT_DRIVER);
        nds.driver_context = MiniportDriverContext;
        *NdisMiniportDriverHandle = nds.driver_handle;
        enum nds_phase before = nds.phase;
        if (nds.calls.driver.SetOptionsHandler) {
            nds.phase = PHASE_OPTIONS;
            struct nds_frame_mark mark = nds_open(
                (struct tap_event){.fn = TAP_SET_OPTIONS, .conn = TAP_NONE, .object = TAP_NONE});
            status = nds.calls.driver.SetOptionsHandler(nds.driver_handle, MiniportDriverContext);
            nds_close(mark, true,
                      (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE, .status = status});
        }
        nds.phase = before;
    }
    if (status != NDIS_STATUS_SUCCESS && nds.driver_handle) {
        object_remove(object_find(nds.driver_handle, OBJECT_DRIVER));
        nds.calls.have_driver = false;
        nds.driver_handle = *NdisMiniportDriverHandle = NULL;
    } else if (nds.driver_handle) {
        object_find(nds.driver_handle, OBJECT_DRIVER)->born_event = nds.events;
    }
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_REGISTER,
                                .conn = TAP_NONE,
                                .object = TAP_NONE,
                                .status = status});
    return status;
}

VOID NDIS_CALL NdisMDeregisterMiniportDriver(NDIS_HANDLE NdisMiniportDriverHandle)
{
    nds_require_level(FAMILY_MINIPORT, PASSIVE_LEVEL);
    struct nds_object *object = object_find(NdisMiniportDriverHandle, OBJECT_DRIVER);
    if (!object) {
        nds_misuse(MISUSE_DOUBLE_FREE, TAP_NONE, RESOURCE_DRIVER);
        return;
    }
    object_remove(object);
    nds.driver_handle = NULL;
}

static bool generic_ok(const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *c)
{
    return nds_header_ok(STRUCTURE_GENERIC, &c->Header, TAP_OPTIONAL) &&
           c->InitiateOffloadHandler && c->TerminateOffloadHandler && c->UpdateOffloadHandler &&
           c->InvalidateOffloadHandler && c->QueryOffloadHandler;
}

static bool tcp_ok(const NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS *c)
{
    return nds_header_ok(STRUCTURE_TCP, &c->Header, TAP_OPTIONAL) &&
           c->OffloadType == NdisTcpChimneyOffload && c->TcpOffloadSendHandler &&
           c->TcpOffloadReceiveHandler && c->TcpOffloadDisconnectHandler &&
           c->TcpOffloadForwardHandler && c->TcpOffloadReceiveReturnHandler;
}

NDIS_STATUS NDIS_CALL NdisSetOptionalHandlers(NDIS_HANDLE NdisHandle,
                                              PNDIS_DRIVER_OPTIONAL_HANDLERS OptionalHandlers)
{
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_MINIPORT, PASSIVE_LEVEL);
    struct nds_adapter_calls *calls = &nds.calls;
    bool ok = false;
    ULONG type = 0;
    NDIS_STATUS status =
        nds_fail_alloc(RESOURCE_DRIVER, 0, 1) ? NDIS_STATUS_RESOURCES : NDIS_STATUS_SUCCESS;
    if (NdisHandle != nds.driver_handle) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, TAP_OPTIONAL);
    }
    if (OptionalHandlers->Type ==
        NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS) {
        const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *given =
            (const void *)OptionalHandlers;
        ok = generic_ok(given);
        if (ok && status == NDIS_STATUS_SUCCESS) {
            calls->generic = *given;
            calls->have_generic = true;
        }
    } else if (OptionalHandlers->Type ==
               NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS) {
        const NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS *given =
            (const void *)OptionalHandlers;
        ok = tcp_ok(given);
        type = (ULONG)given->OffloadType;
        if (ok && status == NDIS_STATUS_SUCCESS) {
            calls->tcp = *given;
            calls->have_tcp = true;
        }
    }
    if (!ok && status == NDIS_STATUS_SUCCESS) {
        status = NDIS_STATUS_FAILURE;
    }
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_OPTIONAL,
                                .conn = TAP_NONE,
                                .object = TAP_NONE,
                                .status = status,
                                .data.optional.type = OptionalHandlers->Type,
                                .data.optional.right = ok,
                                .data.optional.offload = type,
                                .data.optional.inside = nds.phase == PHASE_OPTIONS});
    return status;
}

static bool capability_ok(const NDIS_TCP_CONNECTION_OFFLOAD *tcp)
{
    return !tcp || nds_header_ok(STRUCTURE_CAPABILITY, &tcp->Header, TAP_ATTRIBUTES);
}

static bool attributes_ok(const NDIS_MINIPORT_ADAPTER_ATTRIBUTES *a)
{
    const NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *offload = &a->OffloadAttributes;
    switch (a->Header.Type) {
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES:
        return nds_header_ok(STRUCTURE_REGISTRATION, &a->Header, TAP_ATTRIBUTES);
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES:
        return nds_header_ok(STRUCTURE_GENERAL, &a->Header, TAP_ATTRIBUTES);
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES:
        return nds_header_ok(STRUCTURE_OFFLOAD, &a->Header, TAP_ATTRIBUTES) &&
               capability_ok(offload->DefaultTcpConnectionOffloadConfiguration) &&
               capability_ok(offload->TcpConnectionOffloadHardwareCapabilities);
    default:
        return true;
    }
}

NDIS_STATUS NDIS_CALL NdisMSetMiniportAttributes(NDIS_HANDLE NdisMiniportHandle,
                                                 PNDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes)
{
    NDS_GIVEN_BYTES(Attributes);
    nds_require_level(FAMILY_MINIPORT, PASSIVE_LEVEL);
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    if (NdisMiniportHandle != nds.adapter_handle) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, TAP_ATTRIBUTES);
    }
    bool right = attributes_ok(Attributes);
    switch (Attributes->Header.Type) {
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES:
        nds.adapter_context = Attributes->RegistrationAttributes.MiniportAdapterContext;
        break;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES:
        break;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES:
        if (right) {
            nds_take_capability(&Attributes->OffloadAttributes);
        }
        break;
    default:
        status = NDIS_STATUS_BAD_VERSION;
        break;
    }
    struct tap_attributes set = {Attributes, nds.max_frame, nds.mac};
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_ATTRIBUTES,
                                .conn = TAP_NONE,
                                .object = TAP_NONE,
                                .status = status,
                                .data.optional.type = Attributes->Header.Type,
                                .ptr = &set});
    return status;
}

static struct nds_frame_mark call(enum tap_fn fn, uint32_t a)
{
    return nds_open(
        (struct tap_event){.fn = fn, .conn = TAP_NONE, .object = TAP_NONE, .data.word = {a}});
}

static NDIS_STATUS done(struct nds_frame_mark mark, NDIS_STATUS status)
{
    nds_close(mark, true,
              (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE, .status = status});
    return status;
}

NDIS_STATUS nds_initialize(const uint8_t mac[6], uint32_t max_frame)
{
    memcpy(nds.mac, mac, 6);
    nds.max_frame = max_frame;
    nds.port.link_up = true;
    nds.adapter_handle = handle_new(OBJECT_ADAPTER);
    nds.handlers = NULL;
    nds.phase = PHASE_INIT;
    static NDIS_MINIPORT_INIT_PARAMETERS parameters;
    parameters = (NDIS_MINIPORT_INIT_PARAMETERS){.Header = {0x81, 1, sizeof(parameters)}};
    struct nds_frame_mark mark = call(TAP_INITIALIZE, 0);
    NDIS_STATUS status =
        nds.calls.driver.InitializeHandlerEx(nds.adapter_handle, nds.driver_context, &parameters);
    done(mark, status);
    if (nds.handlers) { /* REG-HND-2: a target that kept the table instead of a copy shall notice */
        memset(nds.handlers, 0x5A, sizeof(*nds.handlers));
        guest_take(nds.handlers, sizeof(*nds.handlers));
    }
    nds.phase = status == NDIS_STATUS_SUCCESS ? PHASE_UP : PHASE_LOADED;
    return status;
}

bool nds_chimney_ready(void)
{
    return nds.phase == PHASE_UP && nds.calls.have_generic && nds.calls.have_tcp;
}

NDIS_STATUS nds_restart(void)
{
    NDIS_MINIPORT_RESTART_PARAMETERS parameters = {.Header = {0x80, 1, sizeof(parameters)}};
    struct nds_frame_mark mark = call(TAP_RESTART, 0);
    return done(mark, nds.calls.driver.RestartHandler(nds.adapter_context, &parameters));
}

NDIS_STATUS nds_pause(void)
{
    NDIS_MINIPORT_PAUSE_PARAMETERS parameters = {.Header = {0x80, 1, sizeof(parameters)}};
    struct nds_frame_mark mark = call(TAP_PAUSE, 0);
    return done(mark, nds.calls.driver.PauseHandler(nds.adapter_context, &parameters));
}

NDIS_STATUS nds_adapter_reset(void)
{
    if (!nds.calls.driver.ResetHandlerEx) {
        return NDIS_STATUS_NOT_SUPPORTED;
    }
    BOOLEAN addressing = FALSE;
    struct nds_frame_mark mark = call(TAP_RESET, 0);
    return done(mark, nds.calls.driver.ResetHandlerEx(nds.adapter_context, &addressing));
}

void nds_pnp_event(NDIS_DEVICE_PNP_EVENT event)
{
    if (nds.calls.driver.DevicePnPEventNotifyHandler) {
        NET_DEVICE_PNP_EVENT pnp = {.Header = {0x80, 1, sizeof(pnp)}, .DevicePnPEvent = event};
        struct nds_frame_mark mark = call(TAP_PNP, event);
        nds.calls.driver.DevicePnPEventNotifyHandler(nds.adapter_context, &pnp);
        done(mark, NDIS_STATUS_SUCCESS);
    }
}

void nds_halt(NDIS_HALT_ACTION action)
{
    struct nds_frame_mark mark = call(TAP_HALT, action);
    nds.calls.driver.HaltHandlerEx(nds.adapter_context, action);
    nds_timers_left();
    done(mark, NDIS_STATUS_SUCCESS);
    nds.phase = PHASE_HALTED;
    nds.adapter_handle = NULL;
}

void nds_unload(void)
{
    struct nds_frame_mark mark = call(TAP_UNLOAD, 0);
    nds.calls.driver.UnloadHandler(NULL);
    done(mark, NDIS_STATUS_SUCCESS);
}

void nds_miniport_complete(enum tap_fn fn, NDIS_HANDLE handle, uint32_t object, NDIS_STATUS status)
{
    nds_require_level(fn == TAP_OID_COMPLETE ? FAMILY_OID : FAMILY_MINIPORT, DISPATCH_LEVEL);
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = fn,
                                    .conn = TAP_NONE,
                                    .object = object,
                                    .status = status,
                                    .data.upcall.wrong_handle = handle != nds.adapter_handle});
    nds.hooks.request_done(nds.hooks.context, fn, object, status);
    nds_close(mark, false,
              (struct tap_event){.conn = TAP_NONE, .object = object, .status = status});
}

VOID NDIS_CALL NdisMPauseComplete(NDIS_HANDLE MiniportAdapterHandle)
{
    nds_miniport_complete(TAP_PAUSE_COMPLETE, MiniportAdapterHandle, TAP_NONE, NDIS_STATUS_SUCCESS);
}

VOID NDIS_CALL NdisMRestartComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status)
{
    nds_miniport_complete(TAP_RESTART_COMPLETE, MiniportAdapterHandle, TAP_NONE, Status);
}

VOID NDIS_CALL NdisMResetComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status,
                                  BOOLEAN AddressingReset)
{
    (void)AddressingReset;
    nds_miniport_complete(TAP_RESET_COMPLETE, MiniportAdapterHandle, TAP_NONE, Status);
}

VOID NDIS_CALL NdisMIndicateStatusEx(NDIS_HANDLE MiniportAdapterHandle,
                                     PNDIS_STATUS_INDICATION Status)
{
    NDS_GIVEN_BYTES(Status);
    nds_require_level(FAMILY_STATUS, DISPATCH_LEVEL);
    struct nds_frame_mark mark = nds_open((struct tap_event){
        .fn = TAP_STATUS,
        .conn = TAP_NONE,
        .object = TAP_NONE,
        .status = Status->StatusCode,
        .data.upcall.wrong_handle = MiniportAdapterHandle != nds.adapter_handle});
    bool readable = Status->StatusBuffer || !Status->StatusBufferSize;
    if (nds_header_ok(STRUCTURE_STATUS, &Status->Header, Status->Header.Type) && !readable) {
        nds_misuse(MISUSE_STRUCTURE, TAP_NONE, Status->Header.Type);
    }
    nds.hooks.status(nds.hooks.context, Status->StatusCode);
    nds_close(
        mark, false,
        (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE, .status = Status->StatusCode});
}
