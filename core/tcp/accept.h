/* SPDX-License-Identifier: MIT
 *
 * Is a segment to be taken? The tests of RFC 9293 section 3.10.7.4 and RFC 5961, as pure functions.
 */
#ifndef CHIM_TCP_ACCEPT_H
#define CHIM_TCP_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

/* The four-case test (WIRE-SEQ-1). length counts payload, SYN and FIN. */
bool chim_accept_seq(uint32_t rcv_nxt, uint32_t window, uint32_t seq, uint32_t length);

enum chim_ack_verdict {
    CHIM_ACK_USABLE,  /* acknowledges something or repeats an old number within the range */
    CHIM_ACK_FUTURE,  /* above SND.MAX */
    CHIM_ACK_ANCIENT, /* below SND.UNA - MAX.SND.WND (RFC 5961 section 5.2) */
};

enum chim_ack_verdict chim_accept_ack(uint32_t snd_una, uint32_t snd_max, uint32_t max_snd_wnd,
                                      uint32_t ack);

/* Does the segment carry news about the send window (WIRE-SWND-2)? */
bool chim_accept_window(uint32_t wl1, uint32_t wl2, uint32_t seq, uint32_t ack);

/* PAWS (WIRE-PAWS-1): true when the timestamp is older than the recent one and that one is not
 * itself older than 24 days. */
bool chim_accept_paws_rejects(uint32_t ts_recent, uint64_t recent_age_ms, uint32_t ts_value);

#endif
