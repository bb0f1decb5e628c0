/* SPDX-License-Identifier: MIT
 *
 * The frame of the simulated NDIS: reset, nesting of calls, misuse, fault plan, the way out.
 */
#include "base/evidence.h"
#include "base/pages.h"
#include "base/stack.h"
#include "ndis/internal.h"

#include <setjmp.h>
#include <stdio.h>

struct nds nds;

static struct {
    jmp_buf way_out;
    bool armed;
    uint32_t depth;
} guard;

void nds_reset(const struct nds_hooks *hooks, const struct nds_limits *limits, struct trace *trace)
{
    memset(&nds, 0, sizeof(nds));
    nds.hooks = *hooks;
    nds.limits = *limits;
    nds.trace = trace;
    nds.open_call = TAP_NONE;
    nds.oid_object = TAP_NONE;
    nds.capability = (struct nds_capability){true, true, true};
}

_Noreturn void nds_abandon(enum verdict_kind kind, const char *reason)
{
    struct verdict *verdict = &nds.trace->verdict;
    evidence_open_now();
    if (verdict->kind == VERDICT_PASS) {
        verdict->kind = kind;
        verdict->event = nds.events ? nds.events - 1 : 0;
        verdict->time_ns = nds.now_ns;
        snprintf(verdict->actual, sizeof(verdict->actual), "%s", reason);
    }
    stack_note(&nds.trace->end);
    if (!guard.armed) {
        __builtin_trap();
    }
    longjmp(guard.way_out, 1);
}

bool nds_guard(void (*body)(void *), void *context)
{
    guard.armed = true;
    if (setjmp(guard.way_out)) {
        guard.armed = false;
        return false;
    }
    body(context);
    guard.armed = false;
    return true;
}

uint64_t nds_now(void)
{
    return nds.now_ns;
}

void nds_set_now(uint64_t now_ns)
{
    nds.now_ns = now_ns;
}

void nds_set_cpu(uint8_t cpu)
{
    nds.cpu = cpu;
}

uint32_t nds_depth(void)
{
    return nds.depth;
}

/* The driver gets control when what it is given is lent. */
static bool hands_over(enum tap_fn fn)
{
    return (fn >= TAP_INITIATE && fn <= TAP_RETURN) || fn == TAP_HOST_SEND || fn == TAP_HOST_RETURN;
}

/* The host may call back from inside of any of them, and then needs what the lock guards. */
static bool calls_up(enum tap_fn fn)
{
    return fn >= TAP_RCV_COMPLETE && fn <= TAP_RESET_COMPLETE;
}

struct nds_frame_mark nds_open_at(struct tap_event *event)
{
    event->kind = TAP_ENTER;
    struct nds_frame_mark mark = {
        .outer = nds.open_call, .fn = event->fn, .irql = nds.irql, .locks = nds.locks_held};
    mark.enter = tap_emit_at(event);
    nds.open_call = mark.enter;
    pages_control(event->fn <= TAP_NIC_FAILED && !hands_over(event->fn));
    evidence_close_again(evidence_watched);
    if (++nds.depth > nds.limits.depth_max) {
        nds_abandon(VERDICT_HANG, "calls nested without end");
    }
    if (nds.locks_held && calls_up(event->fn)) {
        nds_misuse(MISUSE_LOCK_ACROSS, TAP_NONE, ACROSS_UPCALL);
    }
    return mark;
}

void nds_close_at(struct nds_frame_mark mark, bool into_driver, struct tap_event *event)
{
    if (into_driver && (nds.locks_held != mark.locks || nds.irql != mark.irql)) {
        bool lock = nds.locks_held != mark.locks;
        nds_misuse(MISUSE_LOCK_ACROSS, TAP_NONE, lock ? ACROSS_RETURN : ACROSS_LEVEL);
        nds.locks_held = mark.locks;
        nds.irql = mark.irql;
    }
    if (nds.open_call != mark.enter) {
        nds_abandon(VERDICT_PROCESS, "a call was left without a return: a jump over its frames");
    }
    nds.depth--;
    nds.open_call = mark.outer;
    evidence_open_now();
    event->kind = TAP_LEAVE;
    event->fn = mark.fn;
    event->call = mark.enter;
    if (into_driver) {
        pages_control(false);
    }
    tap_emit_at(event);
    if (!into_driver) {
        pages_control(true);
    }
}

void nds_misuse(enum tap_misuse misuse, uint32_t object, uint32_t detail)
{
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_MISUSE,
                                .conn = TAP_NONE,
                                .object = object,
                                .data.misuse.what = misuse,
                                .data.misuse.detail = detail});
}

void nds_require_level(enum tap_family family, KIRQL highest)
{
    if (nds.irql > highest) {
        nds_misuse(MISUSE_IRQL, TAP_NONE, family);
    }
}

