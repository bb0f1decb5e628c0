/* SPDX-License-Identifier: MIT
 *
 * Segments that leave.
 */
#include "second.h"

BOOLEAN conn_invalid(const CONN *C)
{
    return C->NoSend || C->Invalid || C->Path->Invalid || C->Path->Neighbor->Invalid;
}

typedef struct _READ {
    ULONG Skip;
    ULONG Left;
    UCHAR *To;
} READ;

/* FALSE: an MDL could not be mapped. */
static BOOLEAN read_buffer(PNET_BUFFER Nb, READ *R)
{
    PMDL Mdl = NET_BUFFER_CURRENT_MDL(Nb);
    ULONG Length = NET_BUFFER_DATA_LENGTH(Nb), At;
    if (R->Skip >= Length) {
        R->Skip -= Length;
        return TRUE;
    }
    At = NET_BUFFER_CURRENT_MDL_OFFSET(Nb) + R->Skip;
    Length = min_of(Length - R->Skip, R->Left);
    R->Skip = 0;
    while (Length > 0 && Mdl != NULL) {
        PVOID Address;
        UINT Bytes;
        ULONG Part;
        if (At >= Mdl->ByteCount) {
            At -= Mdl->ByteCount;
            NdisGetNextMdl(Mdl, &Mdl);
            continue;
        }
        NdisQueryMdl(Mdl, &Address, &Bytes, NormalPagePriority);
        if (Address == NULL)
            return FALSE;
        Part = min_of(Length, Bytes - At);
        memcpy(R->To, (PUCHAR)Address + At, Part);
        R->To += Part;
        R->Left -= Part;
        Length -= Part;
        At = 0;
        NdisGetNextMdl(Mdl, &Mdl);
    }
    return Length == 0;
}

static BOOLEAN read_list(PNET_BUFFER_LIST Nbl, READ *R)
{
    PNET_BUFFER Nb;
    for (Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb != NULL && R->Left != 0;
         Nb = NET_BUFFER_NEXT_NB(Nb)) {
        if (!read_buffer(Nb, R))
            return FALSE;
    }
    return TRUE;
}

/* Copies bytes of the send queue; Offset counts from SndUna. */
BOOLEAN sends_copy(const CONN *C, ULONG Offset, UCHAR *To, ULONG Length)
{
    PNET_BUFFER_LIST Nbl;
    READ R = {Offset, Length, To};
    for (Nbl = C->SndHead; Nbl != NULL && R.Left != 0; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        ULONG Left = (ULONG)(ULONG_PTR)Nbl->MiniportReserved[1];
        if (R.Skip >= Left)
            R.Skip -= Left;
        else if (!read_list(Nbl, &R))
            return FALSE;
    }
    if (R.Left != 0 && C->Disc != NULL && !read_list(C->Disc, &R))
        return FALSE;
    return R.Left == 0;
}

/* SndNxt or, after it stepped back, SndMax: the peer takes no segment from below its RCV.NXT. */
void send_ack(ADAPTER *A, CONN *C)
{
    if (!frame_build(A, C, TH_ACK, C->SndMax, 0, 0))
        C->AckOwed = TRUE;
}

void rtx_arm(ADAPTER *A, CONN *C)
{
    if (C->Persisting || C->FinAcked)
        return;
    if (C->SndMax == C->SndUna) {
        C->RtxAt = NEVER;
        return;
    }
    C->RtxFrom = now_ms();
    C->RtxAt = C->RtxFrom + backed_off(A, C, C->RtxCount);
}

void persist_enter(ADAPTER *A, CONN *C)
{
    C->Persisting = TRUE;
    C->ProbeRound = C->RtxCount = 0;
    C->RtxFrom = now_ms();
    C->RtxAt = C->RtxFrom + rto(A, C);
}

/* Notes that bytes up to End have been sent, with the FIN or not. */
static void sent_up_to(CONN *C, ULONG End, BOOLEAN Fin)
{
    C->LastSentAt = now_ms();
    if (SEQ_GT(End, C->SndNxt))
        C->SndNxt = End;
    if (SEQ_GT(C->SndNxt, C->SndMax))
        C->SndMax = C->SndNxt;
    if (Fin && C->State == TcpConnectionEstablished)
        C->State = TcpConnectionFinWait1;
    else if (Fin && C->State == TcpConnectionCloseWait)
        C->State = TcpConnectionLastAck;
}

