/* SPDX-License-Identifier: MIT
 *
 * The parts of the shadow sender: a file per area, all called by sender.c.
 */
#ifndef ORACLE_SENDER_H
#define ORACLE_SENDER_H

#include "oracle/checks.h"

/* An arriving segment that is not surely dropped, as the send side sees it. The ledgers have taken
 * it in already. */
struct orc_received {
    const struct orc_tcp *tcp;
    int64_t begin, end; /* receive offsets */
    int64_t ack;        /* send offset */
    int64_t una_before; /* una_possible before it */
    int64_t una_sure_before;
    uint64_t window;        /* bytes */
    uint64_t window_before; /* as last surely announced before it */
    bool window_sure_before;
    bool sure;        /* it surely was accepted */
    bool open_before; /* the window was surely open before it */
};

/* A frame of the connection, before the ledger takes it in. */
struct orc_sent {
    const struct orc_packet *packet;
    int64_t begin, end; /* send offsets, FIN included */
    bool data;          /* payload or FIN */
    bool fresh;         /* some of it was never sent before */
    bool again;         /* some of it was sent before */
    bool spontaneous;   /* nothing of the connection happened in this step */
};

#define ORC_MS 1000000ull
#define ORC_RTO_MAX_NS (60ull * ORC_NS_PER_SECOND)

static inline uint64_t orc_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t orc_most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline uint64_t orc_less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* ---- sender.c: what several of them ask ---- */
bool orc_sender_judged(struct oracle *o, const struct orc_conn *c);
static inline uint64_t orc_ticks_ns(const struct oracle *o, uint64_t ticks)
{
    return ticks * (o->tick_ns ? o->tick_ns : ORC_NS_PER_SECOND / 1000);
}
void orc_full_sizes(struct oracle *o, const struct orc_conn *c, int64_t *least, int64_t *most);
/* SND.UNA is known exactly. */
static inline bool orc_una_exact(const struct orc_conn *c)
{
    return c->send.una_sure == c->send.una_possible;
}
/* The window is known, and whether it is closed. */
static inline bool orc_window_closed(const struct orc_conn *c)
{
    return c->send.window_sure && c->send.window == 0;
}
static inline bool orc_window_open(const struct orc_conn *c)
{
    const struct orc_send *s = &c->send;
    int64_t edge = s->una_sure + (int64_t)s->window;
    return s->window_sure && s->window > 0 && edge >= s->max - (s->fin_sent && s->fin >= 0);
}
/* The octet of a keepalive probe: it was acknowledged before. */
bool orc_filler(const struct orc_conn *c, const struct orc_sent *f);
/* Something waits to be sent or acknowledged, surely. */
bool orc_sender_pending(const struct orc_conn *c);
/* The parameters were set again while the connection was offloaded: names REG-PAR-1 when the
 * values before would explain what was seen. */
enum orc_rule orc_timer_rule(const struct oracle *o, uint64_t expected_ns, uint64_t actual_ns,
                             enum orc_rule plain);

/* ---- flight.c: transmissions, round trips and the bounds of the RTO ---- */
void orc_flight_begin(struct oracle *o, struct orc_conn *c);
void orc_flight_sent(struct oracle *o, struct orc_conn *c, int64_t begin, int64_t end);
/* Takes an ACK; returns whether it surely gave a sample. */
bool orc_flight_acked(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
bool orc_flight_first(const struct orc_timing *t, uint64_t *first_ns);
void orc_flight_reset(struct orc_flight *flight);
bool orc_rtt_known(const struct oracle *o, const struct orc_conn *c);
uint64_t orc_rto_least(const struct oracle *o, const struct orc_conn *c);
uint64_t orc_rto_most(const struct oracle *o, const struct orc_conn *c);
void orc_rtt_judge(struct oracle *o, const struct orc_conn *c,
                   const TCP_OFFLOAD_STATE_DELEGATED *d);

/* ---- rto.c ---- */
void orc_rto_begin(struct oracle *o, struct orc_conn *c);
void orc_rto_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h,
                      bool sample);
void orc_rto_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_rto_step(struct oracle *o, struct orc_conn *c);
bool orc_rto_now(const struct oracle *o, const struct orc_conn *c);
void orc_rto_state(struct oracle *o, const struct orc_conn *c,
                   const TCP_OFFLOAD_STATE_DELEGATED *d);
/* Timeouts of the series, those before INIT included. */
uint32_t orc_rto_count(const struct orc_timing *t);
/* At the latest: the next expiry. */
uint64_t orc_rto_due(const struct oracle *o, const struct orc_conn *c);
/* Something is outstanding that the retransmission timer surely serves. */
bool orc_rto_runs(const struct orc_conn *c);

