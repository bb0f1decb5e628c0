/* SPDX-License-Identifier: MIT
 *
 * State of the simulated NDIS that its own files share.
 */
#ifndef NDIS_INTERNAL_H
#define NDIS_INTERNAL_H

#include <string.h>

#include "base/arena.h"
#include "ndis/failing.h"
#include "ndis/given.h"
#include "ndis/nds.h"

struct nds_state {
    struct nds_object *object; /* the NDIS_OFFLOAD_HANDLE */
    PNDIS_OFFLOAD_HANDLE handle;
    enum tap_layer layer;
    uint32_t conn;
};

struct nds_tree {
    struct nds_object **object; /* one per piece */
    uint32_t pieces;
    enum tap_fn fn;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root;
    uint32_t operation;
    bool pending;
};

struct nds_timer {
    uint32_t id;
    PNDIS_TIMER_FUNCTION function;
    PVOID context, set_context;
    uint64_t due_ns, order;
    uint64_t period_ns;
    uint32_t heap; /* position + 1, 0 = not queued */
};

struct nds_work {
    uint32_t id;
    NDIS_IO_WORKITEM_ROUTINE routine;
    PVOID context;
    bool queued;
    struct nds_work *next;
    NDIS_HANDLE handle;
};

enum nds_phase {
    PHASE_NONE,
    PHASE_ENTRY,
    PHASE_OPTIONS,
    PHASE_LOADED,
    PHASE_INIT,
    PHASE_UP,
    PHASE_HALTED
};

struct nds_adapter_calls {
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS driver;
    NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS generic;
    NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS tcp;
    bool have_driver, have_generic, have_tcp;
};

#define NDS_TX_SLOTS 64u
struct nds_port { /* the wire port */
    NIC_CLIENT client;
    NDIS_HANDLE handle;
    bool open, started, link_up;
    bool receiving; /* the receive callback is open */
    uint32_t slots_free;
    PNIC_TX done_first, done_last; /* completed, callback not made yet */
    PNIC_TX slot[NDS_TX_SLOTS];    /* who owns each slot; a descriptor's Reserved names its slot */
    uint32_t spare[NDS_TX_SLOTS];  /* free slots, slots_free of them */
    uint32_t frames_out, sent;
};

#define NDS_HELD 16u
struct nds_held { /* a spin lock that is held */
    const NDIS_SPIN_LOCK *lock;
    uint32_t id;
};

struct nds_order { /* lock_order.c */
    struct order_edge *edge;
    uint32_t *slot;                   /* edge + 1, by both ends */
    uint32_t *first, *seen, *pending; /* by lock */
    uint32_t edges, room, locks, round;
    uint32_t last_held, last_taken; /* the edge that was asked for last */
};

struct nds {
    struct nds_hooks hooks;
    struct nds_limits limits;
    struct trace *trace;
    uint64_t now_ns;
    uint8_t cpu, irql;
    uint32_t depth, events;
    uint32_t open_call; /* seq of the innermost open ENTER */
    uint32_t locks_held;
    struct nds_held held[NDS_HELD]; /* the outermost first; deeper ones are only counted */
    uint32_t locks_made, locks_taken, locks_nested, levels_lowered;
    struct nds_order order; /* in which locks were taken */
    enum nds_phase phase;
    struct nds_adapter_calls calls;
    NDIS_HANDLE driver_handle, adapter_handle;
    NDIS_HANDLE driver_context, adapter_context;
    NDIS_TCP_OFFLOAD_EVENT_HANDLERS *handlers;
    struct nds_port port;
    uint8_t mac[6];
    uint32_t max_frame;
    /* runnables */
    struct nds_timer **heap;
    uint32_t heap_count, heap_room;
    uint64_t timer_order;
    struct nds_work *work_first, *work_last;
    /* faults */
    uint32_t alloc_skip, alloc_fail, map_fail;
    bool pool_fault, tx_stall;
    struct nds_plan life, operation;
    bool planned;           /* one of them has something left */
    const void *returns_to; /* the driver's call that may fail goes back there */
    uint32_t made[FAILINGS];
    /* state operations */
    uint32_t operations;
    struct nds_tree **tree; /* by operation */
    uint32_t tree_room;
    uint32_t oid_object; /* the request in flight */
    struct nds_capability capability;
    uint32_t sleeps;
};

extern struct nds nds;

