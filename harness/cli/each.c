/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/each.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/result_file.h"

/* What one process tells, and what it came to. */
struct part {
    int text; /* a file in memory */
    int status;
    struct each_totals totals;
};

struct parts {
    const struct each_job *job; /* of all */
    struct part *part;          /* in memory that all share, as these are */
    struct job_told *told;
};

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_part(void *context, unsigned number)
{
    const struct parts *parts = context;
    struct part *part = &parts->part[number];
    struct each_job job = *parts->job;
    const struct cli_paths files =
        job_piece(parts->job->files, number, job.options->jobs, &job.first);
    job.files = &files;
    job.totals = &part->totals;
    job.told = &parts->told[number];
    fflush(stdout);
    dup2(part->text, STDOUT_FILENO);
    if (!each_run(&job)) {
        _exit(EXIT_ENVIRONMENT);
    }
    fflush(stdout);
    part->status = job.status;
}

static void add_part(struct each_totals *sum, const struct each_totals *more)
{
    for (uint32_t kind = 0; kind < CHANGE_KINDS; kind++) {
        struct each_count *to = &sum->by[kind];
        const struct each_count *from = &more->by[kind];
        to->wanted += from->wanted;
        to->runs += from->runs;
        to->failed += from->failed;
        to->warned += from->warned;
        to->skipped += from->skipped;
        to->unfit += from->unfit;
        to->done_before += from->done_before;
    }
    sum->unfit += more->unfit;
    sum->not_run += more->not_run;
    for (uint32_t i = 0; i < more->findings && i < EACH_FINDINGS; i++) {
        if (sum->findings + i < EACH_FINDINGS) {
            sum->finding[sum->findings + i] = more->finding[i];
        }
    }
    sum->findings += more->findings;
    each_sites_add(&sum->sites, &more->sites);
}

static void show_text(int from)
{
    char bytes[65536];
    ssize_t got;
    for (off_t at = 0; (got = pread(from, bytes, sizeof(bytes), at)) > 0; at += got) {
        fwrite(bytes, 1, (size_t)got, stdout);
    }
    close(from);
}

/* False: not all of them came to their end. */
static bool run_parts(struct each_job *job, struct each_totals *sum)
{
    unsigned jobs = job->options->jobs;
    struct parts parts = {.job = job,
                          .part = beside_shared(jobs * sizeof(struct part)),
                          .told = beside_shared(jobs * sizeof(struct job_told))};
    bool good = parts.part && parts.told;
    for (unsigned i = 0; good && i < jobs; i++) {
        parts.part[i].text = memfd_create("text", MFD_CLOEXEC);
        good = parts.part[i].text >= 0;
    }
    good = good && beside_run(jobs, job->world, run_part, &parts,
                              isatty(STDERR_FILENO) ? parts.told : NULL, job->files->count);
    for (unsigned i = 0; good && i < jobs; i++) {
        add_part(sum, &parts.part[i].totals);
        job->status = verdict_worse_status(job->status, parts.part[i].status);
        show_text(parts.part[i].text);
    }
    return good;
}

/* Lists and files before anything is run. */
static bool open_lists(struct each_job *job)
{
    const struct each_options *options = job->options;
    job->resume = -1;
    if (options->skip && !(job->skip = each_list_read(options->skip, "--skip", false))) {
        return false;
    }
    if (!options->resume) {
        return true;
    }
    job->done = each_list_read(options->resume, "--resume", true);
    job->resume =
        job->done ? open(options->resume, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    if (job->done && job->resume < 0) {
        fprintf(stderr, "sweep: --resume: %s: %s\n", shown(options->resume), strerror(errno));
    }
    return job->resume >= 0;
}

static bool write_page(const struct each_options *options, struct result_file *page,
                       struct each_totals *totals)
{
    char about[4400];
    if (!page->out) {
        return true;
    }
    cli_command_with(options->driven, "sweep", about, sizeof(about));
    each_sites_html(page->out, &totals->sites, about);
    return result_close(page);
}

bool each_measure(struct world *world, const struct cli_paths *files,
                  const struct each_options *options, struct each_totals *totals, int *status)
{
    struct each_options own = *options;
    struct each_job job = {.world = world, .files = files, .options = &own};
    own.jobs = own.jobs < files->count ? own.jobs : files->count;
    *totals = (struct each_totals){.programs = files->count};
    *status = EXIT_USAGE;
    if (!open_lists(&job)) {
        return false;
    }
    double begun = now_seconds();
    if (!run_parts(&job, totals)) {
        fputs("chimneysweep: no process for the runs can be made\n", stderr);
        *status = EXIT_ENVIRONMENT;
        return false;
    }
    totals->seconds = now_seconds() - begun;
    *status = job.status;
    return true;
}

int each_sweep(struct world *world, const struct cli_paths *files,
               const struct each_options *options)
{
    static struct each_totals totals;
    struct result_file page;
    int status;
    if (!result_open(&page, options->html)) {
        return EXIT_USAGE;
    }
    if (!each_measure(world, files, options, &totals, &status)) {
        result_drop(&page);
        return status;
    }
    each_sites_complete(&totals.sites);
    each_tell_totals(options, &totals);
    return write_page(options, &page, &totals) ? status : EXIT_USAGE;
}
