/* SPDX-License-Identifier: MIT */
#include "cli/families.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shown.h"
#include "families/families.h"
#include "program/isolate.h"

#define PROGRAM_SECONDS 10u /* of CPU */
#define FAMILIES_MAX 64u

enum outcome { NOT_YET, PASSED, SKIPPED, FAILED };

struct result {
    enum outcome outcome;
    const char *why; /* of what was skipped */
};

struct job {
    struct world *world;
    const struct cli_paths *files;
    const struct families_options *options;
    const struct family *family[FAMILIES_MAX];
    uint32_t families;
    struct shared {
        uint32_t at; /* family * programs + program */
        struct result result[];
    } * shared;
    int status;
};

static bool families_choose(struct job *job)
{
    uint32_t count;
    const struct family *all = families(&count);
    const char *names = job->options->names;
    if (!strcmp(names, "all")) {
        for (uint32_t i = 0; i < count; i++) {
            job->family[job->families++] = &all[i];
        }
        return true;
    }
    while (*names && job->families < FAMILIES_MAX) {
        size_t length = strcspn(names, ",");
        const struct family *found = family_find(names, length);
        if (!found) {
            fprintf(stderr,
                    "sweep: --families: no family '%.*s' (chimneysweep family lists them)\n",
                    (int)length, names);
            return false;
        }
        job->family[job->families++] = found;
        names += length + (names[length] == ',');
    }
    return job->families > 0;
}

/* At FOLDER/FAMILY-NAME.chim; the name is the file's, without its ending. */
static bool keep(const struct job *job, const struct family *family, const char *path,
                 const struct program *program)
{
    static char text[PROGRAM_OPS_MAX * 128];
    char to[4096];
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    snprintf(to, sizeof(to), "%s/%s-%.*s.chim", job->options->out, family->name,
             (int)(dot ? (size_t)(dot - base) : strlen(base)), base);
    return cli_write_file(to, text, program_print(program, text, sizeof(text)));
}

/* False: what the trace says ends the pass. */
static bool run_changed(struct job *job, const struct family *family, const char *path,
                        struct result *result)
{
    static struct program program, changed;
    struct run_counts counts;
    struct trace *trace = job->world->trace;
    result->why = family->missing;
    if (!result->why && !cli_read_program(path, &program)) {
        cli_lost_file(trace, path);
        return false;
    }
    result->why = result->why ? result->why : family->apply(&program, &changed);
    if (result->why) {
        result->outcome = SKIPPED;
        return true;
    }
    if (job->options->out && !keep(job, family, path, &changed)) {
        cli_lost_file(trace, job->options->out);
        return false;
    }
    isolate_at_most(PROGRAM_SECONDS);
    program_run(job->world, &changed, &job->options->run, &counts);
    if (trace->verdict.kind != VERDICT_PASS) {
        return false;
    }
    result->why = trace->end.skipped[0] ? "it needs what the driver does not advertise" : NULL;
    result->outcome = result->why ? SKIPPED : PASSED;
    return true;
}

/* Stops behind the first that fails; the parent reports it and goes on. */
static void families_pass(void *context)
{
    struct job *job = context;
    uint32_t files = job->files->count;
    for (; job->shared->at < job->families * files; job->shared->at++) {
        uint32_t at = job->shared->at;
        if (!run_changed(job, job->family[at / files], job->files->path[at % files],
                         &job->shared->result[at])) {
            return;
        }
    }
}

static void tell_json(const struct job *job, uint32_t at)
{
    const struct result *result = &job->shared->result[at];
    const struct verdict *v = &job->world->trace->verdict;
    bool failed = result->outcome == FAILED;
    struct json json = json_begin(stdout);
    json_text(&json, "family", job->family[at / job->files->count]->name);
    json_text(&json, "file", job->files->path[at % job->files->count]);
    json_text(&json, "verdict",
              failed                       ? verdict_kind_name(v->kind)
              : result->outcome == SKIPPED ? "skipped"
                                           : "pass");
    json_text(&json, "rule", failed ? v->rule : "");
    json_text(&json, "expected", failed ? v->expected : "");
    json_text(&json, "actual", failed ? v->actual : "");
    json_text(&json, "why", result->why ? result->why : "");
    json_end(&json);
}

