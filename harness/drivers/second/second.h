/* SPDX-License-Identifier: MIT
 *
 * A second offload target, written from the documents alone. One lock for an adapter, lists that
 * are walked from the front, every frame copied: nothing here is fast.
 *
 * Handlers, frames and timers change the state under the lock and call nobody. Whatever has to be
 * called upwards is done by one loop (pump.c), which one caller at a time runs; who comes
 * meanwhile, from inside an upcall or from another processor, leaves a mark and goes. So no two
 * upcalls of an adapter ever overlap, and none is nested in another.
 */
#ifndef SECOND_H
#define SECOND_H

#include <string.h>

#include "choices.h"
#include "ndischimney.h"
#include "nic.h"

#define SECOND_TAG 0x32646e53u /* Snd2 */
#define NEVER (~0ull)

/* Comparison of sequence numbers, modulo 2^32. */
#define SEQ_LT(a, b) ((LONG)((a) - (b)) < 0)
#define SEQ_LE(a, b) ((LONG)((a) - (b)) <= 0)
#define SEQ_GT(a, b) ((LONG)((a) - (b)) > 0)
#define SEQ_GE(a, b) ((LONG)((a) - (b)) >= 0)

#define TH_FIN 0x01
#define TH_SYN 0x02
#define TH_RST 0x04
#define TH_PSH 0x08
#define TH_ACK 0x10
#define TH_URG 0x20

enum { KIND_NEIGHBOR = 1, KIND_PATH, KIND_CONN };

static inline ULONG min_of(ULONG a, ULONG b)
{
    return a < b ? a : b;
}

static inline ULONG max_of(ULONG a, ULONG b)
{
    return a > b ? a : b;
}

typedef struct _ADAPTER ADAPTER;
typedef struct _CONN CONN;

typedef struct _NEIGHBOR {
    ULONG Kind;
    ULONG Paths;
    struct _NEIGHBOR *Next;
    PVOID *Cell; /* where the host keeps our context */
    NDIS_HANDLE OffloadHandle;
    UCHAR Source[32];
    UCHAR Destination[32];
    ULONG VlanId;
    BOOLEAN Invalid;
    BOOLEAN Dying;
    LONG64 HostAt; /* when each side last knew it reachable, in ms */
    LONG64 NicAt;
} NEIGHBOR;

typedef struct _PATH {
    ULONG Kind;
    ULONG Conns;
    struct _PATH *Next;
    NEIGHBOR *Neighbor;
    NDIS_HANDLE OffloadHandle;
    UCHAR Source[16];
    UCHAR Destination[16];
    ULONG Mtu;
    BOOLEAN V6;
    BOOLEAN Invalid;
    BOOLEAN Dying;
} PATH;

/* Received bytes: in a frame, whose DriverReserved this is, or in memory of our own. */
typedef struct _SEG {
    struct _SEG *Next;
    PUCHAR Data;
    PMDL Mdl;
    PNIC_FRAME Frame; /* NULL: our own memory */
    ULONG Seq;
    ULONG Length;
    ULONG Offset; /* of Data in Mdl */
    USHORT Flags;
    USHORT Reserved;
    ULONG Bytes; /* size of our own memory */
} SEG;
_Static_assert(sizeof(SEG) <= 9 * sizeof(PVOID), "a SEG fits into a frame's reserved words");

/* What a frame says, as far as it is TCP that the chimney knows. */
typedef struct _PARSED {
    BOOLEAN V6;
    BOOLEAN Tagged;
    BOOLEAN HasTs;
    UCHAR Flags;
    ULONG VlanId;
    ULONG IpBytes;
    const UCHAR *Eth;
    const UCHAR *Source;
    const UCHAR *Destination;
    USHORT SourcePort;
    USHORT DestinationPort;
    ULONG Seq;
    ULONG Ack;
    ULONG Window;
    ULONG TsVal;
    ULONG TsEcr;
    BOOLEAN HasReport;
    ULONG HighReport; /* end of the highest held range that the peer reports */
    PUCHAR Payload;
    ULONG Length;
} PARSED;

