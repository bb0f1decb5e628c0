/* SPDX-License-Identifier: MIT
 *
 * Time as the driver sees it: the virtual clock, timer objects (a heap by due time, ties in the
 * order of setting), work items in FIFO order, sleeping.
 */
#include "ndis/internal.h"

#define NS_PER_100NS 100u
#define SLEEPS_MAX 100000u

static bool before(const struct nds_timer *x, const struct nds_timer *y)
{
    return x->due_ns != y->due_ns ? x->due_ns < y->due_ns : x->order < y->order;
}

static void place(uint32_t at, struct nds_timer *timer)
{
    nds.heap[at] = timer;
    timer->heap = at + 1;
}

static void sift(uint32_t at, struct nds_timer *timer)
{
    while (at && before(timer, nds.heap[(at - 1) / 2])) {
        place(at, nds.heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < nds.heap_count && before(nds.heap[child + 1], nds.heap[child])) {
            child++;
        }
        if (child >= nds.heap_count || !before(nds.heap[child], timer)) {
            break;
        }
        place(at, nds.heap[child]);
        at = child;
    }
    place(at, timer);
}

static void heap_remove(struct nds_timer *timer)
{
    uint32_t at = timer->heap - 1;
    timer->heap = 0;
    struct nds_timer *last = nds.heap[--nds.heap_count];
    if (last != timer) {
        sift(at, last);
    }
}

static void heap_add(struct nds_timer *timer)
{
    if (nds.heap_count == nds.heap_room) {
        uint32_t room = nds.heap_room ? 2 * nds.heap_room : 16;
        struct nds_timer **heap = rig_alloc(room * sizeof(heap[0]));
        if (nds.heap_count) {
            memcpy(heap, nds.heap, nds.heap_count * sizeof(heap[0]));
        }
        nds.heap = heap;
        nds.heap_room = room;
    }
    timer->order = nds.timer_order++;
    sift(nds.heap_count++, timer);
}

static struct nds_timer *timer_of(NDIS_HANDLE handle)
{
    struct nds_object *object = object_find(handle, OBJECT_TIMER);
    if (!object) {
        nds_misuse(MISUSE_BAD_POINTER, TAP_NONE, TAP_TIMER_SET);
        return NULL;
    }
    return object->detail;
}

VOID NDIS_CALL NdisGetSystemUpTimeEx(PLARGE_INTEGER SystemUpTime)
{
    SystemUpTime->QuadPart = (LONG64)(nds.now_ns / 1000000u);
}

NDIS_STATUS NDIS_CALL NdisAllocateTimerObject(NDIS_HANDLE NdisHandle,
                                              PNDIS_TIMER_CHARACTERISTICS TimerCharacteristics,
                                              PNDIS_HANDLE TimerObject)
{
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_TIMER, DISPATCH_LEVEL);
    *TimerObject = NULL;
    if (!nds_handle_ok(NdisHandle)) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, RESOURCE_TIMER);
    }
    if (!nds_header_ok(STRUCTURE_TIMER, &TimerCharacteristics->Header,
                       NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS)) {
        return NDIS_STATUS_INVALID_PARAMETER;
    }
    if (!TimerCharacteristics->TimerFunction) {
        nds_misuse(MISUSE_STRUCTURE, TAP_NONE, NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS);
        return NDIS_STATUS_INVALID_PARAMETER;
    }
    struct nds_object *object =
        nds_take_handle(OBJECT_TIMER, RESOURCE_TIMER, TimerCharacteristics->AllocationTag);
    if (!object) {
        return NDIS_STATUS_RESOURCES;
    }
    struct nds_timer *timer = rig_alloc(sizeof(*timer));
    timer->id = object->id;
    timer->function = TimerCharacteristics->TimerFunction;
    timer->context = TimerCharacteristics->FunctionContext;
    object->detail = timer;
    *TimerObject = object->address;
    return NDIS_STATUS_SUCCESS;
}

