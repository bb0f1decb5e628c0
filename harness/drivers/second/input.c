/* SPDX-License-Identifier: MIT
 *
 * Segments that arrive, as RFC 9293 3.10.7.4 orders their processing, with RFC 5961 and RFC 7323.
 */
#include "second.h"

void forget_received(ADAPTER *A, CONN *C)
{
    seg_free_list(A, &C->RcvHead);
    seg_free_list(A, &C->Held);
    C->RcvTail = NULL;
    C->RcvBytes = 0;
    C->HasHeldFin = FALSE;
}

void conn_closed(ADAPTER *A, CONN *C)
{
    if (C->State == TcpConnectionEstablished || C->State == TcpConnectionCloseWait)
        A->Tcp[C->Path->V6].ResetEstablished++;
    C->State = TcpConnectionClosed;
    C->RtxAt = C->KaAt = C->DackAt = C->PushAt = NEVER;
    C->AckOwed = FALSE;
    C->Dirty = TRUE;
}

/* Nothing more is received or sent. What the host is told, and when, is the caller's. */
void conn_abort(ADAPTER *A, CONN *C)
{
    conn_closed(A, C);
    C->Aborted = TRUE;
    C->AbortDue = TRUE;
    C->DisconnectDue = FALSE;
    C->RetrieveDue = 0;
    forget_received(A, C);
    tx_purge(A, C);
}

static void answer(ADAPTER *A, CONN *C)
{
    send_ack(A, C);
}

static int input_reset(ADAPTER *A, CONN *C, const PARSED *P)
{
    ULONG Window = C->RcvAdv - C->RcvNxt;
    if (P->Seq == C->RcvNxt) {
        conn_abort(A, C);
    } else if (SEQ_GT(P->Seq, C->RcvNxt) && P->Seq - C->RcvNxt < Window && !C->RstChallenged) {
        C->RstChallenged = TRUE;
        blind_start(C);
        answer(A, C);
    }
    return SEG_DONE;
}

static int input_syn(ADAPTER *A, CONN *C, const PARSED *P)
{
    ULONG64 Now = now_ms();
    if (P->Seq == C->RcvNxt) {
        conn_closed(A, C);
        retrieve(C, UploadRequested);
    } else if (P->Seq - C->RcvNxt < C->RcvAdv - C->RcvNxt) {
        if (Now >= C->SynChallengeAt) {
            C->SynChallengeAt = Now + SECOND_SYN_CHALLENGE_MS;
            blind_start(C);
            answer(A, C);
        }
    } else {
        answer(A, C);
    }
    return SEG_DONE;
}

/* TRUE: the segment may go on. */
static BOOLEAN stamps_pass(ADAPTER *A, CONN *C, const PARSED *P)
{
    if (!(C->Const.Flags & TCP_FLAG_TIMESTAMP_ENABLED) || (P->Flags & TH_RST))
        return TRUE;
    if (!P->HasTs)
        return FALSE;
    if (SEQ_LT(P->TsVal, C->TsRecent) &&
        (LONG64)now_ms() - C->TsRecentAt < (LONG64)SECOND_PAWS_MS) {
        answer(A, C);
        return FALSE;
    }
    return TRUE;
}

static BOOLEAN in_window(const CONN *C, const PARSED *P)
{
    ULONG Window = C->RcvAdv - C->RcvNxt;
    ULONG Length = P->Length + (P->Flags & TH_FIN ? 1 : 0);
    if (Length == 0)
        return P->Seq == C->RcvNxt || P->Seq - C->RcvNxt < Window;
    /* The text of a segment at a closed window goes, its acknowledgement counts. */
    if (Window == 0)
        return P->Seq == C->RcvNxt;
    if (!SECOND_FOUR_CASES && SEQ_LT(P->Seq, C->RcvNxt) && SEQ_GE(P->Seq + Length, C->RcvAdv))
        return TRUE;
    return P->Seq - C->RcvNxt < Window || P->Seq + Length - 1 - C->RcvNxt < Window;
}

static void acceptable(ADAPTER *A, CONN *C, const PARSED *P)
{
    C->RstChallenged = FALSE;
    C->Blind = FALSE;
    keepalive_restart(A, C);
    if (C->State == TcpConnectionFinWait2)
        C->RtxAt = now_ms() + SECOND_FIN_WAIT_2_MS;
    if (P->HasTs && SEQ_LE(P->Seq, C->LastAck) &&
        (!SECOND_STAMPS_OF_1323 ||
         SEQ_GT(P->Seq + P->Length + (P->Flags & TH_FIN ? 1 : 0), C->LastAck))) {
        C->TsRecent = P->TsVal;
        C->TsRecentAt = (LONG64)now_ms();
    }
}

static void fin_accepted(ADAPTER *A, CONN *C)
{
    C->RcvNxt++;
    if (SEQ_LT(C->RcvAdv, C->RcvNxt))
        C->RcvAdv = C->RcvNxt;
    C->FinRcvd = TRUE;
    C->HasHeldFin = FALSE;
    seg_free_list(A, &C->Held);
    C->AckOwed = TRUE;
    if (C->State == TcpConnectionEstablished) {
        C->State = TcpConnectionCloseWait;
    } else if (C->State == TcpConnectionFinWait1) {
        C->State = TcpConnectionClosing;
    } else if (C->State == TcpConnectionFinWait2) {
        C->State = TcpConnectionTimeWait;
        C->RtxAt = C->KaAt = NEVER;
        retrieve(C, UploadRequested);
    }
}

