/* SPDX-License-Identifier: MIT
 *
 * The wire port: frames to the driver in memory of their own, frames from the driver gathered and
 * passed on at once, transmit callbacks in the next step.
 */
#include "base/copy.h"
#include "base/pages.h"
#include "ndis/internal.h"

#define FRAME_MAX 65536u

struct frame_detail {
    uint8_t *data;
    uint32_t room;
    uint32_t next_free; /* object id + 1 of the next recycled frame (reuse only) */
};

static uint32_t recycled; /* object id + 1 of frames to use again (nds_limits.reuse) */

NDIS_STATUS NDIS_CALL NicOpen(NDIS_HANDLE NdisMiniportHandle, const NIC_CLIENT *Client,
                              NIC_ATTRIBUTES *Attributes, NIC_HANDLE *Nic)
{
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_WIRE, PASSIVE_LEVEL);
    *Nic = NULL;
    if (NdisMiniportHandle != nds.adapter_handle) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, RESOURCE_NIC);
    }
    if (Client->Size != sizeof(*Client) || !Client->Receive || !Client->TransmitDone ||
        nds.port.open) {
        nds_misuse(MISUSE_STRUCTURE, TAP_NONE, RESOURCE_NIC);
        return NDIS_STATUS_INVALID_PARAMETER;
    }
    struct nds_object *object = nds_take_handle(OBJECT_NIC, RESOURCE_NIC, 0);
    if (!object) {
        return NDIS_STATUS_RESOURCES;
    }
    recycled = 0;
    bool link_up = nds.port.link_up;
    nds.port = (struct nds_port){.client = *Client,
                                 .handle = object->address,
                                 .open = true,
                                 .link_up = link_up,
                                 .slots_free = NDS_TX_SLOTS};
    for (uint32_t i = 0; i < NDS_TX_SLOTS; i++) {
        nds.port.spare[i] = i;
    }
    *Attributes = (NIC_ATTRIBUTES){
        .MaxFrameBytes = nds.max_frame, .TransmitSlots = NDS_TX_SLOTS, .Connected = link_up};
    memcpy(Attributes->MacAddress, nds.mac, 6);
    *Nic = object->address;
    return NDIS_STATUS_SUCCESS;
}

static bool port_ok(NIC_HANDLE nic)
{
    if (nds.port.open && nic == nds.port.handle) {
        return true;
    }
    nds_misuse(MISUSE_HANDLE, TAP_NONE, RESOURCE_NIC);
    return false;
}

VOID NDIS_CALL NicStart(NIC_HANDLE Nic)
{
    if (port_ok(Nic)) {
        nds_require_level(FAMILY_WIRE, PASSIVE_LEVEL);
        nds.port.started = true;
    }
}

VOID NDIS_CALL NicStop(NIC_HANDLE Nic)
{
    if (port_ok(Nic)) {
        nds_require_level(FAMILY_WIRE, PASSIVE_LEVEL);
        nds.port.started = false;
    }
}

VOID NDIS_CALL NicClose(NIC_HANDLE Nic)
{
    if (!port_ok(Nic)) {
        return;
    }
    nds_require_level(FAMILY_WIRE, PASSIVE_LEVEL);
    if (nds.port.frames_out) {
        nds_misuse(MISUSE_POOL_BUSY, TAP_NONE, nds.port.frames_out);
    }
    nds_give_memory(object_find(nds.port.handle, OBJECT_NIC), RESOURCE_NIC);
    nds.port = (struct nds_port){.link_up = nds.port.link_up};
}

static NDIS_STATUS wire_gather(const NIC_TX *tx, uint8_t *out, uint32_t *length)
{
    uint32_t total = 0;
    if (!tx->SegmentCount || tx->SegmentCount > NIC_TX_SEGMENTS_MAX) {
        return NDIS_STATUS_INVALID_LENGTH;
    }
    for (ULONG i = 0; i < tx->SegmentCount; i++) {
        if (tx->Segment[i].Length > nds.max_frame - total) {
            return NDIS_STATUS_INVALID_LENGTH;
        }
        if (tx->Segment[i].Length) {
            memcpy(out + total, tx->Segment[i].Data, tx->Segment[i].Length);
        }
        total += tx->Segment[i].Length;
    }
    *length = total;
    return total ? NDIS_STATUS_SUCCESS : NDIS_STATUS_INVALID_LENGTH;
}

