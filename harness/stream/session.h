/* SPDX-License-Identifier: MIT
 *
 * The host of one long connection: opens it by a handshake of its own over the ordinary path,
 * offloads it, posts and sends for as long as there is something to send or to get, uploads it
 * every so many segments or when the target asks, hands it down again with all that came back, and
 * closes it. What the remote end is, and what time is, is the caller's.
 *
 * From one upload to the next the host receives in another way: into many requests (posted now and
 * then from inside a completion), by indications, into few requests, and by indications of which it
 * refuses some.
 */
#ifndef STREAM_SESSION_H
#define STREAM_SESSION_H

#include "world/world.h"

#define SESSION_NEVER UINT64_MAX
#define SESSION_PASSED_MAX 512u
#define SESSION_FRAME_MAX 1600u
#define SESSION_BUFFERED_MAX (4u << 20)

enum session_state {
    SESSION_OPENING,   /* handshake */
    SESSION_OFFLOADED, /* the target has it, or is getting or giving it */
    SESSION_OWNED,     /* the host has it between two offloads */
    SESSION_DONE,      /* closed by both ends */
    SESSION_FAILED,    /* reset, or never established */
};

struct session_options {
    struct endpoint local,
        remote; /* IPv4; remote.mac and, when listening, all of remote is learnt */
    bool listen;
    bool deferred; /* connect only when session_connect says so */
    bool timestamps, sack;
    uint8_t scale;   /* of the window that is offered, if the remote end scales too */
    uint32_t window; /* bytes of the receive buffer */
    uint32_t iss;
    uint32_t reoffload; /* segments between two uploads, 0 = only when the target asks */
    uint64_t gap_ns;    /* for which the host then keeps the connection, not 0 */
    bool patient;       /* some requests may wait until they are full (TcpReceiveNoPush) */
    void *context;
    /* Bytes of the stream to the remote end, at any offset that was announced, any number of times.
     */
    void (*give)(void *context, uint64_t offset, uint8_t *out, uint32_t length);
    /* Bytes of the other stream, each once and in order. */
    void (*take)(void *context, const uint8_t *bytes, uint32_t length);
    /* A frame that came up and is none of the connection; may be NULL. */
    void (*other)(void *context, const uint8_t *bytes, uint32_t length);
};

struct session_counts {
    uint64_t taken;            /* bytes of the application */
    uint64_t segments;         /* to and from the target */
    uint32_t uploads, asked;   /* asked: by the target */
    uint32_t forwarded;        /* segments that came while the host had the connection */
    uint64_t buffered, resent; /* bytes handed down again: received ones, un-ACKed ones */
    uint32_t refused;
};

/* A frame that came up the ordinary path, until it can be dealt with. */
struct session_passed {
    uint32_t length;
    bool owned; /* it came while the connection was the host's alone */
    uint8_t bytes[SESSION_FRAME_MAX];
};

struct session {
    struct session_options options;
    struct world *world;
    enum session_state state;
    struct session_counts counts;
    uint64_t to_send; /* bytes of the stream to the remote end that may be sent */
    bool finish;      /* ... and that is all: close behind them */
    bool eof;         /* the remote end has closed its direction */
    bool fin_acked;
    uint64_t acked;     /* bytes of ours known acknowledged, as completions and uploads tell */
    const char *failed; /* why SESSION_FAILED */
    uint32_t conn;      /* of the host */
    /* handshake */
    uint32_t rcv_nxt, peer_window, peer_mss;
    uint8_t peer_scale;
    bool use_scale, use_sack, use_timestamps, syn_seen;
    uint32_t ts_recent, syn_tries;
    uint64_t wake_ns;      /* next thing that time alone brings, or SESSION_NEVER */
    uint64_t close_ns;     /* when a close is looked at, or SESSION_NEVER */
    uint32_t since_upload; /* segments */
    uint32_t posts, sends, returns, refused_seen;
    uint64_t post_ns; /* data was handed down or refused: when it gets a request, or never */
    enum tap_fn call_fn;
    uint32_t call;
    uint8_t *buffered; /* BufferedData of the last upload */
    uint32_t buffered_bytes;
    struct session_passed *passed; /* ring */
    uint32_t passed_first, passed_count;
};

/* To be called by a world's body. Memory is the run's. */
void session_start(struct session *session, struct world *world,
                   const struct session_options *options);
/* Connects, deferred, by way of this hardware address. */
void session_connect(struct session *session, const uint8_t mac[6]);
/* One thing that the host does now; false = nothing (see world.more). */
bool session_more(struct session *session);
/* When session_more has something to do by the passing of time alone. */
uint64_t session_next(const struct session *session);
/* May be raised at any time. finish: nothing follows. */
void session_send(struct session *session, uint64_t to_send, bool finish);
/* Sends a frame over the ordinary path of the driver. */
void session_frame(struct session *session, const uint8_t *bytes, uint32_t length);

/* ---- Inside stream/ ---- */
void session_tap(void *context, const struct tap_event *event);
bool session_passed_one(struct session *session); /* deals with one frame that came up */
bool session_io(struct session *session);
void session_syn(struct session *session); /* (again) */
void session_handshake(struct session *session, const struct segment *segment);
void session_segment(const struct session *session, struct segment *out, uint8_t flags);
void session_established(struct session *session);
void session_fail(struct session *session, const char *why);

#endif
