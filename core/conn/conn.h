/* SPDX-License-Identifier: MIT
 *
 * An offloaded connection.
 *
 * One serialised executor: every entry point (handler, frame, timer) takes the lock, changes state
 * and calls chim_conn_drain, which makes the upcalls that the state calls for, one after another,
 * with the lock released. A nested or parallel entry finds busy set, leaves its work in the state
 * and returns.
 *
 * Invariant: while busy is set some call of chim_conn_drain is on a stack and will look at the
 * state again before it returns. Nothing is lost (SER-QUEUE-1).
 * Invariant: upcalls of one connection neither nest nor overlap (SER-CONN-1, SER-REENT-1).
 * Invariant: bytes in ready, plus those of an open indication, plus those given away, are exactly
 * the payload below rcv_nxt.
 */
#ifndef CHIM_CONN_CONN_H
#define CHIM_CONN_CONN_H

#include "state/object.h"
#include "tcp/cong.h"
#include "tcp/reasm.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "wire/header.h"

enum chim_timer {
    CHIM_T_PUSH,
    CHIM_T_DELAYED_ACK,
    CHIM_T_RETRANSMIT, /* also persist and FIN_WAIT_2, by rtx_mode */
    CHIM_T_KEEPALIVE,
    CHIM_T_SWS,
    CHIM_T_RETRY, /* something found no memory or no descriptor */
    CHIM_T_ACTIVITY,
    CHIM_TIMERS
};

enum chim_rtx_mode { CHIM_RTX_OFF, CHIM_RTX_DATA, CHIM_RTX_PERSIST, CHIM_RTX_FIN_WAIT_2 };

/* How far the connection is from normal service; only ever grows. */
enum chim_fate {
    CHIM_RUNNING,
    CHIM_FROZEN,  /* a mandatory upload request is due or made (UPLD-MAND-1) */
    CHIM_ABORTED, /* by the peer's RST or a local abort */
    CHIM_DEAD,    /* terminated: waits for the last reference */
};

/* Position in the host's send data. */
struct chim_cursor {
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;
    PMDL mdl;
    uint32_t mdl_offset;
    uint32_t nb_left;
    uint32_t seq; /* where it stands */
};

/* What the upload policy counts. */
struct chim_policy {
    uint8_t due;    /* reason to tell, 0 = none */
    uint16_t asked; /* bit per reason */
    uint16_t received, disordered, unposted;
    uint16_t sent, resent;
    uint16_t requests, small;
    uint32_t fragments; /* of the adapter, at the last verdict */
    uint64_t active_ms;
};

struct chim_conn {
    struct chim_object obj;
    struct chim_path *path; /* holds a reference */
    NDIS_HANDLE host;       /* NdisOffloadHandle */
    NDIS_SPIN_LOCK lock;
    uint64_t now; /* ms, at the last lock */

    struct chim_conn *hash_next;
    struct chim_conn *kick_next; /* a list of connections to go on with; each holds a reference */
    struct chim_conn *tx_next;
    struct chim_conn *starved_next;
    bool kick_queued; /* under the adapter lock, as kick_next */
    uint32_t hash;
    uint16_t local_port;
    uint16_t remote_port;

    /* ---- executor ---- */
    uint8_t fate;
    uint8_t state; /* TCP_OFFLOAD_CONNECTION_STATE */
    bool busy;
    bool initiating;  /* NdisMInitiateOffloadComplete has not returned: no upcalls */
    bool terminating; /* MiniportTerminateOffload was called: no processing */
    bool tx_queued;   /* in the adapter's tx_waiting list */
    bool starved;
    bool abort_due; /* events to raise */
    bool retrieve_due;
    bool retrieve_late; /* deliver what can be delivered first (UPLD-TW-1) */
    bool disconnect_done;
    bool backlog_due;
    bool failed;         /* the card lost it (TERM-HW-1) */
    bool neighbor_due;   /* reachability query before the next datagram */
    bool neighbor_asked; /* the answer is good for one datagram */
    bool probe_held;     /* a probe waits for that answer */
    uint8_t retrieve_reason;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST term_root; /* terminate to finish */
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST term_block;
    PNET_BUFFER_LIST upload_data; /* BufferedData built so far */
    struct chim_nblq rx_done;
    struct chim_nblq tx_done;
    struct chim_nblq disc_done;
    struct chim_nblq fwd_done;

    /* ---- receive ---- */
    uint32_t rcv_nxt;
    uint32_t rcv_adv;  /* right edge of the window that the peer knows */
    uint32_t rcv_told; /* ... as it could be told, in units of the window scale */
    uint32_t last_ack_sent;
    uint32_t ack_segments; /* in-order data segments since then */
    bool ack_now;
    bool armed;     /* indications allowed */
    bool rearmed;   /* a request was posted since the open indication began */
    bool push_seen; /* by bytes of the first request */
    bool fin_received;
    bool ts_on;
    bool sack_on;
    bool challenged_rst; /* no further one until an acceptable segment */
    uint64_t challenged_syn_ms;
    uint32_t replies; /* to unacceptable segments, within the second reply_second */
    uint64_t reply_second;
    struct chim_segq ready; /* in order, not consumed */
    uint32_t indicated_bytes;
    struct chim_reasm reasm;
    PNIC_FRAME raw_head; /* frames for the ordinary path at terminate (URG-QUEUE-1) */
    PNIC_FRAME raw_tail;
    struct chim_nblq posts;
    PMDL post_mdl; /* fill position in the first request, NULL = not begun */
    uint32_t post_mdl_offset;
    uint32_t ts_recent;
    uint64_t ts_recent_ms;

