/* SPDX-License-Identifier: MIT
 *
 * Lists of the host: building them over MDL chains of awkward shapes, reading them when they come
 * back, and the physical side of their ownership.
 *
 * A list with its buffers and MDLs is one piece of guest memory; each MDL's bytes are a piece of
 * their own with a fence of known bytes on both sides of the window.
 */
#include "ndis/internal.h"

#define PIECES_MAX 6u
#define RESERVED_MARK(n) ((PVOID)(uintptr_t)(0x5EED0000u + (n)))

/* How the used bytes are cut into MDLs: lengths of the leading MDLs, the last one takes the rest;
 * lead is unused space at the front of the chain. */
struct shape {
    uint32_t lead;
    uint32_t cut[PIECES_MAX - 1];
};
static const struct shape shapes[8] = {
    {0, {0}},              /* one MDL */
    {0, {1, 0}},           /* one byte, then the rest */
    {24, {0}},             /* data start inside the first MDL */
    {0, {7, 13, 0}},       /* odd pieces */
    {32, {32, 5, 0}},      /* data start in the second MDL */
    {0, {64, 0xFFFF, 32}}, /* a zero-length MDL in the middle */
    {3, {3, 0xFFFF, 1}},   /* both */
    {0, {511, 513, 0}},
};
#define CUT_EMPTY 0xFFFFu
#define SLACK_BYTES 9u
#define SLACK_MORE 17u

static uint32_t shape_cuts(const struct shape *shape, uint32_t total, uint32_t out[PIECES_MAX])
{
    uint32_t count = 0, left = total;
    for (uint32_t i = 0; i < PIECES_MAX - 1 && shape->cut[i]; i++) {
        uint32_t take = shape->cut[i] == CUT_EMPTY ? 0 : shape->cut[i];
        if (take > left) {
            break;
        }
        out[count++] = take;
        left -= take;
    }
    out[count++] = left;
    return count;
}

struct builder {
    uint8_t *at; /* next free byte of the list's piece */
    uint32_t list;
    nds_fill fill;
    void *context;
    uint32_t filled;
    uint32_t blank; /* bytes of the chain from here on that are not filled afterwards */
    bool slack;
};

static PMDL build_mdl(struct builder *b, uint32_t bytes)
{
    PMDL mdl = (PMDL)(void *)b->at;
    b->at += sizeof(MDL);
    uint8_t *data = guest_alloc(bytes + 2 * FENCE);
    struct nds_object *object = object_add(OBJECT_DATA, data, bytes + 2 * FENCE, OWNER_HOST);
    object->parent = b->list;
    memset(data, FENCE_BYTE, FENCE);
    uint32_t blank = b->blank < bytes ? b->blank : bytes;
    memset(data + FENCE, 0xEE, blank);
    b->blank -= blank;
    memset(data + FENCE + bytes, FENCE_BYTE, FENCE);
    guest_fence(data, FENCE, true);
    guest_fence(data + FENCE + bytes, FENCE, true);
    memset(mdl, 0, sizeof(*mdl));
    mdl->Size = sizeof(MDL);
    mdl->MdlFlags = MDL_PAGES_LOCKED;
    mdl->StartVa = (PVOID)(uintptr_t)0x00007fff00000000; /* the application's address: not for us */
    mdl->ByteCount = bytes;
    struct nds_object *of_mdl = object_add(OBJECT_MDL, mdl, sizeof(MDL), OWNER_HOST);
    of_mdl->detail = data + FENCE;
    of_mdl->parent = b->list;
    return mdl;
}

static void fill_chain(struct builder *b, PMDL chain, uint32_t skip, uint32_t length)
{
    for (PMDL mdl = chain; mdl && length; mdl = mdl->Next) {
        if (skip >= mdl->ByteCount) {
            skip -= mdl->ByteCount;
            continue;
        }
        uint32_t here = mdl->ByteCount - skip;
        uint32_t take = here < length ? here : length;
        if (b->fill) {
            b->fill(b->context, mdl_bytes(mdl) + skip, b->filled, take);
        }
        b->filled += take;
        length -= take;
        skip = 0;
    }
}

/* What the target may neither read as data nor write. */
static void mark_slack(PMDL chain, uint32_t used)
{
    for (PMDL mdl = chain; mdl; mdl = mdl->Next) {
        uint32_t keep = used < mdl->ByteCount ? used : mdl->ByteCount;
        memset(mdl_bytes(mdl) + keep, FENCE_BYTE, mdl->ByteCount - keep);
        used -= keep;
    }
}

