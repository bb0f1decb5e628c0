/* SPDX-License-Identifier: MIT
 *
 * Replaying large captures beside libpcap's bare reading of the same file: processor time of all
 * processes that take part, system included. The captures are made by scripts/large-captures of the
 * checkout.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/bench.h"
#include "replay/bare.h"
#include "replay/replay.h"

extern char **environ;

struct bench_capture {
    struct bench *bench;
    char path[64];
    bool bare, oracle;
    const char *local;
};

static double seconds_of(const struct rusage *used)
{
    return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
           (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
}

/* In the child. */
static int replay_quietly(const struct bench_capture *capture)
{
    if (capture->bare) {
        return bare_read(capture->path) ? EXIT_PASS : EXIT_ENVIRONMENT;
    }
    struct replay_options options = {
        .world = capture->bench->world, .oracle_off = !capture->oracle, .local = capture->local};
    char path[sizeof(capture->path)], *paths[1] = {path};
    memcpy(path, capture->path, sizeof(path));
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    return replay_main(&options, paths, 1);
}

/* Processor seconds of one reading or replay, 0 = it failed. */
static double timed(const struct bench_capture *capture)
{
    struct rusage used;
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(replay_quietly(capture));
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status)) {
        return 0;
    }
    return seconds_of(&used);
}

/* The fastest of several, within the time of a measurement: at least two. */
static double fastest(const struct bench_capture *capture)
{
    double best = 0, spent = 0;
    for (unsigned i = 0; i < 2 || spent < capture->bench->seconds; i++) {
        double took = timed(capture);
        if (took <= 0) {
            return 0;
        }
        spent += took;
        best = best <= 0 || took < best ? took : best;
    }
    return best;
}

static bool make_capture(const struct bench *bench, const char *kind, const char *path)
{
    char script[4096], name[16], file[64];
    snprintf(script, sizeof(script), "%.4000s/../scripts/large-captures", bench->corpora);
    snprintf(name, sizeof(name), "%s", kind);
    snprintf(file, sizeof(file), "%s", path);
    char *arguments[] = {script, name, file, NULL};
    pid_t pid;
    int status;
    return !posix_spawn(&pid, script, NULL, NULL, arguments, environ) &&
           waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool measure_replay(struct bench_capture *capture, const char *name)
{
    char row[40], note[160];
    capture->bare = true;
    double bare = fastest(capture);
    double packets = (double)bare_read(capture->path);
    capture->bare = false;
    capture->local = "client";
    double one = bare > 0 ? fastest(capture) : 0;
    capture->local = NULL;
    capture->oracle = true;
    double both = one > 0 ? fastest(capture) : 0;
    if (both <= 0) {
        return false;
    }
    snprintf(row, sizeof(row), "%s_libpcap", name);
    bench_add(capture->bench, row, bare * 1e3, "CPU ms", "libpcap reads the file, and no more");
    snprintf(note, sizeof(note), "of libpcap's time; one end, oracle off: %.0f packets/s",
             packets / one);
    bench_add(capture->bench, name, one / bare, "times", note);
    snprintf(row, sizeof(row), "%s_oracle", name);
    snprintf(note, sizeof(note), "of libpcap's time; both ends, oracle on: %.0f packets/s",
             packets / both);
    bench_add(capture->bench, row, both / bare, "times", note);
    return true;
}

bool bench_replay(struct bench *bench, const char *name)
{
    struct bench_capture capture = {.bench = bench, .path = "/tmp/chimneysweep-bench-XXXXXX"};
    int file = mkstemp(capture.path);
    bool good = file >= 0 && make_capture(bench, strrchr(name, '_') + 1, capture.path) &&
                measure_replay(&capture, name);
    if (file >= 0) {
        close(file);
        unlink(capture.path);
    }
    if (!good) {
        fprintf(stderr, "bench: %s: the capture could not be made or replayed\n", name);
    }
    return good;
}
