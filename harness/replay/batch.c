/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/batch.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/evidence.h"
#include "base/shown.h"
#include "program/isolate.h"
#include "program/output.h"
#include "replay/judge.h"
#include "replay/play.h"

#define BATCH_BYTES ((uint64_t)1 << 20) /* of payload: from here on a process costs nothing */
#define LONG_BYTES ((uint64_t)16 << 20) /* from here on memory is used again, without a trace */
#define TIMEOUT_S 20u
#define RETRANSMISSIONS 60        /* captures are silent for long where they lost frames */
#define BYTES_PER_SECOND 2000000u /* added to the time-out */

/* The runs, in memory shared with the child that does them. */
struct batch_shared {
    uint32_t at; /* run in progress */
    struct replay_result result[];
};

static bool is_local(const struct replay_options *options, const struct flow *flow,
                     enum flow_side side)
{
    uint8_t address[16] = {0};
    const char *local = options->local;
    if (!local) {
        return true;
    }
    if (!strcmp(local, "client") || !strcmp(local, "server")) {
        return (side == FLOW_CLIENT) == !strcmp(local, "client");
    }
    return inet_pton(flow->v6 ? AF_INET6 : AF_INET, local, address) == 1 &&
           !memcmp(address, flow->end[side].address, 16);
}

void batch_add(struct batch *batch, const char *path, const struct flow_file *file)
{
    struct batch_file *added = &batch->file[batch->files++];
    *added = (struct batch_file){.path = strdup(path), .file = *file, .first = batch->runs};
    batch->runs += 2 * file->flows;
    batch->payload += file->payload;
}

bool batch_full(const struct batch *batch)
{
    /* What sees each run writes as they come, between the reports of the files. */
    return batch->files == BATCH_FILES || batch->payload >= BATCH_BYTES || batch->options->ran;
}

/* The file of a run. */
static struct batch_file *file_of(struct batch *batch, uint32_t run)
{
    uint32_t i = batch->files - 1;
    while (batch->file[i].first > run) {
        i--;
    }
    return &batch->file[i];
}

static unsigned timeout_of(const struct batch *batch, const struct batch_file *file)
{
    unsigned timeout = batch->options->timeout_s ? batch->options->timeout_s : TIMEOUT_S;
    return timeout + (unsigned)(file->file.payload / BYTES_PER_SECOND);
}

/* In the child, in a run now and then: how far this has come. */
static void say_run(void *context, uint32_t packets)
{
    const struct batch *batch = context;
    if (!progress_is_due(batch->progress)) {
        return;
    }
    const struct batch_shared *shared = batch->shared;
    const struct batch_file *file = file_of(context, shared->at);
    uint32_t run = shared->at - file->first;
    output_rig(true);
    progress_say(batch->progress, "replay: %s: conversation %u of %u, %u of its %u packets",
                 shown(file->path), run / 2 + 1, file->file.flows, packets,
                 file->file.flow[run / 2].packets);
    output_rig(false);
}

static void replay_run_one(struct batch *batch, const struct batch_file *file,
                           const struct flow *flow, enum flow_side side,
                           struct replay_result *result)
{
    static struct play play;
    static struct replay_result found; /* where the driver does not reach it so easily */
    const struct replay_options *wanted = batch->options;
    struct world *world = wanted->world;
    uint64_t bytes = flow->data[0].end + flow->data[1].end;
    struct world_options options = {
        .oracle_off = wanted->oracle_off,
        .strict = wanted->strict,
        .context_is_cell = wanted->context_is_cell,
        .trace_off = bytes > LONG_BYTES,
    };
    world_default_parameters(&options.parameters);
    options.parameters.TcpMaximumRetransmissions = RETRANSMISSIONS;
    found = *result;
    play_init(&play, world, flow, side, &found);
    play_behave(&play, wanted->host, wanted->upload_every);
    play.progress = say_run;
    play.progress_context = batch;
    world_run(world, &options, play_body, &play);
    world->frame_out = NULL;
    world->more = NULL;
    judge_after(&play, &world->trace->verdict);
    *result = found;
    if (wanted->ran) {
        output_rig(true);
        wanted->ran(world->trace, file->path, flow, side, result);
        output_rig(false);
    }
}

/* In the child: the runs that are left. */
static void run_rest(void *context)
{
    struct batch *batch = context;
    struct batch_shared *shared = batch->shared;
    const struct batch_file *before = NULL;
    for (; shared->at < batch->runs; shared->at++) {
        const struct batch_file *file = file_of(batch, shared->at);
        uint32_t run = shared->at - file->first;
        const struct flow *flow = &file->file.flow[run / 2];
        struct replay_result *result = &shared->result[shared->at];
        if (file != before) {
            isolate_at_most(timeout_of(batch, file));
            before = file;
        }
        if (result->tried && !judge_before(flow, result)) {
            replay_run_one(batch, file, flow, (enum flow_side)(run % 2), result);
        }
    }
}

/* The driver took its process along in a run, or left others behind after the last. */
static void batch_death(struct batch *batch, uint32_t at)
{
    const struct trace *trace = batch->options->world->trace;
    const struct batch_file *file = file_of(batch, at);
    struct replay_result *result = &batch->shared->result[at];
    uint32_t run = at - file->first;
    judge_death(result, &trace->verdict);
    if (batch->options->ran) {
        batch->options->ran(trace, file->path, &file->file.flow[run / 2], (enum flow_side)(run % 2),
                            result);
    }
}

static bool take_shared(struct batch *batch)
{
    size_t bytes = sizeof(struct batch_shared) + batch->runs * sizeof(struct replay_result);
    batch->shared = evidence_new(bytes);
    evidence_between_runs(batch->shared);
    for (uint32_t at = 0; batch->shared && at < batch->runs; at++) {
        const struct replay_options *options = batch->options;
        const struct batch_file *file = file_of(batch, at);
        const struct flow *flow = &file->file.flow[(at - file->first) / 2];
        bool wanted = ranges_have(&options->streams, flow->stream);
        batch->shared->result[at].event = VERDICT_NO_EVENT;
        batch->shared->result[at].tried =
            wanted && is_local(options, flow, (enum flow_side)((at - file->first) % 2));
    }
    return batch->shared != NULL;
}

bool batch_run(struct batch *batch)
{
    struct trace *trace = batch->options->world->trace;
    unsigned timeout = 0;
    for (uint32_t i = 0; i < batch->files; i++) {
        timeout += timeout_of(batch, &batch->file[i]);
    }
    if (!take_shared(batch)) {
        return false;
    }
    isolate_stall_after(batch->options->timeout_s ? batch->options->timeout_s : TIMEOUT_S);
    while (batch->shared->at < batch->runs) {
        trace_reset(trace);
        if (!isolate_run(run_rest, batch, trace, timeout)) {
            return false;
        }
        if (batch->shared->at < batch->runs) {
            batch_death(batch, batch->shared->at++);
        } else if (!isolate_ended_well()) {
            batch_death(batch, batch->runs - 1);
        }
    }
    return true;
}

const struct replay_result *batch_results(const struct batch *batch, uint32_t file, uint32_t flow)
{
    return &batch->shared->result[batch->file[file].first + 2 * flow];
}

void batch_fini(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->files; i++) {
        free(batch->file[i].path);
        flow_file_fini(&batch->file[i].file);
    }
    evidence_free(batch->shared);
    batch->files = batch->runs = 0;
    batch->payload = 0;
    batch->shared = NULL;
}
