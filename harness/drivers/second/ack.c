/* SPDX-License-Identifier: MIT
 *
 * Acknowledgements: round trip times, congestion control (NewReno), the peer's window.
 */
#include "second.h"

ULONG ts_now(const ADAPTER *A, const CONN *C)
{
    return C->TsBase + (ULONG)((now_ms() - C->TsBaseAt) * A->TicksPerSecond / 1000);
}

ULONG flight_of(const CONN *C)
{
    return C->SndNxt - C->SndUna;
}

ULONG64 rto(const ADAPTER *A, const CONN *C)
{
    ULONG Granularity = max_of(1000 / A->TicksPerSecond, SECOND_GRID_MS);
    ULONG Value;
    if (!C->RttValid)
        return SECOND_RTO_INITIAL_MS;
    Value = C->Srtt8 / 8 + max_of(Granularity, C->Rttvar4);
    return min_of(max_of(Value, SECOND_RTO_FLOOR_MS), SECOND_RTO_CEILING_MS);
}

/* The timeout, doubled so many times. */
ULONG64 backed_off(const ADAPTER *A, const CONN *C, ULONG Doublings)
{
    ULONG64 Value = rto(A, C) << min_of(Doublings, 16);
    return Value < SECOND_RTO_CEILING_MS ? Value : SECOND_RTO_CEILING_MS;
}

/* RFC 6298 section 2, in eighths and quarters. */
static void rtt_sample(CONN *C, ULONG64 Ms)
{
    ULONG R = (ULONG)(Ms > 60000 ? 60000 : Ms);
    ULONG Srtt = C->Srtt8 / 8, Off;
    R = max_of(R, 1);
    if (!C->RttValid) {
        C->RttValid = TRUE;
        C->Srtt8 = R * 8;
        C->Rttvar4 = R * 2;
        return;
    }
    Off = R > Srtt ? R - Srtt : Srtt - R;
    C->Rttvar4 = C->Rttvar4 - C->Rttvar4 / 4 + Off;
    C->Srtt8 = C->Srtt8 - Srtt + R;
}

static void rtt_of_ack(ADAPTER *A, CONN *C, const PARSED *P)
{
    if (C->Const.Flags & TCP_FLAG_TIMESTAMP_ENABLED) {
        LONG Ticks = (LONG)(ts_now(A, C) - P->TsEcr);
        if (P->HasTs && Ticks >= 0 && !(C->TsNewUnit && SEQ_LT(P->TsEcr, C->TsBase)) &&
            ticks_to_ms(A, (ULONG)Ticks) < 120000)
            rtt_sample(C, ticks_to_ms(A, (ULONG)Ticks));
    } else if (C->Timing && SEQ_GT(P->Ack, C->TimedSeq)) {
        rtt_sample(C, now_ms() - C->TimedAt);
    }
    if (SEQ_GT(P->Ack, C->TimedSeq))
        C->Timing = FALSE;
}

static ULONG advance_buffers(PNET_BUFFER_LIST Nbl, ULONG Bytes)
{
    PNET_BUFFER Nb;
    ULONG Left = (ULONG)(ULONG_PTR)Nbl->MiniportReserved[1];
    ULONG Part = min_of(Bytes, Left), Rest = Part;
    for (Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb != NULL && Rest != 0; Nb = NET_BUFFER_NEXT_NB(Nb)) {
        ULONG Here = min_of(Rest, NET_BUFFER_DATA_LENGTH(Nb));
        if (Here != 0)
            NdisAdvanceNetBufferDataStart(Nb, Here, FALSE, NULL);
        Rest -= Here;
    }
    Nbl->MiniportReserved[1] = (PVOID)(ULONG_PTR)(Left - Part);
    return Part;
}

/* The peer has these bytes: the lists that they fill are done. */
void sends_acked(CONN *C, ULONG Bytes)
{
    PNET_BUFFER_LIST Nbl;
    C->SndBytes -= Bytes;
    while ((Nbl = C->SndHead) != NULL) {
        Bytes -= advance_buffers(Nbl, Bytes);
        if (Nbl->MiniportReserved[1] != NULL)
            return;
        C->SndHead = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        if (C->SndHead == NULL)
            C->SndTail = NULL;
        settle_send(Nbl, NDIS_STATUS_SUCCESS);
        append_list(&C->SndDone, Nbl);
        C->Dirty = TRUE;
    }
    if (Bytes != 0 && C->Disc != NULL)
        advance_buffers(C->Disc, Bytes);
}

static void grow(ADAPTER *A, CONN *C, ULONG Acked)
{
    ULONG M = frame_room(A, C, option_bytes(C));
    if (C->InRecovery) {
        if (SEQ_GE(C->SndUna, C->Recover)) {
            C->InRecovery = FALSE;
            C->CWnd = min_of(C->SsThresh, max_of(flight_of(C), M) + M);
            return;
        }
        C->CWnd = (C->CWnd > Acked ? C->CWnd - Acked : 0) + (Acked < M ? 0 : M);
        C->CWnd = max_of(C->CWnd, M);
        resend_first(A, C, M);
        return;
    }
    if (C->CWnd >= 0x40000000)
        return;
    /* After a larger MTU the window may be below one segment. */
    C->CWnd += C->CWnd < C->SsThresh ? min_of(Acked, M)
                                     : max_of(1, (ULONG)((ULONG64)M * M / max_of(C->CWnd, M)));
}

