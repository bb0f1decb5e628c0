/* SPDX-License-Identifier: MIT
 *
 * What the oracle knows for the rules that bind every miniport, with offload or without.
 */
#ifndef ORACLE_VERIFIER_H
#define ORACLE_VERIFIER_H

#include <stdbool.h>
#include <stdint.h>

enum orc_asked { ASKED_OID, ASKED_PAUSE, ASKED_RESTART, ASKED_RESET, ASKED_COUNT };

/* A request of NDIS that may end by its return or by a call. */
struct orc_ask {
    bool open, pending;
    bool answered; /* the call came while the handler had not returned */
    bool power;    /* it waits for the host's terminates */
    uint64_t since_ns;
};

struct orc_verifier {
    struct orc_ask ask[ASKED_COUNT];
    uint32_t oid_bytes;     /* of the buffer of the last OID request */
    uint32_t oldest;        /* lists of the host's own frames, by orc_nbl.next: oldest first */
    uint32_t newest;        /* ORC_NONE = none pending */
    uint64_t sent_ns;       /* when one of them last came back */
    uint64_t excused_ns;    /* when a fault last excused the target */
    bool halted;            /* the adapter is gone, or never came up */
    bool initialize_failed; /* ... ever */
};

#endif
