/* SPDX-License-Identifier: MIT
 *
 * One conversation, one of its ends taken over by the target, in the order and timing of the
 * capture. Where the capture does not say enough (struct flow's adaptive), the ends do what they
 * must have done (adapt.c).
 *
 * The captured end acknowledged what the captured stack had sent; the target may send the same
 * bytes a little later. Holding such a frame back until it fits would change the order of the
 * capture and can deadlock when the target itself waits for that frame. So the frame goes in at its
 * time with its ACK cut to what the target has sent so far (its right window edge kept), and as
 * soon as the target sends more, a bare ACK of the remote end makes up for it: the target sees an
 * ordinary peer, bytes and order stay, and nothing is left unacknowledged that was acknowledged in
 * the capture.
 *
 * At the end of the capture the remote end lives on for a while as a plain TCP: it acknowledges
 * what the target sends and offers again what the target has not acknowledged (it may rightly have
 * dropped a segment that the captured stack took). Only bytes that it has then still not delivered
 * are lost.
 */
#ifndef REPLAY_PLAY_H
#define REPLAY_PLAY_H

#include <nettle/sha2.h>

#include "replay/flow.h"
#include "replay/frame.h"
#include "replay/policy.h"
#include "replay/result.h"
#include "world/world.h"

struct play {
    struct world *world;
    const struct flow *flow;
    enum flow_side local, remote;
    struct replay_result *result;
    uint32_t conn;
    struct endpoint local_end, remote_end;
    uint8_t local_scale, remote_scale;
    /* The remote end as the target knows it. Offsets: of data in flow->data[remote], of ACKs in
     * flow->data[local]. */
    int64_t remote_next; /* end of what it has sent, FIN included */
    int64_t ack_wanted;  /* what it acknowledged in the capture */
    int64_t ack_sent;    /* what the target was told */
    int64_t edge;        /* right edge of its window */
    uint32_t remote_ts;
    bool remote_ts_known, remote_reset, live;
    /* The target as its frames show it. */
    int64_t target_max; /* end of what it has sent, FIN included */
    int64_t target_ack;
    int64_t target_edge;
    uint32_t target_ts;
    /* The local end. */
    int64_t base;   /* offset at which the target's sending begins */
    int64_t handed; /* end of what was handed down */
    bool posting, finished, aborted;
    bool waiting; /* for a window, or for an upload: the application takes all it can */
    uint32_t posts, returns;
    uint32_t waits_vain, uploads;
    const struct policy *policy;
    uint32_t upload_every; /* packets, 0 = never */
    uint32_t refused, refused_at, series, packet;
    uint32_t passed_up;   /* frames that came up the ordinary path */
    int64_t last_word[2]; /* last packet of each end that is no reset */
    /* What was delivered. */
    uint32_t call; /* completion that is open, or was last */
    enum tap_fn call_fn;
    bool hashed; /* somebody wants the hash */
    struct sha256_ctx hash;
    uint64_t compared; /* bytes delivered that the capture holds */
    uint32_t found;    /* piece of the stream that was compared last */
    uint64_t delivered;
    int64_t wrong_at; /* first byte that no copy in the capture has, or -1 */
    uint8_t wrong_value;
    uint64_t unknown_at;   /* first byte that the snap length cut off, or UINT64_MAX */
    uint64_t other_copies; /* bytes that came from another copy than the first */
    uint8_t frame[FRAME_MAX];
    void (*progress)(void *context, uint32_t packets); /* called now and then */
    void *progress_context;
};

/* In a run of the world: this play hears what the host and the wire get from now on. */
void play_listen(struct play *play, struct world *world);
/* The conversation, from the hand-over to the end of the capture and a little on. */
void play_conversation(struct play *play);
/* The host takes the connection back, when the adapter lives on. */
void play_take_back(struct play *play);
/* The host itself took in what stands before an offset. */
void play_consumed(struct play *play, int64_t end);
/* After that, when the host is to behave otherwise than usual (NULL: it is not). */
void play_behave(struct play *play, const struct policy *policy, uint32_t upload_every);
void play_init(struct play *play, struct world *world, const struct flow *flow,
               enum flow_side local, struct replay_result *result);

/* ---- The remote end (remote.c) ---- */
void remote_packet(struct play *play, uint32_t index);
bool remote_ack_due(struct play *play);
void remote_frame_out(struct play *play, const uint8_t *bytes, uint32_t length);
void remote_finish(struct play *play);
/* A segment that stands in no packet of the capture. */
void remote_say(struct play *play, int64_t at, const uint8_t *bytes, uint32_t length, bool fin);

/* ---- The local end (local.c) ---- */
void local_setup(struct play *play);
void local_packet(struct play *play, uint32_t index);
/* Posts and returns what is due; false = nothing. */
bool local_more(struct play *play);
bool local_offloaded(const struct play *play);
/* Largest segment that an end takes. */
uint16_t local_mss(const struct flow *flow, enum flow_side side);
/* The target asked for an upload that the host may not refuse. */
bool local_must_upload(const struct play *play);
/* Sends up to an offset; closes behind it. */
void local_send(struct play *play, int64_t end);
void local_close(struct play *play, int64_t end);

/* ---- Beyond the capture (adapt.c) ---- */
/* What must have happened before a packet, though the capture does not hold it. */
void adapt_before(struct play *play, uint32_t index);
/* The remote end waits until the target takes bytes up to an offset, for a while. */
void adapt_wait_window(struct play *play, int64_t end);
/* The host takes the connection back that the target wants to be rid of, at a packet, and hands it
 * down again where that makes sense. False: that was the end of it. */
bool adapt_take_back(struct play *play, uint32_t index);

#endif