typedef struct _TX {
    NIC_TX Tx;
    CONN *Conn;           /* of a frame that waits; NULL: the host's own */
    PNET_BUFFER_LIST Nbl; /* the host's list that ends with this frame */
    UCHAR *Bytes;
    ULONG Length;
    ULONG IpBytes;
    ULONG Seq;
    BOOLEAN V6;
    BOOLEAN IsText; /* it takes sequence space */
    BOOLEAN HasNew; /* for the statistics */
    BOOLEAN HasOld;
    ULONG MaxBefore; /* SndMax when it was made */
    BOOLEAN IsReset;
    BOOLEAN Asked; /* the host, whether the neighbor is there */
} TX;

struct _CONN {
    ULONG Kind;
    BOOLEAN InitDone;    /* the completion of the initiate has returned */
    BOOLEAN Terminating; /* from the call of the terminate handler */
    BOOLEAN Aborted;     /* CLOSED by RST either way, or by hardware */
    BOOLEAN Frozen;      /* a mandatory Retrieve: nothing is processed */
    BOOLEAN NoSend;      /* Retrieve for an invalid state: receiving goes on */
    BOOLEAN Invalid;
    BOOLEAN Dying; /* in a terminate that is being completed */
    BOOLEAN Dirty;
    CONN *Next;
    PATH *Path;
    NDIS_HANDLE OffloadHandle;
    TCP_OFFLOAD_STATE_CONST Const;
    TCP_OFFLOAD_STATE_CACHED Cached;
    ULONG DWnd;
    USHORT DelegatedFlags;

    TCP_OFFLOAD_CONNECTION_STATE State;
    ULONG RcvNxt, RcvAdv, LastAck; /* RcvAdv: right edge offered; LastAck: last ACK number sent */
    ULONG SndUna, SndNxt, SndMax, SndWnd, MaxSndWnd, SndWl1, SndWl2;
    ULONG CWnd, SsThresh, Recover;
    UCHAR DupAcks;
    BOOLEAN InRecovery;
    BOOLEAN Resent; /* the oldest segment, by the ACK that is being read */
    ULONG HighReport;
    BOOLEAN Lost; /* timed out: nothing more goes until the peer answers */
    ULONG64 LastSentAt;
    ULONG Srtt8, Rttvar4; /* ms */
    BOOLEAN RttValid;
    BOOLEAN Timing;
    BOOLEAN TsNewUnit; /* stamps from before TsBase count in another unit */
    ULONG TimedSeq;
    ULONG64 TimedAt;
    ULONG TsRecent;
    LONG64 TsRecentAt;
    ULONG TsBase;
    ULONG64 TsBaseAt;

    PNET_BUFFER_LIST Back; /* lists with bytes that nobody took, for the terminate */

    ULONG64 RtxAt, RtxFrom; /* retransmit, persist or FIN_WAIT_2 */
    ULONG64 TotalRt;        /* ms */
    UCHAR RtxCount, ProbeRound;
    BOOLEAN Persisting;
    BOOLEAN Blind;
    BOOLEAN RstChallenged;
    UCHAR KaProbes;
    ULONG64 KaAt, DackAt, PushAt, SndDoneAt, SynChallengeAt, RetryAt;

    PNET_BUFFER_LIST SndHead, SndTail, SndDone;
    PNET_BUFFER_LIST Disc, DiscDone, DiscAbort;
    PNET_BUFFER_LIST PostHead, PostTail, PostDone, PostDoneTail;
    PNET_BUFFER_LIST FwdHead, FwdTail, FwdDone;
    ULONG SndBytes; /* from SndUna on, the disconnect's bytes included */
    BOOLEAN FinQueued, FinAcked, FinRcvd;
    BOOLEAN RstOwed, AckOwed, ToldZero;
    ULONG UnackedSegs;

    SEG *RcvHead, *RcvTail, *Held, *UrgHead, *UrgTail;
    ULONG RcvBytes; /* in RcvHead and in an indication that is open */
    ULONG HeldLast; /* start of the held segment that came last */
    BOOLEAN HasHeldFin;
    ULONG HeldFin;
    BOOLEAN Refused;
    BOOLEAN DisconnectDue, DisconnectTold, AbortDue;
    ULONG Posts; /* counts calls, so that one inside an indication is noticed */
    ULONG RetrieveDue, Retrieved;
};

