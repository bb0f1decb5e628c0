/* SPDX-License-Identifier: MIT
 *
 * Runs many programs, in this process: each twice, and a third time after all others ran in
 * between, so that a run that leaves something behind shows (reset proof).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/evidence.h"
#include "base/shown.h"
#include "cli/against.h"
#include "cli/each.h"
#include "cli/families.h"
#include "cli/sweep.h"
#include "program/isolate.h"

#define SECONDS 10u /* of CPU for a program; the longest of corpora/ takes a hundredth of one */

static void run_file(struct sweep *sweep, const struct program *program, struct run_counts *counts)
{
    program_run(&sweep->world, program, &sweep->run, counts);
}

static void note(struct shared *shared, const struct run_counts *counts)
{
    const bool reached[6] = {counts->established, counts->posted,   counts->indicated,
                             counts->refused,     counts->uploaded, counts->disconnected};
    for (unsigned k = 0; k < 6; k++) {
        shared->reached[k] += reached[k];
    }
    shared->ops += counts->ops;
}

static bool cmd_sweep_same(struct sweep *sweep, struct entry *entry)
{
    struct trace *trace = sweep->world.trace;
    if (trace->verdict.kind != VERDICT_PASS) {
        return false;
    }
    if (trace->hash == entry->hash) {
        return true;
    }
    trace->verdict.kind = VERDICT_NONDETERMINISM;
    snprintf(trace->verdict.expected, sizeof(trace->verdict.expected), "trace %016llx again",
             (unsigned long long)entry->hash);
    snprintf(trace->verdict.actual, sizeof(trace->verdict.actual), "trace %016llx",
             (unsigned long long)trace->hash);
    return false;
}

/* Stops at the first entry that does not pass; the parent reports it and goes on behind it. */
static void pass(void *context)
{
    static struct program program;
    struct sweep *sweep = context;
    struct shared *shared = sweep->shared;
    for (; shared->at < sweep->count; shared->at++) {
        struct entry *entry = &sweep->entry[shared->at];
        struct run_counts counts;
        if (entry->failed) {
            continue; /* its verdict is known; what it may do to others too */
        }
        if (!cli_read_program(entry->path, &program)) {
            cli_lost_file(sweep->world.trace, entry->path);
            return;
        }
        isolate_at_most(sweep->driven.timeout_s);
        run_file(sweep, &program, &counts);
        if (shared->round == 0) {
            entry->hash = sweep->world.trace->hash;
            entry->ran = true;
            note(shared, &counts);
            const struct verdict *verdict = &sweep->world.trace->verdict;
            shared->warnings += verdict->warnings;
            entry->skipped = sweep->world.trace->end.skipped[0];
            shared->skipped += entry->skipped;
            if (verdict->kind != VERDICT_PASS) {
                return;
            }
            memcpy(entry->warning_rule, verdict->warning_rule, sizeof(entry->warning_rule));
            memcpy(entry->warning_text, verdict->warning_text, sizeof(entry->warning_text));
            run_file(sweep, &program, &counts);
        }
        if (!cmd_sweep_same(sweep, entry)) {
            return;
        }
    }
}

/* What stopped a pass; the first pass tells all verdicts, the second only another trace. */
static void tell_failure(struct sweep *sweep, struct entry *entry, bool json)
{
    const struct trace *trace = sweep->world.trace;
    bool first_pass = sweep->shared->round == 0 || trace->verdict.kind != VERDICT_NONDETERMINISM;
    entry->failed = true;
    sweep->status = verdict_worse_status(sweep->status, verdict_exit_status(trace->verdict.kind));
    sarif_add_run(&sweep->sarif, entry->path, trace);
    if (json) {
        render_verdict_json(stdout, entry->path, trace, NULL);
    } else if (first_pass) {
        char again[8400];
        cli_reproduction(&sweep->driven, entry->path, again, sizeof(again));
        printf("%s: ", shown(entry->path));
        render_verdict(stdout, trace, again, sweep->quiet ? 0 : 12);
    } else {
        printf("%s: another trace after other runs\n", shown(entry->path));
    }
}

