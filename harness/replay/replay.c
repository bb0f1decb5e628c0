/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/replay.h"

#include "base/shown.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "replay/batch.h"
#include "replay/judge.h"
#include "replay/progress.h"
#include "replay/report.h"

#define DEPTH_MAX 16

enum { PASS = 0, FINDING = 1, UNREADABLE = 2, ENVIRONMENT = 3, INCONCLUSIVE = 4 };

struct session {
    struct replay_options *options;
    struct batch batch;
    struct report report;
    struct progress progress;
    const char *reading; /* the file that is being read */
    bool environment_failed;
};

static void say_files(struct session *session)
{
    if (progress_is_due(&session->progress)) {
        progress_say(&session->progress, "replay: %u files, %u conversations, %u findings",
                     session->report.files, session->report.conversations, session->report.finding);
    }
}

static void say_reading(void *context, uint32_t packets, double share)
{
    struct session *session = context;
    if (!progress_is_due(&session->progress)) {
        return;
    }
    if (share < 0) {
        progress_say(&session->progress, "replay: %s: %u packets read", shown(session->reading),
                     packets);
    } else {
        progress_say(&session->progress, "replay: %s: %u packets read, %.0f %%",
                     shown(session->reading), packets, 100 * share);
    }
}

/* What was run may not have been what stood there. */
static void not_whole(struct replay_result pair[2])
{
    for (uint32_t side = 0; side < 2; side++) {
        if (pair[side].tried) {
            pair[side].kind = VERDICT_INCONCLUSIVE;
            snprintf(pair[side].reason, sizeof(pair[side].reason),
                     "the file became shorter while it was read");
        }
    }
}

static void report_file(struct session *session, uint32_t at)
{
    struct replay_options *options = session->options;
    const char *path = session->batch.file[at].path;
    const struct flow_file *file = &session->batch.file[at].file;
    const bool cut = capture_map_cut(file->map);
    if (cut && file->last) {
        fprintf(stderr, "replay: %s: became shorter while it was read\n", shown(path));
        session->report.unreadable++;
    }
    for (uint32_t i = 0; i < file->flows; i++) {
        const struct replay_result *results = batch_results(&session->batch, at, i);
        struct replay_result pair[2] = {results[0], results[1]};
        const struct flow *flow = &file->flow[i];
        if (!ranges_have(&options->streams, flow->stream)) {
            continue;
        }
        ranges_meet(&options->streams, flow->stream);
        if (!pair[0].tried && !pair[1].tried) {
            pair[0].tried = true;
            pair[0].kind = VERDICT_INCONCLUSIVE;
            snprintf(pair[0].reason, sizeof(pair[0].reason), "neither end is %.80s",
                     options->local);
        }
        judge_both(flow, pair);
        if (cut) {
            not_whole(pair);
        }
        report_conversation(&session->report, path, flow, pair);
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
        progress_clear(&session->progress);
        for (uint32_t i = 0; i < batch->files; i++) {
            report_file(session, i);
        }
    }
    batch_fini(batch);
}

/* What of the file as a whole is to be said. */
static void tell_file(struct session *session, const char *path, const struct flow_file *file,
                      uint32_t flows)
{
    bool unknown = !flows && file->unknown_links;
    session->report.unreadable += file->damage[0] || unknown;
    if (file->damage[0]) {
        fprintf(stderr, "replay: %s\n", shown(file->damage));
    }
    if (unknown) {
        fprintf(stderr,
                "replay: %s: link type not supported (expected Ethernet, Linux cooked, raw "
                "IP, PPP, HDLC, 802.11, NFLOG, null or FDDI)\n",
                shown(path));
    } else if (!flows && !file->damage[0]) {
        fprintf(stderr, "replay: %s: no TCP conversation in %u packets%s\n", shown(path),
                file->packets, session->options->filter ? " (as --filter takes them)" : "");
    }
}

