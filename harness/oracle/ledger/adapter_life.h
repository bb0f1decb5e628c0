/* SPDX-License-Identifier: MIT
 *
 * The life of the adapter as NDIS and the host made it, and what it registered.
 */
#ifndef ORACLE_LEDGER_ADAPTER_LIFE_H
#define ORACLE_LEDGER_ADAPTER_LIFE_H

#include "oracle/base/handle.h"

enum orc_adapter_phase { ORC_ADAPTER_DOWN, ORC_ADAPTER_RUNNING, ORC_ADAPTER_CHANGING };

struct orc_adapter {
    uint8_t phase;    /* enum orc_adapter_phase */
    bool leaving;     /* halted or removed: nothing more is asked of connections */
    uint32_t changes; /* how often it was paused, reset, put to sleep */
    /* as registered */
    bool mac_known;
    bool stamps_taken, stamps_refused; /* a connection with timestamps was */
    bool sack; /* the target advertises it, so it holds what comes beyond a hole */
    bool ipv6; /* the target advertises it */
    uint8_t mac[6];
    uint32_t capacity;
    uint32_t link_mtu; /* or 0 */
    uint32_t optional_generic, optional_tcp, handlers_tcp;
    bool configured; /* keywords are set */
    /* what it reports */
    uint32_t upload_all;
    uint32_t status_open, upload_all_open, mevent_open;
    bool paused;                        /* OFFLOAD_PAUSE was reported, OFFLOAD_RESUME not yet */
    uint32_t failed_event, failed_left; /* the card lost its connections */
    bool broken;                        /* ... and was not reset since */
    uint32_t asked;                     /* neighbor of the last reachability query */
    /* requests */
    bool set; /* the request that is open sets */
    uint32_t oid;
    bool sleeping; /* it takes the adapter out of D0 */
    uint16_t vlan; /* of the interface */
    uint32_t vlan_event;
    uint32_t rss_event; /* when the RSS parameters were last set */
    bool low;           /* out of D0 */
    bool pausing;       /* a pause began, and no restart has since */
    bool stopped;       /* ... and it ended */
    uint64_t idle_ns;   /* since then paused with nothing offloaded, or ORC_NEVER */
    bool odd_packets;   /* fragments or the like came from the wire */
    /* what happened in this step, for what a query must not do */
    bool queried_step, other_step;
    uint64_t rest_ns;   /* when all was at rest last */
    uint32_t disturbed; /* steps that were more than queries */
};

#endif
