/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/shown.h"
#include "cli/cli.h"
#include "program/program.h"

static const struct cli_command commands[] = {
    {"run", "run a program (text or binary) against a driver", cmd_run},
    {"check-driver", "all programs against a driver, and the table of all rules", cmd_check_driver},
    {"sweep", "run every program of files and folders, twice each", cmd_sweep},
    {"family", "change a program in a way that must not change its verdict", cmd_family},
    {"show", "print a program in text form", cmd_show},
    {"asm", "turn a text program into binary form", cmd_asm},
    {"import", "turn conversations of a capture into programs", cmd_import},
    {"replay", "replay captures against a driver", cmd_replay},
    {"stream", "long streams between the target and lwIP over a lossy link", cmd_stream},
    {"live", "the target against a Linux kernel over a TAP device", cmd_live},
    {"campaign", "fuzz a driver for a night, and keep what was found", cmd_campaign},
    {"history", "the nights of a campaign, compared", cmd_history},
    {"bisect", "which build of a driver was the first to fail", cmd_bisect},
    {"minimize", "shrink a program that gives a finding", cmd_minimize},
    {"rules", "list the rules and what checks each", cmd_rules},
    {"explain", "what a rule says, why it matters, what breaks it and what keeps it", cmd_explain},
    {"bench", "measure the rig and the driver", cmd_bench},
    {"new-driver", "write a driver to begin with: it compiles, starts and halts", cmd_new_driver},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
    fputs("chimneysweep: finds the bugs in TCP chimney offload targets\n\n"
          "usage: chimneysweep COMMAND [OPTIONS] [FILES]\n\n",
          out);
    for (unsigned i = 0; i < COMMANDS; i++) {
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    }
    fputs(
        "\nEvery command has --help with examples, and --driver D.so (default: the bundled core).\n"
        "Exit status: 0 pass, 1 finding, 2 usage or unreadable input, 3 environment,\n"
        "4 inconclusive.\n"
        "help --man and help --bash print the manual and bash's completion; help --functions\n"
        "[--json] what a driver may call.\n\n"
        "examples:\n"
        "  chimneysweep run corpora/situations/refused-data-waits-for-a-post.chim\n"
        "  chimneysweep run --driver ./mydriver.so --json crash.bin\n"
        "  chimneysweep replay pcaps/\n",
        out);
}

/* What did not come through was not said: a full disk is no pass. */
static bool output_whole(void)
{
    bool good = fflush(stdout) == 0 && !ferror(stdout);
    if (!good) {
        fprintf(stderr, "chimneysweep: standard output: cannot be written: %s\n", strerror(errno));
    }
    return good;
}

static int command(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        const char *form = argc > 2 ? argv[2] : "";
        if (!strcmp(form, "--man")) {
            manual_page(commands, COMMANDS);
        } else if (!strcmp(form, "--bash")) {
            manual_completion(commands, COMMANDS);
        } else if (!strcmp(form, "--functions")) {
            functions_list(argc > 3 && !strcmp(argv[3], "--json"));
        } else {
            usage(stdout);
        }
        return EXIT_PASS;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("chimneysweep 0.1, programs: text 1, binary %d\n", PROGRAM_FORMAT);
        return EXIT_PASS;
    }
    cli_keep_command(argc, argv);
    for (unsigned i = 0; i < COMMANDS; i++) {
        if (!strcmp(argv[1], commands[i].name)) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "chimneysweep: unknown command '%s' (chimneysweep --help lists them)\n",
            shown(argv[1]));
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    int status = command(argc, argv);
    return output_whole() ? status : EXIT_ENVIRONMENT;
}