/* Its parts, one after the other. False: one line in error. */
static bool replay_parts(struct session *session, const char *path, struct flow_reader *reader,
                         char *error, size_t size)
{
    uint32_t flows = 0;
    for (bool last = false; !last && !session->environment_failed;) {
        struct flow_file part;
        if (!flow_more(reader, false, &part, error, size)) {
            return false;
        }
        flows += part.flows;
        last = part.last;
        if (last) {
            tell_file(session, path, &part, flows);
        }
        batch_add(&session->batch, path, &part);
        if (batch_full(&session->batch)) {
            run_batch(session);
        }
    }
    return true;
}

static void replay_file(struct session *session, const char *path)
{
    char error[640];
    const struct replay_options *options = session->options;
    say_files(session);
    session->report.files++;
    session->reading = path;
    const struct flow_reading how = {.checksums = options->checksums,
                                     .adaptive = !options->strict_capture,
                                     .filter = options->filter,
                                     .progress = say_reading,
                                     .context = session};
    struct flow_reader *reader = flow_open(path, &how, error, sizeof(error));
    if (!reader || !replay_parts(session, path, reader, error, sizeof(error))) {
        progress_clear(&session->progress);
        fprintf(stderr, "replay: %s\n", shown(error));
        session->report.unreadable++;
    }
    if (reader) {
        flow_close(reader);
    }
}

static bool ends_with(const char *name, size_t length, const char *ending)
{
    size_t more = strlen(ending);
    return length > more && !memcmp(name + length - more, ending, more);
}

static bool has_ending(const char *name)
{
    static const char *const packings[] = {".gz", ".zst"};
    static const char *const endings[] = {".pcap", ".pcapng", ".cap"};
    size_t length = strlen(name);
    for (unsigned i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
        length -= ends_with(name, length, packings[i]) ? strlen(packings[i]) : 0;
    }
    for (unsigned i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (ends_with(name, length, endings[i])) {
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
        session->report.unreadable++;
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
        uint32_t before = session->report.files;
        if (bare) {
            replay_directory(session, bare, depth);
            free(bare);
        }
        if (depth == 0 && session->report.files == before) {
            fprintf(stderr, "replay: %s: no capture below it (expected .pcap, .pcapng, .cap)\n",
                    shown(path));
            session->report.unreadable++;
        }
        return;
    }
    replay_file(session, path);
}

/* Conversations that were asked for and stand in no file. */
static bool tell_missed(const struct session *session)
{
    const struct range *missed = ranges_missed(&session->options->streams);
    if (!missed || session->report.unreadable || session->environment_failed) {
        return false;
    }
    if (missed->first == missed->last) {
        fprintf(stderr, "replay: --stream %u: no such conversation\n", missed->first);
    } else {
        fprintf(stderr, "replay: --stream %u-%u: no such conversations\n", missed->first,
                missed->last);
    }
    return true;
}

static int replay_status(const struct session *session, bool missed)
{
    const struct report *report = &session->report;
    if (report->finding) {
        return FINDING;
    }
    if (session->environment_failed || report->rig) {
        return ENVIRONMENT;
    }
    if (report->unreadable || missed) {
        return UNREADABLE;
    }
    return report->pass ? PASS : INCONCLUSIVE;
}

int replay_main(struct replay_options *options, char **paths, int count)
{
    struct session session = {
        .options = options,
        .batch = {.options = options, .progress = &session.progress},
        .report = {.out = options->out ? options->out : stdout,
                   .json = options->json,
                   .failed_only = options->failed_only,
                   .host = options->host ? options->host->name : NULL,
                   .command = options->command},
    };
    progress_begin(&session.progress);
    for (int i = 0; i < count && !session.environment_failed; i++) {
        replay_path(&session, paths[i], 0);
    }
    run_batch(&session);
    progress_clear(&session.progress);
    bool missed = tell_missed(&session);
    if (options->finish) {
        options->finish(options->context);
    }
    session.report.seconds = progress_seconds(&session.progress);
    report_totals(&session.report);
    tally_fini(&session.report.tally);
    fflush(stdout);
    return replay_status(&session, missed);
}
