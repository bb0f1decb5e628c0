/* SPDX-License-Identifier: MIT */
#include "ndis/tap.h"

#include <stddef.h>

#include "base/evidence.h"
#include "ndis/internal.h"

#define READERS_MAX 8

static struct {
    tap_reader reader[READERS_MAX];
    void *context[READERS_MAX];
    uint32_t count;
} readers;

void tap_reset(void)
{
    readers.count = 0;
}

void tap_subscribe(tap_reader reader, void *context)
{
    if (readers.count < READERS_MAX) {
        readers.reader[readers.count] = reader;
        readers.context[readers.count++] = context;
    }
}

static uint64_t pair(uint32_t low, uint32_t high)
{
    return low | (uint64_t)high << 32;
}

/* Volatile: each field is read at the width at which it was just written. The compiler joins the
 * reads otherwise, and a wide read of narrow stores waits until they have left the store buffer. */
static void words_of(const volatile struct tap_event *event, uint64_t word[TRACE_WORDS])
{
    _Static_assert(offsetof(struct trace_record, time_ns) == 8 &&
                       offsetof(struct trace_record, call) == 16 &&
                       offsetof(struct trace_record, d) == 44,
                   "the words below");
    uint32_t what = event->kind | (uint32_t)event->fn << 8 | (uint32_t)event->cpu << 16 |
                    (uint32_t)event->irql << 24;
    word[0] = pair(event->seq, what);
    word[1] = event->time_ns;
    word[2] = pair(event->call, event->conn);
    word[3] = pair(event->object, (uint32_t)event->status);
    word[4] = pair(event->data.word[0], event->data.word[1]);
    word[5] = pair(event->data.word[2], event->data.word[3]);
}

struct trace_record tap_record(const struct tap_event *event)
{
    uint64_t word[TRACE_WORDS];
    struct trace_record record;
    words_of(event, word);
    memcpy(&record, word, sizeof(record));
    return record;
}

uint32_t tap_emit_at(struct tap_event *event)
{
    event->seq = nds.events++;
    event->time_ns = nds.now_ns;
    event->cpu = nds.cpu;
    event->irql = nds.irql;
    if (event->kind != TAP_LEAVE) {
        event->call = nds.open_call;
    }
    const bool closed = evidence_open_now();
    if (!nds.limits.trace_off) {
        uint64_t word[TRACE_WORDS];
        words_of(event, word);
        trace_add(nds.trace, word);
    }
    for (uint32_t i = 0; i < readers.count; i++) {
        readers.reader[i](readers.context[i], event);
    }
    evidence_close_again(closed && nds.depth);
    if (nds.events > nds.limits.events_max) {
        nds.limits.events_max = UINT32_MAX;
        nds_abandon(VERDICT_HANG,
                    "more events than the run's budget: the driver goes round in circles");
    }
    return event->seq;
}

