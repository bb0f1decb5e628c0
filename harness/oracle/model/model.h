/* SPDX-License-Identifier: MIT
 *
 * What the oracle knows of a run. Built from tap events alone, forgotten run by run in time
 * proportional to use; every table is indexed by the dense ids of the tap.
 *
 * Words used throughout. An *offset* is a 64-bit position in a byte stream: 0 is the first byte of
 * BufferedData (or RcvNxt without it) on the receive side and SndUna of the initiate on the send
 * side. A *sure* quantity is one that a right target must have reached; a *possible* one is the
 * most that it can have reached. Between the two the oracle does not judge. Intervals are half
 * open.
 */
#ifndef ORACLE_MODEL_H
#define ORACLE_MODEL_H

#include "oracle/wire/bytes.h"
#include "oracle/oracle.h"
#include "oracle/receive/receiver.h"
#include "oracle/adapter/surroundings.h"
#include "oracle/catalogue/rule_ids.h"
#include "oracle/timers/timing.h"
#include "oracle/adapter/verifier.h"

#define ORC_NONE UINT32_MAX
#define ORC_CPUS 64
#define ORC_NS_PER_SECOND 1000000000ull
#define ORC_NEVER UINT64_MAX

/* One open call of a cpu. */
struct orc_call {
    uint32_t seq; /* of its ENTER */
    uint8_t fn;
    uint32_t conn;
    uint32_t object;
    uint32_t a;
    uint32_t lists;      /* TAP_NBL points seen */
    uint32_t list_first; /* lists handed over by the call, chained by orc_nbl.call_next */
    uint32_t list_last;
    uint32_t inside_base; /* entries of orc_cpu.inside that belong to outer calls */
    uint32_t short_fills; /* partly filled SUCCESS requests in this completion */
    uint32_t length;      /* TAP_RCV_INDICATE: bytes indicated */
    uint32_t counted;     /* what the call is to contain (registration) */
    bool known;           /* completions of state operations: the root was known */
};

struct orc_cpu {
    struct orc_call *call;
    uint32_t depth, call_room;
    uint32_t *inside; /* connections that an open delivery call of this cpu is inside of */
    uint32_t inside_count, inside_room;
    uint32_t sync;  /* when this cpu last entered the target or came back to it from a callback */
    uint32_t locks; /* spin locks held */
};

/* When something of the host was handed over, relative to what the target had said by then. */
enum orc_after {
    ORC_AFTER_DISCONNECT = 1 << 0,    /* the Disconnect event had returned */
    ORC_AFTER_ABORT = 1 << 1,         /* the Abort event had returned */
    ORC_AFTER_MANDATORY = 1 << 2,     /* a mandatory Retrieve had returned */
    ORC_AFTER_INVALID_STATE = 1 << 3, /* ... and it was InvalidState */
    ORC_AFTER_LOCAL_ABORT = 1 << 4,
};

struct orc_nbl {
    uint8_t owner; /* enum tap_owner; OWNER_NOBODY = never seen */
    uint8_t role;
    uint8_t fn;    /* the call that handed it over, or that indicated it */
    uint8_t after; /* enum orc_after */
    uint8_t cpu;
    bool no_push;
    bool abortive;
    uint32_t conn;
    uint32_t handed, left;   /* ENTER and LEAVE of the call, ORC_NONE while open */
    uint32_t index;          /* how many were posted on the connection before it */
    uint32_t previous, next; /* queue of the connection */
    uint32_t call_next;
    uint32_t length, prefill;
    uint64_t time_ns;
    int64_t begin, end; /* send offsets, or receive offsets of a forwarded segment */
    uint32_t arrivals;  /* forward: arrivals of the connection when it was handed over */
    bool fresh;         /* forward: no byte of it had arrived before */
};

struct orc_queue {
    uint32_t head, tail, count;
};

/* A span of arrived bytes beyond a hole. */
struct orc_range {
    int64_t begin, end;
};

struct orc_alternate {
    int64_t begin;
    uint32_t length, at; /* place in the connection's alternate bytes */
};

#define ORC_FINS 4
#define ORC_RSTS 8

