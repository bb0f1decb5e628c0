/* SPDX-License-Identifier: MIT
 *
 * The simulated NDIS as the rest of the rig sees it: one adapter of one driver in one world. Driver
 * calls arrive through the exported Ndis* and Nic* functions; host calls go out through nds_*.
 *
 * What happens above NDIS (the host stack) and beyond the wire (link and peer) is plugged in as
 * nds_hooks. All hooks run on the caller's stack, inside the driver's call.
 */
#ifndef NDIS_NDS_H
#define NDIS_NDS_H

#include "base/trace.h"
#include "ndis/failing.h"
#include "ndis/object.h"
#include "ndis/tap.h"
#include "nic.h"

typedef NDIS_STATUS(NDIS_CALL *nds_driver_entry)(PDRIVER_OBJECT, PUNICODE_STRING);

struct nds_hooks {
    void *context;
    /* A request list has come back (its memory is the host's and already taken from the driver). */
    void (*list_back)(void *context, enum tap_fn fn, const struct tap_nbl *list);
    /* All lists of the completion call were handled; the driver's call is still open. */
    void (*callback_open)(void *context, enum tap_fn fn, uint32_t conn);
    /* Data is offered. Returns the status for the driver; *consumed as documented. */
    NDIS_STATUS (*indicate)(void *context, const struct tap_nbl *list, uint32_t *consumed);
    void (*event)(void *context, uint32_t conn, uint32_t type, uint32_t information);
    /* Neighbor reachability query: returns the HRD to write back. */
    uint32_t (*reachability)(void *context, uint32_t neighbor);
    void (*status)(void *context, NDIS_STATUS code);
    /* A frame came up the ordinary path; bytes are readable during the call. */
    void (*nonoff)(void *context, const struct tap_nbl *list);
    void (*state_back)(void *context, enum tap_fn fn, uint32_t operation,
                       PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root);
    /* That completion call has returned. */
    void (*state_closed)(void *context, enum tap_fn fn);
    void (*request_done)(void *context, enum tap_fn fn, uint32_t object, NDIS_STATUS status);
    /* The driver transmits. */
    void (*frame_out)(void *context, const uint8_t *bytes, uint32_t length);
    /* The driver sleeps in NdisMSleep: let time pass. */
    void (*sleep)(void *context, uint64_t ns);
};

/* A keyword of the adapter's configuration. */
struct nds_setting {
    const char *keyword; /* ASCII */
    uint32_t value;
};
#define NDS_SETTINGS_MAX 4

struct nds_limits {
    struct nds_setting setting[NDS_SETTINGS_MAX];
    uint32_t settings;
    uint32_t events_max;  /* more events than this: hang */
    uint32_t depth_max;   /* deeper nesting of calls than this: hang */
    uint64_t memory_max;  /* guest bytes: allocations fail beyond */
    bool context_is_cell; /* pass the address of the context cell to the I/O handlers */
    bool trace_off;       /* benches: emit nothing but what readers need */
    bool reuse;           /* long runs: frames and lists are used again */
};

/* ---- Life ---- */
/* object_reset and arena_rewind come first, in this order. */
void nds_reset(const struct nds_hooks *hooks, const struct nds_limits *limits, struct trace *trace);
/* Leaves the run from anywhere inside a driver call: never returns (longjmp to nds_guard). */
_Noreturn void nds_abandon(enum verdict_kind kind, const char *reason);
/* Runs body(context); false if it was left by nds_abandon. Not re-entrant. */
bool nds_guard(void (*body)(void *), void *context);

/* ---- Clock and what is runnable ---- */
uint64_t nds_now(void);
void nds_set_now(uint64_t now_ns);
void nds_set_cpu(uint8_t cpu);
uint32_t nds_depth(void); /* open calls, either way */
/* Earliest timer, or UINT64_MAX. */
uint64_t nds_next_timer(void);
uint32_t nds_timers_set(void);
bool nds_run_due_timer(void);     /* runs one that is due; false = none */
bool nds_run_work_item(void);     /* runs one; false = none */
bool nds_run_transmit_done(void); /* gives transmit descriptors back; false = none or stalled */

/* ---- Faults ---- */
void nds_fault_alloc(uint32_t skip, uint32_t count); /* let skip succeed, then fail count */
void nds_fault_pool(bool on);
void nds_fault_tx_stall(bool on);
void nds_fault_map(uint32_t count);
void nds_fault_clear(void);
bool nds_fault_active(void);

/* ---- The driver and its adapter (each emits the call and checks what it must) ---- */
NDIS_STATUS nds_load(nds_driver_entry entry);
/* What a DriverEntry that failed had registered counts no more. */
void nds_forget_load(void);
NDIS_STATUS nds_initialize(const uint8_t mac[6], uint32_t max_frame);
NDIS_STATUS nds_restart(void);
NDIS_STATUS nds_pause(void); /* PENDING until request_done */
NDIS_STATUS nds_adapter_reset(void);
void nds_pnp_event(NDIS_DEVICE_PNP_EVENT event);
void nds_halt(NDIS_HALT_ACTION action);
void nds_unload(void);
bool nds_chimney_ready(void); /* both characteristics set, adapter up */
/* OID request with its own copy of the buffer; PENDING until request_done(object). */
NDIS_STATUS nds_oid(uint32_t oid, bool set, const void *buffer, uint32_t length, uint32_t *object);
/* What may be asked of the driver, by the offload attributes that it gave: by the configuration
 * that is on, else by what the hardware could do. Everything while it has given none. */
