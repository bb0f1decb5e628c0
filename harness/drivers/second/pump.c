/* SPDX-License-Identifier: MIT
 *
 * The loop that makes every call upwards, the timer and the work item.
 */
#include "second.h"

ULONG64 now_ms(void)
{
    LARGE_INTEGER Time;
    NdisGetSystemUpTimeEx(&Time);
    return (ULONG64)Time.QuadPart;
}

ULONG64 ticks_to_ms(const ADAPTER *A, ULONG Ticks)
{
    return (ULONG64)Ticks * 1000 / A->TicksPerSecond;
}

ULONG ms_to_ticks(const ADAPTER *A, ULONG64 Ms)
{
    return (ULONG)(Ms * A->TicksPerSecond / 1000);
}

/* One timer serves all: it stands at the earliest deadline, on the grid. One that fires too early
 * finds nothing due and is set again. */
static void timer_arm(ADAPTER *A)
{
    ULONG64 Next = A->OpRetryAt, Now = now_ms();
    LARGE_INTEGER Due;
    CONN *C;
    for (C = A->Conns; C != NULL; C = C->Next) {
        ULONG64 At = conn_next(C);
        if (At < Next)
            Next = At;
    }
    if (Next == NEVER || A->Halting)
        return;
    Next = (Next + SECOND_GRID_MS - 1) / SECOND_GRID_MS * SECOND_GRID_MS;
    if (A->TimerArmed && A->TimerAt <= Next)
        return;
    A->TimerArmed = TRUE;
    A->TimerAt = Next;
    Due.QuadPart = Next > Now ? -(LONG64)(Next - Now) * 10000 : -1;
    NdisSetTimerObject(A->Timer, Due, 0, NULL);
}

/* What waits for the adapter to become quiet: a pause, and a request to sleep. */
static BOOLEAN finish_waiting(ADAPTER *A)
{
    PNDIS_OID_REQUEST Request = A->PowerRequest;
    if (A->Pausing && A->ListsOut == 0 && A->HostDone == NULL && A->HostHead == NULL) {
        A->Pausing = FALSE;
        NdisReleaseSpinLock(&A->Lock);
        NdisMPauseComplete(A->Handle);
        NdisAcquireSpinLock(&A->Lock);
        return TRUE;
    }
    if (Request != NULL && A->Conns == NULL && A->OpHead == NULL) {
        A->PowerRequest = NULL;
        NdisReleaseSpinLock(&A->Lock);
        NdisMOidRequestComplete(A->Handle, Request, NDIS_STATUS_SUCCESS);
        NdisAcquireSpinLock(&A->Lock);
        return TRUE;
    }
    return FALSE;
}

static void pump_conns(ADAPTER *A)
{
    CONN *C;
    for (C = A->Conns; C != NULL; C = C->Next) {
        if (!C->Dirty)
            continue;
        do {
            C->Dirty = FALSE;
        } while (step_conn(A, C));
    }
}

static void pump_run(ADAPTER *A, BOOLEAN Operations)
{
    KIRQL Old;
    NDIS_RAISE_IRQL_TO_DISPATCH(&Old);
    NdisAcquireSpinLock(&A->Lock);
    if (A->Pumping) {
        A->Again = TRUE;
    } else {
        A->Pumping = TRUE;
        do {
            A->Again = FALSE;
            while (SECOND_FRAMES_BEFORE_UPCALLS && tx_flush(A))
                ;
            pump_conns(A);
            while (Operations && operation_step(A))
                pump_conns(A);
            while (ordinary_step(A))
                ;
            while (tx_flush(A))
                ;
            while (finish_waiting(A))
                ;
        } while (A->Again);
        A->Pumping = FALSE;
        if (A->OpHead != NULL && A->OpRetryAt == NEVER && !A->WorkQueued) {
            A->WorkQueued = TRUE;
            NdisQueueIoWorkItem(A->WorkItem, work_function, A);
        }
        timer_arm(A);
    }
    NdisReleaseSpinLock(&A->Lock);
    NDIS_LOWER_IRQL(Old, DISPATCH_LEVEL);
}

/* Returned lists may be what somebody waits for. */
void retry_all(ADAPTER *A)
{
    CONN *C;
    A->OpRetryAt = NEVER;
    for (C = A->Conns; C != NULL; C = C->Next) {
        C->Dirty |= C->RetryAt != NEVER;
        C->RetryAt = NEVER;
    }
}

static void pump_later(ADAPTER *A)
{
    NdisAcquireSpinLock(&A->Lock);
    A->Again = TRUE;
    if (!A->Pumping && !A->WorkQueued) {
        A->WorkQueued = TRUE;
        NdisQueueIoWorkItem(A->WorkItem, work_function, A);
    }
    NdisReleaseSpinLock(&A->Lock);
}

void pump(ADAPTER *A)
{
    if (SECOND_UPCALLS_FROM_WORK_ITEM)
        pump_later(A);
    else
        pump_run(A, FALSE);
}

void pump_with_operations(ADAPTER *A)
{
    pump_run(A, TRUE);
}

VOID NDIS_CALL work_function(PVOID Context, NDIS_HANDLE WorkItem)
{
    ADAPTER *A = Context;
    (void)WorkItem;
    NdisAcquireSpinLock(&A->Lock);
    A->WorkQueued = FALSE;
    NdisReleaseSpinLock(&A->Lock);
    pump_with_operations(A);
}

VOID NDIS_CALL timer_function(PVOID Specific1, PVOID Context, PVOID Specific2, PVOID Specific3)
{
    ADAPTER *A = Context;
    CONN *C;
    ULONG64 Now = now_ms();
    (void)Specific1;
    (void)Specific2;
    (void)Specific3;
    NdisAcquireSpinLock(&A->Lock);
    A->TimerArmed = FALSE;
    if (A->OpRetryAt <= Now)
        A->OpRetryAt = NEVER;
    for (C = A->Conns; C != NULL; C = C->Next)
        conn_timers(A, C, Now);
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
}