/* The wire keeps its mark in Reserved, as a ring keeps an index. */
static bool on_wire(const struct nds_port *port, const NIC_TX *tx)
{
    return tx->Reserved < NDS_TX_SLOTS && port->slot[tx->Reserved] == tx;
}

static void queue_done(struct nds_port *port, PNIC_TX tx)
{
    tx->Reserved = port->spare[--port->slots_free];
    port->slot[tx->Reserved] = tx;
    tx->Next = NULL;
    if (port->done_last) {
        port->done_last->Next = tx;
    } else {
        port->done_first = tx;
    }
    port->done_last = tx;
}

#define DIGEST_BYTES 96u /* headers; their checksums speak for the payload */

/* What the trace remembers of a frame's content, so that no bit of a header changes unseen. */
static uint32_t wire_digest(const uint8_t *frame, uint32_t length)
{
    uint64_t sum = length, word;
    uint32_t bytes = length < DIGEST_BYTES ? length : DIGEST_BYTES;
    for (uint32_t i = 0; i + sizeof(word) <= bytes; i += sizeof(word)) {
        memcpy(&word, frame + i, sizeof(word));
        sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 32;
    }
    for (uint32_t i = bytes & ~7u; i < bytes; i++) {
        sum = (sum ^ frame[i]) * 0x9e3779b97f4a7c15u;
    }
    return (uint32_t)(sum >> 32);
}

/* Only while a descriptor is out may a plan refuse one: a driver then waits for a callback. */
static bool no_slot(const struct nds_port *port)
{
    return !port->slots_free || (port->done_first && nds_may_fail(FAILING_TRANSMIT, 0));
}

NDIS_STATUS NDIS_CALL NicTransmit(NIC_HANDLE Nic, PNIC_TX Tx)
{
    NDS_GIVEN(GIVEN_TX, Tx);
    static uint8_t frame[FRAME_MAX];
    struct nds_port *port = &nds.port;
    NDS_RETURNS_TO();
    if (!port_ok(Nic)) {
        return NDIS_STATUS_FAILURE;
    }
    nds_require_level(FAMILY_WIRE, DISPATCH_LEVEL);
    if (on_wire(port, Tx)) {
        nds_misuse(MISUSE_TX_OWNED, TAP_NONE, Tx->Reserved);
        return NDIS_STATUS_FAILURE;
    }
    uint32_t length = 0;
    NDIS_STATUS status = wire_gather(Tx, frame, &length);
    if (status == NDIS_STATUS_SUCCESS && !(port->started && port->link_up)) {
        status = NDIS_STATUS_FAILURE;
    } else if (status == NDIS_STATUS_SUCCESS && no_slot(port)) {
        status = NDIS_STATUS_RESOURCES;
    }
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_FRAME_OUT,
                                .conn = TAP_NONE,
                                .object = port->sent,
                                .data.frame.length = length,
                                .data.frame.digest = wire_digest(frame, length),
                                .status = status,
                                .ptr = frame});
    if (status != NDIS_STATUS_SUCCESS) {
        return status;
    }
    port->sent++;
    queue_done(port, Tx);
    nds.hooks.frame_out(nds.hooks.context, frame, length);
    return NDIS_STATUS_SUCCESS;
}