static const char *const fn_names[TAP_FN_COUNT] = {
    [TAP_DRIVER_ENTRY] = "DriverEntry",
    [TAP_SET_OPTIONS] = "MiniportSetOptions",
    [TAP_INITIALIZE] = "MiniportInitializeEx",
    [TAP_RESTART] = "MiniportRestart",
    [TAP_PAUSE] = "MiniportPause",
    [TAP_RESET] = "MiniportResetEx",
    [TAP_HALT] = "MiniportHaltEx",
    [TAP_UNLOAD] = "MiniportDriverUnload",
    [TAP_PNP] = "MiniportDevicePnPEventNotify",
    [TAP_OID] = "MiniportOidRequest",
    [TAP_HOST_SEND] = "MiniportSendNetBufferLists",
    [TAP_HOST_CANCEL] = "MiniportCancelSend",
    [TAP_HOST_RETURN] = "MiniportReturnNetBufferLists",
    [TAP_INITIATE] = "MiniportInitiateOffload",
    [TAP_QUERY] = "MiniportQueryOffload",
    [TAP_UPDATE] = "MiniportUpdateOffload",
    [TAP_INVALIDATE] = "MiniportInvalidateOffload",
    [TAP_TERMINATE] = "MiniportTerminateOffload",
    [TAP_POST] = "MiniportTcpOffloadReceive",
    [TAP_SEND] = "MiniportTcpOffloadSend",
    [TAP_DISCONNECT] = "MiniportTcpOffloadDisconnect",
    [TAP_FORWARD] = "MiniportTcpOffloadForward",
    [TAP_RETURN] = "MiniportTcpOffloadReceiveReturn",
    [TAP_TIMER_RUN] = "timer",
    [TAP_WORK_RUN] = "work item",
    [TAP_NIC_RECEIVE] = "NicReceive",
    [TAP_NIC_DONE] = "NicTransmitDone",
    [TAP_NIC_LINK] = "NicLinkChange",
    [TAP_NIC_FAILED] = "NicHardwareFailed",
    [TAP_RCV_COMPLETE] = "NdisTcpOffloadReceiveComplete",
    [TAP_SND_COMPLETE] = "NdisTcpOffloadSendComplete",
    [TAP_DIS_COMPLETE] = "NdisTcpOffloadDisconnectComplete",
    [TAP_FWD_COMPLETE] = "NdisTcpOffloadForwardComplete",
    [TAP_RCV_INDICATE] = "NdisTcpOffloadReceiveHandler",
    [TAP_EVENT] = "NdisTcpOffloadEventHandler",
    [TAP_MEVENT] = "NdisMOffloadEventIndicate",
    [TAP_STATUS] = "NdisMIndicateStatusEx",
    [TAP_NONOFF_INDICATE] = "NdisMIndicateReceiveNetBufferLists",
    [TAP_HOST_SENT] = "NdisMSendNetBufferListsComplete",
    [TAP_INITIATE_COMPLETE] = "NdisMInitiateOffloadComplete",
    [TAP_QUERY_COMPLETE] = "NdisMQueryOffloadStateComplete",
    [TAP_UPDATE_COMPLETE] = "NdisMUpdateOffloadComplete",
    [TAP_INVALIDATE_COMPLETE] = "NdisMInvalidateOffloadComplete",
    [TAP_TERMINATE_COMPLETE] = "NdisMTerminateOffloadComplete",
    [TAP_OID_COMPLETE] = "NdisMOidRequestComplete",
    [TAP_PAUSE_COMPLETE] = "NdisMPauseComplete",
    [TAP_RESTART_COMPLETE] = "NdisMRestartComplete",
    [TAP_RESET_COMPLETE] = "NdisMResetComplete",
    [TAP_NBL] = "list",
    [TAP_BLOCK] = "block",
    [TAP_FRAME_IN] = "frame in",
    [TAP_FRAME_BACK] = "frame back",
    [TAP_FRAME_OUT] = "frame out",
    [TAP_ALLOC] = "allocate",
    [TAP_FREE] = "free",
    [TAP_TIMER_SET] = "set timer",
    [TAP_TIMER_CANCEL] = "cancel timer",
    [TAP_REGISTER] = "NdisMRegisterMiniportDriver",
    [TAP_OPTIONAL] = "NdisSetOptionalHandlers",
    [TAP_ATTRIBUTES] = "NdisMSetMiniportAttributes",
    [TAP_HANDLERS] = "NdisMGetOffloadHandlers",
    [TAP_MISUSE] = "misuse",
    [TAP_FAULT] = "fault",
    [TAP_PARAMETERS] = "parameters",
    [TAP_SETTING] = "setting",
    [TAP_OID_DONE] = "request done",
    [TAP_OP] = "operation",
    [TAP_STEP] = "at rest",
    [TAP_LEAK] = "leak",
    [TAP_END] = "end",
};

const char *tap_fn_name(enum tap_fn fn)
{
    return fn < TAP_FN_COUNT && fn_names[fn] ? fn_names[fn] : "?";
}

const char *tap_misuse_name(enum tap_misuse misuse)
{
    static const char *const names[] = {
        [MISUSE_IRQL] = "called at the wrong level",
        [MISUSE_LOCK_RECURSION] = "spin lock acquired while held: deadlock",
        [MISUSE_LOCK_NOT_HELD] = "spin lock released while not held",
        [MISUSE_LOCK_ACROSS] = "spin lock or level kept across the boundary",
        [MISUSE_BAD_POINTER] = "not an object, or freed already",
        [MISUSE_DOUBLE_FREE] = "freed twice, or by another function than made it",
        [MISUSE_WRONG_POOL] = "wrong kind of pool",
        [MISUSE_POOL_BUSY] = "pool freed while objects are out",
        [MISUSE_ADVANCE_TOO_FAR] = "data start advanced beyond the used length",
        [MISUSE_TIMER_QUEUED] = "timer freed or left behind while queued",
        [MISUSE_WORK_QUEUED] = "work item queued twice or freed while queued",
        [MISUSE_STRUCTURE] = "structure with wrong type, revision or size",
        [MISUSE_SEQUENCE] = "call outside its phase",
        [MISUSE_FREE_INDICATED] = "freed while the host owns it",
        [MISUSE_HANDLE] = "handle that was not given out for this",
        [MISUSE_NULL] = "NULL where an object is required",
        [MISUSE_LOCK_FORM] = "spin lock released by the other form",
        [MISUSE_LOCK_ORDER] = "spin locks taken in both orders: deadlock on two processors",
        [MISUSE_LOCK_LIVE] = "spin lock freed while held",
        [MISUSE_LOCK_UNKNOWN] = "spin lock freed that is not allocated",
        [MISUSE_TX_OWNED] = "descriptor transmitted while the wire owns it",
    };
    return misuse < sizeof(names) / sizeof(names[0]) ? names[misuse] : "?";
}