/* The receive ledger of a connection. */
struct orc_receive {
    struct orc_ring bytes;   /* first copies */
    struct orc_range *range; /* arrived beyond `possible`, sorted, disjoint */
    uint32_t ranges, range_room;
    struct orc_alternate *alternate;
    uint32_t alternates, alternate_room;
    uint8_t *alternate_bytes;
    uint32_t alternate_used, alternate_bytes_room;
    uint32_t sequence;     /* sequence number of offset 0 */
    int64_t start;         /* offset of RcvNxt at INIT */
    int64_t delivered;     /* consumed by completions and accepted indications */
    int64_t sure;          /* certainly accepted: below this */
    int64_t sure_step;     /* the same at the end of the last step */
    int64_t possible;      /* contiguous end of what arrived */
    int64_t possible_term; /* the same when TERM had returned, or -1 */
    int64_t acked;         /* highest ACK sent, FIN included */
    int64_t acked_sent;    /* the same, of those that the wire took */
    uint32_t acked_event;
    uint8_t acked_cpu;
    int64_t edge; /* highest right edge advertised */
    uint32_t edge_event;
    int64_t handed_edge;   /* right edge handed over at INIT */
    int64_t largest_edge;  /* beyond this nothing can have been acceptable */
    int64_t fin[ORC_FINS]; /* where a FIN may stand */
    uint32_t fins;
    int64_t fin_sure; /* offset of the FIN certainly accepted, or -1 */
    int64_t fin_sure_step;
    bool fin_before;  /* it was accepted before INIT */
    bool fin_lenient; /* too many to remember */
    int64_t rst[ORC_RSTS];
    uint32_t rsts;
    bool rst_lenient;
    bool rst_possible, rst_sure, syn_possible;
    bool urgent_possible;
    int64_t urgent_limit;     /* nothing above it may be ACKed or delivered; -1 = none */
    bool lossy;               /* bytes were not kept: contents are not judged */
    uint32_t ts_recent_least; /* TsRecent is at least this */
    uint32_t ts_highest;      /* highest TSval seen */
    bool ts_known;
    uint64_t ts_time_ns;        /* when ts_recent_least was taken */
    uint32_t arrivals;          /* segments with data taken into the ledger */
    uint32_t overlaps;          /* of them those that brought bytes known before */
    uint64_t nonempty_since_ns; /* since when undelivered bytes may have been there */
    uint64_t last_arrival_ns;
    uint32_t nonempty_event, last_arrival_event;
    int64_t push_end;    /* PSH seen at this offset: highest, possible */
    int64_t push_due;    /* sure PSH segment that placed data in a request this step, or -1 */
    bool refused;        /* indications are disarmed until a POST */
    bool sure_data_step; /* new sure data in this step */
    bool outlet_step;    /* some delivery in this step */
    bool raced_indicate, raced_complete; /* post or data came while a delivery was open */
    bool posted_step, zero_posted;
    bool healed; /* a hole was filled */
    bool parted; /* the host took a part of the last indication */
    bool buffered_before_post;
};

/* The send ledger of a connection. */
struct orc_send {
    struct orc_ring bytes;
    uint32_t sequence; /* of offset 0 */
    int64_t handed;    /* end of everything handed down */
    int64_t fin;       /* offset of our FIN, or INT64_MAX: none asked for */
    bool fin_asked;    /* a graceful DISC or a state that implies it */
    bool fin_sent;     /* seen on the wire, or before INIT */
    int64_t max_least; /* end of what the wire accepted */
    int64_t max;       /* end of what was attempted */
    int64_t una_sure, una_sure_step;
    int64_t una_possible; /* highest plausible ACK */
    uint64_t una_time_ns; /* when una_sure last moved */
    int64_t failed;       /* start of the first list that failed, or INT64_MAX */
    uint32_t failed_event;
    uint32_t partial;         /* lists advanced in part */
    int64_t upl_from;         /* un-ACKed bytes given back with UPLOAD_IN_PROGRESS */
    uint64_t window;          /* bytes, as last surely announced */
    uint64_t max_window;      /* largest that may have been announced */
    uint64_t max_window_sure; /* largest that certainly was */
    int64_t window_ack;       /* send offset that the same segment acknowledged */
    int64_t window_from;      /* receive offset of the segment that may have set it last */
    bool window_sure;
    uint32_t order_warned;
    bool blind;   /* content of the chain at INIT is not known */
    bool dis_upl; /* a DISC was completed while sends before it were pending */
    uint32_t dis_upl_event;
    uint64_t ok_due_ns;
};

enum orc_phase {
    ORC_ABSENT,
    ORC_STARTING, /* INIT called, InitComplete not yet begun */
    ORC_LIVE,
    ORC_ENDING, /* TERM called */
    ORC_GONE,   /* TermComplete begun */
};

