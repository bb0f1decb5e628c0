/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/cli.h"
#include "replay/replay.h"

static void show_finding(const struct trace *trace)
{
    render_verdict(stdout, trace, NULL, 25);
    fflush(stdout);
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

int cmd_replay(int argc, char **argv)
{
    const char *driver = NULL, *checksums = NULL, *stream = NULL, *timeout = "20";
    bool verbose = false;
    static struct replay_options replay = {.stream = -1};
    const struct cli_option options[] = {
        {"--driver", "D.so", "driver to load (default: the bundled core)", NULL, &driver},
        {"--json", NULL, "one JSON object per conversation, then the totals", &replay.json, NULL},
        {"--local", "END", "end that the target takes: an address, client or server (both in turn)",
         NULL, &replay.local},
        {"--checksums", "HOW", "auto (repair those of offloading senders), keep or fix", NULL,
         &checksums},
        {"--stream", "N", "only this conversation (tshark's tcp.stream)", NULL, &stream},
        {"--strict", NULL, "\"should\" rules fail too", &replay.strict, NULL},
        {"--context-is-cell", NULL, "pass the address of the context cell to I/O handlers",
         &replay.context_is_cell, NULL},
        {"--verbose", NULL, "show the events around a finding", &verbose, NULL},
        {"--timeout", "S", "CPU seconds of a conversation before it counts as a hang (20)", NULL,
         &timeout},
    };
    int status;
    int files = cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]),
                          "replay [OPTIONS] CAPTURE|FOLDER...",
                          "  chimneysweep replay pcaps/\n"
                          "  chimneysweep replay --driver ./other.so --stream 3 --verbose x.pcap\n"
                          "  chimneysweep replay --json night.pcapng | tail -1\n",
                          &status);
    if (files < 0) {
        return status;
    }
    if (files == 0) {
        fputs("replay: expected captures or folders of them (replay --help)\n", stderr);
        return EXIT_USAGE;
    }
    unsigned long number = 0, seconds;
    if (!checksums_of(checksums, &replay.checksums) ||
        (stream && !cli_number("--stream", stream, 0, 0x7FFFFFFF, &number)) ||
        !cli_number("--timeout", timeout, 1, 86400, &seconds)) {
        return EXIT_USAGE;
    }
    static struct world world;
    status = cli_open_world(&world, driver);
    if (status) {
        return status;
    }
    replay.world = &world;
    replay.stream = stream ? (int64_t)number : -1;
    replay.timeout_s = (unsigned)seconds;
    replay.finding = verbose && !replay.json ? show_finding : NULL;
    return replay_main(&replay, argv + 1, files);
}
