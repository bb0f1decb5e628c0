/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/evidence.h"
#include "world/driver.h"
#include "world/start.h"

#define STEP_BUDGET 100000u /* things that may run at one instant before it is called a hang */
#define EVENTS_MAX 4000000u
#define DEPTH_MAX 120u
#define MEMORY_MAX ((uint64_t)256 << 20)
#define MS 1000000u
#define UPTIME_MS 100000u /* the system has been up for a while */

const char *world_default_driver(void)
{
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0) {
        return "offload_core.so";
    }
    path[length] = '\0';
    for (int cut = 0; cut < 2; cut++) {
        char *slash = strrchr(path, '/');
        if (slash) {
            *slash = '\0';
        }
    }
    strncat(path, "/lib/offload_core.so", sizeof(path) - strlen(path) - 1);
    return path;
}

bool world_open_driver(const char *path, const char **error)
{
    return driver_name(path, error) && driver_load(error);
}

bool world_name_driver(const char *path, const char **error)
{
    return driver_name(path, error);
}

bool world_load_driver(const char **error)
{
    return driver_load(error);
}

bool world_new(struct world *world)
{
    memset(world, 0, sizeof(*world));
    static const uint8_t mac[6] = {0x02, 0xC0, 0xFF, 0xEE, 0x00, 0x01};
    memcpy(world->mac, mac, 6);
    world->trace = trace_new();
    world->oracle = oracle_new();
    return world->trace && world->oracle && arena_open();
}

static void hook_frame_out(void *context, const uint8_t *bytes, uint32_t length)
{
    struct world *world = context;
    if (world->frame_out) {
        world->frame_out(world->context, bytes, length);
    }
}

/* One runnable thing, in a fixed order of kinds. */
static bool run_one(struct world *world)
{
    if (nds_run_due_timer() || nds_run_transmit_done() || nds_run_work_item() ||
        host_run_late(&world->host)) {
        return true;
    }
    return world->more && world->more(world->context);
}

static void run_all(struct world *world)
{
    uint32_t budget = STEP_BUDGET;
    while (run_one(world)) {
        if (--budget == 0) {
            nds_abandon(VERDICT_HANG, "the driver never comes to rest at one instant");
        }
    }
}

void world_settle(struct world *world)
{
    run_all(world);
    if (nds_depth() == 0) {
        tap_emit((struct tap_event){
            .kind = TAP_POINT, .fn = TAP_STEP, .conn = TAP_NONE, .object = TAP_NONE});
    }
}

void world_advance(struct world *world, uint64_t ns)
{
    uint64_t until = nds_now() + ns;
    while (nds_next_timer() <= until) {
        if (nds_next_timer() > nds_now()) {
            nds_set_now(nds_next_timer());
        }
        world_settle(world);
    }
    nds_set_now(until);
    world_settle(world);
}

static bool initiating(const struct host *host)
{
    for (uint32_t i = 0; i < host->conns; i++) {
        if (host->conn[i].phase == HOST_INITIATING) {
            return true;
        }
    }
    return false;
}

void world_await_initiate(struct world *world)
{
    for (uint32_t i = 0; i < 100 && world->up && initiating(&world->host); i++) {
        world_advance(world, 10 * MS);
    }
}

/* The driver sleeps: time passes, lists that the host holds come back. */
static void hook_sleep(void *context, uint64_t ns)
{
    struct world *world = context;
    host_return(&world->host, 0, ORDER_OLDEST);
    host_return_nonoff(&world->host);
    world_advance(world, ns);
}

void world_frames(struct world *world, const struct nds_wire_frame *frames, uint32_t count)
{
    nds_wire_receive(frames, count);
    world_settle(world);
}

