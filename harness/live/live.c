/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "live/arp.h"
#include "live/http.h"
#include "live/tun.h"

#define NS_PER_SECOND 1000000000ull
#define BATCH 64u
#define WAIT_MAX_NS (NS_PER_SECOND / 5)
#define LINGER_NS (NS_PER_SECOND / 5) /* for a last acknowledgement that was lost */

volatile bool live_stop;

struct live {
    struct world *world;
    const struct live_options *options;
    struct live_result *result;
    struct session session;
    struct http_head head;
    char text[1024]; /* request or answer head */
    uint32_t text_length;
    uint64_t body; /* bytes of the file as announced */
    struct sha256_ctx hash;
    bool failed_write, known;     /* known: the gateway's hardware address */
    uint64_t real_ns, virtual_ns; /* of the same moment */
    uint64_t asked_ns, begun_ns, ended_ns, moved_ns, moved, done_ns;
};

static uint64_t real_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* The virtual time that it is now by the machine's clock. */
static uint64_t due_now(const struct live *live)
{
    return live->virtual_ns + (real_now() - live->real_ns);
}

/* ---- The application ---- */

static void give(void *context, uint64_t offset, uint8_t *out, uint32_t length)
{
    const struct live *live = context;
    for (; length && offset < live->text_length; length--) {
        *out++ = (uint8_t)live->text[offset++];
    }
    if (length) {
        memcpy(out, live->options->file + (offset - live->text_length), length);
    }
}

static void take_body(struct live *live, const uint8_t *bytes, uint32_t length)
{
    sha256_update(&live->hash, length, bytes);
    live->result->bytes += length;
    while (live->options->out >= 0 && length && !live->failed_write) {
        ssize_t written = write(live->options->out, bytes, length);
        live->failed_write = written < 0 && errno != EINTR;
        bytes += written > 0 ? written : 0;
        length -= written > 0 ? (uint32_t)written : 0;
    }
}

static void take_answer(struct live *live, const uint8_t *bytes, uint32_t length)
{
    bool before = live->head.whole;
    uint32_t used = http_head_take(&live->head, bytes, length);
    if (!before && live->head.whole) {
        live->result->status = http_status(&live->head, &live->body);
    }
    if (used < length) {
        take_body(live, bytes + used, length - used);
    }
    if (live->head.wrong || (live->head.whole && live->result->bytes >= live->body)) {
        live->ended_ns = live->ended_ns ? live->ended_ns : nds_now();
        session_send(&live->session, live->text_length, true);
    }
}

static void take_request(struct live *live, const uint8_t *bytes, uint32_t length)
{
    bool before = live->head.whole;
    http_head_take(&live->head, bytes, length);
    if (before || !(live->head.whole || live->head.wrong)) {
        return;
    }
    live->result->status = http_is_get(&live->head) ? 200 : 405;
    live->body = live->result->status == 200 ? live->options->file_bytes : 0;
    live->text_length =
        http_answer(live->text, sizeof(live->text), live->result->status, live->body);
    live->begun_ns = nds_now();
    session_send(&live->session, live->text_length + live->body, true);
}

static void take(void *context, const uint8_t *bytes, uint32_t length)
{
    struct live *live = context;
    if (live->options->serve) {
        take_request(live, bytes, length);
    } else {
        take_answer(live, bytes, length);
    }
}

/* ---- The wire ---- */

static void frame_out(void *context, const uint8_t *bytes, uint32_t length)
{
    const struct live *live = context;
    tun_write(live->options->tun, bytes, length);
}

static void other(void *context, const uint8_t *bytes, uint32_t length)
{
    struct live *live = context;
    uint8_t answer[ARP_FRAME_BYTES], mac[6];
    if (arp_answer(&live->options->local, bytes, length, answer)) {
        session_frame(&live->session, answer, ARP_FRAME_BYTES);
    }
    if (!live->known && !live->options->serve &&
        arp_tells(bytes, length, live->options->gateway, mac)) {
        live->known = true;
        session_connect(&live->session, mac);
    }
}

static bool more(void *context)
{
    struct live *live = context;
    return session_more(&live->session);
}

static void ask_for_gateway(struct live *live)
{
    uint8_t frame[ARP_FRAME_BYTES];
    if (live->options->serve || live->known || nds_now() < live->asked_ns) {
        return;
    }
    arp_ask(&live->options->local, live->options->gateway, frame);
    session_frame(&live->session, frame, ARP_FRAME_BYTES);
    live->asked_ns = nds_now() + NS_PER_SECOND;
}

/* Frames that wait, in one call into the driver. False: the device is gone. */
static bool live_receive(struct live *live, uint32_t *count)
{
    static uint8_t bytes[BATCH][TUN_FRAME_MAX];
    struct nds_wire_frame frames[BATCH];
    int length = 0;
    for (*count = 0; *count < BATCH; ++*count) {
        length = tun_read(live->options->tun, bytes[*count]);
        if (length <= 0) {
            break;
        }
        frames[*count] = (struct nds_wire_frame){bytes[*count], (uint32_t)length, TAP_NONE};
    }
    uint64_t now = due_now(live);
    world_advance(live->world, now > nds_now() ? now - nds_now() : 0);
    if (*count) {
        world_frames(live->world, frames, *count);
    }
    return length >= 0;
}

