/* SPDX-License-Identifier: MIT */
#include "cli/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/evidence.h"
#include "program/isolate.h"
#include "program/output.h"

#define SECONDS 10u    /* for a program, when nothing else is said */
#define HANGS_MANY 2u  /* from here on a program gets one second, */
#define HANGS_MOST 10u /* and here it ends: a driver that hangs always would take hours */

struct job {
    struct world *world;
    const struct cli_paths *files;
    const struct suite_options *options;
    struct rule_coverage *coverage;
    double begun, shown;
};

static void note(struct suite_finding *finding, uint32_t at, const char *expected,
                 const char *actual)
{
    if (finding->programs++) {
        return;
    }
    finding->first = at;
    snprintf(finding->expected, sizeof(finding->expected), "%s", expected);
    snprintf(finding->actual, sizeof(finding->actual), "%s", actual);
}

static void note_verdict(struct rule_coverage *c, const struct verdict *verdict)
{
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    const struct oracle_rule *warned =
        verdict->warnings ? oracle_rule_find(verdict->warning_rule) : NULL;
    const struct oracle_rule *broken = verdict->rule[0] ? oracle_rule_find(verdict->rule) : NULL;
    if (warned) {
        note(&c->warned[warned - rules], c->at, "", verdict->warning_text);
    }
    if (verdict->kind == VERDICT_PASS) {
        return;
    }
    c->failed++;
    if (c->at < SUITE_FILES_MOST) {
        c->bad[c->at / 64] |= 1ull << c->at % 64;
    }
    c->hangs += verdict->kind == VERDICT_HANG || verdict->kind == VERDICT_STALL;
    c->status = verdict_worse_status(c->status, verdict_exit_status(verdict->kind));
    note(broken ? &c->broken[broken - rules] : &c->unnamed[verdict->kind], c->at, verdict->expected,
         verdict->actual);
}

bool suite_failed(const struct rule_coverage *c, uint32_t file)
{
    return file >= SUITE_FILES_MOST || (c->bad[file / 64] >> file % 64 & 1);
}

void suite_add(struct rule_coverage *c, uint32_t file, const struct trace *trace)
{
    uint32_t at = c->at;
    c->at = file;
    c->programs++;
    note_verdict(c, &trace->verdict);
    c->at = at;
}

void suite_add_changed(struct rule_coverage *c, const struct each_totals *totals)
{
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    for (uint32_t i = 0; i < totals->findings && i < EACH_FINDINGS; i++) {
        const struct each_finding *from = &totals->finding[i];
        const struct oracle_rule *broken = from->rule[0] ? oracle_rule_find(from->rule) : NULL;
        struct suite_finding *to = broken ? &c->broken[broken - rules] : &c->unnamed[from->kind];
        if (!to->programs) {
            to->change = from->change;
            to->changed = true;
        }
        c->failed++;
        c->status = verdict_worse_status(c->status, verdict_exit_status(from->kind));
        note(to, from->file, from->expected, from->actual);
    }
}