void world_default_parameters(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *p)
{
    *p = (NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS){
        .Header = {NDIS_OBJECT_TYPE_DEFAULT, NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS_2, sizeof(*p)},
        .TicksPerSecond = 1000,
        .TcpAckFrequency = 2,
        .TcpDelayedAckTicks = 200,
        .TcpMaximumRetransmissions = 5,
        .TcpDoubtReachabilityRetransmissions = 3,
        .TcpSwsPreventionTicks = 200,
        .TcpDuplicateAckThreshold = 3,
        .TcpPushTicks = 500,
        .NceStaleTicks = 60000,
    };
    p->Encapsulation.Header = (NDIS_OBJECT_HEADER){NDIS_OBJECT_TYPE_DEFAULT, 1, 28};
    p->Encapsulation.IPv4.Enabled = NDIS_OFFLOAD_SET_ON;
    p->Encapsulation.IPv4.EncapsulationType = NDIS_ENCAPSULATION_IEEE_802_3;
    p->Encapsulation.IPv4.HeaderSize = 22;
    p->Encapsulation.IPv6.Enabled = NDIS_OFFLOAD_SET_ON;
    p->Encapsulation.IPv6.EncapsulationType = NDIS_ENCAPSULATION_IEEE_802_3;
    p->Encapsulation.IPv6.HeaderSize = 22;
}

void world_parameters(struct world *world, const NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *parameters)
{
    uint32_t object;
    world->host.ticks_per_second = parameters->TicksPerSecond;
    NDIS_STATUS status = nds_oid(OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, true, parameters,
                                 sizeof(*parameters), &object);
    if (status == NDIS_STATUS_SUCCESS || status == NDIS_STATUS_PENDING) {
        tap_emit((struct tap_event){.kind = TAP_POINT,
                                    .fn = TAP_PARAMETERS,
                                    .conn = TAP_NONE,
                                    .object = object,
                                    .data.parameters.ticks_per_second = parameters->TicksPerSecond,
                                    .data.parameters.ack_frequency = parameters->TcpAckFrequency,
                                    .data.parameters.delayed_ticks = parameters->TcpDelayedAckTicks,
                                    .data.parameters.push_ticks = parameters->TcpPushTicks,
                                    .ptr = parameters});
    }
    world_settle(world);
}

struct run {
    struct world *world;
    void (*body)(struct world *, void *);
    void *context;
    struct start start;
};

/* Everything that the host owes or is owed is settled, then the adapter goes. */
static void stop(struct world *world)
{
    nds_fault_clear();
    nds_wire_link(true);
    for (uint32_t round = 0; round < 20 && !host_all_uploaded(&world->host); round++) {
        host_return(&world->host, 0, ORDER_OLDEST);
        host_return_nonoff(&world->host);
        host_terminate_everything(&world->host);
        world_settle(world);
        world_advance(world, 50 * MS);
    }
    host_return(&world->host, 0, ORDER_OLDEST);
    host_return_nonoff(&world->host);
    world_settle(world);
    world_adapter(world, STOP_HALT);
}

static void halt(struct world *world, NDIS_HALT_ACTION action)
{
    world->host.gone = true;
    nds_halt(action);
    world->up = false;
    nds_unload();
}

void world_adapter(struct world *world, enum world_stop what)
{
    uint32_t object;
    if (!world->up) {
        return;
    }
    switch (what) {
    case STOP_PAUSE:
        nds_pause();
        break;
    case STOP_RESTART:
        nds_restart();
        break;
    case STOP_RESET:
        nds_adapter_reset();
        break;
    case STOP_POWER_DOWN:
    case STOP_POWER_UP: {
        /* The host uploads everything before the adapter leaves D0 (TERM-POWER-1). */
        uint32_t state = what == STOP_POWER_DOWN ? NdisDeviceStateD3 : NdisDeviceStateD0;
        if (what == STOP_POWER_DOWN) {
            host_terminate_everything(&world->host);
        }
        nds_oid(OID_PNP_SET_POWER, true, &state, sizeof(state), &object);
        break;
    }
    case STOP_REMOVE:
        nds_pnp_event(NdisDevicePnPEventSurpriseRemoved);
        world_settle(world);
        halt(world, NdisHaltDeviceSurpriseRemoved);
        return;
    case STOP_HALT:
        nds_pause();
        world_settle(world);
        host_return(&world->host, 0, ORDER_OLDEST);
        host_return_nonoff(&world->host);
        world_settle(world);
        halt(world, NdisHaltDeviceInstanceDeInitialized);
        return;
    }
    world_settle(world);
}

