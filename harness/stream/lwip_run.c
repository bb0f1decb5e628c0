/* SPDX-License-Identifier: MIT */
#include "stream/lwip_run.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "base/payload.h"
#include "peer/lwip_peer.h"

#define MS 1000000ull
#define STALL_NS (600000 * MS) /* virtual time without a byte */
#define LINGER_NS (5000 * MS)  /* for last acknowledgements that were lost */
#define PROGRESS_EVERY 4096u
#define COMPARED 4096u

struct run {
    struct world *world;
    const struct stream_options *options;
    struct stream_result *result;
    struct session session;
    struct link link;
    struct sha256_ctx sent[STREAM_WAYS], taken[STREAM_WAYS];
    uint64_t moved, moved_ns; /* bytes so far, and since when so many */
};

static enum payload_direction direction(enum stream_way way)
{
    return way == STREAM_TO_TARGET ? PAYLOAD_TO_TARGET : PAYLOAD_FROM_TARGET;
}

/* What is given for the first time counts as sent. */
static void sent(struct run *run, enum stream_way way, uint64_t offset, const uint8_t *bytes,
                 uint32_t length)
{
    struct stream_side *side = &run->result->side[way];
    if (offset <= side->sent && offset + length > side->sent) {
        uint32_t skip = (uint32_t)(side->sent - offset);
        sha256_update(&run->sent[way], length - skip, bytes + skip);
        side->sent += length - skip;
    }
}

static void target_gives(void *context, uint64_t offset, uint8_t *out, uint32_t length)
{
    payload_fill(out, 0, PAYLOAD_FROM_TARGET, offset, length, 0);
    sent(context, STREAM_FROM_TARGET, offset, out, length);
}

static void lwip_gives(void *context, uint64_t offset, uint8_t *out, uint32_t length)
{
    struct run *run = context;
    uint64_t spoil = run->options->spoil_at;
    payload_fill(out, 0, PAYLOAD_TO_TARGET, offset, length, 0);
    sent(run, STREAM_TO_TARGET, offset, out, length);
    if (spoil >= offset && spoil - offset < length) {
        out[spoil - offset] ^= 1;
    }
}

static void lwip_run_compare(struct stream_side *side, enum stream_way way, const uint8_t *bytes,
                             uint32_t length)
{
    static uint8_t expected[COMPARED];
    payload_fill(expected, 0, direction(way), side->taken, length, 0);
    if (side->wrong_at >= 0 || !memcmp(expected, bytes, length)) {
        return;
    }
    uint32_t at = 0;
    while (expected[at] == bytes[at]) {
        at++;
    }
    side->wrong_at = (int64_t)(side->taken + at);
    side->expected = expected[at];
    side->actual = bytes[at];
}

static void take(struct run *run, enum stream_way way, const uint8_t *bytes, uint32_t length)
{
    struct stream_side *side = &run->result->side[way];
    sha256_update(&run->taken[way], length, bytes);
    while (length) {
        uint32_t piece = length < COMPARED ? length : COMPARED;
        lwip_run_compare(side, way, bytes, piece);
        side->taken += piece;
        bytes += piece;
        length -= piece;
    }
}

static void target_takes(void *context, const uint8_t *bytes, uint32_t length)
{
    take(context, STREAM_TO_TARGET, bytes, length);
}

static void lwip_takes(void *context, const uint8_t *bytes, uint32_t length)
{
    take(context, STREAM_FROM_TARGET, bytes, length);
}

static void target_sends(void *context, const uint8_t *bytes, uint32_t length)
{
    struct run *run = context;
    link_send(&run->link, LINK_FROM_TARGET, nds_now(), bytes, length);
}

static void lwip_sends(void *context, const uint8_t *bytes, uint32_t length)
{
    struct run *run = context;
    link_send(&run->link, LINK_TO_TARGET, nds_now(), bytes, length);
}

static bool more(void *context)
{
    struct run *run = context;
    return session_more(&run->session);
}