bool nds_handle_ok(NDIS_HANDLE handle)
{
    return handle && (handle == nds.adapter_handle || handle == nds.driver_handle);
}

static void fault_event(enum tap_fault fault, bool on, uint32_t amount)
{
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_FAULT,
                                .conn = TAP_NONE,
                                .object = TAP_NONE,
                                .data.fault.kind = fault,
                                .data.fault.on = on,
                                .data.fault.amount = amount});
}

void nds_fault_alloc(uint32_t skip, uint32_t count)
{
    nds.alloc_skip = skip;
    nds.alloc_fail = count;
    fault_event(FAULT_ALLOC, count != 0, count);
}

void nds_fault_pool(bool on)
{
    nds.pool_fault = on;
    fault_event(FAULT_POOL, on, 0);
}

void nds_fault_tx_stall(bool on)
{
    nds.tx_stall = on;
    fault_event(FAULT_TX_STALL, on, 0);
}

void nds_fault_map(uint32_t count)
{
    nds.map_fail = count;
    fault_event(FAULT_MAP, count != 0, count);
}

void nds_fault_clear(void)
{
    if (nds.alloc_fail) {
        nds_fault_alloc(0, 0);
    }
    if (nds.pool_fault) {
        nds_fault_pool(false);
    }
    if (nds.tx_stall) {
        nds_fault_tx_stall(false);
    }
    if (nds.map_fail) {
        nds_fault_map(0);
    }
    nds_plan_operation(&(struct nds_plan){0});
}

void nds_fault_blink(void)
{
    trace_note_starved(nds.trace);
    fault_event(FAULT_ALLOC, true, 1);
    fault_event(FAULT_ALLOC, nds.alloc_fail != 0, nds.alloc_fail);
}

bool nds_fault_active(void)
{
    return nds.alloc_fail || nds.pool_fault || nds.tx_stall || nds.map_fail;
}

/* The list in which the host holds the bytes at an address of the driver's own memory, or NULL. */
static struct nds_object *indicated_in(const void *address)
{
    for (uint32_t id = 0; id < object_count(); id++) {
        struct nds_object *object = object_by_id(id);
        if (object->live && object->kind == OBJECT_NBL && object->owner == OWNER_HOST &&
            ((struct nds_list *)object->detail)->role == ROLE_INDICATED &&
            list_holds(object, address)) {
            return object;
        }
    }
    return NULL;
}

/* The NET_BUFFER of a list in whose structure the address lies, or NULL. */
static const void *buffer_at(const struct nds_object *object, const void *address)
{
    const struct nds_list *list = object->kind == OBJECT_NBL ? object->detail : NULL;
    for (uint32_t i = 0; list && list->nb && i < list->nb_count; i++) {
        const uint8_t *start = (const uint8_t *)list->nb[i].nb;
        if ((const uint8_t *)address >= start &&
            (const uint8_t *)address < start + sizeof(NET_BUFFER)) {
            return start;
        }
    }
    return NULL;
}

bool nds_describe_memory(const void *address, char *text, size_t size)
{
    struct nds_object *object = guest_contains(address) ? object_containing(address) : NULL;
    if (!object) {
        snprintf(text, size, "%s",
                 guest_contains(address) ? "memory of the rig between objects" : "");
        return guest_contains(address);
    }
    long at = (long)((const uint8_t *)address - (const uint8_t *)object->address);
    const char *role = "";
    uint32_t list = object->kind == OBJECT_NBL ? object->id : object->parent;
    struct nds_object *owner = list != TAP_NONE ? object_by_id(list) : NULL;
    if (owner && owner->kind == OBJECT_NBL && owner->detail) {
        role = tap_role_name(((struct nds_list *)owner->detail)->role);
    } else {
        owner = NULL;
    }
    struct nds_object *of = owner ? owner : object;
    bool beyond = at >= (long)object->bytes;
    struct nds_object *held = of->owner == OWNER_TARGET && !beyond ? indicated_in(address) : NULL;
    if (held) {
        snprintf(text, size,
                 "byte %ld of %s #%u (indicated in list #%u), owned by %s since event %d", at,
                 object_kind_name(object->kind), object->id, held->id,
                 object_owner_name(held->owner), (int)held->owner_event);
        return true;
    }
    const void *buffer = buffer_at(object, address);
    at = buffer ? (long)((const uint8_t *)address - (const uint8_t *)buffer) : at;
    snprintf(text, size, "byte %ld%s of %s #%u (%s%s%u bytes), owned by %s since event %d", at,
             beyond ? " (beyond the end)" : "", object_kind_name(buffer ? OBJECT_NB : object->kind),
             object->id, role, *role ? ", " : "",
             buffer ? (uint32_t)sizeof(NET_BUFFER) : object->bytes, object_owner_name(of->owner),
             (int)of->owner_event);
    return of->owner != OWNER_TARGET || beyond;
}
