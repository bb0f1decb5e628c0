/* SPDX-License-Identifier: MIT
 *
 * Many runs of one process: the programs are changed in memory, so a run costs nothing but itself.
 * A finding ends the process, and what comes behind it goes on in the next one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/evidence.h"
#include "cli/each.h"
#include "program/choices.h"
#include "program/isolate.h"

#define RUNS_OF_A_PROCESS 50000u /* its processor time is bounded as a whole */
#define SEEN 256u

enum stage { BETWEEN, MEASURING, RUNNING };

/* The process that makes the runs and its parent share it. */
struct progress {
    enum stage stage;
    uint32_t file, kind, number;
    uint32_t runs; /* of the process */
    bool told;     /* the last run is a finding that the parent is to tell */
    struct change change;
    struct each_site site; /* the first call that the last run made fail */
    uint64_t runs_of_kind, failed_of_kind;
    uint64_t seen[SEEN]; /* findings of the program that were told */
    uint32_t seens;
    uint32_t at_file; /* whose these are, from 1 */
};

static struct {
    struct each_job *job;
    struct progress *progress;
    struct program program, changed;
    struct change_measure measure;
    uint32_t operation; /* of the run that is measured */
    bool warns;         /* the program as it is */
} each;

/* ---- A run that is measured ---- */

static void measure_event(void *context, const struct tap_event *ev)
{
    (void)context;
    if (ev->kind == TAP_POINT && ev->fn == TAP_OP) {
        each.operation = ev->data.operation.index + 1;
    }
    if (ev->kind != TAP_ENTER) {
        return;
    }
    for (uint32_t i = 0; i < choices_callback.count; i++) {
        if (choices_callback.choice[i].parameter == ev->fn) {
            uint32_t conn = ev->conn < 8 ? ev->conn : 0;
            each.measure.upcalls[each.operation] |= UINT64_C(1) << (conn * CHANGE_UPCALLS + i);
        }
    }
}

static void note_failed(void *context, const struct nds_failed *call, bool failed)
{
    struct each_site *first = context;
    if (failed && !first->failed++) {
        first->what = call->what;
        first->returns_to = call->site;
    }
}

static void note_reached(void *context, const struct nds_failed *call, bool failed)
{
    (void)failed;
    struct each_sites *sites = context;
    struct each_site *site = each_site_of(sites, call->what, call->site);
    if (site) {
        site->reached++;
    }
}

static void run_program(const struct program *program)
{
    const struct cli_driven *driven = each.job->options->driven;
    const struct run_options options = {.strict = driven->strict,
                                        .context_is_cell = driven->context_is_cell};
    struct run_counts counts;
    isolate_at_most(driven->timeout_s);
    program_run(each.job->world, program, &options, &counts);
}

/* False: it is not to be changed. */
static bool measure_program(void)
{
    struct each_job *job = each.job;
    struct each_sites *sites = &job->totals->sites;
    memset(&each.measure, 0, sizeof(each.measure));
    each.operation = 0;
    each.progress->stage = MEASURING;
    job->world->reader = measure_event;
    nds_listen_to_calls(note_reached, sites);
    run_program(&each.program);
    each.progress->stage = BETWEEN;
    job->world->reader = NULL;
    nds_listen_to_calls(note_failed, &each.progress->site);
    each.measure.allocations = nds_calls_made(FAILING_ALLOCATION);
    each.measure.calls = nds_calls_made(FAILING_ANY);
    const struct trace *trace = job->world->trace;
    each.warns = trace->verdict.warnings;
    return trace->verdict.kind == VERDICT_PASS && !trace->end.skipped[0];
}

/* ---- The changes of a program ---- */

static uint64_t finding_of(const struct trace *trace, const struct change *change,
                           const struct each_site *site)
{
    uint64_t hash = trace->verdict.kind + 31u * change->kind + 1009u * site->returns_to;
    for (const char *at = trace->verdict.rule; *at; at++) {
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
    }
    return hash + 1;
}

static bool seen_before(struct progress *p, uint64_t finding)
{
    for (uint32_t i = 0; i < p->seens; i++) {
        if (p->seen[i] == finding) {
            return true;
        }
    }
    if (p->seens < SEEN) {
        p->seen[p->seens++] = finding;
    }
    return false;
}

static void note_site(struct each_job *job, const struct each_site *first)
{
    const struct verdict *verdict = &job->world->trace->verdict;
    struct each_site *site =
        first->failed ? each_site_of(&job->totals->sites, first->what, first->returns_to) : NULL;
    if (!site) {
        return;
    }
    site->failed++;
    if (verdict->kind == VERDICT_PASS) {
        site->survived++;
    } else {
        each_site_broke(site, verdict->rule[0] ? verdict->rule : verdict_kind_name(verdict->kind),
                        1);
    }
}

/* What a run showed. */
static void note_run(struct each_job *job, struct progress *p)
{
    const struct trace *trace = job->world->trace;
    struct each_count *count = &job->totals->by[p->change.kind];
    bool passed = trace->verdict.kind == VERDICT_PASS;
    count->runs++;
    count->failed += !passed;
    count->warned += passed && trace->verdict.warnings && !each.warns;
    p->runs_of_kind++;
    p->failed_of_kind += !passed;
    note_site(job, &p->site);
    p->told =
        !passed && (!seen_before(p, finding_of(trace, &p->change, &p->site)) || job->options->all);
}

