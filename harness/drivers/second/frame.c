/* SPDX-License-Identifier: MIT
 *
 * Frames: reading those that arrive, building those that leave.
 */
#include "second.h"

static USHORT get16(const UCHAR *B)
{
    return (USHORT)(B[0] << 8 | B[1]);
}

static ULONG get32(const UCHAR *B)
{
    return (ULONG)get16(B) << 16 | get16(B + 2);
}

static void put16(UCHAR *B, ULONG V)
{
    B[0] = (UCHAR)(V >> 8);
    B[1] = (UCHAR)V;
}

static void put32(UCHAR *B, ULONG V)
{
    put16(B, V >> 16);
    put16(B + 2, V);
}

ULONG sum_add(ULONG Sum, const UCHAR *Bytes, ULONG Length)
{
    ULONG I;
    for (I = 0; I + 1 < Length; I += 2)
        Sum += get16(Bytes + I);
    if (Length & 1)
        Sum += (ULONG)Bytes[Length - 1] << 8;
    return (Sum & 0xFFFF) + (Sum >> 16);
}

USHORT sum_fold(ULONG Sum)
{
    while (Sum >> 16)
        Sum = (Sum & 0xFFFF) + (Sum >> 16);
    return (USHORT)Sum;
}

static ULONG sum_pseudo(const UCHAR *Source, const UCHAR *Destination, BOOLEAN V6, ULONG Length)
{
    ULONG Bytes = V6 ? 16 : 4;
    ULONG Sum = sum_add(0, Source, Bytes);
    Sum = sum_add(Sum, Destination, Bytes);
    return Sum + 6 + (Length >> 16) + (Length & 0xFFFF);
}

/* Of the options the timestamp says something to this driver, and where the peer's reports end. */
static void parse_options(const UCHAR *Option, ULONG Length, PARSED *P)
{
    ULONG At = 0;
    P->HasTs = FALSE;
    while (At < Length && Option[At] != 0) {
        ULONG Bytes, Block;
        if (Option[At] == 1) {
            At++;
            continue;
        }
        if (At + 1 >= Length)
            return;
        Bytes = Option[At + 1];
        if (Bytes < 2 || At + Bytes > Length)
            return;
        if (Option[At] == 8 && Bytes == 10 && !P->HasTs) {
            P->HasTs = TRUE;
            P->TsVal = get32(Option + At + 2);
            P->TsEcr = get32(Option + At + 6);
        }
        for (Block = 2; Option[At] == 5 && Block + 8 <= Bytes; Block += 8) {
            ULONG To = get32(Option + At + Block + 4);
            P->HighReport = !P->HasReport || SEQ_GT(To, P->HighReport) ? To : P->HighReport;
            P->HasReport = TRUE;
        }
        At += Bytes;
    }
}

BOOLEAN tcp_parse(PUCHAR Tcp, ULONG Length, PARSED *P)
{
    ULONG Header;
    if (Length < 20)
        return FALSE;
    Header = (ULONG)(Tcp[12] >> 4) * 4;
    if (Header < 20 || Header > Length)
        return FALSE;
    P->SourcePort = get16(Tcp);
    P->DestinationPort = get16(Tcp + 2);
    P->Seq = get32(Tcp + 4);
    P->Ack = get32(Tcp + 8);
    P->Flags = Tcp[13];
    P->Window = get16(Tcp + 14);
    parse_options(Tcp + 20, Header - 20, P);
    P->Payload = Tcp + Header;
    P->Length = Length - Header;
    return TRUE;
}

static BOOLEAN parse_ipv4(const UCHAR *Ip, ULONG Length, PARSED *P)
{
    ULONG Total;
    if (Length < 20 || Ip[0] != 0x45 || Ip[9] != 6)
        return FALSE;
    Total = get16(Ip + 2);
    if (Total < 20 || Total > Length || (get16(Ip + 6) & 0x3FFF) != 0)
        return FALSE;
    if (sum_fold(sum_add(0, Ip, 20)) != 0xFFFF)
        return FALSE;
    P->Source = Ip + 12;
    P->Destination = Ip + 16;
    P->V6 = FALSE;
    P->IpBytes = Total;
    return TRUE;
}

static BOOLEAN parse_ipv6(const UCHAR *Ip, ULONG Length, PARSED *P)
{
    ULONG Payload;
    if (Length < 40 || Ip[0] >> 4 != 6 || Ip[6] != 6)
        return FALSE;
    Payload = get16(Ip + 4);
    if (Payload > Length - 40)
        return FALSE;
    P->Source = Ip + 8;
    P->Destination = Ip + 24;
    P->V6 = TRUE;
    P->IpBytes = 40 + Payload;
    return TRUE;
}

