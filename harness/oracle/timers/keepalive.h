/* SPDX-License-Identifier: MIT
 *
 * Keepalive, for idle connections and after a challenge.
 *
 * Knows: when the next probe comes, at the earliest and latest, and how many are unanswered.
 * Asked: at each segment and frame, at rest, at an update, and when state is shown.
 * Excuses: challenges that may not have been answered.
 */
#ifndef ORACLE_TIMERS_KEEPALIVE_H
#define ORACLE_TIMERS_KEEPALIVE_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* Keepalive, also that of a blind attack. */
struct orc_keepalive {
    bool known;              /* the bounds below hold */
    bool handed, updated;    /* INIT, an UPD started it */
    bool blind, blind_maybe; /* a challenge surely, possibly started it */
    bool reported;           /* its end was reported */
    bool challenged;         /* something that may be challenged came since the last segment */
    bool closing;            /* a blind check may have ended at an upload request */
    bool recounted;          /* an UPD zeroed the counter */
    uint32_t answer_step;    /* step + 1 in which a challenge is due */
    uint32_t least, most;    /* probes unanswered */
    uint64_t from_ns;        /* where the time below begins, and how long it is */
    uint64_t wait_ns;
    uint64_t low_ns, high_ns; /* the next probe, or the end, comes between */
    uint64_t last_ns;         /* last probe */
    uint64_t late_ns;         /* one that went while the upload was under way, or 0 */
};

static inline bool orc_keepalive_changing(const struct oracle *o, const struct orc_conn *c)
{
    return c->update_open || (c->update_step == o->steps && c->update_step != ORC_NONE);
}

static inline bool orc_keepalive_enabled(const struct orc_conn *c)
{
    return c->cached.Flags & TCP_FLAG_KEEP_ALIVE_ENABLED;
}

uint32_t orc_keepalive_limit(const struct orc_conn *c);
void orc_keepalive_begin(struct oracle *o, struct orc_conn *c);
/* Something acceptable surely came: the time of the next probe begins anew. */
void orc_keepalive_anew(struct oracle *o, struct orc_conn *c);
void orc_keepalive_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
/* Something came that is to be challenged; sure: it surely starts a blind check. */
void orc_keepalive_challenged(struct oracle *o, struct orc_conn *c, bool sure);
void orc_keepalive_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
/* A frame that left between the call of a terminate and its completion. */
void orc_keepalive_ending(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_keepalive_hindered(struct oracle *o, struct orc_conn *c);
/* The path was invalid, and is no more. */
void orc_keepalive_blocked(struct oracle *o, struct orc_conn *c);
void orc_keepalive_step(struct oracle *o, struct orc_conn *c);
void orc_keepalive_update(struct oracle *o, struct orc_conn *c, bool done);
void orc_keepalive_ended(struct oracle *o, struct orc_conn *c);
void orc_keepalive_final(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d,
                         bool final);
void orc_keepalive_state(struct oracle *o, struct orc_conn *c,
                         const TCP_OFFLOAD_STATE_DELEGATED *d);
bool orc_keepalive_explains(const struct oracle *o, const struct orc_conn *c);
void orc_keepalive_reported(struct oracle *o, struct orc_conn *c);
/* A blind check may have ended, and with it the connection. */
bool orc_blind_over(const struct orc_conn *c);
/* Whether the connection may be CLOSED by a timer, a reset or the host. */
bool orc_closed_possible(const struct oracle *o, const struct orc_conn *conn);

#endif
