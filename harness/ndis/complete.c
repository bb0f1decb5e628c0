/* SPDX-License-Identifier: MIT
 *
 * What the target calls: completions, indications, events. Every pointer is looked up before it is
 * followed; a list that the target cannot give is reported and left alone.
 */
#include "ndis/internal.h"

static enum tap_role role_of(enum tap_fn fn)
{
    switch (fn) {
    case TAP_RCV_COMPLETE:
        return ROLE_POST;
    case TAP_SND_COMPLETE:
        return ROLE_SEND;
    case TAP_DIS_COMPLETE:
        return ROLE_DISCONNECT;
    case TAP_FWD_COMPLETE:
        return ROLE_FORWARD;
    default:
        return ROLE_HOST_SEND;
    }
}

/* Of a list of the chain that the call `enter` passes. */
static enum tap_nbl_fault fault_of(struct nds_object *object, enum tap_role role, uint32_t enter)
{
    if (!object) {
        return NBL_UNKNOWN;
    }
    struct nds_list *list = object->detail;
    if (list->shown_in == enter) {
        return NBL_CYCLE;
    }
    list->shown_in = enter;
    if (object->owner != OWNER_TARGET) {
        return NBL_NOT_OWNED;
    }
    bool fits = list->role == role || (role == ROLE_SEND && list->role == ROLE_INIT_SEND);
    return fits ? NBL_OK : NBL_WRONG_ROLE;
}

/* One list of a completion. Returns the next one, or NULL when the chain cannot be followed. */
static PNET_BUFFER_LIST complete_list(enum tap_fn fn, PNET_BUFFER_LIST nbl, uint32_t index,
                                      uint32_t enter)
{
    struct nds_object *object = object_find(nbl, OBJECT_NBL);
    struct tap_nbl seen = {.nbl = nbl,
                           .id = object ? object->id : TAP_NONE,
                           .index_in_call = index,
                           .conn = TAP_NONE,
                           .handed_event = TAP_NONE,
                           .fault = fault_of(object, role_of(fn), enter)};
    list_point(&seen, object);
    if (seen.fault != NBL_OK) {
        return NULL;
    }
    PNET_BUFFER_LIST next = nbl->Next;
    list_take(object, enter);
    nds.hooks.list_back(nds.hooks.context, fn, &seen);
    return next;
}

static void complete_chain(enum tap_fn fn, NDIS_HANDLE handle, PNET_BUFFER_LIST first,
                           uint32_t flags)
{
    nds_require_level(fn == TAP_HOST_SENT ? FAMILY_SEND_RECEIVE : FAMILY_CHIMNEY, DISPATCH_LEVEL);
    struct nds_object *object = object_find(first, OBJECT_NBL);
    struct nds_list *list = object ? object->detail : NULL;
    uint32_t conn = list ? list->conn : TAP_NONE;
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = fn,
                                    .conn = conn,
                                    .object = TAP_NONE,
                                    .data.completed.flags = flags,
                                    .data.completed.wrong_handle = !nds_handle_ok(handle)});
    if (!first) {
        nds_misuse(MISUSE_NULL, TAP_NONE, fn);
    }
    uint32_t index = 0;
    for (PNET_BUFFER_LIST nbl = first; nbl; index++) {
        nbl = complete_list(fn, nbl, index, mark.enter);
    }
    nds.hooks.callback_open(nds.hooks.context, fn, conn);
    nds_close(mark, false, (struct tap_event){.conn = conn, .object = TAP_NONE});
}

static VOID NDIS_CALL send_complete(NDIS_HANDLE handle, PNET_BUFFER_LIST nbl)
{
    NDS_GIVEN(GIVEN_LISTS, nbl);
    complete_chain(TAP_SND_COMPLETE, handle, nbl, 0);
}

static VOID NDIS_CALL receive_complete(NDIS_HANDLE handle, PNET_BUFFER_LIST nbl)
{
    NDS_GIVEN(GIVEN_LISTS, nbl);
    complete_chain(TAP_RCV_COMPLETE, handle, nbl, 0);
}

static VOID NDIS_CALL disconnect_complete(NDIS_HANDLE handle, PNET_BUFFER_LIST nbl)
{
    NDS_GIVEN(GIVEN_LISTS, nbl);
    complete_chain(TAP_DIS_COMPLETE, handle, nbl, 0);
}

