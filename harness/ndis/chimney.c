/* SPDX-License-Identifier: MIT
 *
 * Chimney calls of the host into the target: state operations, I/O, return of indicated lists.
 */
#include "base/pages.h"
#include "ndis/internal.h"

struct nds_state *nds_state_new(enum tap_layer layer, uint32_t conn)
{
    struct nds_state *state = rig_alloc(sizeof(*state));
    state->handle = guest_alloc(sizeof(NDIS_OFFLOAD_HANDLE));
    memset(state->handle, 0, sizeof(*state->handle));
    state->object =
        object_add(OBJECT_STATE, state->handle, sizeof(NDIS_OFFLOAD_HANDLE), OWNER_HOST);
    state->object->detail = state;
    state->layer = layer;
    state->conn = conn;
    return state;
}

PVOID *nds_state_cell(struct nds_state *state)
{
    return &state->handle->MiniportOffloadContext;
}

NDIS_HANDLE nds_state_handle(struct nds_state *state)
{
    return state->handle;
}

uint32_t nds_state_id(const struct nds_state *state)
{
    return state->object->id;
}

uint32_t nds_state_conn(NDIS_HANDLE handle)
{
    struct nds_object *object = object_find(handle, OBJECT_STATE);
    return object ? ((struct nds_state *)object->detail)->conn : TAP_NONE;
}

bool nds_state_live(struct nds_state *state)
{
    return state->handle->MiniportOffloadContext != NULL;
}

void nds_state_forget(struct nds_state *state)
{
    state->handle->MiniportOffloadContext = NULL;
}

static enum tap_layer layer_of(UCHAR type)
{
    if (type >= NeighborOffloadConstState && type <= NeighborOffloadState) {
        return LAYER_NEIGHBOR;
    }
    if (type >= Ip4OffloadConstState && type <= Ip6OffloadState) {
        return LAYER_PATH;
    }
    return type >= TcpOffloadConstState && type <= TcpOffloadState ? LAYER_TCP : LAYER_UNKNOWN;
}

static void block_event(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    struct nds_object *object = object_find(block->NdisOffloadHandle, OBJECT_STATE);
    struct nds_state *state = object ? object->detail : NULL;
    PVOID *cell = block->MiniportOffloadContext;
    enum tap_node node = !cell ? NODE_PLACEHOLDER : *cell ? NODE_LINKER : NODE_NEW;
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_BLOCK,
                                .conn = state ? state->conn : TAP_NONE,
                                .object = cell && object ? object->id : TAP_NONE,
                                .status = block->Status,
                                .data.block.layer = layer_of(block->Header.Type),
                                .data.block.node = node,
                                .data.block.type = block->Header.Type,
                                .data.block.context = cell && *cell,
                                .ptr = block});
}

void tree_blocks(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    for (; block; block = block->NextBlock) {
        block_event(block);
        tree_blocks(block->DependentBlockList);
    }
}

static W_INITIATE_OFFLOAD_HANDLER state_handler(enum tap_fn fn)
{
    const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *calls = &nds.calls.generic;
    switch (fn) {
    case TAP_INITIATE:
        return calls->InitiateOffloadHandler;
    case TAP_QUERY:
        return calls->QueryOffloadHandler;
    case TAP_UPDATE:
        return calls->UpdateOffloadHandler;
    case TAP_INVALIDATE:
        return calls->InvalidateOffloadHandler;
    default:
        return calls->TerminateOffloadHandler;
    }
}

/* Receive data handed over with an initiate is lent until the completion. */
static void lend_buffered(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block, uint32_t event, bool lend)
{
    for (; block; block = block->NextBlock) {
        const OFFLOAD_STATE_HEADER *at = ndis_offload_state_first(block);
        PVOID *cell = block->MiniportOffloadContext;
        bool has = block->Header.Type == TcpOffloadState && cell && (!lend || !*cell);
        if (has) {
            at = ndis_offload_state_next(ndis_offload_state_next(at));
        }
        PNET_BUFFER_LIST nbl =
            has ? ((const TCP_OFFLOAD_STATE_DELEGATED *)(const void *)at)->BufferedData : NULL;
        for (uint32_t index = 0; nbl; index++) {
            struct nds_object *object = object_find(nbl, OBJECT_NBL);
            PNET_BUFFER_LIST next = object ? nbl->Next : NULL;
            if (object && lend) {
                list_lend(object, event);
                list_show(object, index);
            } else if (object) {
                list_take(object, event);
            }
            nbl = next;
        }
        lend_buffered(block->DependentBlockList, event, lend);
    }
}

void tree_take_buffered(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root, uint32_t event)
{
    lend_buffered(root, event, false);
}

/* Send data handed over with an initiate belongs to the target from the call on. */
static void lend_chains(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block, uint32_t event)
{
    for (; block; block = block->NextBlock) {
        uint32_t index = 0;
        for (PNET_BUFFER_LIST nbl = block->NetBufferListChain; nbl; nbl = nbl->Next) {
            struct nds_object *object = object_find(nbl, OBJECT_NBL);
            PNET_BUFFER_LIST next = nbl->Next;
            list_lend(object, event);
            nbl->Next = next;
            list_show(object, index++);
        }
        lend_chains(block->DependentBlockList, event);
    }
}