bool nds_run_transmit_done(void)
{
    struct nds_port *port = &nds.port;
    if (!port->open || !port->done_first || nds.tx_stall) {
        return false;
    }
    PNIC_TX first = port->done_first;
    uint32_t count = 0;
    for (PNIC_TX tx = first; tx; tx = tx->Next) {
        count++;
        if (on_wire(port, tx)) {
            port->slot[tx->Reserved] = NULL;
            port->spare[port->slots_free++] = tx->Reserved;
        }
    }
    port->done_first = port->done_last = NULL;
    struct nds_frame_mark mark = nds_open((struct tap_event){
        .fn = TAP_NIC_DONE, .conn = TAP_NONE, .object = TAP_NONE, .data.done.descriptors = count});
    nds.irql = DISPATCH_LEVEL;
    port->client.TransmitDone(port->client.Context, first);
    nds.irql = nds.irql == DISPATCH_LEVEL ? mark.irql : nds.irql;
    nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE});
    return true;
}

static void frame_init(PNIC_FRAME frame, PMDL mdl, uint8_t *data, uint32_t length)
{
    memset(frame, 0, sizeof(*frame));
    memset(frame->DriverReserved, 0xEE, sizeof(frame->DriverReserved));
    frame->Data = data;
    frame->Length = length;
    frame->Mdl = mdl;
    memset(mdl, 0, sizeof(*mdl));
    mdl->Size = sizeof(*mdl);
    mdl->MdlFlags = MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = mdl->StartVa = data;
    mdl->ByteCount = length;
}

/* A frame is one piece for the descriptor and its MDL, one piece of exactly its bytes. */
static PNIC_FRAME frame_new(const uint8_t *bytes, uint32_t length, uint32_t *id)
{
    struct nds_object *object;
    struct frame_detail *detail;
    uint32_t head = (sizeof(NIC_FRAME) + 15u) & ~15u;
    if (recycled) {
        object = object_by_id(recycled - 1);
        detail = object->detail;
        recycled = detail->next_free;
        guest_lend(object->address, object->bytes);
    } else {
        uint8_t *piece = guest_alloc(head + sizeof(MDL));
        object = object_add(OBJECT_FRAME, piece, (uint32_t)(head + sizeof(MDL)), OWNER_TARGET);
        detail = rig_alloc(sizeof(*detail));
        detail->room = nds.limits.reuse ? nds.max_frame : length;
        detail->data = guest_alloc(detail->room);
        object->detail = detail;
        struct nds_object *data = object_add(OBJECT_DATA, detail->data, detail->room, OWNER_TARGET);
        data->parent = object->id;
        struct nds_object *mdl = object_add(OBJECT_MDL, piece + head, sizeof(MDL), OWNER_TARGET);
        mdl->parent = object->id;
        mdl->detail = detail->data;
    }
    guest_lend(detail->data, length);
    copy_raw(detail->data, bytes, length);
    PNIC_FRAME frame = object->address;
    frame_init(frame, (PMDL)(void *)((uint8_t *)object->address + head), detail->data, length);
    *id = object->id;
    return frame;
}

PNIC_FRAME nds_wire_prepare(const struct nds_wire_frame *frames, uint32_t count)
{
    PNIC_FRAME first = NULL, *link = &first;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id;
        PNIC_FRAME frame = frame_new(frames[i].bytes, frames[i].length, &id);
        *link = frame;
        link = &frame->Next;
        object_by_id(id)->tag = frames[i].conn;
        frame->Reserved = id; /* for nds_wire_deliver; what a driver leaves there is not believed */
    }
    return first;
}

bool nds_wire_deliver(PNIC_FRAME first, uint32_t count)
{
    struct nds_port *port = &nds.port;
    struct nds_frame_mark mark = nds_open((struct tap_event){
        .fn = TAP_NIC_RECEIVE, .conn = TAP_NONE, .object = TAP_NONE, .data.receive.frames = count});
    for (PNIC_FRAME frame = first; frame; frame = frame->Next) {
        struct nds_object *object = object_by_id(frame->Reserved);
        port->frames_out++;
        object->owner = OWNER_TARGET;
        object->owner_event = object->born_event =
            tap_emit((struct tap_event){.kind = TAP_POINT,
                                        .fn = TAP_FRAME_IN,
                                        .conn = object->tag,
                                        .object = object->id,
                                        .data.frame.length = frame->Length,
                                        .ptr = frame->Data});
    }
    nds.irql = DISPATCH_LEVEL;
    port->receiving = true;
    port->client.Receive(port->client.Context, first);
    port->receiving = false;
    nds.irql = nds.irql == DISPATCH_LEVEL ? mark.irql : nds.irql;
    nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE});
    return true;
}

