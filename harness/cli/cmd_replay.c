/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/against.h"
#include "cli/choosing.h"
#include "cli/jobs.h"
#include "cli/pcapng.h"
#include "cli/sarif.h"
#include "cli/save.h"
#include "replay/replay.h"

struct outputs {
    const char *sarif_path, *pcapng_path;
    struct sarif sarif;
    struct result_file wire;
    struct wire_log *log;
};

struct command {
    struct cli_driven driven;
    struct replay_options replay;
    struct choosing choosing;
    struct against against;
    const char *host, *upload_every, *jobs;
    bool every_host;
    struct outputs to;
    struct save save;
    const char *within;
    char again[4096]; /* the command without the file */
};

static bool verbose, logging;

static void place(const struct flow *flow, enum flow_side target, char *out, size_t size)
{
    snprintf(out, size, "stream %u, the %s as the target", flow->stream,
             target == FLOW_CLIENT ? "client" : "server");
}

static void after_run(const struct trace *trace, const char *file, const struct flow *flow,
                      enum flow_side target, const struct replay_result *result)
{
    if (verbose && result->kind != VERDICT_PASS && result->kind != VERDICT_INCONCLUSIVE) {
        render_verdict(stdout, trace, NULL, 25);
        fflush(stdout);
    }
    if (logging) {
        struct verdict verdict = trace->verdict; /* the replay's own judgment counts */
        verdict.kind = result->kind;
        verdict.event = result->event;
        verdict.expected[0] = '\0';
        snprintf(verdict.rule, sizeof(verdict.rule), "%s", result->rule);
        snprintf(verdict.actual, sizeof(verdict.actual), "%.*s", VERDICT_TEXT_MAX - 1,
                 result->reason);
        char where[64], about[600];
        place(flow, target, where, sizeof(where));
        snprintf(about, sizeof(about), "chimneysweep replay %.500s: %s", file, where);
        wire_log_run(&verdict, about);
    }
}

static void add_result(void *context, const char *file, const struct flow *flow,
                       enum flow_side target, const struct replay_result *result)
{
    struct command *c = context;
    char where[64];
    if (!result->tried || result->no_connection || result->kind == VERDICT_PASS) {
        return;
    }
    if (c->save.folder) {
        save_note(&c->save, file, flow, target, result);
    }
    place(flow, target, where, sizeof(where));
    sarif_add(&c->to.sarif, &(struct sarif_result){.kind = result->kind,
                                                   .rule = result->rule,
                                                   .expected = "",
                                                   .actual = result->reason,
                                                   .uri = file,
                                                   .where = where,
                                                   .event = result->event,
                                                   .time_ns = result->time_ns,
                                                   .connection = UINT32_MAX});
}

/* Where results go besides the terminal. Exit status, 0 = fine. */
static int open_outputs(struct outputs *to, struct world *world)
{
    if (!result_open(&to->wire, to->pcapng_path)) {
        return EXIT_USAGE;
    }
    if (!sarif_open(&to->sarif, to->sarif_path)) {
        result_drop(&to->wire);
        return EXIT_USAGE;
    }
    if (to->pcapng_path) {
        to->log = wire_log_new(true);
        world->reader = wire_log_event;
        logging = to->log != NULL;
        return to->log ? EXIT_PASS : EXIT_ENVIRONMENT;
    }
    return EXIT_PASS;
}

static int close_outputs(struct outputs *to, int status)
{
    if (to->log && !pcapng_write(&to->wire, to->log)) {
        status = EXIT_USAGE;
    }
    return sarif_close(&to->sarif, status) ? status : EXIT_USAGE;
}

#define REPLAY_USAGE                                                                               \
    "replay [OPTIONS] CAPTURE|FOLDER|-...\n\n"                                                     \
    "Captures are pcap or pcapng, as they are or compressed (.gz, .zst); - is standard input.\n"   \
    "--filter takes packets; conversations keep the numbers that they have in the whole file."