static struct nds_tree *tree_new(enum tap_fn fn, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root,
                                 const struct nds_piece *pieces, uint32_t count)
{
    struct nds_tree *tree = rig_alloc(sizeof(*tree));
    tree->object = rig_alloc(count * sizeof(tree->object[0]));
    tree->pieces = count;
    tree->fn = fn;
    tree->root = root;
    tree->operation = nds.operations++;
    tree->pending = true;
    for (uint32_t i = 0; i < count; i++) {
        tree->object[i] = object_add(OBJECT_TREE, pieces[i].address, pieces[i].bytes, OWNER_TARGET);
        tree->object[i]->detail = tree;
    }
    if (tree->operation >= nds.tree_room) {
        uint32_t room = nds.tree_room ? 2 * nds.tree_room : 16;
        struct nds_tree **more = rig_alloc(room * sizeof(more[0]));
        if (tree->operation) {
            memcpy(more, nds.tree, tree->operation * sizeof(more[0]));
        }
        nds.tree = more;
        nds.tree_room = room;
    }
    nds.tree[tree->operation] = tree;
    return tree;
}

void tree_own(struct nds_tree *tree, enum tap_owner owner, uint32_t event)
{
    for (uint32_t i = 0; i < tree->pieces; i++) {
        object_own(tree->object[i], owner, event);
        if (owner == OWNER_HOST) {
            guest_take(tree->object[i]->address, tree->object[i]->bytes);
        }
    }
}

uint32_t nds_state_call(enum tap_fn fn, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root,
                        const struct nds_piece *pieces, uint32_t count)
{
    struct nds_tree *tree = tree_new(fn, root, pieces, count);
    struct nds_frame_mark mark = nds_open(
        (struct tap_event){.fn = fn, .conn = TAP_NONE, .object = tree->operation, .ptr = root});
    tree_own(tree, OWNER_TARGET, mark.enter);
    tree_blocks(root);
    if (fn == TAP_INITIATE) {
        lend_chains(root, mark.enter);
        lend_buffered(root, mark.enter, true);
    }
    pages_control(true);
    state_handler(fn)(nds.adapter_context, root);
    nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = tree->operation});
    return tree->operation;
}

static void hand_over(PNET_BUFFER_LIST first, uint32_t event)
{
    uint32_t index = 0;
    for (PNET_BUFFER_LIST nbl = first, next; nbl; nbl = next, index++) {
        struct nds_object *object = object_find(nbl, OBJECT_NBL);
        guest_lend(nbl, sizeof(*nbl));
        next = nbl->Next;
        list_lend(object, event);
        nbl->Next = next;
        list_show(object, index);
    }
}

NDIS_STATUS nds_io_call(enum tap_fn fn, struct nds_state *state, PNET_BUFFER_LIST first,
                        uint32_t flags)
{
    struct nds_frame_mark mark = nds_open((struct tap_event){
        .fn = fn, .conn = state->conn, .object = state->object->id, .data.io.flags = flags});
    hand_over(first, mark.enter);
    PVOID context = nds.limits.context_is_cell ? (PVOID)&state->handle->MiniportOffloadContext
                                               : state->handle->MiniportOffloadContext;
    const NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS *calls = &nds.calls.tcp;
    NDIS_STATUS status;
    pages_control(true);
    switch (fn) {
    case TAP_POST:
        status = calls->TcpOffloadReceiveHandler(nds.adapter_context, context, first);
        break;
    case TAP_SEND:
        status = calls->TcpOffloadSendHandler(nds.adapter_context, context, first);
        break;
    case TAP_FORWARD:
        status = calls->TcpOffloadForwardHandler(nds.adapter_context, context, first);
        break;
    default:
        status = calls->TcpOffloadDisconnectHandler(nds.adapter_context, context, first, flags);
        break;
    }
    nds_close(mark, true,
              (struct tap_event){.conn = state->conn,
                                 .object = state->object->id,
                                 .status = status,
                                 .data.io.flags = flags});
    return status;
}

/* The data window of a driver's own list, whole chain from its data start. */
static void window_each(PNET_BUFFER_LIST nbl, void (*apply)(const void *, size_t))
{
    PNET_BUFFER nb = nbl->FirstNetBuffer;
    uint64_t skip = nb->DataOffset;
    uint32_t left = nb->DataLength;
    for (PMDL mdl = nb->MdlChain; mdl && left; mdl = mdl->Next) {
        if (skip >= mdl->ByteCount) {
            skip -= mdl->ByteCount;
            continue;
        }
        uint32_t here = mdl->ByteCount - (uint32_t)skip;
        uint32_t take = here < left ? here : left;
        apply(mdl_bytes(mdl) + skip, take);
        left -= take;
        skip = 0;
    }
}