/* ---- giveup.c ---- */
void orc_giveup_timeout(struct oracle *o, struct orc_conn *c);
void orc_giveup_step(struct oracle *o, struct orc_conn *c);
bool orc_giveup_due(const struct oracle *o, const struct orc_conn *c);
void orc_giveup_update(struct oracle *o, struct orc_conn *c, bool done);
void orc_giveup_reported(struct oracle *o, struct orc_conn *c);

/* ---- persist.c ---- */
void orc_persist_begin(struct oracle *o, struct orc_conn *c);
void orc_persist_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_persist_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_persist_step(struct oracle *o, struct orc_conn *c);
void orc_persist_state(struct oracle *o, const struct orc_conn *c,
                       const TCP_OFFLOAD_STATE_DELEGATED *d);
/* Probing may have come to its limit, or to its end without reaching it. */
bool orc_persist_explains(const struct oracle *o, const struct orc_conn *c);
void orc_persist_reported(struct oracle *o, const struct orc_conn *c);

/* ---- keepalive.c ---- */
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
void orc_keepalive_anew(struct oracle *o, struct orc_conn *c);
void orc_keepalive_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_keepalive_challenged(struct oracle *o, struct orc_conn *c, bool sure);
void orc_keepalive_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_keepalive_step(struct oracle *o, struct orc_conn *c);
void orc_keepalive_update(struct oracle *o, struct orc_conn *c, bool done);
/* ---- keepalive_state.c ---- */
void orc_keepalive_ended(struct orc_conn *c);
void orc_keepalive_final(struct oracle *o, const struct orc_conn *c,
                         const TCP_OFFLOAD_STATE_DELEGATED *d);
void orc_keepalive_state(struct oracle *o, const struct orc_conn *c,
                         const TCP_OFFLOAD_STATE_DELEGATED *d);
bool orc_keepalive_explains(const struct oracle *o, const struct orc_conn *c);
void orc_keepalive_reported(struct oracle *o, struct orc_conn *c);

/* ---- fin_wait.c ---- */
void orc_fin_wait_begin(struct oracle *o, struct orc_conn *c);
void orc_fin_wait_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_fin_wait_step(struct oracle *o, struct orc_conn *c);
bool orc_fin_wait_possible(const struct orc_conn *c);
void orc_fin_wait_reported(struct oracle *o, struct orc_conn *c);
void orc_fin_wait_state(struct oracle *o, const struct orc_conn *c,
                        const TCP_OFFLOAD_STATE_DELEGATED *d, bool final);

/* ---- congestion.c ---- */
void orc_congestion_begin(struct oracle *o, struct orc_conn *c);
void orc_congestion_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_congestion_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_congestion_lost(struct oracle *o, struct orc_conn *c, bool timeout, bool repeated);
void orc_congestion_doubted(struct oracle *o, struct orc_conn *c);
void orc_congestion_recovered(struct oracle *o, struct orc_conn *c);
void orc_congestion_state(struct oracle *o, struct orc_conn *c,
                          const TCP_OFFLOAD_STATE_DELEGATED *d);

/* ---- fast_retransmit.c ---- */
void orc_recovery_begin(struct oracle *o, struct orc_conn *c);
void orc_recovery_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_recovery_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_recovery_doubted(struct oracle *o, struct orc_conn *c);
void orc_recovery_timeout(struct oracle *o, struct orc_conn *c);
void orc_recovery_step(struct oracle *o, struct orc_conn *c);

/* ---- pipe.c ---- */
void orc_pipe_enter(struct oracle *o, struct orc_conn *c);
void orc_pipe_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
/* The least that can be in the network once bytes up to end have been sent. */
uint64_t orc_pipe_least(struct oracle *o, const struct orc_conn *c, int64_t end);
void orc_pipe_step(struct oracle *o, struct orc_conn *c);

/* ---- scoreboard.c: what the peer reported held; true when that is surely new ---- */
bool orc_scoreboard_received(struct orc_conn *c, const struct orc_received *h);
bool orc_scoreboard_add(struct orc_scoreboard *scoreboard, int64_t begin, int64_t end);
bool orc_scoreboard_holds(const struct orc_scoreboard *scoreboard, int64_t begin, int64_t end);

/* ---- nagle.c ---- */
void orc_nagle_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_nagle_step(struct oracle *o, struct orc_conn *c);

/* ---- send_window.c ---- */
void orc_edge_begin(struct oracle *o, struct orc_conn *c);
void orc_edge_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_edge_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_edge_state(struct oracle *o, const struct orc_conn *c,
                    const TCP_OFFLOAD_STATE_DELEGATED *d);

/* ---- retransmission.c: where frames may stand ---- */
void orc_place_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_place_reset(struct oracle *o, const struct orc_conn *c, const struct orc_tcp *tcp,
                     int64_t at);

#endif