/* TRUE: a whole, plain, right TCP segment. Whatever else there is belongs to the host. */
BOOLEAN frame_parse(const NIC_FRAME *Frame, PARSED *P)
{
    PUCHAR Ip = Frame->Data + 14;
    ULONG Length = Frame->Length, Type, Header;
    memset(P, 0, sizeof(*P));
    if (Length < 14)
        return FALSE;
    P->Eth = Frame->Data;
    Length -= 14;
    Type = get16(Frame->Data + 12);
    if (Type == 0x8100) {
        if (Length < 4)
            return FALSE;
        P->Tagged = TRUE;
        P->VlanId = get16(Ip) & 0xFFFu;
        Type = get16(Ip + 2);
        Ip += 4;
        Length -= 4;
    }
    if (!(Type == 0x0800 && parse_ipv4(Ip, Length, P)) &&
        !(Type == 0x86DD && parse_ipv6(Ip, Length, P)))
        return FALSE;
    Header = P->V6 ? 40 : 20;
    Length = P->IpBytes - Header;
    if (sum_fold(sum_add(sum_pseudo(P->Source, P->Destination, P->V6, Length), Ip + Header,
                         Length)) != 0xFFFF)
        return FALSE;
    return tcp_parse(Ip + Header, Length, P);
}

/* The largest payload of a frame without options. */
ULONG segment_size(ADAPTER *A, const CONN *C)
{
    ULONG Header = C->Path->V6 ? 60 : 40;
    ULONG Mtu = min_of(C->Path->Mtu, A->Attributes.MaxFrameBytes - 18);
    return min_of(C->Const.RemoteMss, Mtu > Header ? Mtu - Header : 1);
}

ULONG frame_room(ADAPTER *A, const CONN *C, ULONG OptionBytes)
{
    ULONG Size = segment_size(A, C);
    return Size > OptionBytes ? Size - OptionBytes : 1;
}

typedef struct _BLOCK {
    ULONG From, To;
} BLOCK;

/* The held ranges, that of the newest segment first; text needs some room beside them. */
static ULONG sack_blocks(ADAPTER *A, const CONN *C, BLOCK *Blocks, BOOLEAN Text)
{
    const SEG *S;
    BLOCK All[4] = {{0, 0}}, First = {0, 0};
    ULONG Count = 0, Most, Stamps = C->Const.Flags & TCP_FLAG_TIMESTAMP_ENABLED ? 12 : 0;
    ULONG Size = segment_size(A, C);
    Most = Stamps ? 3 : 4;
    while (Most > 0 && Stamps + 4 + 8 * Most + (Text ? 8 : 0) > Size)
        Most--;
    if (!(C->Const.Flags & TCP_FLAG_SACK_ENABLED) || Most == 0)
        return 0;
    for (S = C->Held; S != NULL;) {
        BLOCK B = {S->Seq, S->Seq + S->Length};
        for (S = S->Next; S != NULL && S->Seq == B.To; S = S->Next)
            B.To += S->Length;
        if (SEQ_LE(B.From, C->HeldLast) && SEQ_LT(C->HeldLast, B.To))
            First = B;
        else if (Count < Most)
            All[Count++] = B;
    }
    if (First.From == First.To) {
        memcpy(Blocks, All, Count * sizeof(BLOCK));
        return Count;
    }
    Count = min_of(Count, Most - 1);
    Blocks[0] = First;
    memcpy(Blocks + 1, All, Count * sizeof(BLOCK));
    return Count + 1;
}

ULONG option_bytes(const CONN *C)
{
    return C->Const.Flags & TCP_FLAG_TIMESTAMP_ENABLED ? 12 : 0;
}

/* The largest text of a segment that is built now. */
ULONG text_room(ADAPTER *A, const CONN *C)
{
    BLOCK Blocks[4];
    ULONG Count = SECOND_SACK_ON_TEXT ? sack_blocks(A, C, Blocks, TRUE) : 0;
    return frame_room(A, C, option_bytes(C) + (Count != 0 ? 4 + 8 * Count : 0));
}

static ULONG build_options(ADAPTER *A, const CONN *C, UCHAR *To, BOOLEAN Sack, BOOLEAN Text)
{
    BLOCK Blocks[4];
    ULONG Length = 0, Count = Sack ? sack_blocks(A, C, Blocks, Text) : 0, I;
    if (C->Const.Flags & TCP_FLAG_TIMESTAMP_ENABLED) {
        put32(To, 0x0101080A);
        put32(To + 4, ts_now(A, C));
        put32(To + 8, C->TsRecent);
        Length = 12;
    }
    if (Count != 0) {
        put32(To + Length, 0x01010500 | (2 + 8 * Count));
        for (I = 0; I < Count; I++) {
            put32(To + Length + 4 + 8 * I, Blocks[I].From);
            put32(To + Length + 8 + 8 * I, Blocks[I].To);
        }
        Length += 4 + 8 * Count;
    }
    return Length;
}

