/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/worker.h"

#include <string.h>

#include "base/evidence.h"
#include "base/shown.h"
#include "program/isolate.h"
#include "program/output.h"
#include "replay/judge.h"
#include "replay/life.h"

#define FORGET_PACKETS                                                                             \
    32768u /* of a long conversation: what was played need not stay in memory                      \
            */
#define TIMEOUT_S 20u
#define BYTES_PER_SECOND 2000000u /* added to the time-out */

/* What the worker shares with the child that does its runs. */
struct worker_shared {
    uint32_t lives;                     /* that it took, the one in progress included */
    uint32_t at;                        /* first run of the life in progress */
    uint32_t end;                       /* the first behind it */
    uint32_t sharing, place[LIFE_RUNS]; /* how many are really run in it, and which */
    uint32_t last;                      /* the first run behind what was taken */
    uint32_t alone;                     /* runs before this one share no life */
    bool doubt; /* those from first on, because of what they showed together */
    uint32_t first, blamed;
    struct verdict together;
    struct replay_result result[];
};

struct worker {
    struct batch *batch;
    unsigned job;
    struct worker_shared *shared;
    uint32_t *life; /* which were taken, behind the results */
};

unsigned worker_timeout(const struct batch *batch, const struct batch_file *file)
{
    unsigned timeout = batch->options->timeout_s ? batch->options->timeout_s : TIMEOUT_S;
    return timeout + (unsigned)(file->file.payload / BYTES_PER_SECOND);
}

/* In the child, in a run now and then: how far this has come. */
static void say_run(void *context, uint32_t packets)
{
    const struct worker *worker = context;
    const struct worker_shared *shared = worker->shared;
    const struct batch_file *file = batch_file_of(worker->batch, shared->at);
    if (packets && packets % FORGET_PACKETS == 0) {
        capture_map_forget(file->file.map);
    }
    if (worker->job || !progress_is_due(worker->batch->progress)) {
        return;
    }
    uint32_t run = shared->at - file->first;
    output_rig(true);
    progress_say(worker->batch->progress, "replay: %s: conversation %u of %u, %u of its %u packets",
                 shown(file->path), run / 2 + 1, file->file.flows, packets,
                 file->file.flow[run / 2].packets);
    output_rig(false);
}

/* The next life that nobody took. False: there is none. */
static bool take_life(struct worker *worker)
{
    struct worker_shared *shared = worker->shared;
    struct batch *batch = worker->batch;
    uint32_t next = __atomic_fetch_add(&batch->common->next, 1, __ATOMIC_RELAXED);
    if (next >= batch->lives) {
        return false;
    }
    const struct batch_life *life = &batch->life[next];
    shared->at = shared->place[0] = life->first;
    shared->end = life->first + 1;
    shared->sharing = 1;
    shared->last = life->end;
    worker->life[shared->lives++] = next;
    isolate_at_most(worker_timeout(batch, batch_file_of(batch, life->first)));
    return true;
}

/* The runs that share a life with the first of them, itself included. */
static void choose_runs(struct worker *worker, struct life *life)
{
    struct worker_shared *shared = worker->shared;
    const struct batch_file *file = batch_file_of(worker->batch, shared->at);
    bool share = shared->at >= shared->alone;
    uint32_t at = shared->at;
    life->runs = 0;
    for (; at < shared->last && (life->runs == 0 || share); at++) {
        const struct replay_result *found = &worker->batch->result[at];
        if (batch_wanted(found)) {
            life->place[life->runs] = at;
            life->run[life->runs++] = (struct life_run){
                batch_flow(file, at), (enum flow_side)((at - file->first) % 2), *found};
        }
    }
    shared->end = at;
}

/* What several showed together and none alone is laid to the one that was under way. */
static void settle_doubt(struct worker_shared *shared)
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
    shared->alone = 0;
}

/* From here on to the end of the life each is run alone. */
static void doubt(struct worker_shared *shared, uint32_t blamed, const struct verdict *verdict)
{
    shared->first = shared->at;
    shared->alone = shared->end;
    shared->blamed = blamed;
    shared->together = *verdict;
    shared->doubt = verdict->kind != VERDICT_PASS;
}

