/* SPDX-License-Identifier: MIT
 *
 * What the driver advertises, and the requests of the host.
 */
#include "ndis/internal.h"

static void capability_of(const NDIS_TCP_CONNECTION_OFFLOAD *given, struct nds_capability *out)
{
    *out = (struct nds_capability){.ipv4 = given->SupportIPv4 == NDIS_OFFLOAD_SUPPORTED,
                                   .ipv6 = given->SupportIPv6 == NDIS_OFFLOAD_SUPPORTED,
                                   .sack = given->SupportSack == NDIS_OFFLOAD_SUPPORTED};
}

void nds_take_capability(const NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *given)
{
    const NDIS_TCP_CONNECTION_OFFLOAD *now = given->DefaultTcpConnectionOffloadConfiguration,
                                      *most = given->TcpConnectionOffloadHardwareCapabilities;
    if (now || most) { /* a host goes by what is on */
        capability_of(now ? now : most, &nds.capability);
    }
}

struct nds_capability nds_advertised(void)
{
    return nds.capability;
}

#define OID_BUFFER 512u

/* How a request ended, and what it brought. */
static struct tap_event oid_event(const NDIS_OID_REQUEST *request, uint32_t id, NDIS_STATUS status)
{
    bool set = request->RequestType == NdisRequestSetInformation;
    bool done = status == NDIS_STATUS_SUCCESS;
    return (struct tap_event){
        .conn = TAP_NONE,
        .object = id,
        .status = status,
        .data.request.oid = request->DATA.SET_INFORMATION.Oid,
        .data.request.set = set,
        .data.request.bytes = done ? request->DATA.SET_INFORMATION.BytesRead : 0,
        .data.request.needed =
            status != NDIS_STATUS_PENDING && !done ? request->DATA.SET_INFORMATION.BytesNeeded : 0,
        .ptr = done ? request->DATA.SET_INFORMATION.InformationBuffer : NULL};
}

/* NDIS knows these from what the driver registered, and never sends them down. */
static bool answered_by_ndis(uint32_t oid)
{
    return oid == OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG ||
           oid == OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES;
}

NDIS_STATUS nds_oid(uint32_t oid, bool set, const void *buffer, uint32_t length, uint32_t *object)
{
    if (answered_by_ndis(oid)) {
        *object = TAP_NONE;
        return set                                            ? NDIS_STATUS_NOT_SUPPORTED
               : length < sizeof(NDIS_TCP_CONNECTION_OFFLOAD) ? NDIS_STATUS_INVALID_LENGTH
                                                              : NDIS_STATUS_SUCCESS;
    }
    if (nds.oid_object != TAP_NONE) { /* the pending one ends first (NdisOidDoubleRequest) */
        *object = TAP_NONE;
        return NDIS_STATUS_NOT_ACCEPTED;
    }
    struct {
        NDIS_OID_REQUEST request;
        uint8_t buffer[OID_BUFFER];
    } *piece = guest_alloc(sizeof(*piece));
    struct nds_object *of = object_add(OBJECT_OID, piece, sizeof(*piece), OWNER_TARGET);
    memset(&piece->request, 0, sizeof(piece->request));
    memset(piece->buffer, 0xEE, sizeof(piece->buffer));
    if (buffer) {
        memcpy(piece->buffer, buffer, length < OID_BUFFER ? length : OID_BUFFER);
    }
    PNDIS_OID_REQUEST request = &piece->request;
    request->Header = (NDIS_OBJECT_HEADER){NDIS_OBJECT_TYPE_OID_REQUEST,
                                           NDIS_OID_REQUEST_REVISION_1, sizeof(*request)};
    request->RequestType = set ? NdisRequestSetInformation : NdisRequestQueryInformation;
    request->DATA.SET_INFORMATION.Oid = oid; /* both forms share their layout */
    request->DATA.SET_INFORMATION.InformationBuffer = piece->buffer;
    request->DATA.SET_INFORMATION.InformationBufferLength = length;
    nds.oid_object = *object = of->id;
    struct nds_frame_mark mark = nds_open((struct tap_event){.fn = TAP_OID,
                                                             .conn = TAP_NONE,
                                                             .object = of->id,
                                                             .data.request.oid = oid,
                                                             .data.request.set = set,
                                                             .data.request.bytes = length,
                                                             .ptr = piece->buffer});
    NDIS_STATUS status = nds.calls.driver.OidRequestHandler(nds.adapter_context, request);
    nds_close(mark, true, oid_event(request, of->id, status));
    if (status != NDIS_STATUS_PENDING) {
        nds.oid_object = TAP_NONE;
        object_own(of, OWNER_HOST, mark.enter);
        guest_take(of->address, of->bytes);
    }
    return status;
}

VOID NDIS_CALL NdisMOidRequestComplete(NDIS_HANDLE MiniportAdapterHandle,
                                       PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    NDS_GIVEN_BYTES(OidRequest);
    struct nds_object *object = object_find(OidRequest, OBJECT_OID);
    bool pending = object && object->id == nds.oid_object;
    if (pending) {
        struct tap_event done = oid_event(OidRequest, object->id, Status);
        done.kind = TAP_POINT;
        done.fn = TAP_OID_DONE;
        tap_emit(done);
        nds.oid_object = TAP_NONE;
        object_own(object, OWNER_HOST, nds.events);
        guest_take(object->address, object->bytes);
    }
    nds_miniport_complete(TAP_OID_COMPLETE, MiniportAdapterHandle, pending ? object->id : TAP_NONE,
                          Status);
}
