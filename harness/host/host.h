/* SPDX-License-Identifier: MIT
 *
 * The host stack of the rig: connections with their state objects, the calls that it makes, what it
 * answers inside callbacks. It keeps the rules that bind a host (a call that would break one is put
 * off or left out), so that a false alarm cannot start here.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "host/choices.h"
#include "ndis/nds.h"
#include "peer/segment.h"

enum host_phase {
    HOST_OWNS, /* the connection is the host's: never offloaded, or uploaded */
    HOST_INITIATING,
    HOST_OFFLOADED,
    HOST_TERMINATING,
};

/* A request that waits until the call that forbids it has returned, or that is made inside a
 * callback. Kinds are TAP_POST, TAP_SEND, TAP_RETURN, TAP_DISCONNECT, TAP_FORWARD, TAP_TERMINATE;
 * what a kind does not name is not looked at, and zero is the ordinary case. */
struct host_request {
    enum tap_fn fn;
    uint32_t conn;
    uint32_t length, count, pieces;
    uint32_t prefill;      /* of a post: bytes that its buffer holds already */
    bool no_push;          /* of a post */
    uint32_t buffers;      /* of a send: NET_BUFFERs in each list; 0 = one */
    bool slack, empty;     /* of a post, of a send: see struct nds_list_shape */
    bool abort;            /* of a disconnect */
    enum host_scope scope; /* of a terminate */
    enum host_order order; /* of a return */
};

struct host_conn {
    uint32_t index;
    enum host_phase phase;
    bool used, v6;
    struct endpoint local, remote;
    uint32_t path; /* index into host.path */
    struct nds_state *tcp;
    TCP_OFFLOAD_STATE_CONST constant;
    TCP_OFFLOAD_STATE_CACHED cached;
    TCP_OFFLOAD_STATE_DELEGATED tcb;
    /* handed over with the next initiate */
    uint32_t buffered;    /* bytes that end at RcvNxt */
    uint32_t outstanding; /* bytes from SndUna on */
    /* streams, in bytes from their start */
    uint64_t handed_down; /* send bytes given to the target or kept as outstanding */
    uint64_t acked;       /* send bytes known acknowledged, as of the last hand-over */
    uint64_t received;    /* bytes the application has got */
    /* answers to indications */
    enum host_answer answer;
    uint32_t answer_bytes, answer_count;
    /* what binds the host */
    bool in_post, in_send, in_disconnect;
    bool closed, aborted; /* graceful, abortive disconnect issued */
    bool invalidated;
    bool settling;     /* its InitComplete call has not returned (INIT-QUIET-1) */
    uint32_t busy_ops; /* query, update, invalidate pending */
    /* what the target told */
    bool saw_disconnect, saw_abort;
    uint32_t retrieve; /* last reason, 0 = none */
    uint32_t posts_out, sends_out;
};

struct host_path {
    struct nds_state *state;
    bool v6, offloaded, invalidated;
    bool busy;     /* being offloaded or terminated */
    bool settling; /* its InitComplete call has not returned */
    uint8_t local[16], remote[16];
    uint32_t mtu, neighbor;
    uint32_t live; /* connections offloaded or being offloaded over it */
};

/* Of a neighbor that is handed over: it still fits its field when it has grown for weeks. */
#define HOST_AGE_MOST 0x7FFFFFFFu

struct host_neighbor {
    struct nds_state *state;
    bool offloaded, invalidated, busy, settling; /* as of a path */
    uint8_t mac[6], source[6];
    uint16_t vlan;
    uint32_t host_age, nic_age; /* in ticks, as they are handed over */
    uint32_t live;              /* paths offloaded or being offloaded over it */
};

/* A query, update or invalidate that has not come back. */
struct host_op {
    const void *root;
    enum tap_fn fn;
    const struct nds_state *state;
    uint32_t conn; /* that it was asked for */
};

#define HOST_NESTED_MAX 8

struct host_nested {
    enum tap_fn inside; /* callback in which to do it */
    struct host_request request;
    bool armed;
};

/* Lists of one length and shape that came back (host.reuse). */
#define HOST_SPARES 64u
#define HOST_SPARE_LISTS 128u
struct host_spare {
    bool used;
    uint32_t length, pieces, buffers;
    uint32_t count, list[HOST_SPARE_LISTS];
};

struct host_counts { /* what the run reached, for anti-vacuity */
    uint32_t established, posted, indicated, refused, uploaded, disconnected;
    uint32_t completed, sent;
};