/* Opens a call: emits ENTER and makes it the innermost one. */
struct nds_frame_mark {
    uint32_t enter, outer;
    uint8_t fn, irql;
    uint32_t locks;
};
struct nds_frame_mark nds_open_at(struct tap_event *event);
static inline struct nds_frame_mark nds_open(struct tap_event event)
{
    return nds_open_at(&event);
}
/* Closes it: emits LEAVE; of calls into the driver it also checks level and locks. */
void nds_close_at(struct nds_frame_mark mark, bool into_driver, struct tap_event *event);
static inline void nds_close(struct nds_frame_mark mark, bool into_driver, struct tap_event event)
{
    nds_close_at(mark, into_driver, &event);
}
void nds_misuse(enum tap_misuse misuse, uint32_t object, uint32_t detail);
/* The structures in which a driver names type, revision and size. */
enum nds_structure {
    STRUCTURE_DRIVER,
    STRUCTURE_GENERIC,
    STRUCTURE_TCP,
    STRUCTURE_REGISTRATION,
    STRUCTURE_GENERAL,
    STRUCTURE_OFFLOAD,
    STRUCTURE_CAPABILITY,
    STRUCTURE_STATUS,
    STRUCTURE_TIMER,
    STRUCTURE_CONFIGURATION,
    STRUCTURE_LIST_POOL,
    STRUCTURE_BUFFER_POOL
};
/* It announces its type, a revision, and no fewer bytes than that revision has; if not, that is
 * reported, with the detail. */
bool nds_header_ok(enum nds_structure structure, const NDIS_OBJECT_HEADER *header, uint32_t detail);
/* Callers above DISPATCH_LEVEL, or not at PASSIVE_LEVEL where that is required. */
void nds_require_level(enum tap_family family, KIRQL highest);
/* The lock is taken while the one before it is held. False: that closes a circle. */
bool nds_order_ok(uint32_t held, uint32_t taken);
/* Judges timers that are still queued when the halt handler has returned. */
void nds_timers_left(void);
/* A held spin lock lies in these bytes. */
bool nds_lock_held_in(const void *bytes, uint32_t count);
/* Where a function that the driver calls goes back to: said before nds_may_fail is asked. */
#define NDS_RETURNS_TO() (nds.returns_to = __builtin_return_address(0))
/* Counts a call that may fail; true if it is to. Its caller makes the failure known (tap). */
bool nds_may_fail(enum nds_failing what, uint32_t tag);
/* Memory is short for a moment, for a call that has no event of its own. */
void nds_fault_blink(void);
/* True if this allocation is to fail; emits the event of the failure. */
bool nds_fail_alloc(enum tap_resource resource, uint32_t bytes, uint32_t tag);
/* Allocates guest memory that belongs to the driver. NULL = failed. */
struct nds_object *nds_take_memory(enum object_kind kind, enum tap_resource resource,
                                   uint32_t bytes, uint32_t tag);
/* The same of what is only named by its address. */
struct nds_object *nds_take_handle(enum object_kind kind, enum tap_resource resource, uint32_t tag);
void nds_give_memory(struct nds_object *object, enum tap_resource resource);
bool nds_handle_ok(NDIS_HANDLE handle);
/* Keeps what offload attributes say of connections. */
void nds_take_capability(const NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *given);
/* The driver's call that ends a request of the adapter's life. */
void nds_miniport_complete(enum tap_fn fn, NDIS_HANDLE handle, uint32_t object, NDIS_STATUS status);

/* list.c */
/* Emits TAP_NBL for a list as the target gave it (fault says whether it can be read), or for one
 * that the rig hands over. */
void list_point(struct tap_nbl *seen, struct nds_object *object);
void list_show(struct nds_object *object, uint32_t index);
void list_read(struct nds_object *object, PNET_BUFFER_LIST nbl, struct tap_nbl *out);
void list_lend(struct nds_object *object, uint32_t event);
void list_take(struct nds_object *object, uint32_t event);
uint64_t list_checksum(PNET_BUFFER_LIST nbl);
extern uint64_t list_sum; /* what list_sum_span adds to */
void list_sum_span(const void *bytes, size_t count);
/* Known bytes around the host's data (list_fence.c). */
#define FENCE 16u
#define FENCE_BYTE 0xC5u
bool list_fences_intact(const struct nds_list *list);
void list_hold(struct nds_object *object, uint32_t event);       /* host keeps a driver's list */
bool list_holds(struct nds_object *object, const void *address); /* among its data */
void list_give_back(struct nds_object *object, uint32_t event);
uint8_t *mdl_bytes(PMDL mdl);
void tree_blocks(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root);
void tree_take_buffered(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root, uint32_t event);
void tree_own(struct nds_tree *tree, enum tap_owner owner, uint32_t event);

#endif
