/* SPDX-License-Identifier: MIT */
#include "program/run.h"

#include <stdio.h>
#include <string.h>

#include "base/payload.h"
#include "program/choices.h"
#include "program/ordinary.h"
#include "program/stage.h"

#define MS 1000000ull
/* Timers alone must not use up the budget of events: with so many, time passes slowly, and long
 * times pass in parts. */
#define EVENTS_PLENTY 1000000u
#define OID_ROOM 512u /* for a buffer that is longer than it must be */
#define AT_ONCE_NS (100000 * MS)

static void set_parameters(struct stage *stage, const struct program_op *op)
{
    NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS p = stage->world->options.parameters;
    uint32_t rate = (uint32_t)op_parameter(op, "ticks");
    p.TicksPerSecond = rate;
    p.TcpAckFrequency = (UCHAR)(1 + op_get(op, "ack-frequency"));
    uint32_t delayed = op_get(op, "delayed-ack-ticks");
    uint32_t most = rate / 2 < 200 ? rate / 2 : 200; /* WIRE-HOST-1: at most half a second */
    p.TcpDelayedAckTicks = (UCHAR)(delayed && delayed < most ? delayed : most);
    uint32_t push = op_get(op, "push-ticks");
    p.TcpPushTicks = push ? push : rate / 2;
    uint32_t tries = op_get(op, "retransmissions");
    p.TcpMaximumRetransmissions = (UCHAR)(tries ? tries : 5);
    uint32_t duplicates = op_get(op, "duplicate-acks");
    p.TcpDuplicateAckThreshold = duplicates ? (duplicates < 2 ? 2 : duplicates) : 3;
    uint32_t sws = op_get(op, "sws-ticks"); /* 0.1 to 1 s */
    p.TcpSwsPreventionTicks = !sws              ? rate / 5
                              : sws < rate / 10 ? rate / 10
                              : sws < rate      ? sws
                                                : rate;
    p.NceStaleTicks = 60 * rate;
    world_parameters(stage->world, &p);
}

static void set_fault(struct stage *stage, const struct program_op *op)
{
    enum fault_kind kind = (enum fault_kind)op_get(op, "kind");
    uint32_t skip = op_get(op, "skip"), count = op_get(op, "count");
    count = count ? count : 1;
    if (kind != INJECT_HARDWARE) {
        stage->starved = kind != INJECT_CLEAR;
    }
    switch (kind) {
    case INJECT_CLEAR:
        nds_fault_clear();
        nds_wire_link(true);
        break;
    case INJECT_ALLOC:
        nds_fault_alloc(skip, count);
        break;
    case INJECT_POOL:
        nds_fault_pool(true);
        break;
    case INJECT_TX_STALL:
        nds_fault_tx_stall(true);
        break;
    case INJECT_LINK_DOWN:
        nds_wire_link(false);
        break;
    case INJECT_MAP:
        nds_fault_map(count);
        break;
    case INJECT_HARDWARE:
        nds_wire_fail();
        break;
    case INJECT_CALL:
    case INJECT_SITE:
        nds_plan_operation(&(struct nds_plan){
            .what = (enum nds_failing)op_get(op, "what"),
            .tag = kind == INJECT_CALL ? op_get(op, "of") : 0,
            .site = kind == INJECT_SITE ? op_get(op, "of") : 0,
            .skip = skip,
            .count = count,
        });
        break;
    }
    world_settle(stage->world);
}

static void arm_nested(struct stage *stage, const struct program_op *op, uint32_t conn)
{
    enum nested_call call = (enum nested_call)op_get(op, "do");
    enum tap_fn callback = (enum tap_fn)op_parameter(op, "inside");
    struct host_request request = {
        .fn = (enum tap_fn)op_parameter(op, "do"),
        .conn = op_get(op, "any-conn") && callback != TAP_INITIATE_COMPLETE ? UINT32_MAX : conn,
        .length = op_get(op, "length"),
        .count = 1 + op_get(op, "more"),
        .no_push = op_get(op, "no-push"),
        .abort = call == NEST_ABORT,
    };
    if (call == NEST_SEND && !request.length) {
        request.length = 100;
    }
    if (call == NEST_RETURN) {
        request.count = 0; /* all of them */
    }
    host_arm_nested(&stage->world->host, callback, &request);
}

