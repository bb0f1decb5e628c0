/* SPDX-License-Identifier: MIT
 *
 * What binds every miniport, with offload or without.
 *
 * Knows: which requests are open since when, and the oldest frame of the host.
 * Asked: at every call either way, at points of primitives, and at rest.
 * Excuses: time during which a fault or the host held the target up.
 */
#ifndef ORACLE_ADAPTER_VERIFIER_H
#define ORACLE_ADAPTER_VERIFIER_H

#include "ndis/tap.h"
#include "oracle/base/events.h"

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

void orc_verifier_begin(struct oracle *o);
void orc_verifier_point(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_verifier_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_verifier_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_verifier_upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_verifier_sent(struct oracle *o, uint32_t id); /* a frame of the host */
void orc_verifier_back(struct oracle *o, uint32_t id);
void orc_verifier_step(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_verifier_end(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
/* The rule that a misuse breaks, or NULL: it breaks one of offload. */
enum orc_rule orc_verifier_misuse(const struct tap_event *ev);

#endif