typedef struct _ADAPTER {
    NDIS_HANDLE Handle; /* of MiniportInitializeEx */
    NDIS_SPIN_LOCK Lock;
    NIC_HANDLE Nic;
    NIC_ATTRIBUTES Attributes;
    NDIS_TCP_OFFLOAD_EVENT_HANDLERS Up;
    NDIS_HANDLE OrdinaryPool, ChimneyPool, Timer, WorkItem;
    BOOLEAN Pumping, Again, Paused, Pausing, Halting, HardwareLost, TimerArmed, WorkQueued,
        LowPower;
    BOOLEAN NeedRetry;
    ULONG64 TimerAt;

    NEIGHBOR *Neighbors;
    PATH *Paths;
    CONN *Conns;
    ULONG NeighborCount, PathCount, ConnCount;

    TX *TxMemory, *TxFree, *TxHead, *TxTail;
    UCHAR *TxBytes;
    ULONG TxWithWire;
    BOOLEAN TxStarved;
    PNIC_FRAME OrdHead, OrdTail;
    PNET_BUFFER_LIST HostHead, HostTail, HostDone;
    ULONG ListsOut; /* indicated lists, of both kinds, that the host holds */

    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OpHead, OpTail;
    ULONG64 OpRetryAt;
    PNDIS_OID_REQUEST PowerRequest;

    ULONG TicksPerSecond, AckFrequency, DackTicks, MaxRetransmissions, DupAckThreshold, PushTicks,
        NceStaleTicks;
    ULONG PacketFilter, VlanId;
    TCP_OFFLOAD_STATS Tcp[2];
    IP_OFFLOAD_STATS Ip[2];
} ADAPTER;

enum { OP_INITIATE = 1, OP_QUERY, OP_UPDATE, OP_INVALIDATE, OP_TERMINATE };

extern NDIS_HANDLE SecondDriver;
extern NDIS_MINIPORT_DRIVER_CHARACTERISTICS SecondCharacteristics;

/* entry.c, life.c, oid.c */
NDIS_STATUS NDIS_CALL SecondSetOptions(NDIS_HANDLE Driver, NDIS_HANDLE Context);
NDIS_STATUS NDIS_CALL SecondInitialize(NDIS_HANDLE Handle, NDIS_HANDLE Context,
                                       PNDIS_MINIPORT_INIT_PARAMETERS Parameters);
VOID NDIS_CALL SecondHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action);
NDIS_STATUS NDIS_CALL SecondPause(NDIS_HANDLE Context, PNDIS_MINIPORT_PAUSE_PARAMETERS Parameters);
NDIS_STATUS NDIS_CALL SecondRestart(NDIS_HANDLE Context,
                                    PNDIS_MINIPORT_RESTART_PARAMETERS Parameters);
NDIS_STATUS NDIS_CALL SecondReset(NDIS_HANDLE Context, PBOOLEAN AddressingReset);
NDIS_STATUS NDIS_CALL SecondOid(NDIS_HANDLE Context, PNDIS_OID_REQUEST Request);
VOID NDIS_CALL SecondCancelOid(NDIS_HANDLE Context, PVOID RequestId);
PVOID memory_take(ADAPTER *A, ULONG Bytes);
void memory_give(PVOID Memory, ULONG Bytes);
NDIS_TCP_CONNECTION_OFFLOAD capability(void);
NDIS_HANDLE completion_handle(const ADAPTER *A);

/* pump.c */
void pump(ADAPTER *A);
void retry_all(ADAPTER *A);
void pump_with_operations(ADAPTER *A);
ULONG64 now_ms(void);
ULONG64 ticks_to_ms(const ADAPTER *A, ULONG Ticks);
ULONG ms_to_ticks(const ADAPTER *A, ULONG64 Ms);
VOID NDIS_CALL timer_function(PVOID Specific1, PVOID Context, PVOID Specific2, PVOID Specific3);
VOID NDIS_CALL work_function(PVOID Context, NDIS_HANDLE WorkItem);