/* False: another process has to go on. */
static bool run_change(const char *path)
{
    struct progress *p = each.progress;
    struct each_job *job = each.job;
    const struct trace *trace = job->world->trace;
    char name[CHANGE_NAME];
    change_name(&p->change, name);
    if (each_list_skip(job->skip, path, name)) {
        job->totals->by[p->kind].skipped++;
        return true;
    }
    if (change_apply(&p->change, &each.program, &each.changed)) {
        job->totals->by[p->kind].unfit++;
        return true;
    }
    p->site = (struct each_site){0};
    p->stage = RUNNING;
    run_program(&each.changed);
    p->stage = BETWEEN;
    p->runs++;
    note_run(job, p);
    bool whole = trace->verdict.kind == VERDICT_PASS ||
                 (trace->verdict.kind == VERDICT_VIOLATION && trace->end.finished);
    return whole && !p->told && p->runs < RUNS_OF_A_PROCESS;
}

static bool wanted(const struct each_job *job, uint32_t kind, const char *path)
{
    uint64_t runs, failed;
    if (!job->options->kind[kind]) {
        return false;
    }
    if (each_list_done(job->done, path, change_word((enum change_kind)kind), &runs, &failed)) {
        job->totals->by[kind].done_before += runs;
        return false;
    }
    return true;
}

static void begin_kind(struct progress *p, uint32_t kind)
{
    p->kind = kind;
    p->number = 0;
    p->runs_of_kind = p->failed_of_kind = 0;
}

/* False: stop here, to go on in another process. */
static bool run_kinds(struct each_job *job, const char *path)
{
    struct progress *p = each.progress;
    const uint32_t pairs = (uint32_t)job->options->pairs;
    for (; p->kind < CHANGE_KINDS; begin_kind(p, p->kind + 1)) {
        enum change_kind kind = (enum change_kind)p->kind;
        if (!wanted(job, p->kind, path)) {
            continue;
        }
        uint32_t count = change_count(kind, &each.program, &each.measure, pairs);
        if (p->number == 0) {
            job->totals->by[kind].wanted += count;
        }
        while (p->number < count && !job->options->dry_run) {
            p->change = change_number(kind, &each.program, &each.measure, pairs, p->number++);
            if (!run_change(path)) {
                return false;
            }
        }
        if (!job->options->dry_run) {
            each_list_add(job->resume, path, change_word(kind), p->runs_of_kind, p->failed_of_kind);
        }
    }
    return true;
}

static void begin_program(struct each_job *job, const char *path)
{
    struct progress *p = each.progress;
    if (p->at_file != p->file + 1) {
        p->at_file = p->file + 1;
        p->seens = 0;
        begin_kind(p, 0);
    }
    if (!cli_read_program(path, &each.program) || !measure_program()) {
        job->totals->unfit++;
        begin_kind(p, CHANGE_KINDS);
    }
}

static void each_pass(void *context)
{
    struct each_job *job = context;
    struct progress *p = each.progress;
    each.job = job;
    p->runs = 0;
    for (; p->file < job->files->count; p->file++) {
        const char *path = job->files->path[p->file];
        *job->told = (struct job_told){p->file, job->totals->findings};
        begin_program(job, path);
        if (!run_kinds(job, path)) {
            return;
        }
    }
}

/* ---- The parent ---- */

static void keep_finding(const struct each_job *job, const struct progress *p)
{
    struct each_totals *totals = job->totals;
    const struct verdict *verdict = &job->world->trace->verdict;
    if (totals->findings < EACH_FINDINGS) {
        struct each_finding *finding = &totals->finding[totals->findings];
        *finding = (struct each_finding){
            .file = job->first + p->file, .change = p->change, .kind = verdict->kind};
        memcpy(finding->rule, verdict->rule, sizeof(finding->rule));
        memcpy(finding->expected, verdict->expected, sizeof(finding->expected));
        memcpy(finding->actual, verdict->actual, sizeof(finding->actual));
    }
    totals->findings++;
}

/* What the last process left; its verdict is in the trace. False: it is the same again and again,
 * or enough. */
static bool take_finding(struct each_job *job, struct progress *p, struct cli_places *places)
{
    const struct trace *trace = job->world->trace;
    if (p->stage == MEASURING) {
        job->totals->unfit++;
        p->file++;
        return true;
    }
    if (p->stage == RUNNING) { /* it took its process along */
        p->stage = BETWEEN;
        note_run(job, p);
    }
    p->told |= !isolate_ended_well();
    if (!p->told) {
        return true;
    }
    p->told = false;
    keep_finding(job, p);
    job->status = verdict_worse_status(job->status, verdict_exit_status(trace->verdict.kind));
    if (!job->options->silent) {
        each_tell_finding(job, job->files->path[p->file], &p->change, &p->site);
    }
    if (job->options->first || (!job->options->all && cli_often_enough(places, trace))) {
        job->totals->not_run += job->files->count - p->file - 1;
        return false;
    }
    return true;
}

bool each_run(struct each_job *job)
{
    struct progress *p = cli_shared(sizeof(*p));
    struct cli_places places = {0};
    bool more = p != NULL;
    each.progress = p;
    isolate_stall_after(job->options->driven->timeout_s);
    while (more && p->file < job->files->count) {
        trace_reset(job->world->trace);
        if (!isolate_run(each_pass, job, job->world->trace, 600)) {
            return false;
        }
        if (p->file < job->files->count || !isolate_ended_well()) {
            p->file -= p->file >= job->files->count; /* the last of them is as good as any */
            more = take_finding(job, p, &places);
        }
    }
    return p != NULL;
}
