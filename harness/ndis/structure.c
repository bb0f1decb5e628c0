/* SPDX-License-Identifier: MIT
 *
 * What the structures of a driver say of themselves. Each revision has a size of its own, that of
 * the last field which it has, without what the compiler puts behind it.
 */
#include "ndis/internal.h"

#define THROUGH(type, field) ((USHORT)(offsetof(type, field) + sizeof(((const type *)NULL)->field)))

struct revision {
    UCHAR type; /* 0 = any */
    UCHAR revision;
    USHORT least;
};

/* Of one structure, by rising revisions; a later one is at least as large as the last. */
static const struct revision revisions[][2] = {
    [STRUCTURE_DRIVER] = {{NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                           NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1,
                           THROUGH(NDIS_MINIPORT_DRIVER_CHARACTERISTICS, CancelOidRequestHandler)},
                          {NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                           NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                           THROUGH(NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
                                   CancelDirectOidRequestHandler)}},
    [STRUCTURE_GENERIC] = {{NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS, 1,
                            THROUGH(NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
                                    QueryOffloadHandler)}},
    [STRUCTURE_TCP] = {{NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS, 1,
                        THROUGH(NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
                                TcpOffloadReceiveReturnHandler)}},
    [STRUCTURE_REGISTRATION] = {{NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, 1,
                                 THROUGH(NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES,
                                         InterfaceType)}},
    [STRUCTURE_GENERAL] = {{NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, 1,
                            THROUGH(NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
                                    AutoNegotiationFlags)}},
    [STRUCTURE_OFFLOAD] = {{NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES, 1,
                            THROUGH(NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES,
                                    TcpConnectionOffloadHardwareCapabilities)}},
    [STRUCTURE_CAPABILITY] = {{0, NDIS_TCP_CONNECTION_OFFLOAD_REVISION_1,
                               THROUGH(NDIS_TCP_CONNECTION_OFFLOAD, Flags)}},
    [STRUCTURE_STATUS] = {{NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                           THROUGH(NDIS_STATUS_INDICATION, NdisReserved)}},
    [STRUCTURE_TIMER] = {{NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS,
                          NDIS_TIMER_CHARACTERISTICS_REVISION_1,
                          THROUGH(NDIS_TIMER_CHARACTERISTICS, FunctionContext)}},
    [STRUCTURE_CONFIGURATION] = {{NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT,
                                  NDIS_CONFIGURATION_OBJECT_REVISION_1,
                                  THROUGH(NDIS_CONFIGURATION_OBJECT, Flags)}},
    [STRUCTURE_LIST_POOL] = {{NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                              THROUGH(NET_BUFFER_LIST_POOL_PARAMETERS, DataSize)}},
    [STRUCTURE_BUFFER_POOL] = {{NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_POOL_PARAMETERS_REVISION_1,
                                THROUGH(NET_BUFFER_POOL_PARAMETERS, DataSize)}},
};

bool nds_header_ok(enum nds_structure structure, const NDIS_OBJECT_HEADER *header, uint32_t detail)
{
    const struct revision *first = &revisions[structure][0], *row = first;
    if (first[1].revision && header->Revision >= first[1].revision) {
        row = &first[1];
    }
    bool named = (!row->type || header->Type == row->type) && header->Revision >= 1;
    if (named && header->Size >= row->least) {
        return true;
    }
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_MISUSE,
                                .conn = TAP_NONE,
                                .object = TAP_NONE,
                                .data.misuse.what = MISUSE_STRUCTURE,
                                .data.misuse.detail = detail,
                                .data.misuse.size = named ? header->Size : 0,
                                .data.misuse.least = named ? row->least : 0});
    return false;
}