/* Sleeps until a frame or the next timer comes. */
static void wait(const struct live *live)
{
    uint64_t next = nds_next_timer(), now = due_now(live), session = session_next(&live->session);
    next = session < next ? session : next;
    uint64_t left = next > now ? next - now : 0;
    left = left < WAIT_MAX_NS ? left : WAIT_MAX_NS;
    struct pollfd end = {.fd = live->options->tun, .events = POLLIN};
    struct timespec timeout = {0, (long)left};
    ppoll(&end, 1, &timeout, NULL);
}

/* ---- The run ---- */

static void live_start(struct live *live)
{
    const struct live_options *o = live->options;
    live->world->context = live;
    live->world->frame_out = frame_out;
    live->world->more = more;
    live->real_ns = real_now();
    live->virtual_ns = live->moved_ns = nds_now();
    struct session_options options = {.local = o->local,
                                      .remote = o->remote,
                                      .listen = o->serve,
                                      .deferred = true,
                                      .timestamps = true,
                                      .sack = true,
                                      .scale = 7,
                                      .window = 1u << 20,
                                      .iss = (uint32_t)(live->real_ns >> 10),
                                      .reoffload = o->reoffload,
                                      .gap_ns = o->gap_ns,
                                      .context = live,
                                      .give = give,
                                      .take = take,
                                      .other = other};
    session_start(&live->session, live->world, &options);
    if (!o->serve) {
        live->text_length = http_request(live->text, sizeof(live->text), o->path, o->host);
        session_send(&live->session, live->text_length, false);
    }
}

/* Why to stop, or NULL. */
static const char *live_over(struct live *live)
{
    const struct session *session = &live->session;
    uint64_t moved = session->counts.taken + session->acked;
    if (moved != live->moved || (live->options->serve && session->state == SESSION_OPENING)) {
        live->moved = moved;
        live->moved_ns = nds_now();
    }
    if (live_stop) {
        return "interrupted";
    }
    if (session->state == SESSION_FAILED) {
        return session->failed;
    }
    if (nds_now() - live->moved_ns > live->options->idle_ns) {
        return live->known || live->options->serve ? "nothing moves any more"
                                                   : "nobody answers for the remote address";
    }
    if (session->state == SESSION_DONE) {
        live->done_ns = live->done_ns ? live->done_ns : nds_now();
        return nds_now() - live->done_ns > LINGER_NS ? "" : NULL;
    }
    return NULL;
}

static void note_times(struct live *live)
{
    const struct session *session = &live->session;
    if (!live->options->serve && !live->begun_ns && session->state == SESSION_OFFLOADED) {
        live->begun_ns = nds_now();
    }
    uint64_t all = live->text_length + live->body;
    if (live->options->serve && live->begun_ns && !live->ended_ns && session->acked >= all) {
        live->ended_ns = nds_now();
    }
}

static void live_finish(struct live *live, const char *why)
{
    struct live_result *result = live->result;
    const struct live_options *o = live->options;
    if (o->serve && live->result->status == 200) {
        sha256_update(&live->hash, o->file_bytes, o->file);
        uint64_t acked = live->session.acked;
        result->bytes = acked > live->text_length ? acked - live->text_length : 0;
    }
    sha256_digest(&live->hash, sizeof(result->hash), result->hash);
    result->counts = live->session.counts;
    result->seconds = live->ended_ns > live->begun_ns
                          ? (double)(live->ended_ns - live->begun_ns) / (double)NS_PER_SECOND
                          : 0;
    if (!*why && result->status != 200) {
        why = "the answer is not 200 OK";
    } else if (!*why && result->bytes != live->body) {
        why = "the connection ended before the file";
    } else if (!*why && live->failed_write) {
        why = "the file cannot be written";
    }
    result->complete = !*why;
    result->decided =
        result->complete || (result->status == 200 && !live_stop && !live->failed_write);
    snprintf(result->reason, sizeof(result->reason), "%s", why);
}

static void live_body(struct world *world, void *context)
{
    struct live *live = context;
    const struct live_options *o = live->options;
    const char *why = NULL;
    live_start(live);
    for (uint32_t turn = 0; !why; turn++) {
        uint32_t count;
        ask_for_gateway(live);
        if (!live_receive(live, &count)) {
            why = "the TAP device is gone";
            break;
        }
        note_times(live);
        why = live_over(live);
        if (o->progress && turn % 256 == 0) {
            o->progress(o->context, live->session.counts.taken + live->session.acked, live->body);
        }
        if (!why && !count) {
            wait(live);
        }
    }
    live_finish(live, why);
    world->frame_out = NULL;
    world->more = NULL;
}

void live_run(struct world *world, const struct live_options *options, struct live_result *result)
{
    static struct live live;
    memset(&live, 0, sizeof(live));
    memset(result, 0, sizeof(*result));
    live.world = world;
    live.options = options;
    live.result = result;
    sha256_init(&live.hash);
    struct world_options world_options = {.oracle_off = options->oracle_off,
                                          .strict = options->strict,
                                          .context_is_cell = options->context_is_cell,
                                          .reuse = true};
    world_run(world, &world_options, live_body, &live);
    struct verdict *verdict = &world->trace->verdict;
    if (!result->complete && verdict->kind == VERDICT_PASS) {
        verdict->kind = result->decided ? VERDICT_HANG : VERDICT_INCONCLUSIVE;
        snprintf(verdict->actual, sizeof(verdict->actual), "%s", result->reason);
    }
}