static VOID NDIS_CALL forward_complete(NDIS_HANDLE handle, PNET_BUFFER_LIST nbl)
{
    NDS_GIVEN(GIVEN_LISTS, nbl);
    complete_chain(TAP_FWD_COMPLETE, handle, nbl, 0);
}

VOID NDIS_CALL NdisMSendNetBufferListsComplete(NDIS_HANDLE MiniportAdapterHandle,
                                               PNET_BUFFER_LIST NetBufferLists,
                                               ULONG SendCompleteFlags)
{
    NDS_GIVEN(GIVEN_LISTS, NetBufferLists);
    complete_chain(TAP_HOST_SENT, MiniportAdapterHandle, NetBufferLists, SendCompleteFlags);
}

static struct nds_state *state_of(NDIS_HANDLE handle)
{
    struct nds_object *object = object_find(handle, OBJECT_STATE);
    return object ? object->detail : NULL;
}

/* The neighbor of an indication; the documents leave open how a block names it. By its handle, or
 * by the cell of its context or what stands there. */
static struct nds_state *neighbor_in(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    struct nds_state *state = state_of(block->NdisOffloadHandle);
    const void *named = block->MiniportOffloadContext;
    for (uint32_t id = 0; !state && named && id < object_count(); id++) {
        struct nds_object *object = object_by_id(id);
        struct nds_state *other =
            object->live && object->kind == OBJECT_STATE ? object->detail : NULL;
        bool cell = other && (named == &other->handle->MiniportOffloadContext ||
                              named == other->handle->MiniportOffloadContext);
        state = cell ? other : NULL;
    }
    return state;
}

static void upcall_level(void)
{
    if (nds.irql != DISPATCH_LEVEL) {
        nds_misuse(MISUSE_IRQL, TAP_NONE, FAMILY_CHIMNEY);
    }
}

static VOID NDIS_CALL event_indicate(NDIS_HANDLE NdisOffloadHandle, ULONG EventType,
                                     ULONG EventSpecificInformation)
{
    NDS_GIVEN(GIVEN_HANDLE, NdisOffloadHandle);
    struct nds_state *state = state_of(NdisOffloadHandle);
    uint32_t conn = state ? state->conn : TAP_NONE;
    struct nds_frame_mark mark = nds_open(
        (struct tap_event){.fn = TAP_EVENT,
                           .conn = conn,
                           .object = state ? state->object->id : TAP_NONE,
                           .data.event.type = EventType,
                           .data.event.information = EventSpecificInformation,
                           .data.event.wrong_handle = !state || state->layer != LAYER_TCP});
    upcall_level();
    if (state) {
        nds.hooks.event(nds.hooks.context, conn, EventType, EventSpecificInformation);
        nds.hooks.callback_open(nds.hooks.context, TAP_EVENT, conn);
    }
    nds_close(mark, false,
              (struct tap_event){.conn = conn, .object = TAP_NONE, .data.event.type = EventType});
}

static NDIS_STATUS NDIS_CALL receive_indicate(NDIS_HANDLE NdisOffloadHandle,
                                              PNET_BUFFER_LIST NetBufferList, NDIS_STATUS Status,
                                              PULONG BytesConsumed)
{
    NDS_GIVEN_OUT(GIVEN_LISTS, NetBufferList, BytesConsumed, BytesConsumed);
    struct nds_state *state = state_of(NdisOffloadHandle);
    uint32_t conn = state ? state->conn : TAP_NONE;
    struct nds_object *object = object_find(NetBufferList, OBJECT_NBL);
    struct nds_frame_mark mark = nds_open(
        (struct tap_event){.fn = TAP_RCV_INDICATE,
                           .conn = conn,
                           .object = object ? object->id : TAP_NONE,
                           .status = Status,
                           .data.upcall.wrong_handle = !state || state->layer != LAYER_TCP});
    upcall_level();
    struct tap_nbl seen = {.nbl = NetBufferList,
                           .id = object ? object->id : TAP_NONE,
                           .conn = TAP_NONE,
                           .handed_event = TAP_NONE,
                           .fault = fault_of(object, ROLE_INDICATED, mark.enter)};
    if (object && seen.fault == NBL_OK && !NetBufferList->FirstNetBuffer) {
        nds_misuse(MISUSE_NULL, object->id, TAP_RCV_INDICATE);
        seen.fault = NBL_WRONG_ROLE;
    }
    if (object) {
        ((struct nds_list *)object->detail)->conn = conn;
    }
    list_point(&seen, object);
    uint32_t consumed = 0;
    NDIS_STATUS answer = NDIS_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    if (state && seen.fault == NBL_OK) {
        /* The list is the host's only with the answer: what it does before cannot give it back. */
        nds.hooks.callback_open(nds.hooks.context, TAP_RCV_INDICATE, conn);
        answer = nds.hooks.indicate(nds.hooks.context, &seen, &consumed);
        if (answer == NDIS_STATUS_SUCCESS) {
            list_hold(object, mark.enter);
        }
    }
    *BytesConsumed = consumed;
    nds_close(
        mark, false,
        (struct tap_event){
            .conn = conn, .object = seen.id, .status = answer, .data.answer.consumed = consumed});
    return answer;
}