static void fin_acked(ADAPTER *A, CONN *C)
{
    C->FinAcked = TRUE;
    if (C->Disc != NULL) {
        settle_send(C->Disc, NDIS_STATUS_SUCCESS);
        append_list(&C->DiscDone, C->Disc);
        C->Disc = NULL;
    }
    if (C->State == TcpConnectionFinWait1) {
        C->State = TcpConnectionFinWait2;
    } else if (C->State == TcpConnectionClosing) {
        C->State = TcpConnectionTimeWait;
        C->KaAt = NEVER;
        retrieve(C, UploadRequested);
    } else if (C->State == TcpConnectionLastAck) {
        conn_closed(A, C);
    }
}

static BOOLEAN reports_more(CONN *C, const PARSED *P)
{
    if (!(C->Const.Flags & TCP_FLAG_SACK_ENABLED) || !P->HasReport ||
        SEQ_LE(P->HighReport, C->SndUna) || SEQ_GT(P->HighReport, C->SndMax))
        return FALSE;
    if (SEQ_GT(C->HighReport, C->SndUna) && SEQ_LE(P->HighReport, C->HighReport))
        return FALSE;
    C->HighReport = P->HighReport;
    return TRUE;
}

static void new_ack(ADAPTER *A, CONN *C, const PARSED *P)
{
    ULONG Acked = P->Ack - C->SndUna;
    BOOLEAN Fin = C->FinQueued && !C->FinAcked && Acked == C->SndBytes + 1;
    rtt_of_ack(A, C, P);
    sends_acked(C, min_of(Acked - Fin, C->SndBytes));
    C->SndUna = P->Ack;
    if (SEQ_LT(C->SndNxt, C->SndUna))
        C->SndNxt = C->SndUna;
    C->Lost = FALSE;
    C->DupAcks = reports_more(C, P) ? 1 : 0;
    C->TotalRt = 0;
    if (!C->Persisting)
        C->RtxCount = 0;
    C->Path->Neighbor->NicAt = (LONG64)now_ms();
    grow(A, C, Acked);
    if (C->Persisting && C->SndBytes == 0 && (!C->FinQueued || Fin)) {
        C->Persisting = FALSE;
        C->ProbeRound = C->RtxCount = 0;
    }
    C->RtxAt = C->Persisting ? C->RtxAt : NEVER;
    if (Fin)
        fin_acked(A, C);
    if (C->State == TcpConnectionFinWait2)
        C->RtxAt = now_ms() + SECOND_FIN_WAIT_2_MS;
    else
        rtx_arm(A, C);
}

/* A right duplicate: nothing new in it, while something is on its way. */
static void duplicate_ack(ADAPTER *A, CONN *C)
{
    ULONG M = frame_room(A, C, option_bytes(C));
    if (C->DupAcks < 255)
        C->DupAcks++;
    if (C->InRecovery) {
        C->CWnd += M;
    } else if (C->DupAcks >= A->DupAckThreshold && SEQ_GT(C->SndUna, C->Recover)) {
        C->SsThresh = max_of(2 * M, flight_of(C) / 2);
        C->CWnd = C->SsThresh + A->DupAckThreshold * M;
        C->Recover = C->SndMax;
        C->InRecovery = TRUE;
        C->Timing = FALSE;
        resend_first(A, C, M);
    }
}

/* A closed window opens a round of probes, an answer to a probe the next round. */
static void window_effects(ADAPTER *A, CONN *C)
{
    BOOLEAN Waiting = C->SndBytes != 0 || (C->FinQueued && !C->FinAcked);
    if (C->SndWnd == 0 && Waiting) {
        if (!C->Persisting) {
            persist_enter(A, C);
        } else if (C->RtxCount != 0) {
            C->ProbeRound += C->ProbeRound < 255;
            C->RtxCount = 0;
            C->RtxFrom = now_ms();
            C->RtxAt = C->RtxFrom + backed_off(A, C, C->ProbeRound);
        }
    } else if (C->Persisting) {
        /* The probe's byte may have been thrown away: it goes again, with more. */
        if ((C->RtxCount != 0 || C->ProbeRound != 0) && !C->Resent)
            C->SndNxt = C->SndUna;
        C->Persisting = FALSE;
        C->ProbeRound = C->RtxCount = 0;
        C->RtxAt = NEVER;
        rtx_arm(A, C);
    }
}

void ack_input(ADAPTER *A, CONN *C, const PARSED *P)
{
    ULONG Scale =
        C->Const.Flags & TCP_FLAG_WINDOW_SCALING_ENABLED ? min_of(C->Const.SndWindScale, 14) : 0;
    ULONG Window = P->Window << Scale;
    if (SEQ_LT(P->Ack, C->SndUna))
        return;
    C->Resent = FALSE;
    if (P->Ack != C->SndUna)
        new_ack(A, C, P);
    else if (Window != 0 && C->SndMax != C->SndUna &&
             (reports_more(C, P) ||
              (P->Length == 0 && !(P->Flags & TH_FIN) && Window == C->SndWnd)))
        duplicate_ack(A, C);
    if (C->State == TcpConnectionClosed)
        return;
    if (SEQ_LT(C->SndWl1, P->Seq) || (C->SndWl1 == P->Seq && SEQ_LE(C->SndWl2, P->Ack))) {
        C->SndWnd = Window;
        C->SndWl1 = P->Seq;
        C->SndWl2 = P->Ack;
        C->MaxSndWnd = max_of(C->MaxSndWnd, Window);
    }
    window_effects(A, C);
}