static PNET_BUFFER build_nb(struct builder *b, const struct shape *shape, uint32_t length,
                            struct nb_snapshot *snapshot)
{
    PNET_BUFFER nb = (PNET_BUFFER)(void *)b->at;
    b->at += sizeof(NET_BUFFER);
    memset(nb, 0, sizeof(*nb));
    uint32_t cut[PIECES_MAX];
    uint32_t total = shape->lead + length;
    uint32_t count = shape_cuts(shape, total, cut);
    b->blank = b->fill ? shape->lead : total;
    PMDL *link = &nb->MdlChain;
    for (uint32_t i = 0; i < count; i++) {
        *link = build_mdl(b, cut[i] + (b->slack && i + 1 == count ? SLACK_BYTES : 0));
        link = &(*link)->Next;
    }
    if (b->slack) {
        *link = build_mdl(b, SLACK_MORE);
        mark_slack(nb->MdlChain, total);
    }
    nb->DataOffset = shape->lead;
    nb->DataLength = length;
    nb->CurrentMdl = nb->MdlChain;
    nb->CurrentMdlOffset = shape->lead;
    while (nb->CurrentMdl->Next && nb->CurrentMdlOffset >= nb->CurrentMdl->ByteCount) {
        nb->CurrentMdlOffset -= nb->CurrentMdl->ByteCount;
        nb->CurrentMdl = nb->CurrentMdl->Next;
    }
    for (uint32_t i = 0; i < 6; i++) {
        nb->ProtocolReserved[i] = RESERVED_MARK(i);
    }
    *snapshot = (struct nb_snapshot){nb, nb->MdlChain, shape->lead, length, total};
    fill_chain(b, nb->MdlChain, shape->lead, length);
    return nb;
}

static void nbl_fields(PNET_BUFFER_LIST nbl, const struct nds_list *list)
{
    for (uint32_t i = 0; i < 4; i++) {
        nbl->ProtocolReserved[i] = RESERVED_MARK(16 + i);
    }
    nbl->SourceHandle = RESERVED_MARK(32);
    nbl->Scratch = RESERVED_MARK(33);
    nbl->Status = (NDIS_STATUS)0xA5A5A5A5; /* output fields are poisoned before every call */
    nbl->NetBufferListInfo[TcpOffloadBytesTransferred] = (PVOID)(uintptr_t)TAP_BT_POISON;
    nbl->NetBufferListInfo[TcpReceiveNoPush] = (PVOID)(uintptr_t)list->no_push;
    nbl->NetBufferListInfo[TcpReceiveBytesTransferred] = (PVOID)(uintptr_t)list->prefill;
}

PNET_BUFFER_LIST nds_list_build(enum tap_role role, uint32_t conn, uint32_t length,
                                struct nds_list_shape form, nds_fill fill, void *context)
{
    const struct shape *shape = &shapes[form.pieces & 7];
    uint32_t nbs = form.nb_count ? form.nb_count : 1;
    uint32_t bytes =
        (uint32_t)(sizeof(NET_BUFFER_LIST) +
                   nbs * (sizeof(NET_BUFFER) + (PIECES_MAX + form.slack) * sizeof(MDL)));
    struct builder b = {.fill = fill, .context = context, .slack = form.slack};
    b.at = guest_alloc(bytes);
    PNET_BUFFER_LIST nbl = (PNET_BUFFER_LIST)(void *)b.at;
    struct nds_object *object = object_add(OBJECT_NBL, nbl, bytes, OWNER_HOST);
    struct nds_list *list = rig_alloc(sizeof(*list) + nbs * sizeof(struct nb_snapshot));
    object->detail = list;
    b.list = object->id;
    b.at += sizeof(*nbl);
    memset(nbl, 0, sizeof(*nbl));
    *list = (struct nds_list){.role = role,
                              .conn = conn,
                              .handed_event = TAP_NONE,
                              .shown_in = TAP_NONE,
                              .nb_count = nbs,
                              .length = length,
                              .pieces = form.pieces & 7,
                              .nb = (struct nb_snapshot *)(void *)(list + 1)};
    PNET_BUFFER *link = &nbl->FirstNetBuffer;
    for (uint32_t i = 0, left = length; i < nbs; i++) {
        uint32_t take = i + 1 == nbs ? left : form.empty && !i ? 0 : left / (nbs - i);
        *link = build_nb(&b, shape, take, &list->nb[i]);
        link = &(*link)->Next;
        left -= take;
    }
    nbl_fields(nbl, list);
    return nbl;
}