static void set_ends(const struct world *world, struct endpoint *target, struct endpoint *lwip)
{
    memset(target, 0, sizeof(*target));
    memset(lwip, 0, sizeof(*lwip));
    memcpy(target->mac, world->mac, 6);
    memcpy(target->address, (const uint8_t[4]){10, 0, 0, 1}, 4);
    target->port = 5000;
    memcpy(lwip->mac, (const uint8_t[6]){2, 0xAA, 0xBB, 0xCC, 0xDD, 1}, 6);
    memcpy(lwip->address, (const uint8_t[4]){10, 0, 1, 2}, 4);
    lwip->port = 7;
}

static bool lwip_run_start(struct run *run)
{
    const struct stream_options *o = run->options;
    struct endpoint target, lwip;
    set_ends(run->world, &target, &lwip);
    link_init(&run->link, &o->link);
    run->world->context = run;
    run->world->frame_out = target_sends;
    run->world->more = more;
    struct session_options session = {.local = target,
                                      .remote = lwip,
                                      .listen = o->listen,
                                      .timestamps = true,
                                      .sack = true,
                                      .scale = 4,
                                      .window = 256u << 10,
                                      .iss = 0xFFFF0000u,
                                      .reoffload = o->reoffload,
                                      .gap_ns = o->gap_ns,
                                      .patient = true,
                                      .context = run,
                                      .give = target_gives,
                                      .take = target_takes};
    struct lwip_peer_options peer = {.local = lwip,
                                     .target = target,
                                     .connects = o->listen,
                                     .bytes = o->bytes,
                                     .context = run,
                                     .frame_out = lwip_sends,
                                     .give = lwip_gives,
                                     .take = lwip_takes};
    if (!lwip_peer_open(&peer, nds_now())) {
        return false;
    }
    session_start(&run->session, run->world, &session);
    session_send(&run->session, o->bytes, true);
    world_settle(run->world);
    return true;
}

/* Goes on to the next moment at which something happens, and lets it happen. */
static void next_moment(struct run *run)
{
    uint64_t now = nds_now(), at = nds_next_timer();
    uint64_t others[3] = {link_next(&run->link), lwip_peer_next(), session_next(&run->session)};
    for (unsigned i = 0; i < 3; i++) {
        at = others[i] < at ? others[i] : at;
    }
    world_advance(run->world, at > now ? at - now : 0);
    lwip_peer_timers(nds_now());
    enum link_way way;
    uint32_t length;
    const uint8_t *bytes = link_take(&run->link, nds_now(), &way, &length);
    if (bytes && way == LINK_TO_TARGET) {
        world_frames(run->world, &(struct nds_wire_frame){bytes, length, TAP_NONE}, 1);
    } else if (bytes) {
        lwip_peer_frame(bytes, length, nds_now());
    }
}

static bool stands_still(struct run *run)
{
    const struct stream_side *side = run->result->side;
    uint64_t moved = side[0].sent + side[0].taken + side[1].sent + side[1].taken;
    if (moved != run->moved) {
        run->moved = moved;
        run->moved_ns = nds_now();
    }
    return nds_now() - run->moved_ns > STALL_NS;
}

static const char *failure(struct run *run)
{
    const struct stream_side *side = run->result->side;
    if (side[0].wrong_at >= 0 || side[1].wrong_at >= 0) {
        return "a byte differs";
    }
    if (lwip_peer_status()->failed) {
        return "lwIP gave the connection up";
    }
    if (stands_still(run)) {
        return "the streams stand still";
    }
    return run->session.state == SESSION_FAILED ? run->session.failed : NULL;
}

