/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>

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
    if (!result->tried || result->kind == VERDICT_PASS) {
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

int cmd_replay(int argc, char **argv)
{
    const char *checksums = NULL, *stream = NULL;
    struct cli_driven driven = {.timeout_s = 20};
    static struct outputs to;
    static struct replay_options replay = {.stream = -1};
    const struct cli_option options[] = {
        {"--sarif", "FILE", CLI_SARIF_HELP, NULL, &to.sarif_path},
        {"--pcapng", "FILE", CLI_PCAPNG_HELP, NULL, &to.pcapng_path},
        {"--local", "END", "end that the target takes: an address, client or server (both in turn)",
         NULL, &replay.local},
        {"--checksums", "HOW", "auto (repair those of offloading senders), keep or fix", NULL,
         &checksums},
        {"--stream", "N", "only this conversation (tshark's tcp.stream)", NULL, &stream},
        {"--verbose", NULL, "show the events around a finding", &verbose, NULL},
    };
    int status;
    int files = cli_parse_driven(
        argc, argv, &driven, options, sizeof(options) / sizeof(options[0]),
        "replay [OPTIONS] CAPTURE|FOLDER...",
        "  chimneysweep replay pcaps/\n"
        "  chimneysweep replay --driver ./other.so --stream 3 --verbose x.pcap\n"
        "  chimneysweep replay --json night.pcapng | tail -1\n"
        "  chimneysweep replay --sarif found.sarif pcaps/\n"
        "  chimneysweep replay --stream 3 --local server --pcapng y.pcapng x.pcap\n",
        &status);
    if (files < 0) {
        return status;
    }
    if (files == 0) {
        fputs("replay: expected captures or folders of them (replay --help)\n", stderr);
        return EXIT_USAGE;
    }
    unsigned long number = 0;
    if (!checksums_of(checksums, &replay.checksums) || !is_end(replay.local) ||
        (stream && !cli_number("--stream", stream, 0, 0x7FFFFFFF, &number))) {
        return EXIT_USAGE;
    }
    static struct world world;
    status = cli_open_driven(&world, &driven);
    status = status ? status : open_outputs(&to, &world);
    if (status) {
        return status;
    }
    flow_memory(driven.memory);
    replay.world = &world;
    replay.stream = stream ? (int64_t)number : -1;
    replay.timeout_s = driven.timeout_s;
    replay.json = driven.json;
    replay.strict = driven.strict;
    replay.context_is_cell = driven.context_is_cell;
    verbose &= !replay.json;
    replay.ran = verbose || logging ? after_run : NULL;
    replay.judged = add_result;
    replay.context = &to.sarif;
    return close_outputs(&to, replay_main(&replay, argv + 1, files));
}