uint32_t sweep_all(struct sweep *sweep, bool json)
{
    uint32_t failed = 0;
    isolate_stall_after(sweep->driven.timeout_s);
    for (sweep->shared->round = 0; sweep->shared->round < 2; sweep->shared->round++) {
        sweep->shared->at = 0;
        if (sweep->begin_pass) {
            sweep->begin_pass(sweep, sweep->shared->round);
        }
        while (sweep->shared->at < sweep->count) {
            trace_reset(sweep->world.trace);
            if (!isolate_run(pass, sweep, sweep->world.trace, 600)) {
                return UINT32_MAX;
            }
            if (sweep->shared->at >= sweep->count) {
                if (isolate_ended_well()) {
                    break;
                }
                sweep->shared->at--; /* the last of them is as good as any */
            }
            failed++;
            tell_failure(sweep, &sweep->entry[sweep->shared->at], json);
            if (!sweep->all && cli_often_enough(&sweep->places, sweep->world.trace)) {
                sweep->not_run = sweep->shared->round ? 0 : sweep->count - sweep->shared->at - 1;
                return failed;
            }
            if (sweep->first) {
                return failed;
            }
            sweep->shared->at++;
        }
    }
    return failed;
}

/* The verdict and the hash of each program that passed. */
static void tell_passes(const struct sweep *sweep)
{
    for (uint32_t i = 0; i < sweep->count; i++) {
        const struct entry *entry = &sweep->entry[i];
        if (entry->ran && !entry->failed) {
            struct json json = json_begin(stdout);
            json_text(&json, "file", entry->path);
            json_text(&json, "verdict", "pass");
            json_hash(&json, "trace_hash", entry->hash);
            if (entry->skipped) {
                json_bool(&json, "skipped", true);
            }
            json_end(&json);
        }
    }
}

static void add_warnings(struct sweep *sweep)
{
    for (uint32_t i = 0; i < sweep->count; i++) {
        const struct entry *entry = &sweep->entry[i];
        if (entry->warning_rule[0]) {
            sarif_add(&sweep->sarif, &(struct sarif_result){.warning = true,
                                                            .rule = entry->warning_rule,
                                                            .expected = "",
                                                            .actual = entry->warning_text,
                                                            .uri = entry->path,
                                                            .where = "",
                                                            .event = VERDICT_NO_EVENT,
                                                            .connection = UINT32_MAX});
        }
    }
}

static const char *const reached_names[] = {"established", "posted",   "indicated",
                                            "refused",     "uploaded", "disconnected"};

static void summary_json(const struct sweep *sweep, uint32_t failed)
{
    struct json json = json_begin(stdout);
    json_number(&json, "programs", sweep->count);
    json_number(&json, "failed", failed);
    json_number(&json, "skipped", sweep->shared->skipped);
    json_number(&json, "not_run", sweep->not_run);
    json_number(&json, "warnings", sweep->shared->warnings);
    json_hash(&json, "trace_sum", sweep->sum);
    for (unsigned k = 0; k < 6; k++) {
        json_real(&json, reached_names[k],
                  sweep->shared->reached[k] / (double)(sweep->count ? sweep->count : 1), 4);
    }
    json_end(&json);
}

static void summary(const struct sweep *sweep, uint32_t failed, bool json)
{
    double n = sweep->count ? sweep->count : 1;
    if (json) {
        summary_json(sweep, failed);
        return;
    }
    printf("%u programs, %u failed, ", sweep->count, failed);
    if (sweep->shared->skipped) {
        printf("%u skipped (they need what the driver does not advertise), ",
               sweep->shared->skipped);
    }
    printf("%.1f operations each, trace sum %016llx\nreached:", sweep->shared->ops / n,
           (unsigned long long)sweep->sum);
    for (unsigned k = 0; k < 6; k++) {
        printf(" %s %.0f %%", reached_names[k], 100.0 * sweep->shared->reached[k] / n);
    }
    putchar('\n');
    if (sweep->not_run) {
        printf("stopped, since it is the same again and again: %u programs were not run\n",
               sweep->not_run);
    }
}

