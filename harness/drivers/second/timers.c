/* SPDX-License-Identifier: MIT
 *
 * What happens when time has passed.
 */
#include "second.h"

static BOOLEAN is_mandatory(ULONG Reason)
{
    return Reason >= ReceivedUrgentData && Reason != HighFragmentation &&
           Reason != HighOutOfOrderPackets;
}

/* Asks the host to take the connection back. All reasons that this driver has are mandatory; in
 * TIME_WAIT it goes on answering the peer, and with invalid state receiving. */
void retrieve(CONN *C, ULONG Reason)
{
    if (C->Terminating || C->Aborted || C->RetrieveDue != 0 || is_mandatory(C->Retrieved))
        return;
    C->RetrieveDue = Reason;
    C->Dirty = TRUE;
    if (Reason == InvalidState)
        C->NoSend = TRUE;
    else if (C->State != TcpConnectionTimeWait)
        C->Frozen = TRUE;
}

/* 8.8 of the digest: the connection may go; or it tries again in a moment. */
void short_of_memory(CONN *C)
{
    C->RetryAt = now_ms() + SECOND_RETRY_MS;
    if (SECOND_SHORTAGE_UPLOADS &&
        (C->State == TcpConnectionEstablished || C->State == TcpConnectionLastAck))
        retrieve(C, UploadRequested);
}

void keepalive_restart(ADAPTER *A, CONN *C)
{
    C->KaProbes = 0;
    C->KaAt = NEVER;
    if ((C->Cached.Flags & TCP_FLAG_KEEP_ALIVE_ENABLED) && C->State != TcpConnectionTimeWait)
        C->KaAt = now_ms() + ticks_to_ms(A, C->Cached.KaTimeout);
}

/* An attacker may have guessed: in five minutes the peer must show that it is still there. */
void blind_start(CONN *C)
{
    ULONG64 At = now_ms() + SECOND_BLIND_MS;
    if (C->Blind)
        return;
    C->Blind = TRUE;
    if (C->KaAt == NEVER || C->KaAt > At)
        C->KaAt = At;
}

static void keepalive_expired(ADAPTER *A, CONN *C, ULONG64 Now)
{
    ULONG Most = C->Cached.KaProbeCount ? C->Cached.KaProbeCount : 10;
    ULONG64 Interval = C->Cached.KaInterval ? ticks_to_ms(A, C->Cached.KaInterval) : 1000;
    if (C->SndMax != C->SndUna || C->Persisting) {
        C->KaAt = Now + max_of((ULONG)ticks_to_ms(A, C->Cached.KaTimeout), 1000);
        return;
    }
    if (C->KaProbes >= Most) {
        C->KaAt = NEVER;
        if (C->Blind)
            conn_closed(A, C);
        retrieve(C, TimeoutExpiration);
        return;
    }
    if (conn_invalid(C)) {
        C->KaAt = Now + Interval;
        return;
    }
    if (!frame_build(A, C, TH_ACK, C->SndNxt - 1, 0, 0)) {
        C->KaAt = Now + SECOND_RETRY_MS;
        return;
    }
    C->KaProbes++;
    C->KaAt = Now + Interval;
}

static BOOLEAN give_up(ADAPTER *A, CONN *C)
{
    if (C->Persisting || C->Cached.MaxRT == 0)
        return C->RtxCount >= A->MaxRetransmissions;
    return C->Cached.MaxRT != TCP_OFFLOAD_NO_RETRANSMIT_LIMIT &&
           C->TotalRt > ticks_to_ms(A, C->Cached.MaxRT);
}

static void retransmit_expired(ADAPTER *A, CONN *C, ULONG64 Now)
{
    ULONG M = frame_room(A, C, option_bytes(C));
    if (C->RtxCount == 0) {
        C->SsThresh = max_of(2 * M, flight_of(C) / 2);
    }
    C->RtxCount += C->RtxCount < 255;
    C->CWnd = M;
    C->InRecovery = FALSE;
    C->Recover = C->SndMax;
    C->DupAcks = 0;
    C->Lost = TRUE;
    C->SndNxt = C->SndUna;
    resend_first(A, C, M);
    C->RtxFrom = Now;
    C->RtxAt = Now + backed_off(A, C, C->RtxCount);
}

static void slot_expired(ADAPTER *A, CONN *C, ULONG64 Now)
{
    if (C->State == TcpConnectionFinWait2) {
        conn_closed(A, C);
        retrieve(C, TimeoutExpiration);
        return;
    }
    C->RtxAt = NEVER;
    if (!C->Persisting)
        C->TotalRt += Now - C->RtxFrom;
    if (give_up(A, C)) {
        C->RtxAt = Now; /* so the host is told that it is due */
        retrieve(C, TimeoutExpiration);
    } else if (C->Persisting) {
        C->RtxFrom = Now;
        C->RtxAt = Now + SECOND_RETRY_MS;
        if (!window_probe(A, C))
            return;
        C->RtxAt = Now + backed_off(A, C, C->RtxCount);
        C->RtxCount += C->RtxCount < 255;
    } else if (C->SndMax != C->SndUna) {
        retransmit_expired(A, C, Now);
    }
}

void conn_timers(ADAPTER *A, CONN *C, ULONG64 Now)
{
    if (C->RetryAt <= Now) {
        C->RetryAt = NEVER;
        C->Dirty = TRUE;
    }
    if (C->Terminating || C->Frozen || C->State == TcpConnectionClosed || !C->InitDone)
        return;
    C->Dirty |= C->SndDoneAt <= Now;
    if (C->DackAt <= Now) {
        C->DackAt = NEVER;
        C->AckOwed = TRUE;
        C->Dirty = TRUE;
    }
    if (C->PushAt <= Now) {
        push_expired(C);
        C->Dirty = TRUE;
    }
    if (C->RtxAt <= Now && !conn_invalid(C)) {
        slot_expired(A, C, Now);
        C->Dirty = TRUE;
    }
    if (!C->Frozen && C->KaAt <= Now) {
        keepalive_expired(A, C, Now);
        C->Dirty = TRUE;
    }
}

ULONG64 conn_next(const CONN *C)
{
    ULONG64 Next = C->RetryAt;
    if (C->Terminating || C->Frozen || C->State == TcpConnectionClosed || !C->InitDone)
        return Next;
    Next = C->SndDoneAt < Next ? C->SndDoneAt : Next;
    Next = C->DackAt < Next ? C->DackAt : Next;
    Next = C->PushAt < Next ? C->PushAt : Next;
    if (!conn_invalid(C) && C->RtxAt < Next)
        Next = C->RtxAt;
    return C->KaAt < Next ? C->KaAt : Next;
}