struct orc_conn {
    bool used;
    bool dirty; /* in the step list */
    uint8_t phase;
    uint8_t version; /* 4 or 6; 0 = addresses unknown */
    bool init_returned;
    bool failed_over; /* FAILURE of a state operation or HardwareFailure was reported */
    bool invalidated;
    bool sane;     /* the numbers handed over are inside WIRE-HOST-1 */
    uint32_t path; /* state object ids */
    uint32_t self;
    uint32_t init_op;
    uint32_t closing; /* index + 1 in oracle.closing */
    bool buffered_expected;
    uint8_t local[16], remote[16];
    uint16_t local_port, remote_port;
    uint32_t hash_slot; /* in orc_flows, or ORC_NONE */
    uint8_t flags;      /* TCP_FLAG_* of the constant state */
    uint8_t send_scale, receive_scale;
    uint16_t remote_mss;
    uint32_t begin_state; /* at INIT */
    TCP_OFFLOAD_STATE_CONST constant;
    TCP_OFFLOAD_STATE_CACHED cached, cached_old;
    uint32_t update_step; /* step in which the last UPD completed: cached_old may still show */
    bool update_open;     /* UPD begun, not completed */
    uint64_t begun_ns;
    /* calls and events */
    uint32_t inside;        /* delivery calls open, all cpus */
    uint32_t inside_call;   /* the last of them */
    uint32_t inside_cpu[2]; /* bit per cpu (64) */
    uint32_t indicate_open, event_open;
    uint32_t post_open, send_open, disconnect_open, forward_open;
    uint32_t ops_open; /* INV, QRY, UPD */
    uint32_t term_enter, term_left;
    uint32_t gone_event;
    uint32_t disconnect_event, disconnect_left; /* Disconnect event */
    uint32_t disconnects;
    uint32_t abort_event, abort_left;
    uint32_t aborts;
    uint32_t mandatory_event, mandatory_left, mandatory_reason;
    uint32_t optional_event;
    uint32_t urgent_retrieve;
    uint32_t local_abort, local_abort_left; /* abortive DISC */
    bool abort_refused; /* it was answered with UPLOAD_IN_PROGRESS: nothing was aborted */
    uint32_t graceful;
    uint32_t reset_sent;
    uint32_t posts;              /* requests posted so far */
    uint32_t upload_early_event; /* UPLOAD_IN_PROGRESS before any reason */
    enum orc_rule upload_early_rule;
    bool upload_early_warned;
    bool rearm; /* a POST began while the open indication was open */
    bool urgent_sure, urgent_due;
    bool urgent_odd;  /* its pointer lies outside the segment */
    bool urgent_owed; /* terminated with nothing to excuse the loss of its raw frames */
    bool reset_due;
    bool abort_done; /* an abortive DISC completed with SUCCESS */
    bool watched;
    bool waive_pending;          /* a duty was waived; next RET, TICK resolves it */
    uint64_t waived_ns;          /* when it was last waived */
    struct orc_queue requests;   /* posted receives */
    struct orc_queue sends;      /* INIT chain and SENDs */
    struct orc_queue disconnect; /* DISC lists */
    struct orc_queue forwards;
    struct orc_answers answers;
    struct orc_offers offers;
    struct orc_life life;
    struct orc_upload_reasons upload_reasons;
    struct orc_stamps stamps;
    struct orc_blocks blocks;
    struct orc_held held;
    struct orc_receive receive;
    struct orc_send send;
    struct orc_timing timing;
};

/* A state object: neighbor or path (connections have their own record). */
struct orc_object {
    bool used, live;
    uint8_t layer;
    uint8_t version;
    bool invalid;
    bool update_open;
    uint32_t update_step;
    uint32_t parent, parent_old;
    uint32_t conn;
    uint32_t updates;  /* UPDs open */
    uint32_t starting; /* INIT op in progress, or ORC_NONE */
    uint8_t local[16], remote[16];
    uint32_t mtu, mtu_old, mtu_most;
    uint8_t mac[6], mac_old[6], source[6];
    bool source_set;
    uint16_t vlan;
    struct orc_reach reach;
    uint32_t invalid_left; /* its InvComplete has returned */
    const void *context;   /* value that the target gave it */
};

/* A node of a state operation as it was handed over. */
struct orc_node {
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block; /* identity only */
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST image;
    uint32_t next;   /* node of the same operation, in walking order */
    uint32_t parent; /* node, or ORC_NONE */
    uint32_t object, conn;
    uint8_t layer, kind;
    uint8_t type;
    bool context;
    int32_t status; /* as completed */
    bool context_after;
    bool seen;                          /* its block came back */
    bool dead;                          /* below a node that was not offloaded */
    uint32_t kids, kids_in, kids_maybe; /* immediate dependents, offloaded, perhaps offloaded */
    uint64_t trailer;                   /* hash of the state behind the block */
};

struct orc_op {
    uint8_t fn; /* 0 = unused is TAP_DRIVER_ENTRY, never an operation */
    bool completed;
    uint32_t enter, left, finished;          /* events; finished = LEAVE of the completion */
    uint32_t node_first, node_last, node_at; /* node_at: next to be completed */
    uint32_t completed_event;
    uint8_t cpu;
};

