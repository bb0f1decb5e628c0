/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/sweep.h"

#define PASSES 2u

/* What one process tells: texts and results by the pass. */
struct piece {
    int text[PASSES], sarif[PASSES]; /* files in memory */
    uint32_t failed, not_run, results[PASSES];
    int status;
    struct shared counts;
    struct cli_places places;
};

struct beside {
    struct sweep *sweep;
    const struct cli_paths *paths;
    bool json;
    struct piece *piece; /* in shared memory, as the entries are */
    struct entry *entry;
    unsigned job; /* the process's own */
};

/* The results of a pass are whole in their file. */
static void end_pass(struct sweep *sweep, struct piece *piece, uint32_t round)
{
    fflush(stdout);
    piece->results[round] = sweep->sarif.results;
    if (sweep->sarif.file.out) {
        fclose(sweep->sarif.file.out);
        sweep->sarif.file.out = NULL;
    }
}

static void begin_pass(struct sweep *sweep, uint32_t round)
{
    const struct beside *beside = sweep->beside;
    struct piece *piece = &beside->piece[beside->job];
    if (round) {
        end_pass(sweep, piece, round - 1);
    }
    fflush(stdout);
    dup2(piece->text[round], STDOUT_FILENO);
    sweep->sarif.results = 0;
    if (piece->sarif[round] >= 0) {
        sweep->sarif.file.out = fdopen(dup(piece->sarif[round]), "w");
    }
}

static void sweep_piece(void *context, unsigned job)
{
    struct beside *beside = context;
    struct sweep *sweep = beside->sweep;
    struct piece *piece = &beside->piece[job];
    uint32_t first;
    const struct cli_paths paths = job_piece(beside->paths, job, sweep->jobs, &first);
    beside->job = job;
    sweep->beside = beside;
    sweep->begin_pass = begin_pass;
    if (!sweep_make_entries(sweep, &paths)) {
        _exit(EXIT_ENVIRONMENT);
    }
    piece->failed = sweep_all(sweep, beside->json);
    end_pass(sweep, piece, sweep->shared->round < PASSES ? sweep->shared->round : PASSES - 1);
    piece->status = sweep->status;
    piece->not_run = sweep->not_run;
    piece->counts = *sweep->shared;
    piece->places = sweep->places;
    for (uint32_t i = 0; i < paths.count; i++) {
        beside->entry[first + i] = sweep->entry[i];
    }
}

static void copy_text(int from, FILE *to)
{
    char bytes[65536];
    ssize_t got;
    for (off_t at = 0; (got = pread(from, bytes, sizeof(bytes), at)) > 0; at += got) {
        fwrite(bytes, 1, (size_t)got, to);
    }
}

static void tell_piece(struct sweep *sweep, const struct piece *piece, uint32_t round)
{
    copy_text(piece->text[round], stdout);
    if (piece->results[round]) {
        fputs(sweep->sarif.results ? "," : "", sweep->sarif.file.out);
        copy_text(piece->sarif[round], sweep->sarif.file.out);
        sweep->sarif.results += piece->results[round];
    }
}

static void sum_up(struct beside *beside, struct shared *sum, uint32_t *failed)
{
    struct sweep *sweep = beside->sweep;
    for (unsigned i = 0; i < sweep->jobs; i++) {
        const struct piece *piece = &beside->piece[i];
        *failed += piece->failed;
        sweep->status = verdict_worse_status(sweep->status, piece->status);
        for (unsigned k = 0; k < sizeof(sum->reached) / sizeof(sum->reached[0]); k++) {
            sum->reached[k] += piece->counts.reached[k];
        }
        sum->ops += piece->counts.ops;
        sum->warnings += piece->counts.warnings;
        sum->skipped += piece->counts.skipped;
    }
    for (uint32_t round = 0; round < PASSES; round++) {
        for (unsigned i = 0; i < sweep->jobs; i++) {
            tell_piece(sweep, &beside->piece[i], round);
        }
    }
    sweep->shared = sum;
    sweep->entry = beside->entry;
    sweep->count = beside->paths->count;
}

/* Would one process have come to the end? */
static bool all_ended(const struct beside *beside)
{
    struct cli_places places = {0};
    for (unsigned i = 0; i < beside->sweep->jobs; i++) {
        const struct piece *piece = &beside->piece[i];
        if (piece->failed == UINT32_MAX || piece->not_run ||
            cli_places_add(&places, &piece->places)) {
            return false;
        }
    }
    return true;
}

static bool open_texts(struct beside *beside)
{
    bool good = true;
    for (unsigned i = 0; i < beside->sweep->jobs; i++) {
        for (uint32_t round = 0; round < PASSES; round++) {
            struct piece *piece = &beside->piece[i];
            piece->text[round] = memfd_create("text", MFD_CLOEXEC);
            piece->sarif[round] =
                beside->sweep->sarif.file.out ? memfd_create("results", MFD_CLOEXEC) : -1;
            good &= piece->text[round] >= 0;
        }
    }
    return good;
}

static void close_texts(const struct beside *beside)
{
    for (unsigned i = 0; i < beside->sweep->jobs; i++) {
        for (uint32_t round = 0; round < PASSES; round++) {
            close(beside->piece[i].text[round]);
            close(beside->piece[i].sarif[round]);
        }
    }
}

bool sweep_beside(struct sweep *sweep, const struct cli_paths *paths, bool json, uint32_t *failed)
{
    struct beside beside = {.sweep = sweep, .paths = paths, .json = json};
    sweep->jobs = sweep->jobs < paths->count ? sweep->jobs : paths->count;
    beside.piece = beside_shared(sweep->jobs * sizeof(beside.piece[0]));
    beside.entry = beside_shared(paths->count * sizeof(beside.entry[0]));
    struct shared *sum = calloc(1, sizeof(*sum));
    bool good = sum && beside.piece && beside.entry && open_texts(&beside) &&
                beside_run(sweep->jobs, &sweep->world, sweep_piece, &beside, NULL, paths->count) &&
                all_ended(&beside);
    if (good) {
        sum_up(&beside, sum, failed);
    } else {
        free(sum);
    }
    if (beside.piece) {
        close_texts(&beside);
    }
    return good;
}
