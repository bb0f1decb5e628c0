/* SPDX-License-Identifier: MIT
 *
 * The scripted remote end: it sends what the program says, remembers what it has sent and what the
 * target has sent and acknowledged, and can acknowledge by itself. It has no timers.
 */
#ifndef PEER_PEER_H
#define PEER_PEER_H

#include "base/choice.h"
#include "peer/segment.h"

#define PEER_AHEAD_MAX 8

struct peer_range {
    uint32_t begin, end;
};

struct peer_conn {
    bool ipv6, tagged, timestamps, sack, auto_ack;
    uint16_t vlan;
    struct endpoint local, remote;           /* local = the target's end */
    uint32_t irs;                            /* first data byte of the stream to the target */
    uint32_t snd_nxt;                        /* end of what was sent without a gap */
    uint32_t snd_una;                        /* highest acknowledgement seen from the target */
    struct peer_range ahead[PEER_AHEAD_MAX]; /* sent beyond a gap */
    uint32_t ahead_count;
    bool fin_sent;
    uint32_t fin_seq;
    uint32_t iss;                           /* first data byte of the stream from the target */
    uint32_t rcv_nxt;                       /* contiguous from the target */
    uint32_t rcv_max;                       /* end of the highest byte seen */
    struct peer_range held[PEER_AHEAD_MAX]; /* received beyond a gap */
    uint32_t held_count;
    bool fin_seen, rst_seen;
    uint16_t window;        /* raw field that it advertises */
    uint16_t usual_window;  /* the same, as it began; 0 = not yet changed */
    bool closed;            /* it keeps its window at zero: data is answered, not taken */
    uint32_t behind;        /* its segments acknowledge so much less than has come */
    uint8_t scale_in;       /* shift of the target's window field */
    uint32_t target_window; /* bytes, last advertised */
    uint32_t ts_clock, ts_recent;
    uint32_t payload_conn; /* connection of the payload function */
    uint64_t payload_base; /* stream offset of irs */
};

/* The window that a segment announces. */
#define PEER_WINDOWS(X)                                                                            \
    X(PEER_WINDOW_DEFAULT, "default", "the one that the peer has")                                 \
    X(PEER_WINDOW_ZERO, "zero", "closed")                                                          \
    X(PEER_WINDOW_SMALL, "small", "at most 100")                                                   \
    X(PEER_WINDOW_FULL, "full", "65535, before the scale")                                         \
    X(PEER_WINDOW_CHOSEN, "chosen", "window-value, before the scale; of a segment 1")
enum peer_window { PEER_WINDOWS(CHOICE_VALUE) };

/* Odd lists of options, with their bytes. */
#define PEER_OPTIONS(X)                                                                            \
    X(PEER_OPTIONS_NONE, "none", "none but the timestamps", 0)                                     \
    X(PEER_OPTIONS_UNKNOWN, "unknown", "an unknown kind, NOPs", 8, 253, 4, 1, 2, 1, 1, 1, 1)       \
    X(PEER_OPTIONS_END, "end", "the end of the list, rubbish behind", 4, 0, 99, 99, 99)            \
    X(PEER_OPTIONS_SYN_ONLY, "syn-only", "window scale and MSS outside of a SYN", 8, 3, 3, 7, 1,   \
      2, 4, 5, 0xB4)                                                                               \
    X(PEER_OPTIONS_LENGTH_0, "length-0", "an option of length 0", 4, 254, 0, 1, 1)                 \
    X(PEER_OPTIONS_TOO_LONG, "too-long", "one that ends past the header", 4, 254, 40, 1, 1)        \
    X(PEER_OPTIONS_SHORT_TS, "short-timestamps", "timestamps of a wrong length", 12, 8, 9, 0, 0,   \
      0, 1, 0, 0, 0, 1, 1, 1)                                                                      \
    X(PEER_OPTIONS_SHORT_SACK, "short-sack", "SACK of a wrong length, SACK permitted", 8, 5, 3, 1, \
      1, 4, 2, 1, 1)
enum peer_options { PEER_OPTIONS(CHOICE_VALUE) };

/* Added to the peer's clock in a timestamp. No two of them are 2^31 apart, where older and newer
 * cannot be told. */
#define PEER_STAMPS(X)                                                                             \
    X(PEER_STAMP_NOW, "now", "the peer's clock", 0)                                                \
    X(PEER_STAMP_ONE_OLDER, "one-older", "one tick below it", -1)                                  \
    X(PEER_STAMP_DAY_OLDER, "day-older", "a day of milliseconds below it", -86400000)              \
    X(PEER_STAMP_OLDEST, "oldest", "2^30 below it", -0x40000000)                                   \
    X(PEER_STAMP_NEWER, "newer", "a second above it", 1000)                                        \
    X(PEER_STAMP_NEWEST, "newest", "2^29 above it", 0x20000000)
enum peer_stamp { PEER_STAMPS(CHOICE_VALUE) };

/* How the first block of a SACK report is bent. */
#define PEER_REPORTS(X)                                                                            \
    X(PEER_REPORT_RIGHT, "right", "it is not")                                                     \
    X(PEER_REPORT_REVERSED, "reversed", "its end and its begin changed")                           \
    X(PEER_REPORT_EMPTY, "empty", "it ends where it begins")                                       \
    X(PEER_REPORT_OLD, "old", "it lies below the acknowledgement: a D-SACK")                       \
    X(PEER_REPORT_BEYOND, "beyond", "it lies above what was sent")                                 \
    X(PEER_REPORT_WHOLE, "whole", "it begins at the acknowledgement")
enum peer_report { PEER_REPORTS(CHOICE_VALUE) };

/* What one `seg` of a program asks for. */
struct peer_send {
    bool from_una;  /* relative to what the target acknowledged instead of snd_nxt */
    int32_t offset; /* bytes from that point */
    uint32_t length;
    uint8_t flags; /* SEG_*; ACK is added unless no_ack */
    bool no_ack, bad_checksum, bad_ip_checksum, old_ts, no_ts, two_ts, late_ts, other_content;
    bool trailer;      /* bytes behind the datagram */
    uint8_t priority;  /* of the tag; 0 = no tag for it alone */
    int32_t ack_delta; /* added to the right acknowledgement */
    int64_t stamp;     /* added to the clock */
    enum peer_window window;
    uint16_t urgent;
    enum peer_options odd_options;
};

/* Builds the segment into frame; returns its length. Counts it as sent unless it is blind. */
uint32_t peer_segment(struct peer_conn *peer, const struct peer_send *send, uint8_t *payload_room,
                      struct segment *out);
/* The window field of a choice (see peer_send), value that of the chosen one; keep: it stays that
 * from now on. */
uint16_t peer_window(struct peer_conn *peer, enum peer_window choice, uint16_t value, bool keep);
/* From now on its segments announce this window and acknowledge so many bytes less. */
void peer_says(struct peer_conn *peer, uint32_t behind, enum peer_window choice, uint16_t value);
/* Bends the first block of a report. */
void peer_report(const struct peer_conn *peer, enum peer_report choice, struct segment *out);
/* A pure acknowledgement of what has come. */
void peer_ack_segment(const struct peer_conn *peer, struct segment *out);
/* Takes note of a frame of the target. True if an acknowledgement is due. */
bool peer_receive(struct peer_conn *peer, const struct segment *segment);

#endif
