/* SPDX-License-Identifier: MIT */
#include "replay/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "peer/segment.h"

static void say(struct replay_result *result, enum verdict_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct replay_result *result, enum verdict_kind kind, const char *format, ...)
{
    va_list list;
    result->kind = kind;
    va_start(list, format);
    vsnprintf(result->reason, sizeof(result->reason), format, list);
    va_end(list);
}

/* Whether an end sent anything but SYNs and resets. */
static bool speaks(const struct flow *flow, enum flow_side side, bool *payload)
{
    bool any = false;
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (p->from == side) {
            any |= p->kind != FLOW_SEGMENT || !(p->flags & (SEG_SYN | SEG_RST));
            *payload |= p->kind != FLOW_SEGMENT || p->payload;
        }
    }
    return any;
}

/* Nothing in the capture belongs to a connection: a SYN without an answer, or only its answer, a
 * refusal, a probe that a reset answers. */
static bool no_connection(const struct flow *flow)
{
    bool payload[2] = {false, false};
    bool client = speaks(flow, FLOW_CLIENT, &payload[0]);
    bool server = speaks(flow, FLOW_SERVER, &payload[1]);
    if (flow->handshake || flow->header_cut || (payload[0] && payload[1])) {
        return false;
    }
    bool probe = client != server && flow->end[client ? FLOW_SERVER : FLOW_CLIENT].packets &&
                 !flow->end[client ? FLOW_SERVER : FLOW_CLIENT].syn_seen &&
                 !payload[client ? FLOW_CLIENT : FLOW_SERVER];
    return (!client && !server) || probe;
}

static const char *no_connection_words(const struct flow *flow)
{
    bool answered = flow->end[FLOW_SERVER].packets != 0;
    bool accepted = flow->end[FLOW_SERVER].syn_seen;
    bool asked = flow->end[FLOW_CLIENT].syn_seen;
    return accepted    ? "no connection: the answer to the SYN is not acknowledged"
           : !asked    ? "no connection: nothing but resets, and what they answer"
           : !answered ? "no connection: a SYN that nobody answers"
                       : "no connection: a reset answers the SYN";
}

bool judge_before(const struct flow *flow, struct replay_result *result)
{
    if (no_connection(flow)) {
        say(result, VERDICT_INCONCLUSIVE, "%s", no_connection_words(flow));
        result->no_connection = true;
    } else if (flow->one_sided && !flow->adaptive) {
        say(result, VERDICT_INCONCLUSIVE, "the capture holds one direction only");
    } else if (flow->header_cut && (!flow->adaptive || flow->started == START_NONE)) {
        say(result, VERDICT_INCONCLUSIVE,
            "frames cut short by the snap length, inside TCP headers");
    } else if (flow->started == START_NONE) {
        say(result, VERDICT_INCONCLUSIVE, "no handshake in the capture, and no two ends that talk");
    } else if (flow->data[0].failed || flow->data[1].failed) {
        say(result, VERDICT_INCONCLUSIVE, "streams of more than 4 GiB, or out of memory");
    }
    return result->kind == VERDICT_INCONCLUSIVE;
}

static void from_oracle(struct replay_result *result, const struct verdict *verdict)
{
    snprintf(result->rule, sizeof(result->rule), "%s", verdict->rule);
    result->event = verdict->event;
    result->time_ns = verdict->time_ns;
    if (verdict->expected[0]) {
        say(result, verdict->kind, "expected %s vs actual %s (event %u, %.3f ms)",
            verdict->expected, verdict->actual, verdict->event, (double)verdict->time_ns / 1e6);
    } else {
        say(result, verdict->kind, "%s", verdict->actual);
    }
}

void judge_both(const struct flow *flow, struct replay_result result[2])
{
    uint64_t captured = 0, expected = 0;
    bool pass = true;
    for (uint32_t side = 0; side < 2; side++) {
        pass &= !result[side].tried || (result[side].kind == VERDICT_PASS && result[side].ran);
        captured += result[side].captured;
        expected += result[side].expected;
    }
    struct replay_result *worse =
        &result[result[FLOW_SERVER].expected > result[FLOW_CLIENT].expected || !result[0].tried];
    if (!pass || captured || !flow->adaptive) {
        return;
    }
    bool payload = false;
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        payload |= p->payload && !(p->flags & (SEG_SYN | SEG_RST));
    }
    if (payload && !expected) {
        say(worse, VERDICT_INCONCLUSIVE, "no payload that its numbers make a part of the streams");
    } else if (expected) {
        say(worse, VERDICT_INCONCLUSIVE, "the capture holds none of the %llu bytes of payload",
            (unsigned long long)expected);
    } else if (flow->one_sided) {
        say(worse, VERDICT_INCONCLUSIVE, "the capture holds one direction only, without payload");
    }
}

void judge_death(struct replay_result *result, const struct verdict *verdict)
{
    from_oracle(result, verdict);
}

void judge_together(struct replay_result *result, const struct verdict *verdict)
{
    size_t used;
    from_oracle(result, verdict);
    used = strlen(result->reason);
    snprintf(result->reason + used, sizeof(result->reason) - used,
             "; only behind the conversations before it, in one life of the adapter");
}

static const char *upload_reason(uint32_t reason)
{
    static const char *const names[] = {
        "no reason",         "low activity",  "drop rate",         "small I/O",
        "no posted buffers", "urgent data",   "fragmentation",     "out-of-order packets",
        "a timeout",         "invalid state", "an upload request", "hardware failure"};
    return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "an unknown reason";
}