const char *tap_fault_name(enum tap_fault fault)
{
    static const char *const names[FAULTS] = {
        [FAULT_ALLOC] = "allocations fail",
        [FAULT_POOL] = "list allocations fail",
        [FAULT_TX_STALL] = "transmit callbacks withheld",
        [FAULT_LINK_DOWN] = "link down",
        [FAULT_MAP] = "mappings fail",
    };
    return fault < FAULTS ? names[fault] : "?";
}

const char *tap_resource_name(enum tap_resource resource)
{
    static const char *const names[] = {
        [RESOURCE_MEMORY] = "memory",
        [RESOURCE_NBL_POOL] = "NET_BUFFER_LIST pool",
        [RESOURCE_NB_POOL] = "NET_BUFFER pool",
        [RESOURCE_NBL] = "NET_BUFFER_LIST",
        [RESOURCE_NB] = "NET_BUFFER",
        [RESOURCE_MDL] = "MDL",
        [RESOURCE_TIMER] = "timer object",
        [RESOURCE_WORK_ITEM] = "work item",
        [RESOURCE_LOCK] = "spin lock",
        [RESOURCE_NIC] = "wire port",
        [RESOURCE_FRAME] = "received frame",
        [RESOURCE_DRIVER] = "driver registration",
        [RESOURCE_CONFIGURATION] = "open configuration",
    };
    return resource < sizeof(names) / sizeof(names[0]) ? names[resource] : "?";
}

const char *tap_role_name(enum tap_role role)
{
    static const char *const names[] = {
        [ROLE_POST] = "receive request",       [ROLE_SEND] = "send",
        [ROLE_DISCONNECT] = "disconnect",      [ROLE_FORWARD] = "forwarded segment",
        [ROLE_INIT_SEND] = "handed-over send", [ROLE_BUFFERED] = "buffered data",
        [ROLE_HOST_SEND] = "ordinary send",    [ROLE_INDICATED] = "indicated list",
    };
    return role < sizeof(names) / sizeof(names[0]) ? names[role] : "?";
}

struct copy_to {
    uint8_t *out;
};

static void copy_span(void *context, const uint8_t *bytes, uint32_t length)
{
    struct copy_to *to = context;
    memcpy(to->out, bytes, length);
    to->out += length;
}

bool tap_readable(const void *bytes, uint32_t count)
{
    const uint8_t *at = bytes;
    const struct nds_object *object = guest_contains(at) ? object_containing(at) : NULL;
    return object && object->live && at + count <= (const uint8_t *)object->address + object->bytes;
}

uint32_t tap_nbl_copy(const struct tap_nbl *list, uint32_t offset, void *out, uint32_t length)
{
    struct copy_to to = {out};
    return tap_nbl_spans(list, offset, length, copy_span, &to);
}

/* Visits bytes of one chain from a position on; returns how many were visited. */
static uint32_t chain_spans(PMDL mdl, uint64_t skip, uint32_t length, tap_span_visitor visit,
                            void *context)
{
    uint32_t done = 0;
    for (; mdl && done < length; mdl = mdl->Next) {
        if (skip >= mdl->ByteCount) {
            skip -= mdl->ByteCount;
            continue;
        }
        uint32_t here = mdl->ByteCount - (uint32_t)skip;
        uint32_t take = here < length - done ? here : length - done;
        visit(context, mdl_bytes(mdl) + skip, take);
        done += take;
        skip = 0;
    }
    return done;
}

uint32_t tap_nbl_spans(const struct tap_nbl *list, uint32_t offset, uint32_t length,
                       tap_span_visitor visit, void *context)
{
    uint32_t done = 0;
    if (list->role == ROLE_INDICATED) {
        PNET_BUFFER nb = list->nbl->FirstNetBuffer;
        if (offset >= nb->DataLength) {
            return 0;
        }
        uint32_t most = nb->DataLength - offset;
        return chain_spans(nb->MdlChain, (uint64_t)nb->DataOffset + offset,
                           length < most ? length : most, visit, context);
    }
    struct nds_list *detail = nds_list_detail(list->nbl);
    for (uint32_t i = 0; detail && i < detail->nb_count && done < length; i++) {
        const struct nb_snapshot *nb = &detail->nb[i];
        if (offset >= nb->data_length) {
            offset -= nb->data_length;
            continue;
        }
        uint32_t most = nb->data_length - offset;
        uint32_t want = length - done < most ? length - done : most;
        done += chain_spans(nb->chain, (uint64_t)nb->data_offset + offset, want, visit, context);
        offset = 0;
    }
    return done;
}