static UCHAR *build_link(ADAPTER *A, const CONN *C, UCHAR *To)
{
    static const UCHAR None[6];
    const NEIGHBOR *N = C->Path->Neighbor;
    memcpy(To, N->Destination, 6);
    memcpy(To + 6, memcmp(N->Source, None, 6) ? N->Source : A->Attributes.MacAddress, 6);
    To += 12;
    if (N->VlanId != 0 || C->Cached.UserPriority != 0) {
        put16(To, 0x8100);
        put16(To + 2, (ULONG)C->Cached.UserPriority << 13 | N->VlanId);
        To += 4;
    }
    put16(To, C->Path->V6 ? 0x86DD : 0x0800);
    return To + 2;
}

/* The IP header, for Length bytes of TCP behind it. */
static ULONG build_ip(const CONN *C, UCHAR *Ip, ULONG Length, ULONG Seq)
{
    const PATH *P = C->Path;
    if (P->V6) {
        put32(Ip, 6u << 28 | (ULONG)C->Cached.TosOrTrafficClass << 20 | C->Cached.FlowLabel);
        put16(Ip + 4, Length);
        Ip[6] = 6;
        Ip[7] = C->Cached.TtlOrHopLimit;
        memcpy(Ip + 8, P->Source, 16);
        memcpy(Ip + 24, P->Destination, 16);
        return 40;
    }
    Ip[0] = 0x45;
    Ip[1] = C->Cached.TosOrTrafficClass;
    put16(Ip + 2, 20 + Length);
    /* With DF the identification means nothing, but its lower half belongs to the host. */
    put16(Ip + 4, 0x8000 | (Seq & 0x7FFF));
    put16(Ip + 6, 0x4000);
    Ip[8] = C->Cached.TtlOrHopLimit;
    Ip[9] = 6;
    put16(Ip + 10, 0);
    memcpy(Ip + 12, P->Source, 4);
    memcpy(Ip + 16, P->Destination, 4);
    put16(Ip + 10, ~(ULONG)sum_fold(sum_add(0, Ip, 20)));
    return 20;
}

static ULONG window_field(const CONN *C)
{
    return min_of((C->RcvAdv - C->RcvNxt) >> window_scale(C), 0xFFFF);
}

static void account(CONN *C, TX *Tx, UCHAR Flags, ULONG Seq, ULONG Length)
{
    ULONG End = Seq + Length + (Flags & TH_FIN ? 1 : 0);
    Tx->Seq = Seq;
    Tx->HasOld = Seq != End && SEQ_LT(Seq, C->SndMax);
    Tx->IsText = Seq != End;
    Tx->HasNew = Seq == End || SEQ_GT(End, C->SndMax);
    Tx->MaxBefore = C->SndMax;
    Tx->IsReset = (Flags & TH_RST) != 0;
    Tx->Asked = FALSE;
    Tx->V6 = C->Path->V6;
    Tx->Conn = C;
    Tx->Nbl = NULL;
    if (Flags & TH_RST)
        return;
    C->LastAck = C->RcvNxt;
    C->ToldZero = window_field(C) == 0;
    C->UnackedSegs = 0;
    C->DackAt = NEVER;
    C->AckOwed = FALSE;
}

/* Builds a frame of the connection and queues it. FALSE: no buffer is free, or bytes of the host
 * could not be mapped; nothing has changed. */
BOOLEAN frame_build(ADAPTER *A, CONN *C, UCHAR Flags, ULONG Seq, ULONG Length, ULONG SndOffset)
{
    TX *Tx = tx_take(A);
    UCHAR *Ip, *Tcp, Options[40];
    ULONG OptionBytes, Header, IpHeader;
    if (Tx == NULL)
        return FALSE;
    window_move(C, window_step(A, C));
    OptionBytes = build_options(
        A, C, Options, (Length == 0 || SECOND_SACK_ON_TEXT) && !(Flags & TH_RST), Length != 0);
    Header = 20 + OptionBytes;
    memset(Tx->Bytes, 0, 128);
    Ip = build_link(A, C, Tx->Bytes);
    IpHeader = build_ip(C, Ip, Header + Length, Seq);
    Tcp = Ip + IpHeader;
    put16(Tcp, C->Const.LocalPort);
    put16(Tcp + 2, C->Const.RemotePort);
    put32(Tcp + 4, Seq);
    put32(Tcp + 8, C->RcvNxt);
    Tcp[12] = (UCHAR)(Header << 2);
    Tcp[13] = (UCHAR)(Flags | TH_ACK);
    put16(Tcp + 14, window_field(C));
    memcpy(Tcp + 20, Options, OptionBytes);
    if (Length != 0 && !sends_copy(C, SndOffset, Tcp + Header, Length)) {
        tx_give(A, Tx);
        short_of_memory(C);
        return FALSE;
    }
    put16(Tcp + 16, ~(ULONG)sum_fold(sum_add(sum_pseudo(C->Path->Source, C->Path->Destination,
                                                        C->Path->V6, Header + Length),
                                             Tcp, Header + Length)));
    Tx->IpBytes = IpHeader + Header + Length;
    Tx->Length = max_of((ULONG)(Tcp - Tx->Bytes) + Header + Length, 60);
    account(C, Tx, Flags, Seq, Length);
    tx_queue(A, Tx);
    return TRUE;
}
