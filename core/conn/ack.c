/* SPDX-License-Identifier: MIT */
#include "conn/ack.h"

#include "conn/backlog.h"
#include "conn/disconnect.h"
#include "conn/output.h"
#include "conn/recover.h"
#include "conn/send.h"
#include "state/reach.h"
#include "tcp/accept.h"
#include "tcp/seq.h"

static uint32_t window_of(const struct chim_conn *c, const struct chim_segment *s)
{
    uint32_t window = s->window;
    if ((c->given_const.Flags & TCP_FLAG_WINDOW_SCALING_ENABLED) != 0) {
        window <<= chim_min32(c->given_const.SndWindScale, 14);
    }
    return window;
}

/* A round-trip sample, from the echo or from a segment sent once (WIRE-RTT-1). */
static void sample_rtt(struct chim_conn *c, const struct chim_segment *s)
{
    if (c->ts_on) {
        uint32_t ticks = chim_conn_ts_now(c) - s->opt.ts_echo;
        bool counted = !c->ts_cut || chim_seq_geq(s->opt.ts_echo, c->ts_base);
        if (s->opt.has_timestamp && counted && ticks <= 0x7FFFFFFFu) {
            uint64_t ms = chim_ticks_to_ms(c->obj.adapter, ticks);
            chim_rtt_sample(&c->rtt, ms > CHIM_RTO_MAX_MS ? CHIM_RTO_MAX_MS : (uint32_t)ms);
        }
    } else if (c->rtt_timing && chim_seq_geq(s->ack, c->rtt_seq)) {
        uint64_t ms = c->now - c->rtt_start_ms;
        c->rtt_timing = false;
        chim_rtt_sample(&c->rtt, ms > CHIM_RTO_MAX_MS ? CHIM_RTO_MAX_MS : (uint32_t)ms);
    }
}

/* SND.UNA moves. */
static void new_ack(struct chim_conn *c, const struct chim_segment *s)
{
    uint32_t before = c->snd_una;
    bool fin_acked = c->fin_queued && s->ack == c->snd_end + 1;
    uint32_t bytes = s->ack - before - (fin_acked ? 1 : 0);
    sample_rtt(c, s);
    c->fast_due = false;
    c->snd_una = s->ack;
    if (chim_seq_lt(c->snd_nxt, c->snd_una)) {
        c->snd_nxt = c->snd_una;
    }
    bool news = chim_recover_sacks(c, s);
    chim_recover_progress(c, s->ack - before);
    if (news && !c->cong.recovering) {
        chim_recover_duplicate(c); /* it counts although it moves SND.UNA (RFC 6675 section 2) */
    }
    c->rto_hold = false;
    c->rtx_total_ms = 0;
    if (c->rtx_mode == CHIM_RTX_DATA) {
        c->rtx_count = 0;
        c->rtx_mode = CHIM_RTX_OFF; /* output starts it again with a fresh RTO */
    }
    chim_send_acked(c, bytes);
    chim_neighbor_progress(c);
    if (fin_acked) {
        chim_disconnect_fin_acked(c);
    }
}

/* A genuine duplicate (RFC 5681 section 2), or with SACK news about what the peer holds (RFC 6675
 * section 2). The window compared is the one before this segment. */
static void old_ack(struct chim_conn *c, const struct chim_segment *s)
{
    if (c->snd_una == c->snd_max || chim_seq_lt(s->ack, c->snd_una)) {
        return;
    }
    bool news = chim_recover_sacks(c, s);
    bool same =
        s->payload_bytes == 0 && (s->flags & CHIM_TCP_FIN) == 0 && window_of(c, s) == c->snd_wnd;
    if (news || same) {
        chim_recover_duplicate(c);
    }
}

static void window_opened(struct chim_conn *c)
{
    c->rtx_mode = CHIM_RTX_OFF;
    c->rtx_count = 0;
    c->probe_round = 0;
    /* What was sent into the closed window goes again at once, which no recovery knows of. */
    c->snd_nxt = c->snd_una;
    c->fast_due = false;
    c->cong.recovering = false;
    chim_recover_forget(c);
}

/* The peer answered a probe and keeps its window closed: the next round (TMR-PER-1). */
static void probe_answered(struct chim_conn *c)
{
    if (c->probe_round < 0xFF) {
        c->probe_round++;
    }
    c->rtx_count = 0;
    c->rtx_begin_ms = c->now;
    chim_timer_start(c, CHIM_T_RETRANSMIT, chim_output_rto_ms(c, c->probe_round));
}

static void update_window(struct chim_conn *c, const struct chim_segment *s)
{
    if (chim_seq_lt(s->ack, c->snd_una) ||
        !chim_accept_window(c->snd_wl1, c->snd_wl2, s->seq, s->ack)) {
        return;
    }
    c->snd_wnd = window_of(c, s);
    c->max_snd_wnd = chim_max32(c->max_snd_wnd, c->snd_wnd);
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
}

void chim_ack_process(struct chim_conn *c, const struct chim_segment *s)
{
    bool probed = c->rtx_mode == CHIM_RTX_PERSIST && c->rtx_count != 0;
    c->went_back = false;
    if (chim_seq_gt(s->ack, c->snd_una)) {
        new_ack(c, s);
    } else {
        old_ack(c, s);
    }
    update_window(c, s);
    chim_backlog_review(c);
    if (c->rtx_mode == CHIM_RTX_PERSIST) {
        if (c->snd_wnd != 0) {
            window_opened(c);
        } else if (probed) {
            probe_answered(c);
        }
    } else if (c->rtx_mode == CHIM_RTX_FIN_WAIT_2 && c->state == TcpConnectionFinWait2) {
        c->rtx_mode = CHIM_RTX_OFF; /* an acceptable segment restarts it (TMR-FW2-1) */
    }
}
