/* SPDX-License-Identifier: MIT
 *
 * What an event of the trace is about, in words of the interface.
 */
#include <string.h>

#include "cli/cli.h"

static const struct name {
    uint32_t value;
    const char *name;
} statuses[] = {
#define STATUS(name)                                                                               \
    {                                                                                              \
        (uint32_t) NDIS_STATUS_##name, #name                                                       \
    }
    STATUS(SUCCESS),
    STATUS(PENDING),
    STATUS(NOT_ACCEPTED),
    STATUS(OFFLOAD_PAUSE),
    STATUS(UPLOAD_ALL),
    STATUS(OFFLOAD_RESUME),
    STATUS(OFFLOAD_STATE_INVALID),
    STATUS(TASK_OFFLOAD_CURRENT_CONFIG),
    STATUS(TASK_OFFLOAD_HARDWARE_CAPABILITIES),
    STATUS(TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES),
    STATUS(FAILURE),
    STATUS(INVALID_PARAMETER),
    STATUS(RESOURCES),
    STATUS(NOT_SUPPORTED),
    STATUS(INVALID_STATE),
    STATUS(CLOSING),
    STATUS(BAD_VERSION),
    STATUS(BAD_CHARACTERISTICS),
    STATUS(REQUEST_ABORTED),
    STATUS(RESET_IN_PROGRESS),
    STATUS(INVALID_LENGTH),
    STATUS(SEND_ABORTED),
    STATUS(PAUSED),
    STATUS(LOW_POWER_STATE),
    STATUS(UPLOAD_IN_PROGRESS),
    STATUS(REQUEST_UPLOAD),
    STATUS(UPLOAD_REQUESTED),
#undef STATUS
#define STATUS(name)                                                                               \
    {                                                                                              \
        (uint32_t) NDIS_STATUS_OFFLOAD_##name, #name                                               \
    }
    STATUS(PARTIAL_SUCCESS),
    STATUS(TCP_ENTRIES),
    STATUS(PATH_ENTRIES),
    STATUS(NEIGHBOR_ENTRIES),
    STATUS(IP_ADDRESS_ENTRIES),
    STATUS(HW_ADDRESS_ENTRIES),
    STATUS(VLAN_ENTRIES),
    STATUS(TCP_XMIT_BUFFER),
    STATUS(TCP_RCV_BUFFER),
    STATUS(TCP_RCV_WINDOW),
    STATUS(VLAN_MISMATCH),
    STATUS(DATA_NOT_ACCEPTED),
    STATUS(POLICY),
    STATUS(DATA_PARTIALLY_ACCEPTED),
    STATUS(REQUEST_RESET),
    STATUS(CONNECTION_REJECTED),
#undef STATUS
    {0xA5A5A5A5, "(not written)"},
};

#define NAME(name)                                                                                 \
    {                                                                                              \
        name, #name                                                                                \
    }
static const struct name oids[] = {
    NAME(OID_GEN_CURRENT_PACKET_FILTER),
    NAME(OID_GEN_MAXIMUM_FRAME_SIZE),
    NAME(OID_GEN_VLAN_ID),
    NAME(OID_GEN_RECEIVE_SCALE_PARAMETERS),
    NAME(OID_PNP_SET_POWER),
    NAME(OID_OFFLOAD_ENCAPSULATION),
    NAME(OID_TCP_TASK_OFFLOAD),
    NAME(OID_TCP4_OFFLOAD_STATS),
    NAME(OID_TCP6_OFFLOAD_STATS),
    NAME(OID_IP4_OFFLOAD_STATS),
    NAME(OID_IP6_OFFLOAD_STATS),
    NAME(OID_TCP_OFFLOAD_CURRENT_CONFIG),
    NAME(OID_TCP_OFFLOAD_PARAMETERS),
    NAME(OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES),
    NAME(OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG),
    NAME(OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES),
    NAME(OID_TCP_CONNECTION_OFFLOAD_PARAMETERS),
};

static const struct name events[] = {
    NAME(TcpIndicateSendBacklogChange),
    NAME(TcpIndicateDisconnect),
    NAME(TcpIndicateRetrieve),
    NAME(TcpIndicateAbort),
};

static const struct name reasons[] = {
    NAME(LowActivity),           NAME(HighDropRate),       NAME(SmallIO),
    NAME(NoBufferPreposting),    NAME(ReceivedUrgentData), NAME(HighFragmentation),
    NAME(HighOutOfOrderPackets), NAME(TimeoutExpiration),  NAME(InvalidState),
    NAME(UploadRequested),       NAME(HardwareFailure),
};

static const struct name indications[] = {
    NAME(NeighborReachabilityInDoubt),
    NAME(NeighborReachabilityQuery),
};
#undef NAME

static const struct name layers[] = {
    {LAYER_NEIGHBOR, "neighbor"},
    {LAYER_PATH, "path"},
    {LAYER_TCP, "TCP"},
};

static const struct name nodes[] = {
    {NODE_PLACEHOLDER, "placeholder"},
    {NODE_LINKER, "linker"},
    {NODE_NEW, "new"},
};

