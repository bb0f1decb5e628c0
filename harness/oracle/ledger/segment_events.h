/* SPDX-License-Identifier: MIT
 *
 * A segment as it arrives and as it was taken, and a frame as it goes out: what the pieces of both
 * halves are asked about.
 */
#ifndef ORACLE_LEDGER_SEGMENT_EVENTS_H
#define ORACLE_LEDGER_SEGMENT_EVENTS_H

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
    bool late;        /* the retransmission timer may have run out just before it, unseen */
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

#endif