NDIS_STATUS NDIS_CALL NdisMGetOffloadHandlers(NDIS_HANDLE NdisMiniportHandle,
                                              NDIS_CHIMNEY_OFFLOAD_TYPE ChimneyType,
                                              PNDIS_OFFLOAD_EVENT_HANDLERS *OffloadHandlers)
{
    nds_require_level(FAMILY_MINIPORT, PASSIVE_LEVEL);
    bool known = ChimneyType == NdisTcpChimneyOffload;
    if (!nds_handle_ok(NdisMiniportHandle) && NdisMiniportHandle != nds.adapter_context) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, TAP_HANDLERS);
    }
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_HANDLERS,
                                .conn = TAP_NONE,
                                .object = TAP_NONE,
                                .data.optional.type = ChimneyType,
                                .status = known ? NDIS_STATUS_SUCCESS : NDIS_STATUS_NOT_SUPPORTED,
                                .data.optional.inside = nds.phase == PHASE_INIT});
    *OffloadHandlers = NULL;
    if (!known) {
        return NDIS_STATUS_NOT_SUPPORTED;
    }
    NDIS_TCP_OFFLOAD_EVENT_HANDLERS *table = guest_alloc(sizeof(*table));
    object_add(OBJECT_DATA, table, sizeof(*table), OWNER_TARGET);
    *table = (NDIS_TCP_OFFLOAD_EVENT_HANDLERS){
        .Header = {NDIS_OBJECT_TYPE_DEFAULT, NDIS_OBJECT_TCP_OFFLOAD_REVISION_1, sizeof(*table)},
        .NdisTcpOffloadEventHandler = event_indicate,
        .NdisTcpOffloadReceiveHandler = receive_indicate,
        .NdisTcpOffloadSendComplete = send_complete,
        .NdisTcpOffloadReceiveComplete = receive_complete,
        .NdisTcpOffloadDisconnectComplete = disconnect_complete,
        .NdisTcpOffloadForwardComplete = forward_complete,
    };
    nds.handlers = table;
    *OffloadHandlers = (PNDIS_OFFLOAD_EVENT_HANDLERS)(void *)table;
    return NDIS_STATUS_SUCCESS;
}

/* Send data handed back in the tree of a terminate is the host's again. */
static void take_chains(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block, uint32_t enter)
{
    for (; block; block = block->NextBlock) {
        uint32_t index = 0;
        PNET_BUFFER_LIST nbl = block->NetBufferListChain;
        while (nbl && block->Header.Type >= TcpOffloadConstState) {
            struct nds_object *object = object_find(nbl, OBJECT_NBL);
            struct tap_nbl seen = {.nbl = nbl,
                                   .id = object ? object->id : TAP_NONE,
                                   .index_in_call = index++,
                                   .conn = TAP_NONE,
                                   .handed_event = TAP_NONE,
                                   .fault = fault_of(object, ROLE_SEND, enter)};
            list_point(&seen, object);
            if (seen.fault != NBL_OK) {
                break;
            }
            PNET_BUFFER_LIST next = nbl->Next;
            list_take(object, enter);
            nds.hooks.list_back(nds.hooks.context, TAP_TERMINATE_COMPLETE, &seen);
            nbl = next;
        }
        take_chains(block->DependentBlockList, enter);
    }
}