#define REPLAY_EXAMPLES                                                                            \
    "  chimneysweep replay pcaps/\n"                                                               \
    "  chimneysweep replay --driver ./other.so --stream 3,7-12 --verbose x.pcap.zst\n"             \
    "  tcpdump -w - -c 1000 tcp | chimneysweep replay --filter 'port 80' -\n"                      \
    "  chimneysweep replay --failed --json night.pcapng | tail -1\n"                               \
    "  chimneysweep replay --sarif found.sarif pcaps/\n"                                           \
    "  chimneysweep replay --save findings/ --driver ./other.so night.pcapng\n"                    \
    "  chimneysweep replay --driver ./new.so --against ./old.so --waivers meant.txt pcaps/\n"      \
    "  chimneysweep replay --every-host --upload-every 20 --failed pcaps/\n"                       \
    "  chimneysweep replay --stream 3 --local server --pcapng y.pcapng x.pcap\n"

/* The policies with their meanings, as --help says them. */
static const char *policy_words(void)
{
    static char words[1400];
    size_t used = (size_t)snprintf(words, sizeof(words), "how the host behaves:");
    for (uint32_t i = 0; i < policy_count(); i++) {
        const struct policy *policy = policy_at(i);
        used += (size_t)snprintf(words + used, sizeof(words) - used, "%s %s (%s)", i ? "," : "",
                                 policy->name, policy->meaning);
    }
    return words;
}

/* How many files; below 0 = *status says how it ends. */
static int parse_replay(struct command *c, int argc, char **argv, int *status)
{
    struct cli_option options[24] = {
        {"--sarif", "FILE", CLI_SARIF_HELP, NULL, &c->to.sarif_path},
        {"--pcapng", "FILE", CLI_PCAPNG_HELP, NULL, &c->to.pcapng_path},
        {"--strict-capture", NULL,
         "stop where the capture lacks something, instead of making it up",
         &c->replay.strict_capture, NULL},
        {"--sha256", NULL, "tell the SHA-256 of the bytes delivered (--json does)",
         &c->replay.sha256, NULL},
        {"--failed", NULL, "print only conversations with findings, and the totals",
         &c->replay.failed_only, NULL},
        {"--verbose", NULL, "show the events around a finding", &verbose, NULL},
        {"--save", "DIR", "keep each finding there: its shortest program, verdict and wire", NULL,
         &c->save.folder},
        {"--host", "POLICY", policy_words(), NULL, &c->host},
        {"--every-host", NULL, "every such policy in turn", &c->every_host, NULL},
        {"--upload-every", "N",
         "after so many packets of a conversation the host takes it back, and hands it down again",
         NULL, &c->upload_every},
        {"--within", "S", "with --save: seconds for each program to get shorter (60)", NULL,
         &c->within},
        {"--jobs", "N",
         "processes that share the conversations; what is printed is the same (one for each "
         "processor; one with --verbose, --pcapng, --against)",
         NULL, &c->jobs},
    };
    unsigned count = choosing_options(&c->choosing, options, 12);
    count = against_options(&c->against, options, count);
    int files = cli_parse_driven(argc, argv, &c->driven, options, count, REPLAY_USAGE,
                                 REPLAY_EXAMPLES, status);
    if (files == 0) {
        fputs("replay: expected captures or folders of them (replay --help)\n", stderr);
        *status = EXIT_USAGE;
        return -1;
    }
    return files;
}

static void finish(void *context)
{
    struct command *c = context;
    fflush(stdout);
    save_all(&c->save);
}

/* What cannot be had together. */
static bool replay_fits(const struct command *c, char **paths, int count)
{
    const char *const given[] = {c->to.sarif_path ? "--sarif" : NULL,
                                 c->to.pcapng_path ? "--pcapng" : NULL,
                                 c->save.folder ? "--save" : NULL, verbose ? "--verbose" : NULL,
                                 c->every_host ? "--every-host" : NULL};
    const char *twice = c->save.folder ? "--save" : c->against.other ? "--against" : NULL;
    for (int i = 0; twice && i < count; i++) {
        if (!strcmp(paths[i], "-")) {
            fprintf(stderr, "replay: %s: standard input cannot be read again, expected files\n",
                    twice);
            return false;
        }
    }
    return against_valid(&c->against, "replay", given, sizeof(given) / sizeof(given[0]));
}