/* step.c: one upcall of a connection; TRUE when something was done */
BOOLEAN step_conn(ADAPTER *A, CONN *C);
void settle_all(ADAPTER *A, CONN *C, NDIS_STATUS Status);
void settle_send(PNET_BUFFER_LIST Nbl, NDIS_STATUS Status);
void append_list(PNET_BUFFER_LIST *Head, PNET_BUFFER_LIST Nbl);

/* wire.c */
VOID NDIS_CALL wire_receive(PVOID Context, PNIC_FRAME Frames);
VOID NDIS_CALL wire_transmit_done(PVOID Context, PNIC_TX Completed);
VOID NDIS_CALL wire_link_change(PVOID Context, BOOLEAN Connected);
VOID NDIS_CALL wire_hardware_failed(PVOID Context);
TX *tx_take(ADAPTER *A);
void tx_give(ADAPTER *A, TX *Tx);
void tx_queue(ADAPTER *A, TX *Tx);
void tx_purge(ADAPTER *A, CONN *C);
BOOLEAN tx_waits(ADAPTER *A, const CONN *C);
BOOLEAN tx_flush(ADAPTER *A);
CONN *find_conn(ADAPTER *A, const PARSED *P);
void ordinary_pass_up(ADAPTER *A, PNIC_FRAME Frame);

/* ordinary.c */
/* All bytes of one NET_BUFFER; FALSE when an MDL cannot be mapped or the chain is too short. */
BOOLEAN buffer_copy(PNET_BUFFER Nb, UCHAR *To);
BOOLEAN ordinary_step(ADAPTER *A);
VOID NDIS_CALL SecondSend(NDIS_HANDLE Context, PNET_BUFFER_LIST Nbl, NDIS_PORT_NUMBER Port,
                          ULONG Flags);
VOID NDIS_CALL SecondReturn(NDIS_HANDLE Context, PNET_BUFFER_LIST Nbl, ULONG Flags);
VOID NDIS_CALL SecondCancelSend(NDIS_HANDLE Context, PVOID CancelId);
void ordinary_fail_sends(ADAPTER *A, NDIS_STATUS Status);

/* frame.c */
ULONG sum_add(ULONG Sum, const UCHAR *Bytes, ULONG Length);
USHORT sum_fold(ULONG Sum);
BOOLEAN frame_parse(const NIC_FRAME *Frame, PARSED *P);
BOOLEAN tcp_parse(PUCHAR Tcp, ULONG Length, PARSED *P);
BOOLEAN frame_build(ADAPTER *A, CONN *C, UCHAR Flags, ULONG Seq, ULONG Length, ULONG SndOffset);
ULONG frame_room(ADAPTER *A, const CONN *C, ULONG OptionBytes);
ULONG option_bytes(const CONN *C);
ULONG text_room(ADAPTER *A, const CONN *C);
ULONG segment_size(ADAPTER *A, const CONN *C);

/* seg.c */
void seg_free(ADAPTER *A, SEG *S);
void seg_trim_front(SEG *S, ULONG Bytes);
SEG *seg_of_frame(PNIC_FRAME Frame, const PARSED *P);
SEG *seg_copy(ADAPTER *A, ULONG Bytes);
void seg_free_list(ADAPTER *A, SEG **Head);
BOOLEAN seg_arrive(ADAPTER *A, CONN *C, SEG *S);

/* input.c: what became of a segment */
enum { SEG_DONE, SEG_KEPT, SEG_UP, SEG_UNPROCESSED };
int tcp_input(ADAPTER *A, CONN *C, const PARSED *P, SEG *S);
void keep_behind(CONN *C, SEG *S);
void conn_abort(ADAPTER *A, CONN *C);
void forget_received(ADAPTER *A, CONN *C);
void conn_closed(ADAPTER *A, CONN *C);