static void failed_at(struct job *job, uint32_t at)
{
    const struct trace *trace = job->world->trace;
    const struct family *family = job->family[at / job->files->count];
    const char *path = job->files->path[at % job->files->count];
    job->shared->result[at].outcome = FAILED;
    job->status = verdict_worse_status(job->status, verdict_exit_status(trace->verdict.kind));
    if (job->options->json) {
        tell_json(job, at);
        return;
    }
    char again[4400];
    snprintf(again, sizeof(again),
             "chimneysweep family -o changed.chim %s %s; chimneysweep run changed.chim",
             family->name, path);
    printf("%s, %s: ", family->name, shown(path));
    render_verdict(stdout, trace, again, job->options->quiet ? 0 : 12);
}

static void count_row(const struct job *job, uint32_t family, uint32_t count[FAILED + 1])
{
    memset(count, 0, (FAILED + 1) * sizeof(count[0]));
    for (uint32_t i = 0; i < job->files->count; i++) {
        count[job->shared->result[family * job->files->count + i].outcome]++;
    }
}

static void table_of(const struct job *job)
{
    uint32_t count[FAILED + 1];
    if (!job->options->json) {
        printf("%-24s %8s %8s %8s %8s\n", "family", "programs", "passed", "skipped", "failed");
    }
    for (uint32_t i = 0; i < job->families; i++) {
        const struct family *family = job->family[i];
        count_row(job, i, count);
        if (job->options->json) {
            struct json json = json_begin(stdout);
            json_text(&json, "family", family->name);
            json_number(&json, "programs", job->files->count);
            json_number(&json, "passed", count[PASSED]);
            json_number(&json, "skipped", count[SKIPPED]);
            json_number(&json, "failed", count[FAILED]);
            json_text(&json, "missing", family->missing ? family->missing : "");
            json_end(&json);
        } else {
            printf("%-24s %8u %8u %8u %8u%s%s\n", family->name, job->files->count, count[PASSED],
                   count[SKIPPED], count[FAILED], family->missing ? "  missing: " : "",
                   family->missing ? family->missing : "");
        }
    }
}

/* Made if it is not there. */
static bool folder_ready(const char *path)
{
    if ((mkdir(path, 0777) && errno != EEXIST) || access(path, W_OK | X_OK)) {
        fprintf(stderr, "sweep: %s: no folder to write into: %s\n", shown(path), strerror(errno));
        return false;
    }
    return true;
}

int families_sweep(struct world *world, const struct cli_paths *files,
                   const struct families_options *options)
{
    static struct job job;
    job.world = world;
    job.files = files;
    job.options = options;
    if (!families_choose(&job)) {
        return EXIT_USAGE;
    }
    if (options->out && !folder_ready(options->out)) {
        return EXIT_USAGE;
    }
    uint32_t all = job.families * files->count;
    job.shared = cli_shared(sizeof(*job.shared) + all * sizeof(job.shared->result[0]));
    while (job.shared && job.shared->at < all) {
        uint32_t from = job.shared->at;
        trace_reset(world->trace);
        if (!isolate_run(families_pass, &job, world->trace, 600)) {
            fputs("sweep: no process for the runs can be made\n", stderr);
            return EXIT_ENVIRONMENT;
        }
        for (uint32_t i = from; options->json && i < job.shared->at; i++) {
            tell_json(&job, i);
        }
        if (job.shared->at < all) {
            failed_at(&job, job.shared->at++);
        }
    }
    if (!job.shared) {
        return EXIT_ENVIRONMENT;
    }
    table_of(&job);
    return job.status;
}
