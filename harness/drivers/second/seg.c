/* SPDX-License-Identifier: MIT
 *
 * Received bytes: holding them, trimming them, putting them in order.
 */
#include "second.h"

void seg_free(ADAPTER *A, SEG *S)
{
    PNIC_FRAME Frame = S->Frame;
    if (Frame != NULL) {
        Frame->Next = NULL;
        NicReturnFrames(A->Nic, Frame);
        return;
    }
    NdisFreeMdl(S->Mdl);
    memory_give(S, S->Bytes);
}

void seg_free_list(ADAPTER *A, SEG **Head)
{
    SEG *S;
    while ((S = *Head) != NULL) {
        *Head = S->Next;
        seg_free(A, S);
    }
}

void seg_trim_front(SEG *S, ULONG Bytes)
{
    S->Data += Bytes;
    S->Offset += Bytes;
    S->Seq += Bytes;
    S->Length -= Bytes;
}

SEG *seg_of_frame(PNIC_FRAME Frame, const PARSED *P)
{
    SEG *S = (SEG *)(PVOID)Frame->DriverReserved;
    memset(S, 0, sizeof(*S));
    S->Frame = Frame;
    S->Mdl = Frame->Mdl;
    S->Data = P->Payload;
    S->Offset = (ULONG)(P->Payload - Frame->Data);
    S->Length = P->Length;
    S->Seq = P->Seq;
    S->Flags = P->Flags;
    return S;
}

/* Memory for bytes that come in no frame. */
SEG *seg_copy(ADAPTER *A, ULONG Bytes)
{
    ULONG Size = sizeof(SEG) + Bytes;
    SEG *S = memory_take(A, Size);
    if (S == NULL)
        return NULL;
    S->Bytes = Size;
    S->Data = (PUCHAR)(S + 1);
    S->Length = Bytes;
    S->Mdl = NdisAllocateMdl(A->Handle, S->Data, Bytes);
    if (S->Mdl == NULL) {
        memory_give(S, Size);
        return NULL;
    }
    return S;
}

static void append(CONN *C, SEG *S)
{
    S->Next = NULL;
    if (C->RcvTail != NULL)
        C->RcvTail->Next = S;
    else
        C->RcvHead = S;
    C->RcvTail = S;
    C->RcvBytes += S->Length;
    C->RcvNxt += S->Length;
}

/* Holds a segment beyond a hole. What is held already stays, but for parts that it covers wholly.
 */
static BOOLEAN hold(ADAPTER *A, CONN *C, SEG *S)
{
    SEG **At = &C->Held, *Next;
    while (*At != NULL && SEQ_LE((*At)->Seq, S->Seq)) {
        ULONG End = (*At)->Seq + (*At)->Length;
        if (SEQ_GT(End, S->Seq)) {
            ULONG Over = End - S->Seq;
            C->HeldLast = S->Seq;
            if (Over >= S->Length)
                return FALSE;
            seg_trim_front(S, Over);
        }
        At = &(*At)->Next;
    }
    while ((Next = *At) != NULL && SEQ_LT(Next->Seq, S->Seq + S->Length)) {
        if (SEQ_GT(Next->Seq + Next->Length, S->Seq + S->Length)) {
            S->Length = Next->Seq - S->Seq;
            S->Flags &= (USHORT)~TH_PSH;
            break;
        }
        *At = Next->Next;
        seg_free(A, Next);
    }
    C->HeldLast = S->Seq;
    S->Next = *At;
    *At = S;
    return TRUE;
}

static void take_held(ADAPTER *A, CONN *C)
{
    SEG *S;
    while ((S = C->Held) != NULL && SEQ_LE(S->Seq, C->RcvNxt)) {
        ULONG Over = C->RcvNxt - S->Seq;
        C->Held = S->Next;
        if (Over >= S->Length) {
            seg_free(A, S);
        } else {
            seg_trim_front(S, Over);
            append(C, S);
        }
    }
}

/* Takes a trimmed segment with text. TRUE: it is kept. */
BOOLEAN seg_arrive(ADAPTER *A, CONN *C, SEG *S)
{
    if (S->Seq != C->RcvNxt)
        return hold(A, C, S);
    append(C, S);
    take_held(A, C);
    return TRUE;
}