/* A number of a table by its name, of none in hexadecimal. */
static void put_name(FILE *out, const struct name *names, unsigned count, uint32_t value)
{
    for (unsigned i = 0; i < count; i++) {
        if (names[i].value == value) {
            fprintf(out, " %s", names[i].name);
            return;
        }
    }
    fprintf(out, value < 256 ? " %u" : " 0x%08x", value);
}
#define PUT_NAME(out, names, value)                                                                \
    put_name(out, names, sizeof(names) / sizeof((names)[0]), (uint32_t)(value))

static void put_object(FILE *out, uint32_t object)
{
    if (object != TAP_NONE) {
        fprintf(out, " #%u", object);
    }
}

/* Points, and calls that are the same on the way in and out. */
static bool put_point(FILE *out, const struct trace_record *r)
{
    const union tap_words data = tap_words_of(r);
    switch (r->fn) {
    case TAP_NBL:
        fprintf(out, " #%u %s %u bytes, transferred %u, advanced %u,", r->object,
                tap_role_name(data.list.role), data.list.length,
                data.list.transferred == TAP_BT_POISON ? 0 : data.list.transferred,
                data.list.advance);
        PUT_NAME(out, statuses, r->status);
        return true;
    case TAP_BLOCK:
        put_object(out, r->object);
        PUT_NAME(out, nodes, data.block.node);
        PUT_NAME(out, layers, data.block.layer);
        fprintf(out, " type %u%s", data.block.type, data.block.context ? " offloaded" : "");
        PUT_NAME(out, statuses, r->status);
        return true;
    case TAP_MISUSE:
        fprintf(out, " %s (object %d, %u)", tap_misuse_name(data.misuse.what), (int)r->object,
                data.misuse.detail);
        if (data.misuse.least) {
            fprintf(out, ", size %u of at least %u", data.misuse.size, data.misuse.least);
        }
        return true;
    case TAP_ALLOC:
    case TAP_FREE:
    case TAP_LEAK:
        put_object(out, r->object);
        fprintf(out, " %s %u bytes", tap_resource_name(data.memory.resource), data.memory.bytes);
        return true;
    case TAP_FRAME_IN:
    case TAP_FRAME_OUT:
        put_object(out, r->object);
        fprintf(out, " %u bytes%s", data.frame.length,
                r->status == NDIS_STATUS_SUCCESS ? "" : ", not taken");
        return true;
    case TAP_FRAME_BACK:
        put_object(out, r->object);
        return true;
    case TAP_TIMER_SET:
        put_object(out, r->object);
        fprintf(out, " in %.6f ms",
                (double)((uint64_t)data.timer_set.high_ns << 32 | data.timer_set.low_ns) / 1e6);
        return true;
    case TAP_TIMER_CANCEL:
        put_object(out, r->object);
        fputs(data.timer_cancel.removed ? "" : " (it was not set)", out);
        return true;
    case TAP_FAULT:
        fprintf(out, " %s: %s", tap_fault_name(data.fault.kind), data.fault.on ? "on" : "off");
        return true;
    case TAP_OP:
        fprintf(out, " %u (%s)", data.operation.index,
                program_op_form((uint8_t)data.operation.code)->name);
        return true;
    default:
        return false;
    }
}

/* What a call is made with. */
static void put_call(FILE *out, const struct trace_record *r)
{
    const union tap_words data = tap_words_of(r);
    switch (r->fn) {
    case TAP_EVENT:
        PUT_NAME(out, events, data.event.type);
        if (data.event.type == TcpIndicateRetrieve) {
            PUT_NAME(out, reasons, data.event.information);
        } else if (data.event.type == TcpIndicateSendBacklogChange) {
            fprintf(out, " %u bytes", data.event.information);
        }
        break;
    case TAP_MEVENT:
        PUT_NAME(out, indications, data.asked.code);
        break;
    case TAP_STATUS:
        PUT_NAME(out, statuses, r->status);
        break;
    case TAP_OID:
        put_object(out, r->object);
        fputs(data.request.set ? " set" : " query", out);
        PUT_NAME(out, oids, data.request.oid);
        break;
    case TAP_DISCONNECT:
        fputs(data.io.flags & TCP_DISCONNECT_ABORTIVE_CLOSE ? " abortive" : " graceful", out);
        break;
    case TAP_TIMER_RUN:
    case TAP_WORK_RUN:
        put_object(out, r->object);
        break;
    case TAP_NIC_RECEIVE:
        fprintf(out, " %u frame%s", data.receive.frames, data.receive.frames == 1 ? "" : "s");
        break;
    case TAP_NIC_LINK:
        fputs(data.link.connected ? " up" : " down", out);
        break;
    default:
        if (data.word[0] || data.word[1]) {
            fprintf(out, " %u %u", data.word[0], data.word[1]);
        }
        break;
    }
}

void render_details(FILE *out, const struct trace_record *r)
{
    if (put_point(out, r)) {
        return;
    }
    if (r->kind != TAP_LEAVE) {
        put_call(out, r);
        return;
    }
    PUT_NAME(out, statuses, r->status);
    if (r->fn == TAP_RCV_INDICATE) {
        fprintf(out, ", %u bytes consumed", tap_words_of(r).answer.consumed);
    }
}
