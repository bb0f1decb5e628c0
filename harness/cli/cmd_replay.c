/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>

#include "base/quoted.h"
#include "base/shown.h"
#include "cli/pcapng.h"
#include "cli/sarif.h"
#include "replay/replay.h"

struct outputs {
    const char *sarif_path, *pcapng_path;
    struct sarif sarif;
    struct result_file wire;
    struct wire_log *log;
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
    char where[64];
    if (!result->tried || result->no_connection || result->kind == VERDICT_PASS) {
        return;
    }
    place(flow, target, where, sizeof(where));
    sarif_add(context, &(struct sarif_result){.kind = result->kind,
                                              .rule = result->rule,
                                              .expected = "",
                                              .actual = result->reason,
                                              .uri = file,
                                              .where = where,
                                              .event = result->event,
                                              .time_ns = result->time_ns,
                                              .connection = UINT32_MAX});
}

static bool checksums_of(const char *text, enum flow_checksums *out)
{
    if (!text || !strcmp(text, "auto")) {
        *out = CHECKSUMS_AUTO;
    } else if (!strcmp(text, "keep")) {
        *out = CHECKSUMS_KEEP;
    } else if (!strcmp(text, "fix")) {
        *out = CHECKSUMS_FIX;
    } else {
        fprintf(stderr, "replay: --checksums '%s': expected auto, keep or fix\n", text);
        return false;
    }
    return true;
}

static bool is_end(const char *text)
{
    uint8_t address[16];
    if (!text || !strcmp(text, "client") || !strcmp(text, "server") ||
        inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1) {
        return true;
    }
    fprintf(stderr, "replay: --local '%s': expected an address, client or server\n", shown(text));
    return false;
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

struct command {
    struct cli_driven driven;
    struct replay_options replay;
    const char *checksums, *streams, *filter;
    struct outputs to;
    char again[4096]; /* the command without the file */
};

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
    "  chimneysweep replay --stream 3 --local server --pcapng y.pcapng x.pcap\n"

/* How many files; below 0 = *status says how it ends. */
static int parse_replay(struct command *c, int argc, char **argv, int *status)
{
    const struct cli_option options[] = {
        {"--sarif", "FILE", CLI_SARIF_HELP, NULL, &c->to.sarif_path},
        {"--pcapng", "FILE", CLI_PCAPNG_HELP, NULL, &c->to.pcapng_path},
        {"--local", "END", "end that the target takes: an address, client or server (both in turn)",
         NULL, &c->replay.local},
        {"--checksums", "HOW", "auto (repair those of offloading senders), keep or fix", NULL,
         &c->checksums},
        {"--filter", "EXPR", "only packets that an expression of pcap-filter(7) takes", NULL,
         &c->filter},
        {"--stream", "LIST", "only these conversations (tshark's tcp.stream), as in 1,4,7-12", NULL,
         &c->streams},
        {"--strict-capture", NULL,
         "stop where the capture lacks something, instead of making it up",
         &c->replay.strict_capture, NULL},
        {"--sha256", NULL, "tell the SHA-256 of the bytes delivered (--json does)",
         &c->replay.sha256, NULL},
        {"--failed", NULL, "print only conversations with findings, and the totals",
         &c->replay.failed_only, NULL},
        {"--verbose", NULL, "show the events around a finding", &verbose, NULL},
    };
    int files =
        cli_parse_driven(argc, argv, &c->driven, options, sizeof(options) / sizeof(options[0]),
                         REPLAY_USAGE, REPLAY_EXAMPLES, status);
    if (files == 0) {
        fputs("replay: expected captures or folders of them (replay --help)\n", stderr);
        *status = EXIT_USAGE;
        return -1;
    }
    return files;
}

static bool replay_choose(struct command *c)
{
    char error[1024];
    if (!checksums_of(c->checksums, &c->replay.checksums) || !is_end(c->replay.local)) {
        return false;
    }
    if (c->streams && !ranges_parse(c->streams, &c->replay.streams, error, sizeof(error))) {
        fprintf(stderr, "replay: --stream %s\n", shown(error));
        return false;
    }
    c->replay.filter = c->filter ? filter_new(c->filter, error, sizeof(error)) : NULL;
    if (c->filter && !c->replay.filter) {
        fprintf(stderr, "replay: --filter %s\n", shown(error));
        return false;
    }
    return true;
}

/* The command without its files, conversations and end. */
static void name_command(struct command *c)
{
    const struct {
        const char *name, *value;
    } with[] = {{"--checksums", c->checksums}, {"--filter", c->filter}};
    cli_command_with(&c->driven, c->replay.strict_capture ? "replay --strict-capture" : "replay",
                     c->again, sizeof(c->again));
    for (unsigned i = 0; i < 2; i++) {
        size_t used = strlen(c->again);
        char value[2048];
        if (with[i].value) {
            shell_quoted(with[i].value, value, sizeof(value));
            snprintf(c->again + used, sizeof(c->again) - used, " %s %s", with[i].name, value);
        }
    }
    c->replay.command = c->again;
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
    if (!replay_choose(&c)) {
        return EXIT_USAGE;
    }
    status = cli_open_driven(&world, &c.driven);
    status = status ? status : open_outputs(&c.to, &world);
    if (status) {
        return status;
    }
    flow_memory(c.driven.memory);
    name_command(&c);
    c.replay.world = &world;
    c.replay.timeout_s = c.driven.timeout_s;
    c.replay.json = c.driven.json;
    c.replay.sha256 |= c.driven.json;
    c.replay.strict = c.driven.strict;
    c.replay.context_is_cell = c.driven.context_is_cell;
    verbose &= !c.replay.json;
    c.replay.ran = verbose || logging ? after_run : NULL;
    c.replay.judged = add_result;
    c.replay.context = &c.to.sarif;
    status = close_outputs(&c.to, replay_main(&c.replay, argv + 1, files));
    filter_del(c.replay.filter);
    return status;
}