/* Receive data that the target hands back: its own lists, the host's until it returns them. */
static void hold_buffered(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block, uint32_t enter)
{
    for (; block; block = block->NextBlock) {
        const OFFLOAD_STATE_HEADER *state = ndis_offload_state_first(block);
        bool has = block->Header.Type == TcpOffloadDelegatedState && block->MiniportOffloadContext;
        const TCP_OFFLOAD_STATE_DELEGATED *tcp = (const void *)state;
        struct nds_state *of = state_of(block->NdisOffloadHandle);
        PNET_BUFFER_LIST nbl = has ? tcp->BufferedData : NULL;
        for (uint32_t index = 0; nbl; index++) {
            struct nds_object *object = object_find(nbl, OBJECT_NBL);
            struct tap_nbl seen = {.nbl = nbl,
                                   .id = object ? object->id : TAP_NONE,
                                   .index_in_call = index,
                                   .conn = TAP_NONE,
                                   .handed_event = TAP_NONE,
                                   .fault = fault_of(object, ROLE_INDICATED, enter)};
            if (object) {
                ((struct nds_list *)object->detail)->conn = of ? of->conn : TAP_NONE;
            }
            list_point(&seen, object);
            if (seen.fault != NBL_OK) {
                break;
            }
            PNET_BUFFER_LIST next = nbl->Next;
            nbl->Next = NULL;
            nds.hooks.list_back(nds.hooks.context, TAP_TERMINATE_COMPLETE, &seen);
            list_hold(object, enter);
            nbl = next;
        }
        hold_buffered(block->DependentBlockList, enter);
    }
}

static void state_complete(enum tap_fn fn, enum tap_fn request, NDIS_HANDLE handle,
                           PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root)
{
    nds_require_level(FAMILY_CHIMNEY, DISPATCH_LEVEL);
    struct nds_tree *tree = NULL;
    struct nds_object *object = object_find(root, OBJECT_TREE);
    if (object) {
        tree = object->detail;
        tree = tree->pending && tree->fn == request && tree->root == root ? tree : NULL;
    }
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = fn,
                                    .conn = TAP_NONE,
                                    .object = tree ? tree->operation : TAP_NONE,
                                    .data.upcall.wrong_handle = !nds_handle_ok(handle),
                                    .ptr = tree ? root : NULL});
    if (tree) {
        tree->pending = false;
        tree_blocks(root);
        if (fn == TAP_INITIATE_COMPLETE) {
            tree_take_buffered(root, mark.enter);
        }
        if (fn == TAP_TERMINATE_COMPLETE) {
            take_chains(root, mark.enter);
            hold_buffered(root, mark.enter);
        }
        nds.hooks.state_back(nds.hooks.context, fn, tree->operation, root);
        tree_own(tree, OWNER_HOST, mark.enter);
        nds.hooks.callback_open(nds.hooks.context, fn, TAP_NONE);
    }
    nds_close(mark, false,
              (struct tap_event){.conn = TAP_NONE, .object = tree ? tree->operation : TAP_NONE});
    if (tree) {
        nds.hooks.state_closed(nds.hooks.context, fn);
    }
}

VOID NDIS_CALL NdisMInitiateOffloadComplete(NDIS_HANDLE NdisMiniportHandle,
                                            PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList)
{
    NDS_GIVEN(GIVEN_BLOCKS, OffloadBlockList);
    state_complete(TAP_INITIATE_COMPLETE, TAP_INITIATE, NdisMiniportHandle, OffloadBlockList);
}

VOID NDIS_CALL NdisMTerminateOffloadComplete(NDIS_HANDLE NdisMiniportHandle,
                                             PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList)
{
    NDS_GIVEN(GIVEN_BLOCKS, OffloadBlockList);
    state_complete(TAP_TERMINATE_COMPLETE, TAP_TERMINATE, NdisMiniportHandle, OffloadBlockList);
}