/* What a TermComplete shows of one connection, judged when all of its points have come. */
struct orc_closing {
    uint32_t conn, node;
    bool has_delegated;
    int32_t status;
    const void *chain;
    TCP_OFFLOAD_STATE_DELEGATED delegated;
    uint32_t buffered_bytes, buffered_lists;
    uint32_t chain_lists;
    int64_t chain_begin, chain_bytes;
    const void *chain_head, *chain_data, *chain_tail; /* first, first with data, last with data */
    bool bad_list;
};

struct orc_flows {
    uint32_t *slot; /* connection + 1, 0 = empty */
    uint32_t mask, used;
    uint32_t last; /* connection that was found last */
};

/* Frames that the target must or may hand up. */
struct orc_passing {
    uint64_t hash;
    uint32_t event, conn;
    uint8_t due; /* must be passed up by the end of the step */
    uint8_t why; /* enum orc_passing_why */
    uint16_t passed;
    uint32_t chain; /* next with the same slot */
};

struct orc_passings {
    struct orc_passing *entry;
    uint32_t count, room;
    uint32_t *slot; /* entry + 1 */
    uint32_t mask;
    uint32_t due_from; /* entries from here on may be due this step */
};

enum orc_adapter { ORC_ADAPTER_DOWN, ORC_ADAPTER_RUNNING, ORC_ADAPTER_CHANGING };

struct oracle {
    struct oracle_options options;
    struct verdict *verdict;
    uint32_t *ran; /* evaluations of each rule's check in this run */
    uint32_t ran_own[ORC_RULES];
    char text[4][VERDICT_TEXT_MAX];
    uint32_t text_at;
    const struct tap_event *event;

    struct orc_cpu cpu[ORC_CPUS];
    uint32_t cpus_used;
    struct orc_nbl *nbl;
    uint32_t nbls, nbl_room;
    struct orc_conn *conn;
    uint32_t conns, conn_room;
    struct orc_object *object;
    uint32_t objects, object_room;
    struct orc_op *op;
    uint32_t ops, op_room;
    struct orc_node *node;
    uint32_t nodes, node_room;
    struct orc_flows flows;
    struct orc_contexts contexts;
    struct orc_passings in;      /* frames from the wire that nobody but the host may take */
    struct orc_passings host;    /* frames that the host asked to send */
    struct orc_closing *closing; /* connections of the open TermComplete */
    uint32_t closings, closing_room;
    uint8_t closing_cpu;
    uint32_t *dirty;
    uint32_t dirty_count, dirty_room;
    uint32_t *watch;
    uint32_t watch_count, watch_room;
    uint64_t watch_due_ns;
    uint8_t *scratch;
    uint32_t scratch_room;
    bool short_of_memory;
    uint64_t predicted; /* segments that predicted.c took */

    uint8_t adapter; /* enum orc_adapter */
    bool mac_known;
    uint8_t mac[6];
    uint32_t capacity;
    bool fault_alloc, fault_pool, fault_stall, link_down, fault_map;
    bool leaving; /* halted or removed: nothing more is asked of connections */
    bool ever_waived;
    bool live_ever;       /* some connection was offloaded in this run */
    bool alloc_failed;    /* since the last end of a step */
    bool transmit_failed; /* ever: frames may have been lost or held back */
    bool transmit_failed_step;
    bool resolving; /* a RET happened since the last end of a step */
    uint32_t steps;
    bool host_frames_unknown; /* frames of the host that cannot be told apart were sent */
    uint32_t upload_all;
    uint32_t status_open, upload_all_open, mevent_open;
    uint32_t host_lists;    /* indicated lists that the host holds */
    uint32_t host_ordinary; /* those of NdisMIndicateReceiveNetBufferLists among them */
    uint32_t target_lists;
    uint32_t live; /* connections offloaded */
    uint32_t optional_generic, optional_tcp, handlers_tcp;
    bool parameters_known;
    uint32_t ticks_per_second;
    uint64_t tick_ns, slack_ns; /* follow from it */
    uint32_t push_ticks;
    uint32_t delayed_ticks, ack_frequency, stale_ticks;
    struct orc_adapter_state adapter_state;
    struct orc_verifier verifier;
    bool invalidated_ever;
    struct orc_replies replies;
    uint32_t parameters_event; /* when they were set last */
    uint32_t parameters_set;   /* how often they were set */
    uint32_t parameters_step;  /* step + 1 in which they were set last */
    uint32_t rates_set;        /* how often the tick rate changed */
    uint32_t adapter_changes;  /* how often it was paused, reset, put to sleep */
    uint32_t max_retransmissions, max_retransmissions_old;
    uint32_t dup_threshold, dup_threshold_old;
    uint32_t sws_ticks;
    uint32_t link_mtu; /* as the driver registered it, or 0 */
};

/* The check of a rule is evaluated here: it could fail. */
static inline void orc_ran(struct oracle *o, enum orc_rule rule)
{
    o->ran[rule]++;
}

#endif