struct nds_list *nds_list_detail(PNET_BUFFER_LIST nbl)
{
    struct nds_object *object = object_find(nbl, OBJECT_NBL);
    return object ? object->detail : NULL;
}

PNET_BUFFER_LIST nds_list_by_id(uint32_t id)
{
    return object_by_id(id)->address;
}

/* Applies lend or take to the bytes behind every MDL of a list, whole MDLs without their fences. */
static void data_each(const struct nds_list *list, void (*apply)(const void *, size_t))
{
    for (uint32_t i = 0; i < list->nb_count; i++) {
        for (PMDL mdl = list->nb[i].chain; mdl; mdl = mdl->Next) {
            apply(mdl_bytes(mdl), mdl->ByteCount);
        }
    }
}

/* Data that the target may read and nothing else, from the hand-over to the completion. */
static bool only_read(const struct nds_list *list)
{
    return list->role == ROLE_SEND || list->role == ROLE_INIT_SEND || list->role == ROLE_FORWARD ||
           list->role == ROLE_DISCONNECT || list->role == ROLE_HOST_SEND;
}

static uint64_t data_checksum(const struct nds_list *list)
{
    list_sum = 0x9ae16a3b2f90404fu;
    data_each(list, list_sum_span);
    return list_sum | 1; /* 0 stands for none */
}

void list_lend(struct nds_object *object, uint32_t event)
{
    guest_lend(object->address, object->bytes);
    struct nds_list *list = object->detail;
    data_each(list, guest_lend);
    list->checksum = only_read(list) && !nds.limits.trace_off ? data_checksum(list) : 0;
    object_own(object, OWNER_TARGET, event);
    list->handed_event = event;
    nbl_fields(object->address, list);
}

void list_take(struct nds_object *object, uint32_t event)
{
    data_each(object->detail, guest_take);
    guest_take(object->address, object->bytes);
    object_own(object, OWNER_HOST, event);
}

void nds_list_rearm(PNET_BUFFER_LIST nbl)
{
    struct nds_object *object = object_find(nbl, OBJECT_NBL);
    struct nds_list *list = object->detail;
    guest_lend(object->address, object->bytes);
    nbl->Next = NULL;
    for (uint32_t i = 0; i < list->nb_count; i++) {
        PNET_BUFFER nb = list->nb[i].nb;
        nb->DataOffset = list->nb[i].data_offset;
        nb->DataLength = list->nb[i].data_length;
        nb->CurrentMdl = nb->MdlChain;
        nb->CurrentMdlOffset = nb->DataOffset;
        while (nb->CurrentMdl->Next && nb->CurrentMdlOffset >= nb->CurrentMdl->ByteCount) {
            nb->CurrentMdlOffset -= nb->CurrentMdl->ByteCount;
            nb->CurrentMdl = nb->CurrentMdl->Next;
        }
    }
}

void nds_list_refill(PNET_BUFFER_LIST nbl, enum tap_role role, nds_fill fill, void *context)
{
    struct nds_list *list = nds_list_detail(nbl);
    struct builder b = {.fill = fill, .context = context};
    nds_list_rearm(nbl);
    data_each(list, guest_lend);
    list->role = role;
    list->no_push = false;
    list->prefill = 0;
    for (uint32_t i = 0; i < list->nb_count; i++) {
        fill_chain(&b, list->nb[i].chain, list->nb[i].data_offset, list->nb[i].data_length);
    }
}

void nds_list_free(PNET_BUFFER_LIST nbl)
{
    struct nds_object *object = object_find(nbl, OBJECT_NBL);
    guest_lend(object->address, object->bytes);
    struct nds_list *list = object->detail;
    for (uint32_t i = 0; i < list->nb_count; i++) {
        for (PMDL mdl = list->nb[i].chain, next; mdl; mdl = next) {
            next = mdl->Next;
            struct nds_object *of_mdl = object_find(mdl, OBJECT_MDL);
            struct nds_object *data = object_find((uint8_t *)of_mdl->detail - FENCE, OBJECT_DATA);
            object_remove(of_mdl);
            object_remove(data);
            guest_free(data->address, data->bytes);
        }
    }
    object_remove(object);
    guest_free(object->address, object->bytes);
}