static void other_oid(struct stage *stage, const struct program_op *op)
{
#define BYTES(word, name, meaning, number, bytes) [word] = bytes,
    static const uint32_t buffer_bytes[] = {OIDS(BYTES)};
#undef BYTES
    static uint8_t scale[OID_SCALE_BYTES], room[OID_ROOM];
    enum oid_word what = (enum oid_word)op_get(op, "what");
    uint32_t object, value = op_get(op, "value");
    bool is_short = op_get(op, "short");
    /* Old programs meant a set by naming these. */
    bool set = op_get(op, "set") || ((what == WORD_RSS || what == WORD_VLAN) && !is_short) ||
               what == WORD_FILTER;
    value = what == WORD_VLAN && !op_get(op, "set") ? value & 0xFFF : value;
    for (uint32_t i = 0; i < sizeof(scale); i++) {
        scale[i] = (uint8_t)(i < OID_SCALE_FIXED ? i == 0 : (i + value) % 4);
    }
    uint32_t bytes = is_short ? 2 : buffer_bytes[what] + op_get(op, "longer");
    bool word = what == WORD_VLAN || what == WORD_FILTER;
    if (word) {
        memcpy(room, &value, sizeof(value));
    } else {
        memcpy(room, scale, sizeof(scale));
    }
    nds_oid((uint32_t)op_parameter(op, "what"), set, what == WORD_RSS || word ? room : NULL, bytes,
            &object);
    world_settle(stage->world);
}

/* What the host may have to put off: it goes down as a request. */
static void request_op(struct stage *stage, const struct program_op *op, uint32_t conn)
{
    struct host_request request = {.conn = conn,
                                   .count = 1 + op_get(op, "more"),
                                   .length = op_get(op, "length"),
                                   .pieces = op_get(op, "pieces")};
    switch (op->byte[0]) {
    case OP_POST:
        request.fn = TAP_POST;
        request.no_push = op_get(op, "no-push");
        request.prefill = op_get(op, "prefill");
        request.slack = op_get(op, "slack");
        break;
    case OP_SEND:
        request.fn = TAP_SEND;
        request.buffers = 1 + op_get(op, "buffers");
        request.slack = op_get(op, "slack");
        request.empty = op_get(op, "empty");
        break;
    case OP_DISCONNECT:
        request.fn = TAP_DISCONNECT;
        request.abort = op_get(op, "abort");
        break;
    default:
        request.fn = TAP_TERMINATE;
        request.scope = (enum host_scope)op_get(op, "scope");
        break;
    }
    host_request(&stage->world->host, &request);
    if (request.fn == TAP_TERMINATE) {
        stage_release(stage); /* a batch that waits comes between the call and its completion */
    }
    world_settle(stage->world);
}

static void host_op(struct stage *stage, const struct program_op *op, uint32_t conn)
{
    struct host *host = &stage->world->host;
    uint32_t value = op_get(op, "value");
    switch (op->byte[0]) {
    case OP_ACCEPT:
        host->conn[conn].answer = (enum host_answer)op_get(op, "answer");
        host->conn[conn].answer_count = op_get(op, "count");
        host->conn[conn].answer_bytes = op_get(op, "bytes");
        break;
    case OP_RETURN:
        host_return(host, op_get(op, "count"), (enum host_order)op_get(op, "order"));
        host_return_nonoff(host);
        break;
    case OP_INITIATE:
        host_initiate(host, conn, 1 + op_get(op, "more"));
        stage_release(stage); /* as above */
        break;
    case OP_QUERY:
        host_query(host, conn, (enum host_queried)op_get(op, "what"));
        if (op_get(op, "twice")) {
            host_query(host, conn, (enum host_queried)op_get(op, "what"));
        }
        break;
    case OP_UPDATE:
        host_update(host, conn, (enum host_update)op_get(op, "what"), value);
        break;
    case OP_STATE:
        host_state(host, conn, (enum host_variable)op_get(op, "what"), value);
        stage_peer_clock(stage, op, conn);
        break;
    case OP_INVALIDATE:
        host_invalidate(host, conn, (enum host_scope)op_get(op, "scope"), op_get(op, "tree"));
        break;
    default:
        request_op(stage, op, conn);
        return;
    }
    world_settle(stage->world);
}

static void tick(struct stage *stage, const struct program_op *op)
{
    uint64_t time = op_get(op, "time") * (uint64_t)op_parameter(op, "unit");
    /* A driver that waits for memory or a descriptor may look again every few milliseconds. */
    uint64_t most = (stage->starved ? 10ull : 3600ull) * 1000 * MS;
    if (time > most) {
        time = most;
    }
    time = time ? time : MS;
    do {
        uint64_t part = time < AT_ONCE_NS ? time : AT_ONCE_NS;
        part = stage->world->trace->count < EVENTS_PLENTY ? part : MS;
        stage_pass_time(stage, part);
        time -= part;
    } while (time && stage->world->trace->count < EVENTS_PLENTY);
}

