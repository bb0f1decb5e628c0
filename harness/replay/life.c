/* SPDX-License-Identifier: MIT */
#include "replay/life.h"

#include "base/arena.h"
#include "base/pages.h"
#include "replay/judge.h"

#define LONG_BYTES ((uint64_t)16 << 20) /* from here on memory is used again, without a trace */
#define SHARED_BYTES ((uint64_t)64 << 10)
#define SHARED_PACKETS 256u
#define SHARED_NS (60ull * 1000000000u)
#define RETRANSMISSIONS 60 /* captures are silent for long where they lost frames */

bool life_may_share(const struct flow *flow)
{
    const struct flow_packet *first = &flow->packet[0], *last = &flow->packet[flow->packets - 1];
    return flow->data[0].end + flow->data[1].end < SHARED_BYTES && flow->packets < SHARED_PACKETS &&
           last->time_ns - first->time_ns < SHARED_NS;
}

static void life_begin(const struct life *life, struct play *play, struct life_run *run)
{
    const struct replay_options *wanted = life->options;
    play_init(play, wanted->world, run->flow, run->side, &run->result);
    play_behave(play, wanted->host, wanted->upload_every);
    play->hashed = wanted->sha256;
    play->progress = life->progress;
    play->progress_context = life->context;
}

/* One of several, taken to its end: what the target holds of it comes back. */
static void life_share(struct life *life, struct play *play, struct world *world)
{
    struct life_run *run = &life->run[life->at];
    const struct verdict good = {.kind = VERDICT_PASS};
    uint32_t warnings = world->judged.warnings;
    life_begin(life, play, run);
    play_conversation(play);
    play_take_back(play);
    judge_after(play, &good);
    run->result.warnings = world->judged.warnings - warnings;
    bool plain = run->result.kind == VERDICT_PASS && world->judged.kind == VERDICT_PASS &&
                 world->host.conn[play->conn].phase == HOST_OWNS;
    life->doubt |= !plain;
}

struct life_body {
    struct life *life;
    struct play *play;
};

static void life_body(struct world *world, void *context)
{
    struct life_body *body = context;
    struct life *life = body->life;
    play_listen(body->play, world);
    for (life->at = 0; life->at < life->runs && world->up; life->at++) {
        life_share(life, body->play, world);
        if (life->doubt) {
            return;
        }
    }
}

static void life_alone(struct world *world, void *context)
{
    struct life_body *body = context;
    play_listen(body->play, world);
    play_conversation(body->play);
}

void life_go(struct life *life)
{
    static struct play play;
    const struct replay_options *wanted = life->options;
    struct world *world = wanted->world;
    const struct flow *flow = life->run[0].flow;
    bool plain = !arena_instrumented() && !pages_on();
    struct world_options options = {
        .oracle_off = wanted->oracle_off,
        .strict = wanted->strict,
        .context_is_cell = wanted->context_is_cell,
        .trace_off = wanted->oracle_off || flow->data[0].end + flow->data[1].end > LONG_BYTES,
        .reuse = plain, /* else a stale pointer would not be seen */
    };
    world_default_parameters(&options.parameters);
    options.parameters.TcpMaximumRetransmissions = RETRANSMISSIONS;
    struct life_body body = {life, &play};
    life->at = 0;
    life->doubt = false;
    if (life->runs == 1) {
        life_begin(life, &play, &life->run[0]);
    }
    world_run(world, &options, life->runs == 1 ? life_alone : life_body, &body);
    world->frame_out = NULL;
    world->more = NULL;
    if (life->runs == 1) {
        judge_after(&play, &world->trace->verdict);
    } else if (world->trace->verdict.kind != VERDICT_PASS || life->at < life->runs) {
        life->doubt = true;
    }
}
