/* SPDX-License-Identifier: MIT */
#include "tcp/accept.h"

#include "tcp/seq.h"

#define PAWS_IDLE_MS (24ull * 24 * 3600 * 1000)

static bool in_window(uint32_t rcv_nxt, uint32_t window, uint32_t seq)
{
    return seq - rcv_nxt < window;
}

bool chim_accept_seq(uint32_t rcv_nxt, uint32_t window, uint32_t seq, uint32_t length)
{
    if (length == 0) {
        return window == 0 ? seq == rcv_nxt : in_window(rcv_nxt, window, seq);
    }
    if (window == 0) {
        return false;
    }
    return in_window(rcv_nxt, window, seq) || in_window(rcv_nxt, window, seq + length - 1) ||
           /* longer than the whole window and starting before it */
           (chim_seq_lt(seq, rcv_nxt) && chim_seq_gt(seq + length, rcv_nxt + window));
}

enum chim_ack_verdict chim_accept_ack(uint32_t snd_una, uint32_t snd_max, uint32_t max_snd_wnd,
                                      uint32_t ack)
{
    if (chim_seq_gt(ack, snd_max)) {
        return CHIM_ACK_FUTURE;
    }
    if (chim_seq_lt(ack, snd_una) && snd_una - ack > max_snd_wnd) {
        return CHIM_ACK_ANCIENT;
    }
    return CHIM_ACK_USABLE;
}

bool chim_accept_window(uint32_t wl1, uint32_t wl2, uint32_t seq, uint32_t ack)
{
    return chim_seq_lt(wl1, seq) || (wl1 == seq && chim_seq_leq(wl2, ack));
}

bool chim_accept_paws_rejects(uint32_t ts_recent, uint64_t recent_age_ms, uint32_t ts_value)
{
    return chim_seq_lt(ts_value, ts_recent) && recent_age_ms < PAWS_IDLE_MS;
}