static void run_life(struct worker *worker, struct life *life)
{
    struct worker_shared *shared = worker->shared;
    const struct replay_options *wanted = worker->batch->options;
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
        const char *path = batch_file_of(worker->batch, shared->at)->path;
        output_rig(true);
        wanted->ran(wanted->world->trace, path, life->run[0].flow, life->run[0].side,
                    &life->run[0].result);
        output_rig(false);
    }
    shared->at = shared->end;
    settle_doubt(shared);
}

/* In the child: what is left of the life in progress, and more lives. */
static void run_rest(void *context)
{
    static struct life life; /* where the driver does not reach it so easily */
    struct worker *worker = context;
    struct worker_shared *shared = worker->shared;
    life.options = worker->batch->options;
    life.progress = say_run;
    life.context = worker;
    if (shared->at < shared->last) {
        isolate_at_most(worker_timeout(worker->batch, batch_file_of(worker->batch, shared->at)));
    }
    while (shared->at < shared->last || take_life(worker)) {
        choose_runs(worker, &life);
        run_life(worker, &life);
    }
}

/* The driver took its process along in a run. */
static void worker_death(struct worker *worker, uint32_t at)
{
    const struct replay_options *options = worker->batch->options;
    const struct trace *trace = options->world->trace;
    const struct batch_file *file = batch_file_of(worker->batch, at);
    struct replay_result *result = &worker->shared->result[at];
    *result = worker->batch->result[at];
    judge_death(result, &trace->verdict);
    if (options->ran) {
        options->ran(trace, file->path, batch_flow(file, at),
                     (enum flow_side)((at - file->first) % 2), result);
    }
}

/* The run of a life in which the driver died: each has a connection of its own. */
static uint32_t under_way(const struct worker_shared *shared, const struct trace *trace)
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

/* What the child left behind is laid to it, or to the batch. True: there is more to run. */
static bool after_child(struct worker *worker)
{
    struct worker_shared *shared = worker->shared;
    const struct trace *trace = worker->batch->options->world->trace;
    if (shared->at >= shared->last) {
        if (!isolate_ended_well()) {
            worker->batch->common->after = trace->verdict;
            worker->batch->common->left = true;
        }
        return worker->batch->common->next < worker->batch->lives;
    }
    if (shared->sharing > 1) {
        doubt(shared, under_way(shared, trace), &trace->verdict);
    } else {
        worker_death(worker, shared->place[0]);
        shared->at = shared->end;
        settle_doubt(shared);
    }
    return true;
}

/* Hands over what it found. */
static void worker_hand_over(const struct worker *worker)
{
    struct batch *batch = worker->batch;
    for (uint32_t i = 0; i < worker->shared->lives; i++) {
        const struct batch_life *life = &batch->life[worker->life[i]];
        for (uint32_t at = life->first; at < life->end; at++) {
            if (batch_wanted(&batch->result[at])) {
                batch->result[at] = worker->shared->result[at];
            }
        }
    }
    batch->common->done[worker->job] = worker->shared->lives;
}

bool worker_go(struct batch *batch, unsigned job)
{
    struct trace *trace = batch->options->world->trace;
    size_t bytes = sizeof(struct worker_shared) + batch->runs * sizeof(struct replay_result);
    struct worker worker = {.batch = batch,
                            .job = job,
                            .shared = evidence_new(bytes + batch->lives * sizeof(uint32_t))};
    unsigned timeout = 0;
    bool made = worker.shared != NULL;
    for (uint32_t i = 0; i < batch->files; i++) {
        timeout += worker_timeout(batch, &batch->file[i]);
    }
    if (made) {
        evidence_between_runs(worker.shared);
        worker.life = (uint32_t *)&worker.shared->result[batch->runs];
    }
    isolate_stall_after(batch->options->timeout_s ? batch->options->timeout_s : TIMEOUT_S);
    for (bool more = true; made && more;) {
        trace_reset(trace);
        made = isolate_run(run_rest, &worker, trace, timeout);
        more = made && after_child(&worker);
    }
    if (made) {
        worker_hand_over(&worker);
    }
    evidence_free(worker.shared);
    return made;
}
