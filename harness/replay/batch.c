/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/batch.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/evidence.h"
#include "program/beside.h"
#include "replay/judge.h"
#include "replay/life.h"
#include "replay/worker.h"

#define BATCH_BYTES ((uint64_t)4 << 20) /* of payload: from here on a process costs nothing */

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

const struct batch_file *batch_file_of(const struct batch *batch, uint32_t run)
{
    uint32_t i = batch->files - 1;
    while (batch->file[i].first > run) {
        i--;
    }
    return &batch->file[i];
}

const struct flow *batch_flow(const struct batch_file *file, uint32_t run)
{
    return &file->file.flow[(run - file->first) / 2];
}

bool batch_wanted(const struct replay_result *result)
{
    return result->tried && result->kind != VERDICT_INCONCLUSIVE;
}

/* What is known before the runs. */
static void prepare_results(struct batch *batch)
{
    const struct replay_options *options = batch->options;
    for (uint32_t at = 0; at < batch->runs; at++) {
        struct replay_result *result = &batch->result[at];
        const struct batch_file *file = batch_file_of(batch, at);
        const struct flow *flow = batch_flow(file, at);
        result->event = VERDICT_NO_EVENT;
        result->tried = ranges_have(&options->streams, flow->stream) &&
                        is_local(options, flow, (enum flow_side)((at - file->first) % 2));
        if (result->tried) {
            judge_before(flow, result);
        }
    }
}

/* Cuts the runs into lives, whoever will run them. */
static void cut_lives(struct batch *batch)
{
    const struct batch_file *file = NULL; /* of the life that goes on */
    for (uint32_t at = 0; at < batch->runs; at++) {
        const struct batch_file *own = batch_file_of(batch, at);
        bool share = !batch->options->ran && life_may_share(batch_flow(own, at));
        if (!batch_wanted(&batch->result[at])) {
            continue;
        }
        if (!share || own != file || batch->life[batch->lives - 1].runs == LIFE_RUNS) {
            batch->life[batch->lives++] = (struct batch_life){.first = at};
        }
        struct batch_life *life = &batch->life[batch->lives - 1];
        life->end = at + 1;
        life->runs++;
        file = share ? own : NULL;
    }
}

/* The driver left others behind after the last run. */
static void batch_left(struct batch *batch)
{
    const struct replay_options *options = batch->options;
    uint32_t at = batch->runs - 1;
    const struct batch_file *file = batch_file_of(batch, at);
    struct replay_result *result = &batch->result[at];
    judge_death(result, &batch->common->after);
    if (options->ran) {
        options->ran(options->world->trace, file->path, batch_flow(file, at),
                     (enum flow_side)((at - file->first) % 2), result);
    }
}

static void batch_job(void *context, unsigned job)
{
    if (!worker_go(context, job)) {
        _exit(1);
    }
}

/* Each life was run by somebody. */
static bool all_done(const struct batch *batch)
{
    uint32_t done = 0;
    for (unsigned i = 0; i < JOBS_MOST; i++) {
        done += batch->common->done[i];
    }
    return done == batch->lives;
}

bool batch_run(struct batch *batch)
{
    const struct replay_options *options = batch->options;
    batch->common = evidence_new(sizeof(*batch->common));
    batch->result = evidence_new(batch->runs * sizeof(batch->result[0]) + 1);
    batch->life = calloc(batch->runs ? batch->runs : 1, sizeof(batch->life[0]));
    if (!batch->common || !batch->result || !batch->life) {
        return false;
    }
    evidence_between_runs(batch->common);
    evidence_between_runs(batch->result);
    prepare_results(batch);
    cut_lives(batch);
    unsigned jobs = options->ran || !options->jobs ? 1 : options->jobs;
    jobs = jobs < batch->lives ? jobs : batch->lives;
    bool good = jobs > 1 ? beside_run(jobs, options->world, batch_job, batch, NULL, 0)
                         : !batch->lives || worker_go(batch, 0);
    if (good && batch->common->left) {
        batch_left(batch);
    }
    return good && all_done(batch);
}

const struct replay_result *batch_results(const struct batch *batch, uint32_t file, uint32_t flow)
{
    return &batch->result[batch->file[file].first + 2 * flow];
}

void batch_fini(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->files; i++) {
        free(batch->file[i].path);
        flow_file_fini(&batch->file[i].file);
    }
    evidence_free(batch->common);
    evidence_free(batch->result);
    free(batch->life);
    batch->files = batch->runs = batch->lives = 0;
    batch->payload = 0;
    batch->common = NULL;
    batch->result = NULL;
    batch->life = NULL;
}
