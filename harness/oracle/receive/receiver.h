/* SPDX-License-Identifier: MIT
 *
 * What the oracle knows of a connection's receiving half besides its byte ledger: which segments
 * wait for an answer, what has been acknowledged how late, what was offered, timestamps, blocks.
 */
#ifndef ORACLE_RECEIVER_H
#define ORACLE_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle/wire/wire_parse.h"

/* A segment as the receiving half sees it, before it changes any ledger. */
struct orc_seen {
    const struct orc_tcp *tcp;
    int64_t begin, end; /* payload, receive offsets */
    int64_t ack;        /* send offset */
    bool fin;
    bool doubtful;    /* it may not even have reached the target */
    bool sound;       /* it surely did, whole, and the connection runs normally */
    bool certain;     /* so, and flags and acknowledgement are beyond doubt */
    bool fresh;       /* its last byte had not come before */
    int64_t arrived;  /* had come without a hole before it */
    int64_t kept_end; /* no text from here on can be kept */
};

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
    uint32_t full, data;    /* segments accepted above the last ACK: full-sized ones, all */
    uint32_t received_step; /* segments that may be answered */
    uint32_t quiet_step;    /* of them those that must not be */
    uint32_t plain_step;    /* answers that said nothing new */
    uint8_t due;            /* enum orc_due */
    bool odd_step;          /* something came that may be answered as unacceptable */
    bool challenged;        /* an RST inside the window since the last acceptable segment */
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
};

/* Answers of the whole target. */
struct orc_replies {
    bool ever;
    uint64_t last_ns; /* when it last answered something unacceptable */
    bool stalled;     /* frames were refused once: when they left is not known */
};

/* What it offered. */
struct orc_offers {
    uint32_t largest;     /* payload received in one segment */
    uint32_t widest;      /* InitialRcvWnd that was in force once */
    int64_t posted_bytes; /* of the requests that wait */
    bool consumed_step;
    bool update_step; /* an update of the window was completed */
};

/* Timestamps, modular. */
struct orc_stamps {
    uint32_t anchor; /* a value sent or handed over, and when */
    uint64_t anchor_ns;
    uint32_t anchor_event;
    uint32_t sent;             /* highest value sent or handed over */
    uint32_t least, most;      /* TsRecent as of the last rest lies between these */
    uint32_t value;            /* last value received that may have become TsRecent, */
    int64_t first_ns, last_ns; /* and when it came first and last */
    bool bare;                 /* the next bytes came without the option, */
    int64_t bare_at;
};

/* What came beyond a hole. */
struct orc_held {
    bool kept;       /* all of it is surely held */
    int64_t due;     /* a hole was filled: RcvNxt is at least this; 0 = none was */
    uint64_t due_ns; /* since when */
    uint32_t due_event;
};

#define ORC_NEWEST 8u

/* Segments beyond a hole that came in this step: the first block holds the newest. */
struct orc_blocks {
    int64_t begin[ORC_NEWEST], end[ORC_NEWEST];
    uint32_t newest;
    bool others; /* something else came as well */
};

#endif