bool nds_wire_busy(void)
{
    return nds.port.receiving;
}

bool nds_wire_receive(const struct nds_wire_frame *frames, uint32_t count)
{
    struct nds_port *port = &nds.port;
    if (!port->open || !port->started || !port->link_up || !count) {
        return false;
    }
    return nds_wire_deliver(nds_wire_prepare(frames, count), count);
}

static void frame_back(PNIC_FRAME frame, struct nds_object *object)
{
    struct frame_detail *detail = object->detail;
    nds.port.frames_out--;
    uint32_t event = tap_emit((struct tap_event){
        .kind = TAP_POINT, .fn = TAP_FRAME_BACK, .conn = TAP_NONE, .object = object->id});
    guest_take(detail->data, detail->room);
    struct nds_object *data = object_find(detail->data, OBJECT_DATA);
    if (data) {
        data->owner_event = event;
    }
    guest_take(frame, object->bytes);
    if (nds.limits.reuse) {
        detail->next_free = recycled;
        recycled = object->id + 1;
        object->owner = OWNER_HOST;
        object->born_event = TAP_NONE; /* nothing that the driver owes */
        return;
    }
    object_remove(object);
    object->owner_event = event;
    object_remove(object_find(detail->data, OBJECT_DATA));
    object_remove(object_find((uint8_t *)frame + ((sizeof(NIC_FRAME) + 15u) & ~15u), OBJECT_MDL));
    guest_free(detail->data, detail->room);
    guest_free(frame, object->bytes);
}

static void frames_back(PNIC_FRAME first)
{
    for (PNIC_FRAME frame = first, next; frame; frame = next) {
        struct nds_object *object = object_find(frame, OBJECT_FRAME);
        if (!object || object->owner != OWNER_TARGET) {
            nds_misuse(MISUSE_BAD_POINTER, object ? object->id : TAP_NONE, RESOURCE_FRAME);
            return;
        }
        next = frame->Next;
        if (object->out) {
            nds_misuse(MISUSE_FREE_INDICATED, object->id, RESOURCE_FRAME);
        }
        frame_back(frame, object);
    }
}

VOID NDIS_CALL NicReturnFrames(NIC_HANDLE Nic, PNIC_FRAME Frames)
{
    NDS_GIVEN(GIVEN_FRAMES, Frames);
    nds_require_level(FAMILY_WIRE, DISPATCH_LEVEL);
    if (!port_ok(Nic)) {
        return;
    }
    pages_control(false);
    frames_back(Frames);
    pages_control(true);
}

uint32_t nds_frames_out(void)
{
    return nds.port.frames_out;
}

void nds_wire_link(bool up)
{
    struct nds_port *port = &nds.port;
    if (port->link_up == up) {
        return;
    }
    port->link_up = up;
    if (port->open && port->client.LinkChange) {
        struct nds_frame_mark mark = nds_open((struct tap_event){
            .fn = TAP_NIC_LINK, .conn = TAP_NONE, .object = TAP_NONE, .data.link.connected = up});
        nds.irql = DISPATCH_LEVEL;
        port->client.LinkChange(port->client.Context, up);
        nds.irql = nds.irql == DISPATCH_LEVEL ? mark.irql : nds.irql;
        nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE});
    }
}

void nds_wire_fail(void)
{
    struct nds_port *port = &nds.port;
    if (port->open && port->client.HardwareFailed) {
        struct nds_frame_mark mark = nds_open(
            (struct tap_event){.fn = TAP_NIC_FAILED, .conn = TAP_NONE, .object = TAP_NONE});
        nds.irql = DISPATCH_LEVEL;
        port->client.HardwareFailed(port->client.Context);
        nds.irql = nds.irql == DISPATCH_LEVEL ? mark.irql : nds.irql;
        nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE});
    }
}