/* ack.c */
void ack_input(ADAPTER *A, CONN *C, const PARSED *P);
ULONG ts_now(const ADAPTER *A, const CONN *C);
ULONG64 rto(const ADAPTER *A, const CONN *C);
ULONG64 backed_off(const ADAPTER *A, const CONN *C, ULONG Doublings);
ULONG flight_of(const CONN *C);

/* output.c */
void tcp_output(ADAPTER *A, CONN *C);
void send_ack(ADAPTER *A, CONN *C);
BOOLEAN resend_first(ADAPTER *A, CONN *C, ULONG Most);
BOOLEAN window_probe(ADAPTER *A, CONN *C);
void persist_enter(ADAPTER *A, CONN *C);
void sends_acked(CONN *C, ULONG Bytes);
BOOLEAN conn_invalid(const CONN *C);
void rtx_arm(ADAPTER *A, CONN *C);
BOOLEAN sends_copy(const CONN *C, ULONG Offset, UCHAR *To, ULONG Length);

/* timers.c */
void conn_timers(ADAPTER *A, CONN *C, ULONG64 Now);
ULONG64 conn_next(const CONN *C);
void retrieve(CONN *C, ULONG Reason);
void short_of_memory(CONN *C);
void keepalive_restart(ADAPTER *A, CONN *C);
void blind_start(CONN *C);

/* deliver.c */
BOOLEAN deliver_step(ADAPTER *A, CONN *C);
void push_expired(CONN *C);
void request_done(CONN *C, NDIS_STATUS Status);
void window_after_consumption(ADAPTER *A, CONN *C);
BOOLEAN window_move(CONN *C, ULONG Least);
ULONG window_step(ADAPTER *A, const CONN *C);
ULONG window_scale(const CONN *C);

/* io.c */
NDIS_STATUS NDIS_CALL SecondTcpSend(NDIS_HANDLE Context, PVOID Object, PNET_BUFFER_LIST Nbl);
NDIS_STATUS NDIS_CALL SecondTcpReceive(NDIS_HANDLE Context, PVOID Object, PNET_BUFFER_LIST Nbl);
NDIS_STATUS NDIS_CALL SecondTcpForward(NDIS_HANDLE Context, PVOID Object, PNET_BUFFER_LIST Nbl);
NDIS_STATUS NDIS_CALL SecondTcpDisconnect(NDIS_HANDLE Context, PVOID Object, PNET_BUFFER_LIST Nbl,
                                          ULONG Flags);
NDIS_STATUS NDIS_CALL SecondTcpReturn(NDIS_HANDLE Context, PNET_BUFFER_LIST Nbl);
BOOLEAN forward_step(ADAPTER *A, CONN *C);
void sends_append(CONN *C, PNET_BUFFER_LIST Nbl);

/* tree.c */
VOID NDIS_CALL SecondInitiate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
VOID NDIS_CALL SecondTerminate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
VOID NDIS_CALL SecondUpdate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
VOID NDIS_CALL SecondInvalidate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
VOID NDIS_CALL SecondQuery(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
BOOLEAN operation_step(ADAPTER *A);

/* initiate.c, conn.c */
void initiate_tree(ADAPTER *A, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
CONN *conn_new(ADAPTER *A, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block, PATH *Path,
               NDIS_STATUS *Status);
void conn_free(ADAPTER *A, CONN *C);
void object_free(ADAPTER *A, PVOID Object);
void state_read(void *To, const OFFLOAD_STATE_HEADER *From, ULONG Size);

/* state.c: Block names Object, whose state follows it */
void state_query(ADAPTER *A, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block, PVOID Object);
void state_update(ADAPTER *A, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block, PVOID Object, PVOID Parent);
void state_invalidate(ADAPTER *A, PVOID Object);
void state_terminate(ADAPTER *A, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block, PVOID Object);

/* terminate.c */
BOOLEAN terminate_prepare(ADAPTER *A, CONN *C);
void terminate_sweep(ADAPTER *A);

/* reach.c */
BOOLEAN reach_stale(ADAPTER *A, const NEIGHBOR *N);
void reach_ask(ADAPTER *A, NEIGHBOR *N);

#endif
