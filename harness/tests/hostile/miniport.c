/* SPDX-License-Identifier: MIT
 *
 * A miniport that offers nothing, and does what it is compiled to do: IN_CONSTRUCTOR, IN_ENTRY,
 * IN_INITIALIZE, IN_PAUSE and IN_UNLOAD are statements (-D), NO_MINIPORT leaves the registration
 * out, and CORE is the path of a driver that does the work.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ndischimney.h"

#ifndef IN_CONSTRUCTOR
#define IN_CONSTRUCTOR
#endif
#ifndef IN_ENTRY
#define IN_ENTRY
#endif
#ifndef IN_INITIALIZE
#define IN_INITIALIZE
#endif
#ifndef IN_PAUSE
#define IN_PAUSE
#endif
#ifndef IN_UNLOAD
#define IN_UNLOAD
#endif

__attribute__((constructor)) static void constructor(void)
{
    IN_CONSTRUCTOR;
}

static NDIS_STATUS NDIS_CALL initialize(NDIS_HANDLE adapter, NDIS_HANDLE driver,
                                        PNDIS_MINIPORT_INIT_PARAMETERS parameters)
{
    (void)adapter, (void)driver, (void)parameters;
    IN_INITIALIZE;
    return NDIS_STATUS_SUCCESS;
}

static VOID NDIS_CALL halt(NDIS_HANDLE adapter, NDIS_HALT_ACTION action)
{
    (void)adapter, (void)action;
}

static VOID NDIS_CALL unload(PDRIVER_OBJECT object)
{
    (void)object;
    IN_UNLOAD;
}

static NDIS_STATUS NDIS_CALL pause_adapter(NDIS_HANDLE adapter,
                                           PNDIS_MINIPORT_PAUSE_PARAMETERS parameters)
{
    (void)adapter, (void)parameters;
    IN_PAUSE;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NDIS_CALL restart_adapter(NDIS_HANDLE adapter,
                                             PNDIS_MINIPORT_RESTART_PARAMETERS parameters)
{
    (void)adapter, (void)parameters;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NDIS_CALL oid(NDIS_HANDLE adapter, PNDIS_OID_REQUEST request)
{
    (void)adapter, (void)request;
    return NDIS_STATUS_NOT_SUPPORTED;
}

static VOID NDIS_CALL send_lists(NDIS_HANDLE adapter, PNET_BUFFER_LIST lists, NDIS_PORT_NUMBER port,
                                 ULONG flags)
{
    (void)adapter, (void)lists, (void)port, (void)flags;
}

static VOID NDIS_CALL return_lists(NDIS_HANDLE adapter, PNET_BUFFER_LIST lists, ULONG flags)
{
    (void)adapter, (void)lists, (void)flags;
}

NDIS_STATUS NDIS_CALL DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    static NDIS_HANDLE handle;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS c = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                   NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2, sizeof(c)},
        .MajorNdisVersion = 6,
        .MinorNdisVersion = 20,
        .InitializeHandlerEx = initialize,
        .HaltHandlerEx = halt,
        .UnloadHandler = unload,
        .PauseHandler = pause_adapter,
        .RestartHandler = restart_adapter,
        .OidRequestHandler = oid,
        .SendNetBufferListsHandler = send_lists,
        .ReturnNetBufferListsHandler = return_lists,
    };
    IN_ENTRY;
#ifdef CORE
    void *core = dlopen(CORE, RTLD_NOW | RTLD_LOCAL);
    return ((NDIS_STATUS(NDIS_CALL *)(PDRIVER_OBJECT, PUNICODE_STRING))(uintptr_t)dlsym(
        core, "DriverEntry"))(object, registry_path);
#elif defined(NO_MINIPORT)
    (void)c, (void)handle, (void)object, (void)registry_path;
    return NDIS_STATUS_SUCCESS;
#else
    return NdisMRegisterMiniportDriver(object, registry_path, NULL, &c, &handle);
#endif
}