struct nds_capability {
    bool ipv4, ipv6, sack;
};
struct nds_capability nds_advertised(void);

/* ---- Chimney calls of the host ---- */
struct nds_state *nds_state_new(enum tap_layer layer, uint32_t conn);
PVOID *nds_state_cell(struct nds_state *state);
NDIS_HANDLE nds_state_handle(struct nds_state *state);
uint32_t nds_state_id(const struct nds_state *state);
/* The connection that a handle in a block names, or TAP_NONE. */
uint32_t nds_state_conn(NDIS_HANDLE handle);
bool nds_state_live(struct nds_state *state);   /* the target stored a context */
void nds_state_forget(struct nds_state *state); /* after its terminate completed */

/* A tree of blocks, each in a piece of guest memory of its own, so that reading state that is not
 * there meets poison. fn is TAP_INITIATE .. TAP_TERMINATE. Returns the operation. */
struct nds_piece {
    void *address;
    uint32_t bytes;
};
uint32_t nds_state_call(enum tap_fn fn, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root,
                        const struct nds_piece *pieces, uint32_t count);
/* fn is TAP_POST, TAP_SEND, TAP_FORWARD or TAP_DISCONNECT; first of a chain of lists made by
 * nds_list_*. */
NDIS_STATUS nds_io_call(enum tap_fn fn, struct nds_state *state, PNET_BUFFER_LIST first,
                        uint32_t flags);
void nds_return_call(PNET_BUFFER_LIST first); /* indicated lists, chained by nds_list_chain */
void nds_host_send(PNET_BUFFER_LIST first);
/* Asks for lists back whose NetBufferListCancelId is this. */
void nds_host_cancel(uint32_t id);
void nds_host_return(PNET_BUFFER_LIST first);

/* ---- Lists of the host ---- */
struct nds_list_shape {
    uint32_t pieces; /* MDL layout, 0 .. 7: see list.c */
    uint32_t nb_count;
    bool slack; /* the chain goes on behind the data: in its last MDL, and with one more */
    bool empty; /* a NET_BUFFER without bytes comes first, where there are several */
};
/* Builds a list with data. Fill is called for each contiguous piece of each buffer's used data
 * (NULL = leave a pattern). Memory belongs to the host until it is handed over. */
typedef void (*nds_fill)(void *context, uint8_t *bytes, uint32_t offset, uint32_t length);
PNET_BUFFER_LIST nds_list_build(enum tap_role role, uint32_t conn, uint32_t length,
                                struct nds_list_shape shape, nds_fill fill, void *context);
struct nds_list *nds_list_detail(PNET_BUFFER_LIST nbl);
/* Reuses a list that came back exactly as it was first handed over (benches, replay of posts). */
void nds_list_rearm(PNET_BUFFER_LIST nbl);
/* The same with other data of the same length, for another role. */
void nds_list_refill(PNET_BUFFER_LIST nbl, enum tap_role role, nds_fill fill, void *context);
void nds_list_free(PNET_BUFFER_LIST nbl); /* a host list that is the host's */
/* Makes list b follow a; the rig may do so while it owns both. */
void nds_list_chain(PNET_BUFFER_LIST a, PNET_BUFFER_LIST b);
PNET_BUFFER_LIST nds_list_by_id(uint32_t id);

/* ---- The wire ---- */
/* Gives frames to the driver in one call; each is copied into a frame of the port. Frames are
 * dropped (false) when the port is closed or stopped. conn names the connection for the tap or
 * TAP_NONE. */
struct nds_wire_frame {
    const uint8_t *bytes;
    uint32_t length;
    uint32_t conn;
};
bool nds_wire_receive(const struct nds_wire_frame *frames, uint32_t count);
/* The same in two steps, so that a bench can leave the making of frames out of its measurement. The
 * port must be open and started; what was prepared must be delivered. */
PNIC_FRAME nds_wire_prepare(const struct nds_wire_frame *frames, uint32_t count);
bool nds_wire_deliver(PNIC_FRAME first, uint32_t count);
/* The driver is busy with frames: a port hands no others up meanwhile. */
bool nds_wire_busy(void);
void nds_wire_link(bool up);
/* The card loses the state of its connections; nothing happens when the driver does not listen. */
void nds_wire_fail(void);
uint32_t nds_frames_out(void); /* frames that the driver holds */

/* ---- Accounting ---- */
/* Emits TAP_LEAK for everything the driver still holds; returns how many. */
uint32_t nds_report_leaks(void);
/* Emits TAP_END. */
void nds_report_end(void);
/* Describes who owns the memory at an address, for a sanitizer verdict. False = not guest memory.
 */
bool nds_describe_memory(const void *address, char *text, size_t size);

#endif
