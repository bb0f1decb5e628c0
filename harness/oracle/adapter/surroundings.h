/* SPDX-License-Identifier: MIT
 *
 * What the oracle knows around the connections: reachability of neighbors, context values, the
 * adapter's requests, statistics recounted from the wire.
 */
#ifndef ORACLE_SURROUNDINGS_H
#define ORACLE_SURROUNDINGS_H

#include <stdbool.h>
#include <stdint.h>

/* When a neighbor was last known to be reachable, in virtual time; may lie before the run. */
struct orc_reach {
    bool known;
    int64_t host_ns;
    uint32_t host_ticks; /* as the host reported it */
    int64_t nic_sure_ns, nic_possible_ns;
    int64_t nic_sure_rest_ns; /* as of the last rest before sure_step */
    uint32_t sure_step;
    uint32_t asked_step; /* step of the last query */
};

/* Context values that the target gave to state objects: value -> object. */
struct orc_contexts {
    struct orc_context {
        const void *value;
        uint32_t object; /* + 1 */
    } * slot;
    uint32_t mask, used;
};

/* A counter lies between these; counters wrap, so only differences are compared. */
struct orc_count {
    uint64_t least, most;
};

/* One interface's statistics of one IP version, since they were last zeroed. */
struct orc_counts {
    struct orc_count in, out, again, resets;            /* TCP */
    struct orc_count cut;                               /* connections, by a reset */
    struct orc_count received, sent, octets, in_octets; /* IP */
};

/* The OID request that is open. */
struct orc_asked_oid {
    bool right, too_short;
};

/* Allocations that the target holds, compared whenever nothing is offloaded. */
struct orc_growth {
    uint32_t held, last, rises;
    bool offloaded; /* something was, since the last comparison */
};

struct orc_adapter_state {
    struct orc_growth growth;
    struct orc_asked_oid asked;
    struct orc_counts counts[2]; /* IPv4, IPv6 */
    bool set;                    /* the request that is open sets */
    uint32_t oid;
    bool sleeping; /* it takes the adapter out of D0 */
    uint16_t vlan; /* of the interface */
    uint32_t vlan_event;
    uint32_t rss_event;                 /* when the RSS parameters were last set */
    bool configured;                    /* keywords are set */
    bool paused;                        /* OFFLOAD_PAUSE was reported, OFFLOAD_RESUME not yet */
    bool low;                           /* out of D0 */
    bool pausing;                       /* a pause began, and no restart has since */
    bool stopped;                       /* ... and it ended */
    uint64_t idle_ns;                   /* since then paused with nothing offloaded, or ORC_NEVER */
    uint32_t failed_event, failed_left; /* the card lost its connections */
    uint32_t alloc_failed_event;        /* the last allocation that failed */
    uint64_t alloc_failed_ns;
    bool odd_packets;       /* fragments or the like came from the wire */
    uint32_t mixed_returns; /* returns of lists of several connections */
    /* what happened in this step, for what a query must not do */
    bool queried_step, other_step;
    uint64_t rest_ns;   /* when all was at rest last */
    uint32_t disturbed; /* steps that were more than queries */
};

/* What may have made the target ask for an upload of its own accord, since INIT. */
struct orc_upload_reasons {
    bool again, disordered, unposted, small;
    bool paused;       /* no data moved for a while */
    uint64_t moved_ns; /* when data moved last, or 0 */
};

/* Whatever a connection's life is judged by besides its streams. */
struct orc_life {
    uint32_t invalid_left;    /* its own InvComplete has returned */
    bool invalid_reported;    /* the warning of INV-STOP-1 was given */
    bool wait_reported;       /* TIME_WAIT was judged */
    bool fin_first;           /* our FIN went out before the peer's was accepted */
    bool fin_alone;           /* ... before any of the peer's came at all */
    bool reported_first;      /* it was told to go before the card failed */
    bool op_failed;           /* a state operation completed with FAILURE */
    bool failed_step;         /* a state operation failed */
    uint32_t reported_mtu;    /* a router's word on the path MTU, 0 = none */
    uint32_t reported_cuts;   /* full segments cut to it */
    uint32_t delivered_event; /* the last delivery */
    uint32_t backlog;         /* last preferred send backlog, and the bytes queued then */
    uint32_t backlog_queue;
    bool backlog_known;
    uint32_t backlog_events_step;
    bool state_known; /* delegated state of the last query */
    uint32_t state_mark;
    uint64_t state_ns, state_hash;
};

#endif