static bool cmd_sweep_collect(struct cli_paths *paths, char **argv, int files)
{
    static struct program program;
    for (int i = 1; i <= files; i++) {
        if (!cli_collect(paths, argv[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < paths->count; i++) {
        if (!cli_read_program(paths->path[i], &program)) {
            return false;
        }
    }
    return true;
}

bool sweep_make_entries(struct sweep *sweep, const struct cli_paths *paths)
{
    sweep->count = paths->count;
    sweep->shared = cli_shared(sizeof(*sweep->shared) + paths->count * sizeof(struct entry));
    evidence_between_runs(sweep->shared);
    sweep->entry = (struct entry *)(void *)(sweep->shared ? sweep->shared + 1 : NULL);
    for (uint32_t i = 0; sweep->entry && i < paths->count; i++) {
        sweep->entry[i].path = paths->path[i];
    }
    return sweep->shared != NULL;
}

static int sweep_twice(struct sweep *sweep, const struct cli_paths *paths, const char *sarif,
                       bool json)
{
    uint32_t failed = 0;
    if (!sarif_open(&sweep->sarif, sarif)) {
        return EXIT_USAGE;
    }
    if (sweep->jobs < 2 || sweep->first || !sweep_beside(sweep, paths, json, &failed)) {
        failed = sweep_make_entries(sweep, paths) ? sweep_all(sweep, json) : UINT32_MAX;
    }
    if (failed == UINT32_MAX) {
        fputs("sweep: no process for the runs can be made\n", stderr);
        sarif_close(&sweep->sarif, EXIT_ENVIRONMENT);
        return EXIT_ENVIRONMENT;
    }
    for (uint32_t i = 0; i < sweep->count; i++) {
        sweep->sum = sweep->sum * 0x9e3779b97f4a7c15u + sweep->entry[i].hash;
    }
    if (json) {
        tell_passes(sweep);
    }
    summary(sweep, failed, json);
    add_warnings(sweep);
    return sarif_close(&sweep->sarif, sweep->status) ? sweep->status : EXIT_USAGE;
}

/* What the command line says. */
struct sweep_words {
    const char *sarif, *jobs, *pairs, *prefix;
    bool each_alloc, each_fault, each_pair, each_nest;
    struct families_options family;
    struct each_options each;
    struct against against;
};

static int parse_sweep(int argc, char **argv, struct sweep *sweep, struct sweep_words *w,
                       int *status)
{
    struct cli_option options[24] = {
        {"--sarif", "FILE", CLI_SARIF_HELP, NULL, &w->sarif},
        {"--jobs", "N", CLI_JOBS_HELP, NULL, &w->jobs},
        {"--quiet", NULL, "no events with the verdicts", &sweep->quiet, NULL},
        {"--first", NULL, "stop at the first program that fails", &sweep->first, NULL},
        {"--all", NULL, "go on however often programs end at the same place", &sweep->all, NULL},
        {"--families", "NAME,...", "each program once, changed by these (all: by every one)", NULL,
         &w->family.names},
        {"--out", "DIR", "with --families: where the changed programs are kept", NULL,
         &w->family.out},
        {"--each-alloc", NULL, "each allocation of the driver fails in turn, in every program",
         &w->each_alloc, NULL},
        {"--each-fault", NULL, "each call that may fail, each operation without what it needs",
         &w->each_fault, NULL},
        {"--each-pair", NULL, "two calls fail", &w->each_pair, NULL},
        {"--each-prefix", "WAY,...",
         "after every operation: terminate, reset, pause, power, remove, halt (all: each of them)",
         NULL, &w->prefix},
        {"--each-nest", NULL, "every call of the host inside every upcall", &w->each_nest, NULL},
        {"--limit", "N", "with --each-pair: pairs of a program, at even distances (200)", NULL,
         &w->pairs},
        {"--dry-run", NULL, "with these: say how many runs it would be", &w->each.dry_run, NULL},
        {"--resume", "FILE", "with these: what is done is kept there, and not done again", NULL,
         &w->each.resume},
        {"--skip", "FILE", "with these: lines PROGRAM CHANGE REASON (* and ? stand for others)",
         NULL, &w->each.skip},
        {"--html", "FILE", "with these: the calls that may fail as a page", NULL, &w->each.html},
    };
    unsigned count = against_options(&w->against, options, 17);
    return cli_parse_driven(
        argc, argv, &sweep->driven, options, count,
        "sweep [OPTIONS] FILE|FOLDER...\n\n" CLI_SKIPPED_HELP,
        "  chimneysweep sweep corpora/\n"
        "  chimneysweep sweep --driver ./other.so --quiet corpora/situations\n"
        "  chimneysweep sweep --driver ./other.so --strict --first corpora\n"
        "  chimneysweep sweep --quiet --sarif found.sarif corpora\n"
        "  chimneysweep sweep --families all --quiet corpora\n"
        "  chimneysweep sweep --families pause-over,idle-connection --out changed crash.bin\n"
        "  chimneysweep sweep --driver ./new.so --against core --waivers meant.txt corpora\n"
        "  chimneysweep sweep --each-alloc --jobs 2 corpora/situations\n"
        "  chimneysweep sweep --each-prefix reset,remove --dry-run corpora\n",
        status);
}

/* False after one line when the words do not fit one another. */
static bool choose_changes(struct sweep_words *w)
{
    struct each_options *each = &w->each;
    each->kind[CHANGE_ALLOC] = w->each_alloc;
    each->kind[CHANGE_PAIR] = w->each_pair;
    each->kind[CHANGE_NEST] = w->each_nest;
    for (uint32_t kind = CHANGE_CALL; kind <= CHANGE_HARDWARE; kind++) {
        each->kind[kind] |= w->each_fault && kind != CHANGE_PAIR;
    }
    if (w->prefix && !change_choose_ends(w->prefix, each->kind)) {
        fprintf(stderr,
                "sweep: --each-prefix '%s': expected some of terminate, reset, pause, power, "
                "remove, halt, or all\n",
                shown(w->prefix));
        return false;
    }
    return cli_number("--limit", w->pairs, 1, 1000000, &each->pairs);
}

static bool changes_wanted(const struct sweep_words *w)
{
    return w->each_alloc || w->each_fault || w->each_pair || w->each_nest || w->prefix;
}

/* What cannot be had of two drivers. */
static bool compares_alone(const struct sweep_words *w, bool first)
{
    const char *const given[] = {w->sarif ? "--sarif" : NULL, w->family.names ? "--families" : NULL,
                                 changes_wanted(w) ? "--each-..." : NULL, first ? "--first" : NULL};
    return against_valid(&w->against, "sweep", given, sizeof(given) / sizeof(given[0]));
}

static bool words_fit(const struct sweep_words *w)
{
    const struct each_options *each = &w->each;
    const char *lone = each->dry_run  ? "--dry-run"
                       : each->resume ? "--resume"
                       : each->skip   ? "--skip"
                       : each->html   ? "--html"
                                      : NULL;
    if (w->family.out && !w->family.names) {
        fputs("sweep: --out: only with --families (sweep --help)\n", stderr);
        return false;
    }
    if (lone && !changes_wanted(w)) {
        fprintf(stderr, "sweep: %s: only with --each-... (sweep --help)\n", lone);
        return false;
    }
    if (changes_wanted(w) && (w->family.names || w->sarif)) {
        fputs("sweep: --each-...: neither with --families nor with --sarif\n", stderr);
        return false;
    }
    return true;
}

static int sweep_as_wanted(struct sweep *sweep, const struct cli_paths *paths,
                           struct sweep_words *w)
{
    sweep->run = (struct run_options){.strict = sweep->driven.strict,
                                      .context_is_cell = sweep->driven.context_is_cell};
    if (w->family.names) {
        w->family.json = sweep->driven.json;
        w->family.quiet = sweep->quiet;
        w->family.run = sweep->run;
        return families_sweep(&sweep->world, paths, &w->family);
    }
    if (changes_wanted(w)) {
        w->each.quiet = sweep->quiet;
        w->each.first = sweep->first;
        w->each.all = sweep->all;
        w->each.jobs = sweep->jobs;
        w->each.driven = &sweep->driven;
        return each_sweep(&sweep->world, paths, &w->each);
    }
    return sweep_twice(sweep, paths, w->sarif, sweep->driven.json);
}

int cmd_sweep(int argc, char **argv)
{
    static struct sweep sweep;
    struct sweep_words words = {.jobs = "1", .pairs = "200"};
    unsigned long jobs;
    int status;
    sweep.driven.timeout_s = SECONDS;
    int files = parse_sweep(argc, argv, &sweep, &words, &status);
    if (files < 1) {
        if (files == 0) {
            fputs("sweep: expected programs or folders of them (sweep --help)\n", stderr);
        }
        return status;
    }
    if (!words_fit(&words) || !choose_changes(&words) || !compares_alone(&words, sweep.first) ||
        !cli_number("--jobs", words.jobs, 1, JOBS_MOST, &jobs)) {
        return EXIT_USAGE;
    }
    sweep.jobs = (unsigned)jobs;
    struct cli_paths paths = {.most = sweep.driven.memory};
    if (!cmd_sweep_collect(&paths, argv, files)) {
        return EXIT_USAGE;
    }
    if (words.against.other) {
        return against_programs(&words.against, &sweep.driven, paths.path, paths.count);
    }
    status = cli_open_driven(&sweep.world, &sweep.driven);
    return status ? status : sweep_as_wanted(&sweep, &paths, &words);
}