struct host {
    struct host_conn *conn;
    uint32_t conns, conn_room;
    struct host_path *path;
    uint32_t paths, path_room;
    struct host_neighbor neighbor[2];
    uint32_t neighbors;
    struct host_op *op;
    uint32_t ops, op_room;
    uint32_t *settling, settlings, settling_room; /* connections of the open InitComplete */
    uint32_t ticks_per_second;
    uint32_t *held, held_first, held_last, held_room; /* ids of lists the host keeps */
    uint32_t *nonoff, nonoff_last, nonoff_room;
    struct host_nested nested[HOST_NESTED_MAX];
    struct host_request *late; /* put off */
    uint32_t late_first, late_last, late_room;
    struct host_counts counts;
    bool placeholders; /* in trees that only add connections */
    bool short_state;  /* delegated state of a terminate as NDIS 6.0 has it */
    bool many_lists;   /* what an initiate hands over comes in several lists and buffers */
    /* A frame of the peer inside a callback (TAP_NIC_RECEIVE as the nested request). */
    void (*nested_frame)(void *context, uint32_t conn, uint32_t length);
    void *nested_context;
    uint32_t frames; /* of the host's own, sent so far */
    bool paused;     /* the target asked for no more offloads */
    bool upload_all; /* ... and for all that it has */
    bool gone;       /* the adapter is being halted: nothing more is asked of it */
    /* replay: sees each byte that reaches the application, and what the target wants */
    void (*delivered)(void *context, uint32_t conn, const struct tap_nbl *list, uint32_t bytes);
    void *delivered_context;
    /* benches: a request (TAP_RCV_COMPLETE, TAP_SND_COMPLETE) came back; its list may be handed
     * down again after the call */
    void (*request_back)(void *context, enum tap_fn fn, uint32_t list);
    uint64_t (*payload_stream)(void *context, uint32_t conn, uint64_t offset, uint8_t *out,
                               uint32_t length); /* NULL = the payload function */
    /* long streams: bytes of BufferedData as an upload gave them back; NULL = the payload function
     */
    void (*buffered_bytes)(void *context, uint32_t conn, uint32_t offset, uint8_t *out,
                           uint32_t length);
    bool reuse; /* lists that came back are filled anew */
    struct host_spare *spare;
};

void host_reset(struct host *host);
/* The NDIS side of the host; frame_out and sleep are the caller's. */
void host_hooks(struct host *host, struct nds_hooks *hooks);

struct host_conn_setup {
    bool v6;
    bool source_mac; /* the neighbor names its source address */
    struct endpoint local, remote;
    uint16_t vlan;
    uint32_t mtu;
    TCP_OFFLOAD_STATE_CONST constant; /* headers are filled in by the host */
    TCP_OFFLOAD_STATE_CACHED cached;
    TCP_OFFLOAD_STATE_DELEGATED tcb;
    uint32_t buffered, outstanding;
};
/* Adds a connection that the host owns; without SACK where the target does not advertise it. Its
 * index is returned. */
uint32_t host_add(struct host *host, const struct host_conn_setup *setup);
/* The target advertises connections of this version of IP; others are not offloaded. */
bool host_family_offered(bool v6);

/* ---- State operations (each leaves out what may not be asked now) ---- */
/* Offloads connections [first, first + count) in one tree. */
void host_initiate(struct host *host, uint32_t first, uint32_t count);
void host_terminate(struct host *host, uint32_t conn, enum host_scope scope);
void host_terminate_everything(struct host *host);
void host_query(struct host *host, uint32_t conn, enum host_queried what);
/* With tree: the path and the connection below the object in the same call. */
void host_invalidate(struct host *host, uint32_t conn, enum host_scope scope, bool tree);
void host_update(struct host *host, uint32_t conn, enum host_update what, uint32_t value);

/* Changes a variable of a connection that the host owns, before it is offloaded. */
void host_state(struct host *host, uint32_t conn, enum host_variable what, uint32_t value);

/* ---- I/O ---- */
void host_request(struct host *host, const struct host_request *request);
void host_forward(struct host *host, uint32_t conn, const struct segment *segment,
                  bool no_checksum);
/* Gives lists back: count of them (0 = all). */
void host_return(struct host *host, uint32_t count, enum host_order order);
void host_return_nonoff(struct host *host);
void host_arm_nested(struct host *host, enum tap_fn inside, const struct host_request *request);
/* Makes one put-off request that is allowed now; false = none. */
bool host_run_late(struct host *host);
bool host_all_uploaded(const struct host *host);

#endif
