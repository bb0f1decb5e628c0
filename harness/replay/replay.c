/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/replay.h"

#include "base/shown.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "program/isolate.h"
#include "replay/judge.h"
#include "replay/report.h"

#define DEPTH_MAX 16
#define LONG_BYTES ((uint64_t)16 << 20) /* from here on memory is used again, without a trace */
#define TIMEOUT_S 20u
#define RETRANSMISSIONS 60        /* captures are silent for long where they lost frames */
#define BYTES_PER_SECOND 2000000u /* added to the time-out */

enum { PASS = 0, FINDING = 1, UNREADABLE = 2, ENVIRONMENT = 3, INCONCLUSIVE = 4 };

struct session {
    const struct replay_options *options;
    struct report_totals totals;
    bool environment_failed;
    double begun;
    double shown;
};

/* The runs of one file, in memory shared with the child that does them. */
struct shared {
    uint32_t at; /* run in progress: flow * 2 + side */
    struct replay_result result[];
};

struct job {
    const struct replay_options *options;
    const char *path;
    const struct flow_file *file;
    struct shared *shared;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool is_local(const struct replay_options *options, const struct flow *flow,
                     enum flow_side side)
{
    uint8_t address[16] = {0};
    const char *local = options->local;
    if (!local) {
        return true;
    }
    if (!strcmp(local, "client") || !strcmp(local, "server")) {
        return (side == FLOW_CLIENT) == !strcmp(local, "client");
    }
    return inet_pton(flow->v6 ? AF_INET6 : AF_INET, local, address) == 1 &&
           !memcmp(address, flow->end[side].address, 16);
}

static void replay_run_one(struct job *job, const struct flow *flow, enum flow_side side,
                           struct replay_result *result)
{
    static struct play play;
    struct world *world = job->options->world;
    uint64_t bytes = flow->data[0].end + flow->data[1].end;
    struct world_options options = {
        .oracle_off = job->options->oracle_off,
        .strict = job->options->strict,
        .context_is_cell = job->options->context_is_cell,
        .trace_off = bytes > LONG_BYTES,
    };
    world_default_parameters(&options.parameters);
    options.parameters.TcpMaximumRetransmissions = RETRANSMISSIONS;
    play_init(&play, world, flow, side, result);
    world_run(world, &options, play_body, &play);
    world->frame_out = NULL;
    world->more = NULL;
    judge_after(&play, &world->trace->verdict);
    if (job->options->ran) {
        job->options->ran(world->trace, job->path, flow, side, result);
    }
}

/* In the child: the runs that are left. */
static void run_rest(void *context)
{
    struct job *job = context;
    struct shared *shared = job->shared;
    for (; shared->at < 2 * job->file->flows; shared->at++) {
        const struct flow *flow = &job->file->flow[shared->at / 2];
        struct replay_result *result = &shared->result[shared->at];
        if (result->tried && !judge_before(flow, result)) {
            replay_run_one(job, flow, (enum flow_side)(shared->at % 2), result);
        }
    }
}

/* Runs what is wanted of a file, in as few processes as the driver's crashes allow. */
static bool replay_run_file(struct job *job)
{
    const struct replay_options *options = job->options;
    struct shared *shared = job->shared;
    unsigned timeout = options->timeout_s ? options->timeout_s : TIMEOUT_S;
    timeout += (unsigned)(job->file->payload / BYTES_PER_SECOND);
    for (uint32_t i = 0; i < 2 * job->file->flows; i++) {
        const struct flow *flow = &job->file->flow[i / 2];
        bool wanted = options->stream < 0 || flow->stream == options->stream;
        shared->result[i].event = VERDICT_NO_EVENT;
        shared->result[i].tried = wanted && is_local(options, flow, (enum flow_side)(i % 2));
    }
    isolate_stall_after(options->timeout_s ? options->timeout_s : TIMEOUT_S);
    while (shared->at < 2 * job->file->flows) {
        struct trace *trace = options->world->trace;
        trace_reset(trace);
        if (!isolate_run(run_rest, job, trace, timeout)) {
            return false;
        }
        bool left = trace->verdict.kind == VERDICT_PROCESSES;
        if (shared->at < 2 * job->file->flows || left) {
            uint32_t at = left ? shared->at - 1 : shared->at++;
            struct replay_result *result = &shared->result[at];
            judge_death(result, &trace->verdict);
            if (options->ran) {
                options->ran(trace, job->path, &job->file->flow[at / 2], (enum flow_side)(at % 2),
                             result);
            }
        }
    }
    return true;
}

static void replay_progress(struct session *session, bool end)
{
    double now = seconds();
    if (!isatty(STDERR_FILENO) || now - session->begun < 2 || now - session->shown < 0.2) {
        return;
    }
    session->shown = end ? 0 : now;
    if (end) {
        fputs("\r\033[K", stderr);
    } else {
        fprintf(stderr, "\r\033[Kreplay: %u files, %u conversations, %u findings",
                session->totals.files, session->totals.conversations, session->totals.finding);
    }
    fflush(stderr);
}

static void report_file(struct session *session, const char *path, const struct flow_file *file,
                        const struct shared *shared)
{
    const struct replay_options *options = session->options;
    for (uint32_t i = 0; i < file->flows; i++) {
        struct replay_result pair[2] = {shared->result[2 * i], shared->result[2 * i + 1]};
        const struct flow *flow = &file->flow[i];
        if (options->stream >= 0 && flow->stream != options->stream) {
            continue;
        }
        if (!pair[0].tried && !pair[1].tried) {
            pair[0].tried = true;
            pair[0].kind = VERDICT_INCONCLUSIVE;
            snprintf(pair[0].reason, sizeof(pair[0].reason), "neither end is %.80s",
                     options->local);
        }
        report_conversation(stdout, options->json, path, flow, pair, &session->totals);
        for (uint32_t side = 0; options->judged && side < 2; side++) {
            options->judged(options->context, path, flow, (enum flow_side)side, &pair[side]);
        }
    }
}

static void replay_file(struct session *session, const char *path)
{
    char error[640];
    struct flow_file file;
    replay_progress(session, false);
    session->totals.files++;
    if (!flow_file_read(path, session->options->checksums, &file, error, sizeof(error))) {
        fprintf(stderr, "replay: %s\n", shown(error));
        session->totals.unreadable++;
        return;
    }
    bool unknown = !file.flows && file.unknown_links;
    session->totals.unreadable += file.damage[0] || unknown;
    if (file.damage[0]) {
        fprintf(stderr, "replay: %s\n", shown(file.damage));
    }
    if (unknown) {
        fprintf(stderr,
                "replay: %s: link type not supported (expected Ethernet, Linux cooked, raw "
                "IP, PPP, HDLC, 802.11, NFLOG, null or FDDI)\n",
                shown(path));
    } else if (!file.flows && !file.damage[0]) {
        fprintf(stderr, "replay: %s: no TCP conversation in %u packets\n", shown(path),
                file.packets);
    }
    size_t bytes = sizeof(struct shared) + 2 * (size_t)file.flows * sizeof(struct replay_result);
    struct shared *shared =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct job job = {session->options, path, &file, shared};
    if (shared == MAP_FAILED || !replay_run_file(&job)) {
        fprintf(stderr, "replay: %s: no memory or process for the run\n", shown(path));
        session->environment_failed = true;
    } else {
        replay_progress(session, true);
        report_file(session, path, &file, shared);
    }
    if (shared != MAP_FAILED) {
        munmap(shared, bytes);
    }
    flow_file_fini(&file);
}

static bool has_ending(const char *name)
{
    static const char *const endings[] = {".pcap", ".pcapng", ".cap"};
    const char *dot = strrchr(name, '.');
    for (unsigned i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (!strcmp(dot, endings[i])) {
            return true;
        }
    }
    return false;
}

static void replay_path(struct session *session, const char *path, int depth);

static void replay_directory(struct session *session, const char *path, int depth)
{
    struct dirent **entry;
    int count = scandir(path, &entry, NULL, alphasort);
    if (count < 0) {
        fprintf(stderr, "replay: %s: directory cannot be read\n", shown(path));
        session->totals.unreadable++;
        return;
    }
    for (int i = 0; i < count; i++) {
        char *below;
        struct stat about;
        if (entry[i]->d_name[0] != '.' && asprintf(&below, "%s/%s", path, entry[i]->d_name) > 0) {
            bool directory = !lstat(below, &about) && S_ISDIR(about.st_mode);
            if (directory ? depth < DEPTH_MAX : has_ending(below)) {
                replay_path(session, below, depth + 1);
            }
            free(below);
        }
        free(entry[i]);
    }
    free(entry);
}

static void replay_path(struct session *session, const char *path, int depth)
{
    struct stat about;
    if (!stat(path, &about) && S_ISDIR(about.st_mode)) {
        size_t length = strlen(path);
        char *bare = strndup(path, length > 1 && path[length - 1] == '/' ? length - 1 : length);
        uint32_t before = session->totals.files;
        if (bare) {
            replay_directory(session, bare, depth);
            free(bare);
        }
        if (depth == 0 && session->totals.files == before) {
            fprintf(stderr, "replay: %s: no capture below it (expected .pcap, .pcapng, .cap)\n",
                    shown(path));
            session->totals.unreadable++;
        }
        return;
    }
    replay_file(session, path);
}

int replay_main(const struct replay_options *options, char **paths, int count)
{
    struct session session = {.options = options, .begun = seconds()};
    for (int i = 0; i < count && !session.environment_failed; i++) {
        replay_path(&session, paths[i], 0);
    }
    replay_progress(&session, true);
    bool nowhere = options->stream >= 0 && !session.totals.conversations &&
                   !session.totals.unreadable && !session.environment_failed;
    if (nowhere) {
        fprintf(stderr, "replay: --stream %lld: no such conversation\n",
                (long long)options->stream);
    }
    const struct report_totals *totals = &session.totals;
    session.totals.seconds = seconds() - session.begun;
    report_totals(stdout, options->json, totals);
    fflush(stdout);
    if (totals->finding) {
        return FINDING;
    }
    if (session.environment_failed || totals->rig) {
        return ENVIRONMENT;
    }
    if (totals->unreadable || nowhere) {
        return UNREADABLE;
    }
    return totals->pass ? PASS : INCONCLUSIVE;
}