/* Sends the oldest segment again, but nothing that was not sent before. */
BOOLEAN resend_first(ADAPTER *A, CONN *C, ULONG Most)
{
    ULONG Out = C->SndMax - C->SndUna;
    ULONG Length = min_of(min_of(Out, C->SndBytes), min_of(Most, text_room(A, C)));
    BOOLEAN Fin = Length == C->SndBytes && Out == C->SndBytes + 1;
    if (C->SndWnd != 0)
        Length = min_of(Length, C->SndWnd);
    Fin = Fin && Length == C->SndBytes;
    if ((Length == 0 && !Fin) || conn_invalid(C))
        return FALSE;
    C->Timing = FALSE;
    if (!frame_build(A, C, Fin ? TH_FIN : TH_PSH, C->SndUna, Length, 0))
        return FALSE;
    sent_up_to(C, C->SndUna + Length + Fin, Fin);
    C->Resent = TRUE;
    return TRUE;
}

/* One byte, or the FIN, against a closed window. */
BOOLEAN window_probe(ADAPTER *A, CONN *C)
{
    BOOLEAN Fin = C->SndBytes == 0;
    C->Timing = FALSE;
    if (!frame_build(A, C, Fin ? TH_FIN : 0, C->SndUna, !Fin, 0))
        return FALSE;
    sent_up_to(C, C->SndUna + 1, Fin);
    return TRUE;
}

static void after_idle(ADAPTER *A, CONN *C, ULONG M)
{
    if (C->SndMax == C->SndUna && now_ms() - C->LastSentAt > rto(A, C))
        C->CWnd = min_of(C->CWnd, 10 * M);
}

/* Length of the next segment; 0 with *Fin FALSE: nothing may go. */
static ULONG next_segment(ADAPTER *A, CONN *C, BOOLEAN *Fin)
{
    ULONG Offset = C->SndNxt - C->SndUna, M = text_room(A, C);
    ULONG Window = min_of(C->SndWnd, C->CWnd), Length;
    BOOLEAN Again = SEQ_LT(C->SndNxt, C->SndMax);
    *Fin = FALSE;
    if (Offset > C->SndBytes)
        return 0;
    Length = min_of(C->SndBytes - Offset, M);
    Length = min_of(Length, Window > Offset ? Window - Offset : 0);
    *Fin = C->FinQueued && !C->FinAcked && Offset + Length == C->SndBytes &&
           Offset + Length <= C->SndWnd;
    /* Nagle, the classic form: nothing small while anything is on its way. */
    if (Length < M && !*Fin && !Again && Offset != 0 &&
        (C->Cached.Flags & TCP_FLAG_NAGLING_ENABLED))
        return 0;
    return Length;
}

static void send_data(ADAPTER *A, CONN *C)
{
    for (;;) {
        BOOLEAN Fin;
        ULONG Length, Offset = C->SndNxt - C->SndUna;
        UCHAR Flags;
        if (C->SndBytes == 0 && (!C->FinQueued || C->FinAcked))
            return;
        if (C->SndWnd == 0) {
            if (!C->Persisting)
                persist_enter(A, C);
            return;
        }
        if (C->Lost) {
            /* There may have been no buffer when the timer expired. */
            if (C->SndNxt == C->SndUna)
                resend_first(A, C, frame_room(A, C, option_bytes(C)));
            return;
        }
        after_idle(A, C, frame_room(A, C, option_bytes(C)));
        Length = next_segment(A, C, &Fin);
        if (Length == 0 && !Fin)
            return;
        Flags = (UCHAR)((Fin ? TH_FIN : 0) |
                        (SECOND_PUSHES && Offset + Length == C->SndBytes ? TH_PSH : 0));
        if (!frame_build(A, C, Flags, C->SndNxt, Length, Offset))
            return;
        if (C->SndMax == C->SndUna) {
            C->RtxCount = 0;
            C->TotalRt = 0;
        }
        if (!C->Timing && C->SndNxt == C->SndMax) {
            C->Timing = TRUE;
            C->TimedSeq = C->SndNxt;
            C->TimedAt = now_ms();
        }
        sent_up_to(C, C->SndNxt + Length + Fin, Fin);
        if (C->RtxAt == NEVER)
            rtx_arm(A, C);
    }
}

void tcp_output(ADAPTER *A, CONN *C)
{
    BOOLEAN Waiting = C->SndBytes != 0 || (C->FinQueued && !C->FinAcked);
    if (C->RstOwed && frame_build(A, C, TH_RST, C->SndMax, 0, 0))
        C->RstOwed = FALSE;
    if (C->State == TcpConnectionClosed || C->Terminating || C->Aborted)
        return;
    if (!C->Frozen && conn_invalid(C)) {
        if (Waiting && !C->NoSend)
            retrieve(C, InvalidState);
    } else if (!C->Frozen) {
        send_data(A, C);
    }
    if (C->AckOwed)
        send_ack(A, C);
}