BOOLEAN NDIS_CALL NdisSetTimerObject(NDIS_HANDLE TimerObject, LARGE_INTEGER DueTime,
                                     LONG MillisecondsPeriod, PVOID FunctionContext)
{
    NDS_GIVEN(GIVEN_HANDLE, TimerObject);
    nds_require_level(FAMILY_TIMER, DISPATCH_LEVEL);
    struct nds_timer *timer = timer_of(TimerObject);
    if (!timer) {
        return FALSE;
    }
    BOOLEAN queued = timer->heap != 0;
    if (queued) {
        heap_remove(timer);
    }
    uint64_t in_ns = 0;
    if (DueTime.QuadPart < 0) {
        in_ns = (uint64_t)-DueTime.QuadPart * NS_PER_100NS;
    } else if ((uint64_t)DueTime.QuadPart * NS_PER_100NS > nds.now_ns) {
        in_ns = (uint64_t)DueTime.QuadPart * NS_PER_100NS - nds.now_ns;
    }
    timer->due_ns = nds.now_ns + in_ns;
    timer->period_ns = MillisecondsPeriod > 0 ? (uint64_t)MillisecondsPeriod * 1000000u : 0;
    timer->set_context = FunctionContext;
    heap_add(timer);
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_TIMER_SET,
                                .conn = TAP_NONE,
                                .object = timer->id,
                                .data.timer_set.low_ns = (uint32_t)in_ns,
                                .data.timer_set.high_ns = (uint32_t)(in_ns >> 32)});
    return queued;
}

BOOLEAN NDIS_CALL NdisCancelTimerObject(NDIS_HANDLE TimerObject)
{
    NDS_GIVEN(GIVEN_HANDLE, TimerObject);
    struct nds_timer *timer = timer_of(TimerObject);
    if (!timer) {
        return FALSE;
    }
    nds_require_level(timer->period_ns ? FAMILY_PERIODIC : FAMILY_TIMER,
                      timer->period_ns ? PASSIVE_LEVEL : DISPATCH_LEVEL);
    BOOLEAN removed = timer->heap != 0;
    if (removed) {
        heap_remove(timer);
    }
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_TIMER_CANCEL,
                                .conn = TAP_NONE,
                                .object = timer->id,
                                .data.timer_cancel.removed = removed});
    return removed;
}

VOID NDIS_CALL NdisFreeTimerObject(NDIS_HANDLE TimerObject)
{
    NDS_GIVEN(GIVEN_HANDLE, TimerObject);
    nds_require_level(FAMILY_TIMER, DISPATCH_LEVEL);
    struct nds_timer *timer = timer_of(TimerObject);
    if (!timer) {
        return;
    }
    if (timer->heap) {
        nds_misuse(MISUSE_TIMER_QUEUED, timer->id, timer->period_ns != 0);
        heap_remove(timer);
    }
    nds_give_memory(object_by_id(timer->id), RESOURCE_TIMER);
}

void nds_timers_left(void)
{
    if (nds.heap_count) {
        nds_misuse(MISUSE_TIMER_QUEUED, nds.heap[0]->id, nds.heap[0]->period_ns != 0);
    }
}

uint64_t nds_next_timer(void)
{
    return nds.heap_count ? nds.heap[0]->due_ns : UINT64_MAX;
}

uint32_t nds_timers_set(void)
{
    return nds.heap_count;
}

bool nds_run_due_timer(void)
{
    if (!nds.heap_count || nds.heap[0]->due_ns > nds.now_ns) {
        return false;
    }
    struct nds_timer *timer = nds.heap[0];
    heap_remove(timer);
    if (timer->period_ns) {
        timer->due_ns = nds.now_ns + timer->period_ns;
        heap_add(timer);
    }
    PVOID context = timer->set_context ? timer->set_context : timer->context;
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = TAP_TIMER_RUN, .conn = TAP_NONE, .object = timer->id});
    nds.irql = DISPATCH_LEVEL;
    mark.irql = nds.irql;
    timer->function(NULL, context, NULL, NULL);
    nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = timer->id});
    nds.irql = PASSIVE_LEVEL;
    return true;
}

