/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/replay.h"

#include "base/shown.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "replay/batch.h"
#include "replay/report.h"

#define DEPTH_MAX 16

enum { PASS = 0, FINDING = 1, UNREADABLE = 2, ENVIRONMENT = 3, INCONCLUSIVE = 4 };

struct session {
    const struct replay_options *options;
    struct batch batch;
    struct report_totals totals;
    bool environment_failed;
    double begun;
    double shown;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
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

static void report_file(struct session *session, uint32_t at)
{
    const struct replay_options *options = session->options;
    const char *path = session->batch.file[at].path;
    const struct flow_file *file = &session->batch.file[at].file;
    for (uint32_t i = 0; i < file->flows; i++) {
        const struct replay_result *results = batch_results(&session->batch, at, i);
        struct replay_result pair[2] = {results[0], results[1]};
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

/* Runs and reports the files that were read. */
static void run_batch(struct session *session)
{
    struct batch *batch = &session->batch;
    if (batch->files && !batch_run(batch)) {
        fprintf(stderr, "replay: %s: no memory or process for the run\n",
                shown(batch->file[0].path));
        session->environment_failed = true;
    } else if (batch->files) {
        replay_progress(session, true);
        for (uint32_t i = 0; i < batch->files; i++) {
            report_file(session, i);
        }
    }
    batch_fini(batch);
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
    batch_add(&session->batch, path, &file);
    if (batch_full(&session->batch)) {
        run_batch(session);
    }
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
    struct session session = {
        .options = options, .batch = {.options = options}, .begun = seconds()};
    for (int i = 0; i < count && !session.environment_failed; i++) {
        replay_path(&session, paths[i], 0);
    }
    run_batch(&session);
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
