/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/check_fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/shown.h"
#include "cli/check_engines.h"
#include "program/isolate.h"

#define JUDGED_MOST 200u /* of what the engines saved; they save the same defect many times */
#define AFL_SEEDS 128u   /* it runs each of them several times before it begins */

static bool fuzz_folder_make(const struct check_fuzz *fuzz, const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s%s%s", fuzz->folder, *name ? "/" : "", name);
    if (mkdir(path, 0777) && errno != EEXIST) {
        fprintf(stderr, "check-driver: --out: %s: %s\n", shown(path), strerror(errno));
        return false;
    }
    return true;
}

static bool fuzz_folders_make(struct check_fuzz *fuzz)
{
    static const char *const below[] = {"", "seeds", "afl-seeds", "corpus", "saved", "findings"};
    const char *temporary = getenv("TMPDIR");
    if (fuzz->out) {
        snprintf(fuzz->folder, sizeof(fuzz->folder), "%s", fuzz->out);
    } else {
        snprintf(fuzz->folder, sizeof(fuzz->folder), "%s/chimneysweep-fuzz-XXXXXX",
                 temporary && *temporary ? temporary : "/tmp");
        if (!mkdtemp(fuzz->folder)) {
            fprintf(stderr, "check-driver: %s: %s\n", shown(fuzz->folder), strerror(errno));
            return false;
        }
    }
    for (unsigned i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        if (!fuzz_folder_make(fuzz, below[i])) {
            return false;
        }
    }
    return true;
}

static bool program_write(const char *path, const struct program *program)
{
    static uint8_t bytes[PROGRAM_BINARY_MAX];
    size_t length = program_encode(program, bytes, sizeof(bytes));
    return cli_write_file(path, bytes, length);
}

/* An engine that begins with a program which fails would end at once, again and again. */
static bool seeds_write(const struct check_fuzz *fuzz, const struct cli_paths *files,
                        const struct rule_coverage *coverage)
{
    static struct program program;
    uint32_t every = files->count / AFL_SEEDS + 1;
    program_init(&program);
    for (uint32_t i = 0; i <= files->count; i++) { /* the last is the empty program */
        char path[600];
        if (i < files->count && (suite_failed(coverage, i) || i >= coverage->at)) {
            continue;
        }
        if (i < files->count && !cli_read_program(files->path[i], &program)) {
            return false;
        }
        if (i == files->count) {
            program_init(&program);
        }
        snprintf(path, sizeof(path), "%s/seeds/%06u", fuzz->folder, i);
        bool good = program_write(path, &program);
        snprintf(path, sizeof(path), "%s/afl-seeds/%06u", fuzz->folder, i);
        if (!good || (i % every == 0 && !program_write(path, &program)) ||
            (i == files->count && !program_write(path, &program))) {
            return false;
        }
    }
    return true;
}

struct judge {
    struct check_fuzz *fuzz;
    struct world *world;
    const struct cli_driven *driven;
    struct cli_paths *files;
    struct rule_coverage *coverage;
};

/* What an engine saved, run once more in a process of its own. */
static bool fuzz_judge_one(const struct judge *judge, const char *saved)
{
    static struct program program;
    struct check_fuzz *fuzz = judge->fuzz;
    const struct run_options options = {.strict = judge->driven->strict,
                                        .context_is_cell = judge->driven->context_is_cell};
    if (!cli_read_program(saved, &program)) {
        return false;
    }
    fuzz->judged++;
    if (!cli_run_isolated(judge->world, &program, &options, judge->driven->timeout_s, NULL)) {
        fputs("chimneysweep: no process for the run can be made\n", stderr);
        return false;
    }
    const struct verdict *verdict = &judge->world->trace->verdict;
    if (verdict->kind == VERDICT_PASS) {
        fuzz->not_again++;
        return true;
    }
    char path[600];
    fuzz->findings++;
    snprintf(path, sizeof(path), "%s/findings/%s-%03u.bin", fuzz->folder,
             verdict->rule[0] ? verdict->rule : verdict_kind_name(verdict->kind), fuzz->findings);
    if (!program_write(path, &program) || !cli_collect(judge->files, path)) {
        return false;
    }
    suite_add(judge->coverage, judge->files->count - 1, judge->world->trace);
    return true;
}