NDIS_HANDLE NDIS_CALL NdisAllocateIoWorkItem(NDIS_HANDLE NdisHandle)
{
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_MISCELLANEOUS, DISPATCH_LEVEL);
    if (!nds_handle_ok(NdisHandle)) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, RESOURCE_WORK_ITEM);
    }
    struct nds_object *object = nds_take_handle(OBJECT_WORK_ITEM, RESOURCE_WORK_ITEM, 0);
    if (!object) {
        return NULL;
    }
    struct nds_work *work = rig_alloc(sizeof(*work));
    work->id = object->id;
    work->handle = object->address;
    object->detail = work;
    return object->address;
}

static struct nds_work *work_of(NDIS_HANDLE handle)
{
    struct nds_object *object = object_find(handle, OBJECT_WORK_ITEM);
    if (!object) {
        nds_misuse(MISUSE_BAD_POINTER, TAP_NONE, RESOURCE_WORK_ITEM);
        return NULL;
    }
    return object->detail;
}

VOID NDIS_CALL NdisQueueIoWorkItem(NDIS_HANDLE WorkItem, NDIS_IO_WORKITEM_ROUTINE Routine,
                                   PVOID WorkItemContext)
{
    NDS_GIVEN(GIVEN_HANDLE, WorkItem);
    nds_require_level(FAMILY_MISCELLANEOUS, DISPATCH_LEVEL);
    struct nds_work *work = work_of(WorkItem);
    if (!work || work->queued) {
        if (work) {
            nds_misuse(MISUSE_WORK_QUEUED, work->id, 0);
        }
        return;
    }
    work->routine = Routine;
    work->context = WorkItemContext;
    work->queued = true;
    work->next = NULL;
    if (nds.work_last) {
        nds.work_last->next = work;
    } else {
        nds.work_first = work;
    }
    nds.work_last = work;
}

VOID NDIS_CALL NdisFreeIoWorkItem(NDIS_HANDLE WorkItem)
{
    NDS_GIVEN(GIVEN_HANDLE, WorkItem);
    nds_require_level(FAMILY_MISCELLANEOUS, DISPATCH_LEVEL);
    struct nds_work *work = work_of(WorkItem);
    if (!work) {
        return;
    }
    if (work->queued) {
        nds_misuse(MISUSE_WORK_QUEUED, work->id, 1);
        return;
    }
    nds_give_memory(object_by_id(work->id), RESOURCE_WORK_ITEM);
}

bool nds_run_work_item(void)
{
    struct nds_work *work = nds.work_first;
    if (!work) {
        return false;
    }
    nds.work_first = work->next;
    if (!nds.work_first) {
        nds.work_last = NULL;
    }
    work->queued = false;
    struct nds_frame_mark mark =
        nds_open((struct tap_event){.fn = TAP_WORK_RUN, .conn = TAP_NONE, .object = work->id});
    work->routine(work->context, work->handle);
    nds_close(mark, true, (struct tap_event){.conn = TAP_NONE, .object = work->id});
    return true;
}

VOID NDIS_CALL NdisMSleep(ULONG MicrosecondsToSleep)
{
    nds_require_level(FAMILY_SYNCH, PASSIVE_LEVEL);
    if (++nds.sleeps > SLEEPS_MAX) {
        nds_abandon(VERDICT_HANG, "the driver sleeps without end");
    }
    KIRQL irql = nds.irql;
    nds.irql = PASSIVE_LEVEL;
    nds.hooks.sleep(nds.hooks.context, (uint64_t)MicrosecondsToSleep * 1000u);
    nds.irql = irql;
}
