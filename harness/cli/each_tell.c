/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/shown.h"
#include "cli/each.h"

/* The command that shows a finding again. */
static void again_of(const struct each_job *job, const char *path, const char *change, char *out,
                     size_t size)
{
    char command[600];
    snprintf(command, sizeof(command), "run --with %s", change);
    cli_reproduce(job->options->driven, command, path, out, size);
}

static void finding_json(const char *path, const char *change, const struct each_site *site,
                         const struct trace *trace, const char *again)
{
    const struct verdict *v = &trace->verdict;
    char identity[CLI_IDENTITY];
    struct json json = json_begin(stdout);
    cli_identity(trace, identity, sizeof(identity));
    json_text(&json, "file", path);
    json_text(&json, "change", change);
    json_text(&json, "verdict", verdict_kind_name(v->kind));
    json_text(&json, "rule", v->rule);
    json_text(&json, "identity", identity);
    json_text(&json, "expected", v->expected);
    json_text(&json, "actual", v->actual);
    json_text(&json, "failed_call", site->failed ? nds_failing_word(site->what) : NULL);
    json_text(&json, "failed_at", site->failed ? site->place : NULL);
    json_text(&json, "reproduce", again);
    json_end(&json);
}

void each_tell_finding(const struct each_job *job, const char *path, const struct change *change,
                       struct each_site *site)
{
    const struct trace *trace = job->world->trace;
    char again[8400], name[CHANGE_NAME];
    change_name(change, name);
    again_of(job, path, name, again, sizeof(again));
    each_sites_place(site, site->failed != 0);
    if (job->options->driven->json) {
        finding_json(path, name, site, trace, again);
        return;
    }
    printf("%s, %s: ", name, shown(path));
    render_verdict(stdout, trace, again, job->options->quiet ? 0 : 12);
    if (site->failed) {
        printf("  failed: %s, called from %s\n", nds_failing_word(site->what), shown(site->place));
    }
}

static uint64_t runs_of(const struct each_totals *totals)
{
    uint64_t runs = 0;
    for (uint32_t kind = 0; kind < CHANGE_KINDS; kind++) {
        runs += totals->by[kind].runs;
    }
    return runs;
}

static void change_json(enum change_kind kind, const struct each_count *count)
{
    struct json json = json_begin(stdout);
    json_text(&json, "change", change_word(kind));
    json_number(&json, "wanted", count->wanted);
    json_number(&json, "runs", count->runs);
    json_number(&json, "failed", count->failed);
    json_number(&json, "warned", count->warned);
    json_number(&json, "skipped", count->skipped);
    json_number(&json, "unfit", count->unfit);
    json_number(&json, "done_before", count->done_before);
    json_end(&json);
}

static void each_totals_json(const struct each_options *options, struct each_totals *totals)
{
    for (uint32_t kind = 0; kind < CHANGE_KINDS; kind++) {
        if (options->kind[kind]) {
            change_json((enum change_kind)kind, &totals->by[kind]);
        }
    }
    each_sites_json(&totals->sites);
    struct json json = json_begin(stdout);
    json_number(&json, "programs", totals->programs);
    json_number(&json, "unfit_programs", totals->unfit);
    json_number(&json, "not_run_programs", totals->not_run);
    json_number(&json, "findings", totals->findings);
    json_number(&json, "runs", runs_of(totals));
    json_bool(&json, "dry_run", options->dry_run);
    json_real(&json, "seconds", totals->seconds, 3);
    json_number(&json, "calls", totals->sites.count);
    json_number(&json, "calls_never_reached", each_sites_never(&totals->sites));
    json_end(&json);
}

static void row(const char *name, const struct each_count *count, bool dry)
{
    if (dry) {
        printf("%-14s %10llu\n", name, (unsigned long long)count->wanted);
        return;
    }
    printf("%-14s %10llu %10llu %8llu %8llu %8llu %8llu %12llu\n", name,
           (unsigned long long)count->wanted, (unsigned long long)count->runs,
           (unsigned long long)count->failed, (unsigned long long)count->warned,
           (unsigned long long)count->skipped, (unsigned long long)count->unfit,
           (unsigned long long)count->done_before);
}

static void each_totals_text(const struct each_options *options, struct each_totals *totals)
{
    uint64_t runs = runs_of(totals);
    printf(options->dry_run ? "%-14s %10s\n" : "%-14s %10s %10s %8s %8s %8s %8s %12s\n", "change",
           "wanted", "runs", "failed", "warned", "skipped", "unfit", "done before");
    for (uint32_t kind = 0; kind < CHANGE_KINDS; kind++) {
        if (options->kind[kind]) {
            row(change_word((enum change_kind)kind), &totals->by[kind], options->dry_run);
        }
    }
    printf("%u programs", totals->programs);
    if (totals->unfit) {
        printf(", %u of them left out (they do not pass as they are, or are skipped)",
               totals->unfit);
    }
    if (totals->not_run) {
        printf(", %u not run, since it went wrong at one place again and again", totals->not_run);
    }
    if (options->dry_run) {
        printf("; nothing was run\n");
        return;
    }
    printf("; %u findings; %llu runs in %.1f s, %.0f/s\n", totals->findings,
           (unsigned long long)runs, totals->seconds,
           (double)runs / (totals->seconds > 0 ? totals->seconds : 1));
    each_sites_text(&totals->sites);
}

void each_tell_totals(const struct each_options *options, struct each_totals *totals)
{
    if (options->driven->json) {
        each_totals_json(options, totals);
    } else {
        each_totals_text(options, totals);
    }
}