VOID NDIS_CALL NdisMUpdateOffloadComplete(NDIS_HANDLE NdisMiniportHandle,
                                          PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList)
{
    NDS_GIVEN(GIVEN_BLOCKS, OffloadBlockList);
    state_complete(TAP_UPDATE_COMPLETE, TAP_UPDATE, NdisMiniportHandle, OffloadBlockList);
}

VOID NDIS_CALL NdisMInvalidateOffloadComplete(NDIS_HANDLE NdisMiniportHandle,
                                              PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList)
{
    NDS_GIVEN(GIVEN_BLOCKS, OffloadBlockList);
    state_complete(TAP_INVALIDATE_COMPLETE, TAP_INVALIDATE, NdisMiniportHandle, OffloadBlockList);
}

VOID NDIS_CALL NdisMQueryOffloadStateComplete(NDIS_HANDLE NdisMiniportHandle,
                                              PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList)
{
    NDS_GIVEN(GIVEN_BLOCKS, OffloadBlockList);
    state_complete(TAP_QUERY_COMPLETE, TAP_QUERY, NdisMiniportHandle, OffloadBlockList);
}

VOID NDIS_CALL NdisMOffloadEventIndicate(NDIS_HANDLE NdisMiniportHandle,
                                         PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block,
                                         ULONG IndicationCode)
{
    NDS_GIVEN(GIVEN_BLOCKS, Block);
    struct nds_state *state = Block ? neighbor_in(Block) : NULL;
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = TAP_MEVENT,
                                    .conn = TAP_NONE,
                                    .object = state ? state->object->id : TAP_NONE,
                                    .data.asked.code = IndicationCode,
                                    .data.asked.wrong_handle = !nds_handle_ok(NdisMiniportHandle),
                                    .ptr = Block});
    upcall_level();
    uint32_t answer = 0;
    if (IndicationCode == NeighborReachabilityQuery && Block &&
        Block->Header.Type == NeighborOffloadState) {
        answer = nds.hooks.reachability(nds.hooks.context, state ? state->object->id : TAP_NONE);
        POFFLOAD_STATE_HEADER cached = ndis_offload_state_next(ndis_offload_state_first(Block));
        ((PNEIGHBOR_OFFLOAD_STATE_CACHED)(void *)cached)->HostReachabilityDelta = answer;
    }
    nds_close(mark, false,
              (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE, .data.asked.ticks = answer});
}

VOID NDIS_CALL NdisMIndicateReceiveNetBufferLists(NDIS_HANDLE MiniportAdapterHandle,
                                                  PNET_BUFFER_LIST NetBufferLists,
                                                  NDIS_PORT_NUMBER PortNumber,
                                                  ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    NDS_GIVEN(GIVEN_LISTS, NetBufferLists);
    (void)PortNumber;
    nds_require_level(FAMILY_SEND_RECEIVE, DISPATCH_LEVEL);
    struct nds_frame_mark mark = nds_open(
        (struct tap_event){.fn = TAP_NONOFF_INDICATE,
                           .conn = TAP_NONE,
                           .object = TAP_NONE,
                           .data.shown.count = NumberOfNetBufferLists,
                           .data.shown.flags = ReceiveFlags,
                           .data.shown.wrong_handle = MiniportAdapterHandle != nds.adapter_handle});
    PNET_BUFFER_LIST nbl = NetBufferLists;
    for (uint32_t index = 0; nbl; index++) {
        struct nds_object *object = object_find(nbl, OBJECT_NBL);
        struct tap_nbl seen = {.nbl = nbl,
                               .id = object ? object->id : TAP_NONE,
                               .index_in_call = index,
                               .conn = TAP_NONE,
                               .handed_event = TAP_NONE,
                               .fault = fault_of(object, ROLE_INDICATED, mark.enter)};
        list_point(&seen, object);
        if (seen.fault != NBL_OK) {
            break;
        }
        PNET_BUFFER_LIST next = nbl->Next;
        if (!(ReceiveFlags & NDIS_RECEIVE_FLAGS_RESOURCES)) {
            nbl->Next = NULL;
        }
        nds.hooks.nonoff(nds.hooks.context, &seen);
        if (!(ReceiveFlags & NDIS_RECEIVE_FLAGS_RESOURCES)) {
            list_hold(object, mark.enter);
        }
        nbl = next;
    }
    nds_close(mark, false, (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE});
}
