/* SPDX-License-Identifier: MIT
 *
 * Whole runs of programs, as a fuzz engine makes them: executions and operations per second over a
 * corpus, in this process.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/bench.h"

#define PROGRAMS_MAX 4096

static struct {
    uint8_t *bytes[PROGRAMS_MAX];
    size_t length[PROGRAMS_MAX];
    uint32_t ops[PROGRAMS_MAX];
    uint32_t count;
} corpus;

static void load_folder(struct bench *bench, const char *path)
{
    static struct program program;
    static uint8_t bytes[PROGRAM_BINARY_MAX];
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char below[4096];
        struct stat about;
        snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        const char *end = strrchr(names[i]->d_name, '.');
        bool is_program = end && (!strcmp(end, ".chim") || !strcmp(end, ".bin"));
        if (names[i]->d_name[0] != '.' && !stat(below, &about)) {
            if (S_ISDIR(about.st_mode)) {
                load_folder(bench, below);
            } else if (is_program && !cli_read_program(below, &program)) {
                bench->unreadable = true;
            } else if (is_program && corpus.count < PROGRAMS_MAX) {
                size_t length = program_encode(&program, bytes, sizeof(bytes));
                corpus.bytes[corpus.count] = malloc(length);
                if (corpus.bytes[corpus.count]) {
                    memcpy(corpus.bytes[corpus.count], bytes, length);
                    corpus.ops[corpus.count] = program.count;
                    corpus.length[corpus.count++] = length;
                }
            }
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
}

static int by_value(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

static bool load(struct bench *bench)
{
    if (!corpus.count) {
        load_folder(bench, bench->corpora);
    }
    if (!corpus.count) {
        bench->unreadable = true;
        fprintf(stderr,
                "bench: %s: no programs there (expected the shipped corpora; --corpora DIR)\n",
                bench->corpora);
    }
    return corpus.count != 0;
}

/* Runs each program once; returns their operations. */
static uint64_t bench_fuzz_run_all(struct bench *bench, bool oracle)
{
    static struct program program;
    struct run_options options = {.oracle_off = !oracle};
    struct run_counts counts;
    uint64_t ops = 0;
    for (uint32_t i = 0; i < corpus.count; i++) {
        program_decode(corpus.bytes[i], corpus.length[i], &program);
        program_run(bench->world, &program, &options, &counts);
        ops += program.count;
    }
    return ops;
}

double bench_fuzz_pass(struct bench *bench, bool oracle, double seconds)
{
    uint64_t passes = 0;
    double start = bench_now(), spent = 0;
    if (!load(bench)) {
        return 0;
    }
    for (; spent < seconds; passes++) {
        bench_fuzz_run_all(bench, oracle);
        spent = bench_now() - start;
    }
    return spent / (double)passes;
}

bool bench_fuzz_exec(struct bench *bench)
{
    if (!load(bench)) {
        return false;
    }
    double start = bench_now(), spent = 0;
    uint64_t runs = 0, ops = 0;
    while (spent < bench->seconds) {
        ops += bench_fuzz_run_all(bench, true);
        runs += corpus.count;
        spent = bench_now() - start;
    }
    static uint32_t sorted[PROGRAMS_MAX];
    memcpy(sorted, corpus.ops, corpus.count * sizeof(sorted[0]));
    qsort(sorted, corpus.count, sizeof(sorted[0]), by_value);
    char note[160];
    snprintf(note, sizeof(note), "one core, oracle on, %u programs of %s, median %u operations",
             corpus.count, bench->corpora, sorted[corpus.count / 2]);
    bench_add(bench, "fuzz_exec", (double)runs / spent, "executions/s", note);
    bench_add(bench, "fuzz_ops", (double)ops / spent, "operations/s", note);
    return true;
}
