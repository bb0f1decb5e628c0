/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/check_engines.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_LENGTH "3072"
#define GRACE_S 5.0 /* for an engine to end by itself */
#define WALL_TIMES                                                                                 \
    4 /* as much wall time as processor time at most: a busy machine, a slow start                 \
       */
#define STARTS_MOST 100u

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool check_engines_have_afl(void)
{
    const char *path = getenv("PATH");
    char *folders = strdup(path ? path : ""), *rest = folders, *folder;
    bool found = false;
    while (folders && !found && (folder = strsep(&rest, ":"))) {
        char file[4200];
        snprintf(file, sizeof(file), "%s/afl-fuzz", *folder ? folder : ".");
        found = access(file, X_OK) == 0;
    }
    free(folders);
    return found;
}

/* What both engine programs are told, and what keeps AFL++ from asking for a screen, governors and
 * cores. */
static void set_environment(const struct check_fuzz *fuzz, uint32_t which,
                            const struct cli_driven *driven)
{
    char reached[600];
    const char *const fixed[][2] = {
        {"CHIMNEYSWEEP_DRIVER", world_driver_path()},
        {"CHIMNEYSWEEP_REACHED", reached},
        {"CHIMNEYSWEEP_GUARD", strcmp(driven->guard, "pages") ? "off" : "pages"},
        {"CHIMNEYSWEEP_STRICT", driven->strict ? "on" : "off"},
        {"CHIMNEYSWEEP_CONTEXT_IS_CELL", driven->context_is_cell ? "on" : "off"},
        {"ASAN_OPTIONS", which ? "abort_on_error=1:symbolize=0:detect_leaks=0"
                               : "detect_leaks=0:handle_abort=2:symbolize=0"},
        {"UBSAN_OPTIONS", "symbolize=0"},
        {"AFL_NO_UI", "1"},
        {"AFL_SKIP_CPUFREQ", "1"},
        {"AFL_NO_AFFINITY", "1"},
        {"AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "1"},
        {"AFL_SKIP_CRASHES", "1"},
        {"AFL_FAST_CAL", "1"},
        {"AFL_CUSTOM_MUTATOR_LIBRARY", fuzz->mutator},
    };
    snprintf(reached, sizeof(reached), "%s/%s.reached", fuzz->folder, which ? "afl" : "libfuzzer");
    for (unsigned i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        setenv(fixed[i][0], fixed[i][1], 1);
    }
}

static void become_libfuzzer(const struct check_fuzz *fuzz, const struct cli_driven *driven)
{
    char longest[40], seed[40], prefix[600], corpus[600], seeds[600];
    snprintf(longest, sizeof(longest), "-timeout=%u", driven->timeout_s);
    snprintf(seed, sizeof(seed), "-seed=%u", fuzz->engine[0].starts);
    snprintf(prefix, sizeof(prefix), "-artifact_prefix=%s/saved/", fuzz->folder);
    snprintf(corpus, sizeof(corpus), "%s/corpus", fuzz->folder);
    snprintf(seeds, sizeof(seeds), "%s/seeds", fuzz->folder);
    execl(fuzz->engine[0].program, fuzz->engine[0].program, longest, seed, prefix,
          "-max_len=" MAX_LENGTH, "-rss_limit_mb=4096", "-entropic=0", corpus, seeds, (char *)NULL);
}

static void become_afl(const struct check_fuzz *fuzz)
{
    char seeds[600], out[600];
    snprintf(seeds, sizeof(seeds), "%s/afl-seeds", fuzz->folder);
    snprintf(out, sizeof(out), "%s/afl", fuzz->folder);
    execlp("afl-fuzz", "afl-fuzz", "-i", seeds, "-o", out, "-t", "2000+", "-m", "none", "-s", "1",
           "-G", MAX_LENGTH, "--", fuzz->engine[1].program, (char *)NULL);
}

static void engine_start(struct check_fuzz *fuzz, uint32_t which, const struct cli_driven *driven)
{
    struct check_engine *engine = &fuzz->engine[which];
    char log[600];
    engine->starts++;
    fflush(NULL);
    engine->process = fork();
    if (engine->process) {
        engine->process = engine->process > 0 ? engine->process : 0;
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    snprintf(log, sizeof(log), "%s/%s.log", fuzz->folder, which ? "afl" : "libfuzzer");
    int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    set_environment(fuzz, which, driven);
    if (which) {
        become_afl(fuzz);
    } else {
        become_libfuzzer(fuzz, driven);
    }
    _exit(127);
}

static bool ended(struct check_engine *engine)
{
    int status;
    if (engine->process && waitpid(engine->process, &status, WNOHANG) == engine->process) {
        kill(-engine->process, SIGKILL); /* what it may have left */
        engine->process = 0;
    }
    return !engine->process;
}

/* Asks it to end, as at a terminal, and does not wait for ever. */
static void engine_end(struct check_engine *engine)
{
    for (double begin = seconds(); !ended(engine) && seconds() - begin < GRACE_S; usleep(20000)) {
        kill(engine->process, SIGINT);
    }
    if (!ended(engine)) {
        kill(-engine->process, SIGKILL);
        waitpid(engine->process, NULL, 0);
        engine->process = 0;
    }
}

/* What the engine program counts in a file that it shares with us (fuzz/target.c). */
static void engine_look(const struct check_fuzz *fuzz, uint32_t which, struct check_engine *engine)
{
    enum { EXECUTIONS = 0, CPU_US = 7, WORDS };
    uint64_t word[WORDS];
    char path[600];
    snprintf(path, sizeof(path), "%s/%s.reached", fuzz->folder, which ? "afl" : "libfuzzer");
    FILE *file = fopen(path, "rbe");
    if (!file) {
        return;
    }
    if (fread(word, sizeof(word), 1, file)) {
        engine->executions = word[EXECUTIONS];
        engine->cpu = (double)word[CPU_US] / 1e6;
    }
    fclose(file);
}

/* True when it has had its time. */
static bool engine_attend(struct check_fuzz *fuzz, uint32_t which, const struct cli_driven *driven,
                          bool late)
{
    struct check_engine *engine = &fuzz->engine[which];
    engine_look(fuzz, which, engine);
    if (late || engine->cpu >= fuzz->seconds) {
        engine_end(engine);
        return true;
    }
    if (!ended(engine)) {
        return false;
    }
    bool again = which == 0 && engine->starts < STARTS_MOST;
    if (again) {
        engine_start(fuzz, which, driven);
    }
    return !again;
}

void check_engines_run(struct check_fuzz *fuzz, const struct cli_driven *driven)
{
    const double begin = seconds();
    for (uint32_t i = 0; i < CHECK_ENGINES; i++) {
        engine_start(fuzz, i, driven);
    }
    for (bool over = false; !over; usleep(50000)) {
        bool late = seconds() - begin > WALL_TIMES * fuzz->seconds + GRACE_S;
        over = engine_attend(fuzz, 0, driven, late);
        over &= engine_attend(fuzz, 1, driven, late);
    }
}