static void life(void *context)
{
    struct run *run = context;
    struct world *world = run->world;
    if (world_start(world, &run->start)) {
        run->body(world, run->context);
    }
    if (world->up) {
        stop(world);
    }
    nds_report_leaks();
    nds_report_end();
}

static struct world *running; /* a run of this world goes on */

void world_tell(void)
{
    if (!running) {
        return;
    }
    const struct verdict *judged = &running->judged;
    struct verdict *shown = &running->trace->verdict;
    bool first = judged->kind != VERDICT_PASS && judged->event <= shown->event;
    running = NULL;
    if (first || shown->kind == VERDICT_PASS) {
        *shown = *judged;
    } else { /* the run was cut before, or its body had found something */
        shown->violations += judged->violations;
        shown->warnings = judged->warnings;
    }
}

/* The verdict of a driver that could have written it itself is none. A run that is watched was in
 * doubt before, and has not shown why. */
static void world_confirm(const struct world *world, bool others_intact)
{
    bool known = (uint32_t)world->trace->verdict.kind < VERDICT_KINDS;
    if (evidence_watched || !others_intact || !known || !trace_intact(world->trace)) {
        evidence_doubt();
    }
}

void world_run(struct world *world, const struct world_options *options,
               void (*body)(struct world *, void *), void *context)
{
    world->options = *options;
    if (!world->options.parameters.TicksPerSecond) {
        world_default_parameters(&world->options.parameters);
    }
    const char *error;
    if (!driver_load(&error)) {
        fprintf(stderr, "chimneysweep: %s\n", error);
        abort();
    }
    object_reset(); /* reads its old entries, which lie in the arena */
    bool reuse = options->reuse || options->trace_off;
    arena_rewind(reuse);
    driver_restore();
    trace_reset(world->trace);
    host_reset(&world->host);
    struct nds_hooks hooks = {0};
    host_hooks(&world->host, &hooks);
    _Static_assert(offsetof(struct world, host) == 0,
                   "hooks of host and world share their context");
    hooks.frame_out = hook_frame_out;
    hooks.sleep = hook_sleep;
    struct nds_limits limits = {
        .events_max = options->events_max ? options->events_max
                      : reuse             ? UINT32_MAX - 1
                                          : EVENTS_MAX,
        .depth_max = DEPTH_MAX,
        .memory_max = reuse ? (uint64_t)6 << 30 : MEMORY_MAX,
        .context_is_cell = options->context_is_cell,
        .trace_off = options->trace_off,
        .settings = options->settings,
        .reuse = reuse,
    };
    memcpy(limits.setting, options->setting, sizeof(limits.setting));
    nds_reset(&hooks, &limits, world->trace);
    nds_plan_life(&options->fails);
    nds_set_now((options->uptime_ms ? options->uptime_ms : UPTIME_MS) * MS);
    tap_reset();
    world->up = false;
    verdict_reset(&world->judged);
    if (!options->oracle_off) {
        struct oracle_options oracle = {
            .strict = options->strict, .in_full = options->in_full, .muted = options->muted};
        oracle_begin(world->oracle, &oracle, &world->judged);
        tap_subscribe(oracle_event, world->oracle);
    }
    if (world->reader) { /* it sees what the oracle says of the event */
        tap_subscribe(world->reader, world);
    }
    struct run run = {.world = world, .body = body, .context = context};
    evidence_run_begins();
    running = world;
    bool finished = nds_guard(life, &run);
    evidence_open_now();
    world_tell();
    world_confirm(world, evidence_run_ends());
    start_not_judged(&run.start, world->trace);
    world->trace->end.finished = finished;
}