/* Over the bytes and over the structures, as OWN-RETURN-1 wants them unchanged until the return. */
uint64_t list_checksum(PNET_BUFFER_LIST nbl)
{
    list_sum = 0x9ae16a3b2f90404fu;
    list_sum_span(nbl, sizeof(*nbl));
    list_sum_span(nbl->FirstNetBuffer, sizeof(NET_BUFFER));
    window_each(nbl, list_sum_span);
    return list_sum;
}

/* The frames that a list describes may not go back to the wire while the host has the list. */
static void frames_held(PNET_BUFFER_LIST nbl, bool held)
{
    for (PMDL mdl = nbl->FirstNetBuffer->MdlChain; mdl; mdl = mdl->Next) {
        struct nds_object *of_mdl = object_find(mdl, OBJECT_MDL);
        struct nds_object *frame =
            of_mdl && of_mdl->parent != TAP_NONE ? object_by_id(of_mdl->parent) : NULL;
        if (!of_mdl) {
            break; /* what lies behind is not to be followed */
        }
        if (frame && frame->kind == OBJECT_FRAME) {
            frame->out += held ? 1 : frame->out ? (uint32_t)-1 : 0;
        }
    }
}

void list_hold(struct nds_object *object, uint32_t event)
{
    struct nds_list *list = object->detail;
    PNET_BUFFER_LIST nbl = object->address;
    list->checksum = nds.limits.trace_off ? 0 : list_checksum(nbl);
    list->indicated_length = nbl->FirstNetBuffer->DataLength;
    frames_held(nbl, true);
    window_each(nbl, guest_take);
    if (!object->flag) {
        guest_take(nbl->FirstNetBuffer, sizeof(NET_BUFFER));
    }
    guest_take(object->address, object->bytes);
    object_own(object, OWNER_HOST, event);
}

static const uint8_t *looked_for;
static bool was_found;

static void look_in(const void *bytes, size_t count)
{
    was_found |=
        looked_for >= (const uint8_t *)bytes && looked_for < (const uint8_t *)bytes + count;
}

bool list_holds(struct nds_object *object, const void *address)
{
    looked_for = address;
    was_found = false;
    window_each(object->address, look_in);
    return was_found;
}

void list_give_back(struct nds_object *object, uint32_t event)
{
    struct nds_list *list = object->detail;
    PNET_BUFFER_LIST nbl = object->address;
    guest_lend(object->address, object->bytes);
    if (!object->flag) {
        guest_lend(nbl->FirstNetBuffer, sizeof(NET_BUFFER));
    }
    window_each(nbl, guest_lend);
    frames_held(nbl, false);
    if (list->checksum && list_checksum(nbl) != list->checksum) {
        nds_misuse(MISUSE_FREE_INDICATED, object->id, TAP_RETURN);
    }
    object_own(object, OWNER_TARGET, event);
}

/* Both return handlers: the lists are linked here, in the order given. */
static void chimney_give_back(enum tap_fn fn, PNET_BUFFER_LIST first)
{
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = fn, .conn = TAP_NONE, .object = TAP_NONE});
    uint32_t index = 0;
    for (PNET_BUFFER_LIST nbl = first, next; nbl; nbl = next, index++) {
        struct nds_object *object = object_find(nbl, OBJECT_NBL);
        guest_lend(nbl, sizeof(*nbl));
        next = nbl->Next;
        nbl->Next = NULL; /* as it was when it was indicated */
        list_give_back(object, mark.enter);
        nbl->Next = next;
        list_show(object, index);
    }
    pages_control(true);
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    if (fn == TAP_RETURN) {
        status = nds.calls.tcp.TcpOffloadReceiveReturnHandler(nds.adapter_context, first);
    } else {
        nds.calls.driver.ReturnNetBufferListsHandler(nds.adapter_context, first, 0);
    }
    nds_close(mark, true,
              (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE, .status = status});
}

void nds_return_call(PNET_BUFFER_LIST first)
{
    chimney_give_back(TAP_RETURN, first);
}

void nds_host_return(PNET_BUFFER_LIST first)
{
    chimney_give_back(TAP_HOST_RETURN, first);
}

void nds_host_send(PNET_BUFFER_LIST first)
{
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = TAP_HOST_SEND, .conn = TAP_NONE, .object = TAP_NONE});
    hand_over(first, mark.enter);
    pages_control(true);
    nds.calls.driver.SendNetBufferListsHandler(nds.adapter_context, first, NDIS_DEFAULT_PORT_NUMBER,
                                               0);
    nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE});
}

void nds_host_cancel(uint32_t id)
{
    struct nds_frame_mark mark = nds_open((struct tap_event){
        .fn = TAP_HOST_CANCEL, .conn = TAP_NONE, .object = TAP_NONE, .data.cancel.id = id});
    nds.calls.driver.CancelSendHandler(nds.adapter_context, (PVOID)(uintptr_t)id);
    nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = TAP_NONE});
}