/* A FIN bounds the stream: what was held beyond it goes. */
static void cut_held(ADAPTER *A, CONN *C, ULONG End)
{
    SEG **At = &C->Held;
    while (*At != NULL) {
        SEG *S = *At;
        if (SEQ_GE(S->Seq, End)) {
            *At = S->Next;
            seg_free(A, S);
            continue;
        }
        if (SEQ_GT(S->Seq + S->Length, End))
            S->Length = End - S->Seq;
        At = &S->Next;
    }
}

/* FALSE: the segment contradicts a FIN that is held, and both are forgotten. */
static BOOLEAN agrees_with_fin(ADAPTER *A, CONN *C, ULONG End, BOOLEAN Fin)
{
    if (C->HasHeldFin && (SEQ_GT(End, C->HeldFin) || (Fin && End != C->HeldFin))) {
        seg_free_list(A, &C->Held);
        C->HasHeldFin = FALSE;
        answer(A, C);
        return FALSE;
    }
    if (Fin)
        cut_held(A, C, End);
    return TRUE;
}

static void acknowledge_text(ADAPTER *A, CONN *C, BOOLEAN InOrder, BOOLEAN Filled)
{
    if (!InOrder) {
        answer(A, C);
        return;
    }
    C->UnackedSegs++;
    if (Filled || C->ToldZero || C->UnackedSegs >= A->AckFrequency || A->DackTicks == 0 ||
        SECOND_ACK_EVERYTHING)
        C->AckOwed = TRUE;
    else if (C->DackAt == NEVER)
        C->DackAt = now_ms() + ticks_to_ms(A, A->DackTicks);
}

/* Text and FIN of an acceptable segment. */
static int input_text(ADAPTER *A, CONN *C, SEG *S)
{
    BOOLEAN Fin = (S->Flags & TH_FIN) != 0, Filled = C->Held != NULL, Kept = FALSE, InOrder;
    ULONG End, Before = C->RcvNxt;
    if ((S->Length == 0 && !Fin) || C->FinRcvd)
        return SEG_DONE;
    if (C->RcvAdv == C->RcvNxt && S->Length != 0) {
        answer(A, C);
        return SEG_DONE;
    }
    if (SEQ_LT(S->Seq, C->RcvNxt))
        seg_trim_front(S, min_of(C->RcvNxt - S->Seq, S->Length));
    if (SEQ_GT(S->Seq + S->Length, C->RcvAdv)) {
        S->Length = C->RcvAdv - S->Seq;
        S->Flags &= (USHORT) ~(TH_FIN | TH_PSH);
        Fin = FALSE;
    }
    End = S->Seq + S->Length;
    if (!agrees_with_fin(A, C, End, Fin))
        return SEG_DONE;
    InOrder = S->Seq == C->RcvNxt;
    if (S->Length != 0)
        Kept = seg_arrive(A, C, S);
    if (Fin) {
        C->HasHeldFin = TRUE;
        C->HeldFin = End;
    }
    if (C->RcvNxt != Before)
        C->Path->Neighbor->NicAt = (LONG64)now_ms();
    if (C->HasHeldFin && C->RcvNxt == C->HeldFin)
        fin_accepted(A, C);
    acknowledge_text(A, C, InOrder, Filled);
    return Kept ? SEG_KEPT : SEG_DONE;
}

void keep_behind(CONN *C, SEG *S)
{
    S->Next = NULL;
    if (C->UrgTail != NULL)
        C->UrgTail->Next = S;
    else
        C->UrgHead = S;
    C->UrgTail = S;
}

/* After a mandatory request only urgent frames are kept, to go up raw. */
static int keep_for_host(CONN *C, SEG *S)
{
    if (S->Frame == NULL)
        return SEG_UNPROCESSED;
    if (C->RetrieveDue != ReceivedUrgentData && C->Retrieved != ReceivedUrgentData)
        return SEG_DONE;
    keep_behind(C, S);
    return SEG_KEPT;
}

static int input_urgent(ADAPTER *A, CONN *C, SEG *S)
{
    if (C->UnackedSegs != 0 || C->AckOwed)
        send_ack(A, C);
    retrieve(C, ReceivedUrgentData);
    return keep_for_host(C, S);
}

/* Behind urgent frames that wait for the terminate of a lost card's connection. */
static int closed_input(CONN *C, SEG *S)
{
    BOOLEAN Lost = C->RetrieveDue == HardwareFailure || C->Retrieved == HardwareFailure;
    if (!Lost || C->UrgHead == NULL || S->Frame == NULL)
        return SEG_UP;
    keep_behind(C, S);
    return SEG_KEPT;
}

int tcp_input(ADAPTER *A, CONN *C, const PARSED *P, SEG *S)
{
    if (C->State == TcpConnectionClosed)
        return closed_input(C, S);
    if (C->Frozen)
        return keep_for_host(C, S);
    if ((P->Flags & TH_SYN) && C->State == TcpConnectionTimeWait)
        return SEG_UP;
    if (!stamps_pass(A, C, P))
        return SEG_DONE;
    if (P->Flags & TH_RST)
        return input_reset(A, C, P);
    if (P->Flags & TH_SYN)
        return input_syn(A, C, P);
    if (!in_window(C, P)) {
        answer(A, C);
        return SEG_DONE;
    }
    if (!(P->Flags & TH_ACK))
        return SEG_DONE;
    if (SEQ_GT(P->Ack, C->SndMax) || SEQ_LT(P->Ack, C->SndUna - C->MaxSndWnd)) {
        answer(A, C);
        return SEG_DONE;
    }
    if (P->Flags & TH_URG)
        return input_urgent(A, C, S);
    acceptable(A, C, P);
    ack_input(A, C, P);
    if (C->State == TcpConnectionClosed)
        return SEG_DONE;
    return input_text(A, C, S);
}