static void count_run(struct rule_coverage *c, const struct trace *trace)
{
    c->programs++;
    c->skipped += trace->end.skipped[0] != 0;
    note_verdict(c, &trace->verdict);
    for (uint32_t i = 0; i < c->rules; i++) {
        c->total[i] += c->ran[i];
        c->programs_of[i] += c->ran[i] != 0;
        if (c->ran[i] > c->most[i]) {
            c->most[i] = c->ran[i];
            c->best[i] = c->at;
        }
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show_progress(struct job *job)
{
    if (job->options->told) {
        *job->options->told = (struct job_told){job->coverage->at, job->coverage->failed};
    }
    double now = job->options->progress ? seconds() : 0;
    if (now - job->begun < 2 || now - job->shown < 0.2) {
        return; /* two seconds need none */
    }
    job->shown = now;
    output_rig(true);
    fprintf(stderr, "\r  %u of %u programs, %u failed ", job->coverage->at, job->files->count,
            job->coverage->failed);
    output_rig(false);
}

/* The same program once more gives the same trace, or that is the finding. */
static void run_again(struct world *world, const struct program *program,
                      const struct run_options *options)
{
    struct trace *trace = world->trace;
    struct run_counts counts;
    uint64_t hash = trace->hash;
    program_run(world, program, options, &counts);
    if (trace->verdict.kind == VERDICT_PASS && trace->hash != hash) {
        trace->verdict.kind = VERDICT_NONDETERMINISM;
        snprintf(trace->verdict.expected, sizeof(trace->verdict.expected), "trace %016llx again",
                 (unsigned long long)hash);
        snprintf(trace->verdict.actual, sizeof(trace->verdict.actual), "trace %016llx",
                 (unsigned long long)trace->hash);
    }
}

/* Stops at a program that does not pass: what it left behind shall not touch the others. */
static void suite_run_all(void *context)
{
    static struct program program;
    struct job *job = context;
    struct rule_coverage *c = job->coverage;
    const struct run_options options = {.strict = job->options->strict,
                                        .context_is_cell = job->options->context_is_cell};
    unsigned most = job->options->seconds ? job->options->seconds : SECONDS;
    struct run_counts counts;
    while (c->at < job->files->count) {
        if (!cli_read_program(job->files->path[c->at], &program)) {
            cli_lost_file(job->world->trace, job->files->path[c->at]);
            return;
        }
        show_progress(job);
        isolate_at_most(c->hangs < HANGS_MANY ? most : 1);
        c->running = true;
        program_run(job->world, &program, &options, &counts);
        if (job->options->twice && job->world->trace->verdict.kind == VERDICT_PASS) {
            run_again(job->world, &program, &options);
        }
        c->running = false;
        count_run(c, job->world->trace);
        c->at++;
        if (job->world->trace->verdict.kind != VERDICT_PASS) {
            return;
        }
    }
}

/* In this process, one after another. */
static struct rule_coverage *measure_here(struct world *world, const struct cli_paths *files,
                                          const struct suite_options *options, int *status)
{
    *status = EXIT_ENVIRONMENT;
    struct rule_coverage *c = cli_shared(sizeof(*c));
    uint32_t *ran = cli_shared(RULES_MAX * sizeof(*ran));
    if (!c || !ran) {
        return NULL;
    }
    c->ran = ran;
    evidence_between_runs(c);
    oracle_rules(&c->rules);
    oracle_count_into(world->oracle, c->ran);
    struct job job = {world, files, options, c, seconds(), 0};
    isolate_stall_after(options->seconds ? options->seconds : SECONDS);
    for (bool enough = false; c->at < files->count && c->hangs < HANGS_MOST && !enough;) {
        uint32_t at = c->at;
        trace_reset(world->trace);
        if (!isolate_run(suite_run_all, &job, world->trace, 600)) {
            fputs("chimneysweep: no process for the run can be made\n", stderr);
            return NULL;
        }
        if (!c->running && c->at > at && !isolate_ended_well()) {
            c->at--; /* the last of them is as good as any */
            note_verdict(c, &world->trace->verdict);
            c->at++;
        }
        if (c->running || c->at == at) { /* it took its process along */
            c->running = false;
            count_run(c, world->trace);
            c->at++;
        }
        enough = cli_often_enough(&c->places, world->trace);
    }
    if (options->progress) {
        fprintf(stderr, "\r%50s\r", "");
    }
    *status = EXIT_PASS;
    return c;
}

static void add_finding(struct suite_finding *sum, const struct suite_finding *more, uint32_t first)
{
    uint32_t before = sum->programs;
    if (!more->programs) {
        return;
    }
    if (!before) {
        *sum = *more;
        sum->first += first;
    }
    sum->programs = before + more->programs;
}

/* What the next piece of the programs gave; first is where it begins. */
static void add_piece(struct rule_coverage *sum, const struct rule_coverage *more, uint32_t first)
{
    sum->rules = more->rules;
    sum->programs += more->programs;
    sum->failed += more->failed;
    sum->at += more->at;
    sum->skipped += more->skipped;
    sum->hangs += more->hangs;
    sum->status = verdict_worse_status(sum->status, more->status);
    for (uint32_t i = 0; i < more->rules; i++) {
        if (more->most[i] > sum->most[i]) {
            sum->most[i] = more->most[i];
            sum->best[i] = more->best[i] + first;
        }
        sum->programs_of[i] += more->programs_of[i];
        sum->total[i] += more->total[i];
        add_finding(&sum->broken[i], &more->broken[i], first);
        add_finding(&sum->warned[i], &more->warned[i], first);
    }
    for (uint32_t kind = 0; kind < VERDICT_KINDS; kind++) {
        add_finding(&sum->unnamed[kind], &more->unnamed[kind], first);
    }
}

struct pieces {
    struct world *world;
    const struct cli_paths *files;
    const struct suite_options *options;
    struct rule_coverage *of; /* one for each process, */
    struct job_told *told;    /* and how far it is */
};

static void measure_piece(void *context, unsigned job)
{
    const struct pieces *pieces = context;
    struct suite_options options = *pieces->options;
    uint32_t first;
    int status;
    const struct cli_paths piece = job_piece(pieces->files, job, options.jobs, &first);
    options.progress = false;
    options.told = &pieces->told[job];
    const struct rule_coverage *c = measure_here(pieces->world, &piece, &options, &status);
    if (!c) {
        _exit(EXIT_ENVIRONMENT);
    }
    pieces->of[job] = *c;
}

/* True when one process would not have gone so far, or not in the same way. */
static bool ends_early(const struct pieces *pieces, const struct rule_coverage *sum)
{
    struct cli_places all = {0};
    for (unsigned i = 0; i < pieces->options->jobs; i++) {
        if (cli_places_add(&all, &pieces->of[i].places)) {
            return true;
        }
    }
    return sum->hangs >= HANGS_MANY || sum->at < pieces->files->count;
}

static struct rule_coverage *measure_beside(struct world *world, const struct cli_paths *files,
                                            const struct suite_options *options, int *status)
{
    unsigned jobs = options->jobs;
    struct pieces pieces = {.world = world, .files = files, .options = options};
    pieces.of = beside_shared(jobs * sizeof(pieces.of[0]));
    pieces.told = beside_shared(jobs * sizeof(pieces.told[0]));
    struct rule_coverage *sum = calloc(1, sizeof(*sum));
    bool good = sum && pieces.of && pieces.told &&
                beside_run(jobs, world, measure_piece, &pieces,
                           options->progress ? pieces.told : NULL, files->count);
    uint32_t first = 0;
    for (unsigned i = 0; good && i < jobs; i++) {
        job_piece(files, i, jobs, &first);
        add_piece(sum, &pieces.of[i], first);
    }
    *status = good ? EXIT_PASS : EXIT_ENVIRONMENT;
    if (good && !ends_early(&pieces, sum)) {
        return sum;
    }
    free(sum);
    return good ? measure_here(world, files, options, status) : NULL;
}

struct rule_coverage *rules_measure(struct world *world, const struct cli_paths *files,
                                    const struct suite_options *options, int *status)
{
    static struct program program;
    struct suite_options wanted = *options;
    *status = EXIT_USAGE;
    for (uint32_t i = 0; i < files->count; i++) {
        if (!cli_read_program(files->path[i], &program)) {
            return NULL;
        }
    }
    wanted.jobs = wanted.jobs < files->count ? wanted.jobs : files->count;
    return (wanted.jobs > 1 ? measure_beside : measure_here)(world, files, &wanted, status);
}