/* Fewer bytes than the capture holds: is that the capture's own end of the matter? */
static void judge_short_stream(struct play *play)
{
    struct replay_result *r = play->result;
    const struct host_conn *conn = &play->world->host.conn[play->conn];
    const unsigned long long got = r->bytes, all = r->expected;
    if (play->remote_reset) {
        say(r, VERDICT_PASS, "reset by the remote end: %llu of %llu bytes had been delivered", got,
            all);
    } else if (play->aborted) {
        say(r, VERDICT_PASS, "reset by the local end: %llu of %llu bytes had been delivered", got,
            all);
    } else if (local_must_upload(play)) {
        bool urgent = conn->retrieve == ReceivedUrgentData;
        say(r, urgent ? VERDICT_PASS : VERDICT_INCONCLUSIVE,
            "uploaded because of %s at byte %llu of %llu; compared up to there",
            upload_reason(conn->retrieve), got, all);
    } else if (conn->saw_abort) {
        say(r, VERDICT_INCONCLUSIVE, "the target gave the connection up at byte %llu of %llu", got,
            all);
    } else {
        snprintf(r->rule, sizeof(r->rule), "REPLAY-STREAM");
        say(r, VERDICT_VIOLATION,
            "expected %llu bytes delivered vs actual %llu, though %llu were offered again", all,
            got, (unsigned long long)r->resent);
    }
}

static uint64_t bytes_known(const struct stream *data)
{
    uint64_t known = 0;
    for (uint32_t i = 0; i < data->pieces; i++) {
        known += data->piece[i].bytes ? data->piece[i].end - data->piece[i].begin : 0;
    }
    return known;
}

/* What was compared of the stream. */
static void judge_adapted(struct play *play)
{
    struct replay_result *r = play->result;
    if (r->reason[0]) {
        return;
    }
    if (r->compared < r->expected) {
        say(r, VERDICT_PASS, "compared %llu of %llu bytes%s", (unsigned long long)r->compared,
            (unsigned long long)r->expected,
            r->captured < r->expected ? ": the capture lacks the others" : "");
    } else if (play->other_copies) {
        say(r, VERDICT_PASS, "%llu bytes from another copy of overlapping segments",
            (unsigned long long)play->other_copies);
    }
}

static void judge_stream(struct play *play)
{
    struct replay_result *r = play->result;
    const struct flow *flow = play->flow;
    const struct stream *data = &flow->data[play->remote];
    uint64_t cut_at = play->unknown_at, missing = flow->missing[play->remote];
    if (play->wrong_at >= 0) {
        uint64_t at = (uint64_t)play->wrong_at;
        snprintf(r->rule, sizeof(r->rule), "REPLAY-STREAM");
        if (at < data->next) {
            uint8_t right;
            stream_copy(data, at, &right, 1);
            say(r, VERDICT_VIOLATION, "expected 0x%02x at byte %llu vs actual 0x%02x", right,
                (unsigned long long)at, play->wrong_value);
        } else {
            say(r, VERDICT_VIOLATION, "expected %llu bytes vs actual 0x%02x at byte %llu",
                (unsigned long long)data->next, play->wrong_value, (unsigned long long)at);
        }
    } else if (r->bytes < r->expected) {
        judge_short_stream(play);
    }
    if (r->kind != VERDICT_PASS) {
        return;
    }
    if (flow->adaptive) {
        judge_adapted(play);
    } else if (cut_at != UINT64_MAX) {
        say(r, VERDICT_INCONCLUSIVE, "payload cut by the snap length from byte %llu of the %s on",
            (unsigned long long)cut_at, play->remote == FLOW_CLIENT ? "client" : "server");
    } else if (missing && !play->remote_reset && !play->aborted) {
        bool fin = missing == 1 && !stream_ahead(data); /* an ACK beyond the end may mean either */
        say(r, VERDICT_INCONCLUSIVE, "capture lost %llu %s at %llu of the %s",
            (unsigned long long)missing,
            fin            ? "byte or FIN"
            : missing == 1 ? "byte"
                           : "bytes",
            (unsigned long long)data->next, play->remote == FLOW_CLIENT ? "client" : "server");
    } else if (!r->reason[0] && play->other_copies) {
        say(r, VERDICT_PASS, "%llu bytes from another copy of overlapping segments",
            (unsigned long long)play->other_copies);
    }
}

void judge_after(struct play *play, const struct verdict *verdict)
{
    struct replay_result *r = play->result;
    r->bytes = play->delivered;
    r->expected = play->flow->data[play->remote].next;
    r->warnings = verdict->warnings;
    r->compared = play->compared;
    r->captured = bytes_known(&play->flow->data[play->remote]);
    r->hashed = play->hashed;
    if (play->hashed) {
        sha256_digest(&play->hash, sizeof(r->sha256), r->sha256);
    }
    if (verdict->kind != VERDICT_PASS) {
        from_oracle(r, verdict);
    } else if (!r->ran) {
        say(r, VERDICT_INCONCLUSIVE,
            host_family_offered(play->flow->v6)
                ? "the target did not take the connection"
                : "the target does not advertise connections of this version of IP");
    } else {
        r->kind = VERDICT_PASS;
        judge_stream(play);
    }
}
