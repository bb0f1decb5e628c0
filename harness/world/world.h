/* SPDX-License-Identifier: MIT
 *
 * One run: a driver in a simulated NDIS, the host above it, the wire below it, one virtual clock. A
 * body (a program, a replay, a bench) makes the stimuli; the world lets everything come to rest
 * after each one, keeps the budgets, and takes the driver through its whole life around the body.
 */
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include "base/choice.h"
#include "base/trace.h"
#include "base/verdict.h"
#include "host/host.h"
#include "ndis/nds.h"
#include "oracle/oracle.h"

struct world_options {
    bool oracle_off; /* benches */
    bool trace_off;  /* benches and long replays: no trace, memory is used again */
    bool reuse;      /* long streams: memory is used again, hash and last events are kept */
    bool strict;     /* "should" rules fail too */
    bool in_full;    /* see struct oracle_options */
    struct verdict_muted *muted;
    bool context_is_cell;  /* rules Q35 */
    uint32_t fail_start;   /* n-th allocation of load and initialize fails, 0 = none */
    struct nds_plan fails; /* calls of the whole life */
    bool start_again;      /* once, when the driver was not given what it needs to start */
    uint32_t events_max;   /* 0 = default */
    uint64_t uptime_ms;    /* when the driver is loaded, 0 = default */
    struct nds_setting setting[NDS_SETTINGS_MAX]; /* the adapter's configuration */
    uint32_t settings;
    NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS parameters; /* TicksPerSecond 0 = defaults */
};

struct world {
    struct host host;
    struct trace *trace;
    struct oracle *oracle;
    struct world_options options;
    uint8_t mac[6];
    bool up;               /* driver initialized and started */
    struct verdict judged; /* the oracle's, out of the driver's way until the run is over */
    tap_reader
        reader; /* a further reader of every run, e.g. an engine's state coverage; may be NULL */
    /* What transmits goes here; NULL = dropped. */
    void (*frame_out)(void *context, const uint8_t *bytes, uint32_t length);
    /* Called when nothing else is runnable; may deliver one thing. False = nothing to do. */
    bool (*more)(void *context);
    void *context;
};

/* Opens a driver (path of a shared object that exports DriverEntry) for the life of the process.
 * False: *error says what, where and what was expected. Only one driver can be open. */
bool world_open_driver(const char *path, const char **error);
/* The same for one that is linked into this program, when there is one. */
bool world_has_linked_driver(void);
bool world_open_linked_driver(const char **error);
/* Opening in two steps: the first runs no code of the driver. What was named is loaded by the
 * first run of each process at the latest; that it can be is to be seen before, since then it must.
 */
bool world_name_driver(const char *path, const char **error);
bool world_load_driver(const char **error);
/* Another may be named. Only where no code of the one before was loaded, as in the rig's own
 * process. */
void world_forget_driver(void);
/* Whether the driver's constructors run now. */
bool world_driver_loading(void);
/* The build of the rig into which the driver that was refused fits, or NULL. */
const char *world_other_build(void);
/* Whether the driver counts the edges of its own code for an engine. */
bool world_driver_counts(void);
/* Path of the driver. */
const char *world_driver_path(void);
/* The driver's function at an offset into its file: its first place, and its name ("" = not known).
 */
uint64_t world_function(uint64_t offset, char *name, size_t room);
/* Path of the bundled driver beside the running program. */
const char *world_default_driver(void);

/* Takes the memory of the world. False = environment fault. */
bool world_new(struct world *world);

/* Runs body(world, context) between start and end of the driver's life. The verdict and the trace
 * are in world->trace afterwards. */
void world_run(struct world *world, const struct world_options *options,
               void (*body)(struct world *, void *), void *context);

/* The run is cut: what the oracle has found so far goes into the trace. */
void world_tell(void);

/* ---- For bodies ---- */
/* Lets everything runnable at this virtual time run, then marks the end of the step. */
void world_settle(struct world *world);
/* Lets virtual time pass until what is being offloaded is, for a second at most. */
void world_await_initiate(struct world *world);
/* Lets virtual time pass, timers in their order. */
void world_advance(struct world *world, uint64_t ns);
/* Gives frames to the driver and settles. */
void world_frames(struct world *world, const struct nds_wire_frame *frames, uint32_t count);
/* Sets operating parameters by OID. */
void world_parameters(struct world *world,
                      const NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *parameters);
void world_default_parameters(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *parameters);

/* Adapter life-cycle operations in mid-run. */
#define WORLD_STOPS(X)                                                                             \
    X(STOP_PAUSE, "pause", "MiniportPause")                                                        \
    X(STOP_RESTART, "restart", "MiniportRestart")                                                  \
    X(STOP_RESET, "reset", "MiniportResetEx")                                                      \
    X(STOP_REMOVE, "remove", "surprise removal, and halt")                                         \
    X(STOP_HALT, "halt", "pause, and halt")                                                        \
    X(STOP_POWER_DOWN, "power-down", "everything is uploaded, then D3")                            \
    X(STOP_POWER_UP, "power-up", "D0")
enum world_stop { WORLD_STOPS(CHOICE_VALUE) };
void world_adapter(struct world *world, enum world_stop what);

#endif
