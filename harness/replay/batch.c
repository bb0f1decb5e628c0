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
#include "replay/life.h"

#define BATCH_BYTES ((uint64_t)1 << 20) /* of payload: from here on a process costs nothing */
#define FORGET_PACKETS                                                                             \
    32768u /* of a long conversation: what was played need not stay in memory                      \
            */
#define TIMEOUT_S 20u
#define BYTES_PER_SECOND 2000000u /* added to the time-out */

/* The runs, in memory shared with the child that does them. */
struct batch_shared {
    uint32_t at;                        /* first run of the life in progress */
    uint32_t end;                       /* the first behind it */
    uint32_t sharing, place[LIFE_RUNS]; /* how many are really run in it, and which */
    uint32_t alone;                     /* runs before this one share no life */
    bool doubt; /* those from first on, because of what they showed together */
    uint32_t first, blamed;
    struct verdict together;
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
    const struct batch_shared *shared = batch->shared;
    const struct batch_file *file = file_of(context, shared->at);
    if (packets && packets % FORGET_PACKETS == 0) {
        capture_map_forget(file->file.map);
    }
    if (!progress_is_due(batch->progress)) {
        return;
    }
    uint32_t run = shared->at - file->first;
    output_rig(true);
    progress_say(batch->progress, "replay: %s: conversation %u of %u, %u of its %u packets",
                 shown(file->path), run / 2 + 1, file->file.flows, packets,
                 file->file.flow[run / 2].packets);
    output_rig(false);
}

static const struct flow *flow_of(const struct batch_file *file, uint32_t run)
{
    return &file->file.flow[(run - file->first) / 2];
}

/* The runs that share a life with the first of them, itself included. */
static void choose_runs(struct batch *batch, struct life *life, const struct batch_file *file)
{
    struct batch_shared *shared = batch->shared;
    uint32_t end = file->first + 2 * file->file.flows, last = shared->at;
    bool share = !batch->options->ran && shared->at >= shared->alone;
    life->runs = 0;
    for (uint32_t at = shared->at; at < end && life->runs < LIFE_RUNS; at++) {
        const struct flow *flow = flow_of(file, at);
        struct replay_result found = shared->result[at];
        bool wanted = found.tried && !judge_before(flow, &found);
        shared->result[at] = found;
        if (wanted && life->runs && !(share && life_may_share(flow))) {
            break;
        }
        last = at + 1;
        if (wanted) {
            enum flow_side side = (enum flow_side)((at - file->first) % 2);
            life->place[life->runs] = at;
            life->run[life->runs++] = (struct life_run){flow, side, found};
        }
        if (life->runs && !(share && life_may_share(flow))) {
            break;
        }
    }
    shared->end = last;
}

/* What several showed together and none alone is laid to the one that was under way. */
static void settle_doubt(struct batch_shared *shared)
{
    bool found = false;
    if (shared->at < shared->alone) {
        return;
    }
    for (uint32_t at = shared->first; at < shared->alone; at++) {
        enum verdict_kind kind = shared->result[at].kind;
        found |= kind != VERDICT_PASS && kind != VERDICT_INCONCLUSIVE;
    }
    if (shared->doubt && !found) {
        judge_together(&shared->result[shared->blamed], &shared->together);
    }
    shared->doubt = false;
}

/* From here on to the end of the life each is run alone. */
static void doubt(struct batch_shared *shared, uint32_t blamed, const struct verdict *verdict)
{
    shared->first = shared->at;
    shared->alone = shared->end;
    shared->blamed = blamed;
    shared->together = *verdict;
    shared->doubt = verdict->kind != VERDICT_PASS;
}

static void run_life(struct batch *batch, struct life *life, const struct batch_file *file)
{
    struct batch_shared *shared = batch->shared;
    const struct replay_options *wanted = batch->options;
    shared->sharing = life->runs;
    memcpy(shared->place, life->place, sizeof(shared->place));
    if (life->runs) {
        life_go(life);
    }
    if (life->runs > 1 && life->doubt) {
        uint32_t at = life->at < life->runs ? life->at : life->runs - 1;
        doubt(shared, life->place[at], &wanted->world->trace->verdict);
        return;
    }
    for (uint32_t i = 0; i < life->runs; i++) {
        shared->result[life->place[i]] = life->run[i].result;
    }
    if (life->runs && wanted->ran) {
        output_rig(true);
        wanted->ran(wanted->world->trace, file->path, life->run[0].flow, life->run[0].side,
                    &life->run[0].result);
        output_rig(false);
    }
    shared->at = shared->end;
    settle_doubt(shared);
}

/* In the child: the runs that are left. */
static void run_rest(void *context)
{
    static struct life life; /* where the driver does not reach it so easily */
    struct batch *batch = context;
    struct batch_shared *shared = batch->shared;
    const struct batch_file *before = NULL;
    life.options = batch->options;
    life.progress = say_run;
    life.context = batch;
    while (shared->at < batch->runs) {
        const struct batch_file *file = file_of(batch, shared->at);
        if (!before || file != before) {
            isolate_at_most(timeout_of(batch, file));
            before = file;
        }
        choose_runs(batch, &life, file);
        run_life(batch, &life, file);
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

/* The run of a life in which the driver died: each has a connection of its own. */
static uint32_t under_way(const struct batch_shared *shared, const struct trace *trace)
{
    uint32_t sharing = shared->sharing < LIFE_RUNS ? shared->sharing : LIFE_RUNS;
    for (uint32_t back = 1; back <= trace->count && back <= TRACE_RECORDS; back++) {
        uint32_t conn = trace->record[(trace->count - back) % TRACE_RECORDS].conn;
        if (conn < sharing) {
            return shared->place[conn] < shared->end ? shared->place[conn] : shared->at;
        }
    }
    return shared->at;
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
        struct batch_shared *shared = batch->shared;
        if (shared->at < batch->runs && shared->sharing > 1) {
            doubt(shared, under_way(shared, trace), &trace->verdict);
        } else if (shared->at < batch->runs) {
            batch_death(batch, shared->place[0]);
            shared->at = shared->end;
            settle_doubt(shared);
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