    /* ---- send ---- */
    uint32_t snd_una;
    uint32_t snd_nxt;
    uint32_t snd_max;
    uint32_t snd_end; /* behind the last byte that the host gave */
    uint32_t snd_wnd;
    uint32_t max_snd_wnd;
    uint32_t snd_wl1;
    uint32_t snd_wl2;
    bool fin_queued; /* a FIN follows at snd_end */
    bool rto_hold;   /* after a timeout: one segment until an ACK comes */
    bool sws_force;
    bool fast_due;     /* retransmit the first segment (WIRE-FR-1) */
    bool went_back;    /* since the last ACK went again what lies at a SndNxt that stepped back */
    bool by_sack;      /* this recovery goes by the scoreboard */
    bool window_force; /* advertise whatever the buffer allows (UPD-RCVWND-1) */
    bool rst_due;
    bool rtt_timing;
    uint8_t rtx_mode;
    uint8_t rtx_count;
    uint8_t probe_round;
    uint8_t ka_count;
    bool ka_blind; /* checking after a challenge (WIRE-BLIND-1) */
    uint16_t mss;  /* payload without options, from RemoteMss, PathMtu and the largest frame */
    uint32_t topology;
    bool blocked; /* depends on an invalidated object */
    uint32_t rtt_seq;
    uint64_t rtt_start_ms;
    uint64_t rtx_begin_ms; /* start of the running interval */
    uint64_t rtx_total_ms; /* TotalRT */
    uint64_t last_send_ms;
    uint64_t progress_ms; /* when the neighbor was last told of forward progress */
    uint32_t backlog;     /* preferred send backlog as last told */
    uint64_t backlog_ms;
    struct chim_rtt rtt;
    struct chim_cong cong;
    struct chim_nblq sends;
    uint32_t una_offset;            /* acknowledged bytes of the first send */
    struct chim_scoreboard *sacked; /* NULL: the peer has reported nothing */
    struct chim_cursor cursor[2];   /* of data for the first time, and of data sent again */
    PNET_BUFFER_LIST disc_nbl;      /* graceful disconnect in progress */
    PNET_BUFFER_LIST abort_nbl;

    struct chim_policy policy;

    /* ---- clock and state as given ---- */
    uint64_t ts_base_ms;
    uint32_t ts_base;
    uint32_t ts_rate; /* ticks per second that ts_base counts in */
    bool ts_cut;      /* echoes from before ts_base count in another unit */
    TCP_OFFLOAD_STATE_CONST given_const;
    TCP_OFFLOAD_STATE_CACHED given_cached;
    uint32_t dwnd;
    uint16_t given_flags;
    uint64_t deadline[CHIM_TIMERS]; /* ms, 0 = off */
    uint64_t wheel_due;             /* 0 = not in the wheel */
    struct chim_wheel_node wheel;
    struct chim_template header;
};
_Static_assert(sizeof(struct chim_conn) <= 1008, "an idle connection stays small");

/* ---- conn.c ---- */
struct chim_conn *chim_conn_new(struct chim_adapter *ad, struct chim_path *path);
void chim_conn_free(struct chim_conn *c); /* last reference gone */
void chim_conn_lock(struct chim_conn *c);
void chim_conn_set_state(struct chim_conn *c, TCP_OFFLOAD_CONNECTION_STATE state);
void chim_conn_refresh(struct chim_conn *c); /* header template after a change below */
uint32_t chim_conn_window(const struct chim_conn *c);
uint32_t chim_conn_scale(const struct chim_conn *c); /* of the windows that we advertise */
uint32_t chim_conn_ts_now(struct chim_conn *c);
/* The peer or the host aborted: drop what was received, stop all timers. */
void chim_conn_abort(struct chim_conn *c, bool by_peer);
/* A mandatory upload request; only the first counts. */
void chim_conn_retrieve(struct chim_conn *c, TCP_UPLOAD_REASON reason);
/* The card lost its state: upload request, then abort. */
void chim_conn_fail(struct chim_conn *c);
void chim_conn_drop_received(struct chim_conn *c);

/* ---- drain.c: entered with the lock held, left without ---- */
void chim_conn_drain(struct chim_conn *c);
/* Locks, drains. For those who only want the connection to look at its state again. */
void chim_conn_kick(struct chim_conn *c);

/* ---- timers.c ---- */
void chim_timer_set(struct chim_conn *c, enum chim_timer id, uint64_t due_ms);
void chim_timer_start(struct chim_conn *c, enum chim_timer id, uint64_t ms); /* from now on */
void chim_timer_set_ticks(struct chim_conn *c, enum chim_timer id, uint64_t ticks);
static inline void chim_timer_clear(struct chim_conn *c, enum chim_timer id)
{
    c->deadline[id] = 0;
}
void chim_timer_stop_all(struct chim_conn *c);
void chim_timers_run(struct chim_conn *c); /* lock held, wheel fired */
uint32_t chim_timer_left_ticks(const struct chim_conn *c, enum chim_timer id);
/* Deferred call of the adapter's wheel. */
VOID NDIS_CALL chim_wheel_fire(PVOID system1, PVOID context, PVOID system2, PVOID system3);
void chim_timer_unlink(struct chim_conn *c);

static inline struct chim_conn *chim_conn_of(struct chim_object *obj)
{
    return (struct chim_conn *)(void *)obj;
}

#endif