void nds_list_chain(PNET_BUFFER_LIST a, PNET_BUFFER_LIST b)
{
    struct nds_object *object = object_find(a, OBJECT_NBL);
    guest_lend(object->address, sizeof(*a));
    a->Next = b;
}

/* Does the buffer describe the same bytes as when it was handed over, at most advanced? */
static bool nb_consistent(const struct nb_snapshot *old, uint32_t *advance)
{
    PNET_BUFFER nb = old->nb;
    *advance = 0;
    if (nb->MdlChain != old->chain || nb->DataOffset < old->data_offset ||
        nb->DataOffset - old->data_offset > old->data_length) {
        return false;
    }
    *advance = nb->DataOffset - old->data_offset;
    if (nb->DataLength != old->data_length - *advance) {
        return false;
    }
    uint64_t at = nb->CurrentMdlOffset;
    PMDL mdl = old->chain;
    for (; mdl && mdl != nb->CurrentMdl; mdl = mdl->Next) {
        at += mdl->ByteCount;
    }
    return mdl && at == nb->DataOffset;
}

static bool fields_intact(PNET_BUFFER_LIST nbl, const struct nds_list *list)
{
    for (uint32_t i = 0; i < 4; i++) {
        if (nbl->ProtocolReserved[i] != RESERVED_MARK(16 + i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < list->nb_count; i++) {
        PNET_BUFFER next = i + 1 < list->nb_count ? list->nb[i + 1].nb : NULL;
        if (list->nb[i].nb->Next != next ||
            list->nb[i].nb->ProtocolReserved[0] != RESERVED_MARK(0)) {
            return false;
        }
    }
    return nbl->SourceHandle == RESERVED_MARK(32) && nbl->FirstNetBuffer == list->nb[0].nb;
}

static void read_indicated(PNET_BUFFER_LIST nbl, struct tap_nbl *out)
{
    out->nb_consistent = out->fields_intact = out->slack_intact = out->data_intact = true;
    out->nb_count = 0;
    for (PNET_BUFFER nb = nbl->FirstNetBuffer; nb && out->nb_count < 1000; nb = nb->Next) {
        out->nb_count++;
        out->length += nb->DataLength;
    }
}

void list_read(struct nds_object *object, PNET_BUFFER_LIST nbl, struct tap_nbl *out)
{
    struct nds_list *list = object->detail;
    out->role = list->role;
    out->conn = list->conn;
    out->handed_event = list->handed_event;
    out->has_next = nbl->Next != NULL;
    out->status = nbl->Status;
    if (list->role == ROLE_INDICATED) {
        read_indicated(nbl, out);
        return;
    }
    out->bytes_transferred =
        (uint32_t)(uintptr_t)nbl->NetBufferListInfo[TcpOffloadBytesTransferred];
    out->nb_count = list->nb_count;
    out->length = list->length;
    out->prefill = list->prefill;
    out->no_push = list->no_push;
    out->stream_offset = list->stream_offset;
    out->nb_consistent = true;
    for (uint32_t i = 0; i < list->nb_count; i++) {
        uint32_t advance;
        out->nb_consistent &= nb_consistent(&list->nb[i], &advance);
        out->advance += advance;
    }
    out->fields_intact = fields_intact(nbl, list);
    out->slack_intact = nds.limits.trace_off || list_fences_intact(list);
    out->data_intact |= !list->checksum || data_checksum(list) == list->checksum;
}

void list_point(struct tap_nbl *seen, struct nds_object *object)
{
    if (seen->fault == NBL_OK) {
        list_read(object, seen->nbl, seen);
    } else if (object) { /* known, but not to be read */
        const struct nds_list *list = object->detail;
        seen->role = list->role;
        seen->conn = list->conn;
        seen->handed_event = list->handed_event;
    }
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_NBL,
                                .conn = seen->conn,
                                .object = seen->id,
                                .status = seen->fault == NBL_OK ? seen->status : 0,
                                .data.list.length = seen->length,
                                .data.list.role = seen->role,
                                .data.list.transferred = seen->bytes_transferred,
                                .data.list.advance = seen->advance,
                                .ptr = seen});
}

void list_show(struct nds_object *object, uint32_t index)
{
    struct tap_nbl seen = {.nbl = object->address,
                           .id = object->id,
                           .fault = NBL_OK,
                           .index_in_call = index,
                           .conn = TAP_NONE,
                           .handed_event = TAP_NONE,
                           .data_intact = true}; /* it is handed over just now */
    list_point(&seen, object);
}