/* Damage that the oracle has not seen, as a verdict at this event. */
static void lwip_run_damaged(struct run *run, const char *reason)
{
    static const char *const names[STREAM_WAYS] = {"to the target", "from the target"};
    struct trace *trace = run->world->trace;
    struct verdict *verdict = &trace->verdict;
    if (verdict->kind != VERDICT_PASS) {
        return;
    }
    verdict->kind = VERDICT_HANG;
    verdict->event = trace->count - 1;
    verdict->time_ns = nds_now();
    verdict->violations++;
    const struct stream_side *side = run->result->side;
    snprintf(verdict->actual, sizeof(verdict->actual),
             "%s: %llu of %llu bytes to the target and %llu from the target have arrived", reason,
             (unsigned long long)side[0].taken, (unsigned long long)run->options->bytes,
             (unsigned long long)side[1].taken);
    for (unsigned way = 0; way < STREAM_WAYS; way++) {
        if (side[way].wrong_at >= 0) {
            verdict->kind = VERDICT_VIOLATION;
            snprintf(verdict->expected, sizeof(verdict->expected),
                     "byte %lld of the stream %s is 0x%02x", (long long)side[way].wrong_at,
                     names[way], side[way].expected);
            snprintf(verdict->actual, sizeof(verdict->actual), "0x%02x", side[way].actual);
        }
    }
}

/* Both ends are done with each other, and nobody waits for a last acknowledgement any more. */
static bool over(const struct run *run)
{
    return run->session.state == SESSION_DONE && lwip_peer_status()->closed &&
           nds_now() - run->moved_ns > LINGER_NS;
}

static bool whole(const struct run *run)
{
    for (unsigned way = 0; way < STREAM_WAYS; way++) {
        const struct stream_side *side = &run->result->side[way];
        if (side->sent != run->options->bytes || side->taken != run->options->bytes ||
            memcmp(side->sent_hash, side->taken_hash, sizeof(side->sent_hash)) != 0) {
            return false;
        }
    }
    return true;
}

static void hash_up(struct run *run)
{
    for (unsigned way = 0; way < STREAM_WAYS; way++) {
        sha256_digest(&run->sent[way], 32, run->result->side[way].sent_hash);
        sha256_digest(&run->taken[way], 32, run->result->side[way].taken_hash);
    }
}

/* The streams run over IPv4: without it nothing can be said. */
static bool offered(struct world *world)
{
    struct verdict *verdict = &world->trace->verdict;
    bool ours = host_family_offered(false);
    if (!ours && verdict->kind == VERDICT_PASS) {
        verdict->kind = VERDICT_INCONCLUSIVE;
        verdict->event = VERDICT_NO_EVENT;
        snprintf(verdict->actual, sizeof(verdict->actual), "the driver does not advertise IPv4");
    }
    return ours;
}

static void lwip_run_body(struct world *world, void *context)
{
    struct run *run = context;
    struct stream_result *result = run->result;
    const struct stream_options *o = run->options;
    if (!offered(world)) {
        return;
    }
    run->world = world;
    uint64_t begun_ns = run->moved_ns = nds_now();
    const char *failed = lwip_run_start(run) ? NULL : "lwIP is out of memory";
    for (uint32_t turn = 0; !failed && !over(run); turn++) {
        next_moment(run);
        failed = failure(run);
        if (o->progress && turn % PROGRESS_EVERY == 0) {
            o->progress(o->context, result->side[0].taken + result->side[1].taken, 2 * o->bytes);
        }
    }
    hash_up(run);
    result->virtual_ns = nds_now() - begun_ns;
    result->counts = run->session.counts;
    memcpy(result->link, run->link.counts, sizeof(result->link));
    result->complete = !failed && whole(run);
    if (!result->complete) {
        lwip_run_damaged(run, failed ? failed : "the streams differ");
    }
    world->frame_out = NULL; /* the ends are done with each other */
    world->more = NULL;
}

void stream_run(struct world *world, const struct stream_options *options,
                struct stream_result *result)
{
    static struct run run;
    memset(&run, 0, sizeof(run));
    memset(result, 0, sizeof(*result));
    run.options = options;
    run.result = result;
    for (unsigned way = 0; way < STREAM_WAYS; way++) {
        result->side[way].wrong_at = -1;
        sha256_init(&run.sent[way]);
        sha256_init(&run.taken[way]);
    }
    struct world_options world_options = {
        .strict = options->strict, .context_is_cell = options->context_is_cell, .reuse = true};
    world_run(world, &world_options, lwip_run_body, &run);
}
