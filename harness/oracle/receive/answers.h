/* SPDX-License-Identifier: MIT
 *
 * Which segments must be answered by an ACK, and how soon.
 *
 * Knows: which answers are due in this step, by rule, and how many were given.
 * Asked: at each segment and each frame, and at rest.
 * Excuses: throttled challenges, and frames that the wire refused.
 */
#ifndef ORACLE_RECEIVE_ANSWERS_H
#define ORACLE_RECEIVE_ANSWERS_H

#include "ndis/tap.h"
#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* Answers that are due in this step, one bit per rule. */
enum orc_due {
    DUE_SEQUENCE = 1 << 0,
    DUE_ACK = 1 << 1,
    DUE_OLD_STAMP = 1 << 2,
    DUE_PROBE = 1 << 3,
    DUE_RESET = 1 << 4,
    DUE_SYN = 1 << 5,
    DUE_WAIT = 1 << 6, /* from a connection that is to go up from TIME_WAIT */
};

struct orc_answers {
    uint64_t owed_ns; /* since when accepted bytes are unacknowledged */
    uint32_t owed_event;
    uint32_t delayed_event; /* the first of them, also when nothing could be judged in between */
    uint64_t prompt_ns;     /* since when a segment waits for an immediate ACK */
    uint32_t prompt_event;
    bool owed, prompt, delayed;
    bool hole;            /* something beyond a hole certainly came */
    uint64_t in_order_ns; /* the last bytes that were certainly next */
    uint32_t in_order_event;
    uint32_t full, data; /* segments accepted above the last ACK: full-sized ones, all */
    uint32_t quiet_step; /* of them those that must not be */
    uint32_t plain_step; /* answers that said nothing new */
    uint8_t due;         /* enum orc_due */
    bool odd_step;       /* something came that may be answered as unacceptable */
    bool challenged;     /* an RST inside the window since the last acceptable segment */
    uint32_t resets_step, syns_step; /* of them RSTs and SYNs inside the window */
    bool reset_answered;             /* one of those since the last other segment */
    uint32_t syn_answers;
    uint64_t syn_answer_ns[2]; /* of the last two */
    bool syn_seen;
    uint64_t syn_ns;      /* when the last SYN came */
    bool syn_due;         /* a SYN at RcvNxt: the connection goes up in this step */
    bool syn_closed;      /* the same, for good */
    bool urgent_rejected; /* URG on a segment that had to be discarded */
    bool odd_options;     /* since the last rest */
    int64_t lost;         /* an ACK up to here may have been held up, and was given up then */
};

/* Answers of the whole target. */
struct orc_replies {
    bool ever;
    uint64_t last_ns; /* when it last answered something unacceptable */
};

/* Nothing keeps frames of the target from the wire in this step: what was not seen was not sent. */
bool orc_wire_sure(const struct oracle *o);
void orc_answers_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_answers_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
void orc_answers_step(struct oracle *o, struct orc_conn *c, bool judged);

/* A segment that the host forwarded was given back as it was, and has no effect. */
void orc_answers_unprocessed(struct orc_conn *c);

#endif