/* Inputs that ended an engine, by the names that it gives them. */
static int is_saved(const struct dirent *entry)
{
    static const char *const names[] = {"crash-", "timeout-", "oom-", "id:"};
    bool found = false;
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        found |= !strncmp(entry->d_name, names[i], strlen(names[i]));
    }
    return found;
}

static bool fuzz_judge_folder(const struct judge *judge, struct check_engine *engine,
                              const char *name)
{
    char folder[600];
    struct dirent **names;
    bool good = true;
    snprintf(folder, sizeof(folder), "%s/%s", judge->fuzz->folder, name);
    int count = scandir(folder, &names, is_saved, alphasort);
    for (int i = 0; i < count; i++) {
        char path[1200];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        engine->saved++;
        good = good && (judge->fuzz->judged == JUDGED_MOST || fuzz_judge_one(judge, path));
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return good;
}

const char *check_fuzz_name(uint32_t engine)
{
    return engine ? "AFL++" : "libFuzzer";
}

double check_fuzz_rate(const struct check_engine *engine)
{
    return engine->cpu > 0 ? (double)engine->executions / engine->cpu : 0;
}

bool check_fuzz_possible(struct check_fuzz *fuzz)
{
    bool asan = arena_instrumented();
    const struct {
        enum engine_program which;
        char *path;
    } need[] = {
        {asan ? ENGINE_LIBFUZZER_ASAN : ENGINE_LIBFUZZER_PLAIN, fuzz->engine[0].program},
        {asan ? ENGINE_AFL_ASAN : ENGINE_AFL_PLAIN, fuzz->engine[1].program},
        {ENGINE_AFL_MUTATOR, fuzz->mutator},
    };
    for (unsigned i = 0; i < sizeof(need) / sizeof(need[0]); i++) {
        if (!engine_program_find(need[i].which, need[i].path, sizeof(fuzz->mutator))) {
            fprintf(stderr,
                    "check-driver: --fuzz: no engine program %s (scripts/build %s, then "
                    "scripts/install)\n",
                    shown(need[i].path), asan ? "fuzz afl" : "fuzz-plain afl-plain");
            return false;
        }
    }
    if (!check_engines_have_afl()) {
        fputs("check-driver: --fuzz: no afl-fuzz in PATH (Debian package afl++)\n", stderr);
        return false;
    }
    return true;
}

int check_fuzz(struct check_fuzz *fuzz, struct world *world, const struct cli_driven *driven,
               struct cli_paths *files, struct rule_coverage *coverage)
{
    if (!fuzz_folders_make(fuzz) || !seeds_write(fuzz, files, coverage)) {
        return EXIT_ENVIRONMENT;
    }
    check_engines_run(fuzz, driven);
    struct judge judge = {fuzz, world, driven, files, coverage};
    bool good = fuzz_judge_folder(&judge, &fuzz->engine[0], "saved") &&
                fuzz_judge_folder(&judge, &fuzz->engine[1], "afl/default/crashes") &&
                fuzz_judge_folder(&judge, &fuzz->engine[1], "afl/default/hangs");
    for (uint32_t i = 0; i < CHECK_ENGINES; i++) {
        if (!fuzz->engine[i].executions) {
            fprintf(stderr, "check-driver: --fuzz: %s ran nothing, see %s/%s.log\n",
                    check_fuzz_name(i), shown(fuzz->folder), i ? "afl" : "libfuzzer");
            good = false;
        }
    }
    return good ? EXIT_PASS : EXIT_ENVIRONMENT;
}