static void one_op(struct stage *stage, const struct program_op *op)
{
    uint32_t conn = op->byte[1] % stage->conns;
    switch (op->byte[0]) {
    case OP_SEG:
        stage_segment(stage, op, conn);
        break;
    case OP_FORWARD:
        stage_forward(stage, op, conn);
        break;
    case OP_ACK:
        stage_ack(stage, op, conn);
        break;
    case OP_PEER:
        peer_says(&stage->peer[conn], op_get(op, "less"), (enum peer_window)op_get(op, "window"),
                  (uint16_t)op_get(op, "window-value"));
        break;
    case OP_RAW:
        stage_raw(stage, op, conn);
        break;
    case OP_BATCH:
        stage_batch(stage, op_get(op, "frames"));
        break;
    case OP_TICK:
        tick(stage, op);
        break;
    case OP_FAULT:
        set_fault(stage, op);
        break;
    case OP_NEST:
        arm_nested(stage, op, conn);
        break;
    case OP_ADAPTER:
        world_adapter(stage->world, (enum world_stop)op_get(op, "do"));
        break;
    case OP_PARAMETERS:
        set_parameters(stage, op);
        break;
    case OP_OID:
        other_oid(stage, op);
        break;
    case OP_HOST_SEND:
        ordinary_send(stage->world, op);
        break;
    case OP_CPU:
        nds_set_cpu((uint8_t)op_get(op, "number"));
        break;
    case OP_NOP:
        break;
    default:
        host_op(stage, op, conn);
        break;
    }
}

struct play {
    const struct program *program;
};

static void play_program(struct world *world, void *context)
{
    const struct program *program = ((struct play *)context)->program;
    static struct stage stage;
    const char *lacks = stage_lacks(program);
    if (lacks) {
        snprintf(world->trace->end.skipped, sizeof(world->trace->end.skipped), "%s", lacks);
        return;
    }
    stage_open(&stage, world, program);
    for (uint32_t i = 0; i < program->count && world->up; i++) {
        world->trace->end.op = i;
        tap_emit((struct tap_event){.kind = TAP_POINT,
                                    .fn = TAP_OP,
                                    .conn = TAP_NONE,
                                    .object = TAP_NONE,
                                    .data.operation.index = i,
                                    .data.operation.code = program->op[i].byte[0]});
        one_op(&stage, &program->op[i]);
        if (!stage.hold_returns) {
            host_return(&world->host, 0, ORDER_OLDEST);
            host_return_nonoff(&world->host);
            world_settle(world);
        }
    }
    stage_close(&stage);
}

/* What an administrator would have set in the adapter's configuration. */
static void configure(const struct program *program, struct world_options *setup)
{
    uint32_t policy = (uint32_t)program_parameter(program, "upload-policy");
    uint32_t capacity = (uint32_t)program_parameter(program, "capacity");
    if (policy) {
        setup->setting[setup->settings++] = (struct nds_setting){"OffloadUploadPolicy", policy};
    }
    if (capacity) {
        setup->setting[setup->settings++] = (struct nds_setting){"OffloadCapacity", capacity};
    }
}

static void plan_life(const struct program *program, struct world_options *setup)
{
    uint32_t nth = program_get(program, "fail");
    setup->start_again = program_get(program, "start-again");
    if (nth) {
        setup->fails = (struct nds_plan){
            .what = (enum nds_failing)program_get(program, "fail-what"),
            .skip = nth - 1,
            .count = 1 + program_get(program, "fail-more"),
            .then = program_get(program, "fail-then"),
        };
    }
}

void program_run(struct world *world, const struct program *program,
                 const struct run_options *options, struct run_counts *counts)
{
    struct world_options setup = {.strict = options->strict,
                                  .muted = options->muted,
                                  .in_full = options->in_full,
                                  .oracle_off = options->oracle_off,
                                  .context_is_cell = options->context_is_cell,
                                  .fail_start = program_get(program, "fail-start"),
                                  .uptime_ms = (uint64_t)program_parameter(program, "uptime") +
                                               program_get(program, "uptime-more")};
    stage_parameters(program, &setup.parameters);
    configure(program, &setup);
    plan_life(program, &setup);
    struct play play = {program};
    world_run(world, &setup, play_program, &play);
    const struct host_counts *reached = &world->host.counts;
    *counts = (struct run_counts){
        .established = reached->established,
        .posted = reached->posted,
        .indicated = reached->indicated,
        .refused = reached->refused,
        .uploaded = reached->uploaded,
        .disconnected = reached->disconnected,
        .ops = program->count,
    };
}