/* What --save needs. Exit status, 0 = fine. */
static int prepare_save(struct command *c)
{
    unsigned long within = 60;
    if (c->within && (!c->save.folder || !cli_number("--within", c->within, 1, 86400, &within))) {
        if (!c->save.folder) {
            fputs("replay: --within: only with --save (replay --help)\n", stderr);
        }
        return EXIT_USAGE;
    }
    c->save.within_s = (double)within;
    c->save.driven = &c->driven;
    c->save.replay = &c->replay;
    c->save.run = (struct run_options){.strict = c->driven.strict,
                                       .context_is_cell = c->driven.context_is_cell};
    return !c->save.folder || save_open(&c->save) ? EXIT_PASS : EXIT_USAGE;
}

/* The command without its files, conversations and end. */
static void name_command(struct command *c)
{
    cli_command_with(&c->driven, c->replay.strict_capture ? "replay --strict-capture" : "replay",
                     c->again, sizeof(c->again));
    choosing_command(&c->choosing, c->again, sizeof(c->again));
    size_t used = strlen(c->again);
    if (c->replay.host) {
        used += (size_t)snprintf(c->again + used, sizeof(c->again) - used, " --host %s",
                                 c->replay.host->name);
    }
    if (c->replay.upload_every) {
        snprintf(c->again + used, sizeof(c->again) - used, " --upload-every %u",
                 c->replay.upload_every);
    }
    c->replay.command = c->again;
}

/* What is said of the host. False after one line on stderr. */
static bool replay_host(struct command *c)
{
    unsigned long packets = 0;
    if (c->upload_every &&
        !cli_number("--upload-every", c->upload_every, 1, UINT32_MAX, &packets)) {
        return false;
    }
    c->replay.upload_every = (uint32_t)packets;
    c->replay.host = c->host ? policy_find(c->host) : NULL;
    if (c->host && (!c->replay.host || c->every_host)) {
        fprintf(stderr, "replay: --host '%s': %s\n", shown(c->host),
                c->every_host ? "not with --every-host" : "expected one that --help lists");
        return false;
    }
    return true;
}

/* Each policy of the host with a report of its own; the worst status. */
static int replay_every(struct command *c, char **paths, int files)
{
    int status = EXIT_PASS;
    for (uint32_t i = 0; i < policy_count(); i++) {
        c->replay.host = policy_at(i);
        name_command(c);
        status = verdict_worse_status(status, replay_main(&c->replay, paths, files));
    }
    return status;
}

/* How many processes. False after one line on stderr. */
static bool replay_jobs(struct command *c)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned long jobs = processors < 1 ? 1 : (unsigned long)processors;
    jobs = jobs < JOBS_MOST ? jobs : JOBS_MOST;
    if (c->jobs && !cli_number("--jobs", c->jobs, 1, JOBS_MOST, &jobs)) {
        return false;
    }
    c->replay.jobs = (unsigned)jobs;
    return true;
}

static void prepare_replay(struct command *c, struct world *world)
{
    flow_memory(c->driven.memory);
    name_command(c);
    c->replay.world = world;
    c->replay.timeout_s = c->driven.timeout_s;
    c->replay.json = c->driven.json;
    c->replay.sha256 |= c->driven.json;
    c->replay.strict = c->driven.strict;
    c->replay.context_is_cell = c->driven.context_is_cell;
    verbose &= !c->replay.json;
    c->replay.ran = verbose || logging ? after_run : NULL;
    c->replay.judged = add_result;
    c->replay.context = c;
    c->replay.finish = c->save.folder ? finish : NULL;
}

int cmd_replay(int argc, char **argv)
{
    static struct command c = {.driven = {.timeout_s = 20}};
    static struct world world;
    int status;
    int files = parse_replay(&c, argc, argv, &status);
    if (files < 0) {
        return status;
    }
    if (!choosing_read(&c.choosing, "replay", &c.replay) || !replay_host(&c) || !replay_jobs(&c) ||
        !replay_fits(&c, argv + 1, files)) {
        return EXIT_USAGE;
    }
    status = prepare_save(&c);
    status = status ? status : cli_open_driven(&world, &c.driven);
    status = status ? status : open_outputs(&c.to, &world);
    if (status) {
        return status;
    }
    prepare_replay(&c, &world);
    if (c.against.other) {
        status = against_captures(&c.against, &c.driven, &c.replay, argv + 1, files);
        filter_del(c.replay.filter);
        return status;
    }
    status =
        c.every_host ? replay_every(&c, argv + 1, files) : replay_main(&c.replay, argv + 1, files);
    status = close_outputs(&c.to, status);
    filter_del(c.replay.filter);
    return status;
}
