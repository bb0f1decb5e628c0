/* SPDX-License-Identifier: MIT
 *
 * The commands that are Python programs (harness/campaign): their options and help are those of all
 * commands, and what is left is done by the package that lies with this program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define PYTHON "/usr/bin/python3"
#define PACKAGE "harness/campaign"

/* Does not return unless it fails. */
static int campaign_become(int argc, char **argv)
{
    static char package[3072], self[3072];
    char *fixed[] = {PYTHON, "-I", "-B", package, argv[0], self};
    const size_t first = sizeof(fixed) / sizeof(fixed[0]);
    if (!cli_own(PACKAGE, package, sizeof(package))) {
        fprintf(stderr, "%s: no package %s with this program (scripts/install)\n", argv[0],
                PACKAGE);
        return EXIT_ENVIRONMENT;
    }
    char **words = calloc(first + (size_t)argc, sizeof(*words));
    if (!words || !realpath("/proc/self/exe", self)) {
        free(words);
        return EXIT_ENVIRONMENT;
    }
    memcpy(words, fixed, sizeof(fixed));
    memcpy(words + first, argv + 1, (size_t)(argc - 1) * sizeof(*words));
    execv(PYTHON, words);
    free(words);
    fprintf(stderr, "%s: %s: %s (Debian: python3)\n", argv[0], PYTHON, strerror(errno));
    return EXIT_ENVIRONMENT;
}

/* Parsing moves the arguments about; the package gets them as they came. Kept to the end of the
 * process, which becomes the package. */
static struct {
    int argc;
    char **argv;
} given;

static void keep(int argc, char **argv)
{
    given.argc = argc;
    given.argv = calloc((size_t)argc + 1, sizeof(char *));
    if (given.argv) {
        memcpy(given.argv, argv, (size_t)argc * sizeof(char *));
    }
}

int cmd_campaign(int argc, char **argv)
{
    static struct cli_driven driven = {.timeout_s = 10};
    const char *text;
    bool flag;
    const struct cli_option options[] = {
        {"--out", "DIR", "where everything is kept, and gone on with (campaign)", NULL, &text},
        {"--time", "T", "how long to fuzz: 90s, 20m, 8h (10m)", NULL, &text},
        {"--jobs", "N", "engines that run side by side (one on each processor)", NULL, &text},
        {"--engines", "LIST", "of libfuzzer, afl, families, faults (libfuzzer,afl)", NULL, &text},
        {"--config", "FILE", "these options from a file (TOML; campaign.toml is an example)", NULL,
         &text},
        {"--resume", NULL, "only go on with what DIR holds", &flag, NULL},
        {"--disk", "SIZE", "that DIR may take (20G)", NULL, &text},
        {"--corpora", "FOLDER", "the programs to begin with (those that were shipped)", NULL,
         &text},
        {"--coverage", "D.so", "a form of the driver that counts lines, or no", NULL, &text},
        {"--loud", "RULES", "known findings of these rules stop runs too (all: every one)", NULL,
         &text},
        {"--quick", NULL, "for a change under review: known findings, then 3 minutes", &flag, NULL},
        {"--base", "D.so", "what this build of the driver shows too is not new", NULL, &text},
        {"--sync", "DIR", "a place of this machine beside those of others: programs are swapped",
         NULL, &text},
        {"--merge", "OTHER", "add the corpus of another campaign's folder to DIR's, and end", NULL,
         &text},
        {"--seed", "N", "of the engines' generators (their own choice)", NULL, &text},
    };
    int status;
    keep(argc, argv);
    int rest = cli_parse_driven(
        argc, argv, &driven, options, sizeof(options) / sizeof(options[0]),
        "campaign [OPTIONS]\n\n"
        "Fuzzes a driver (a .so, or a folder of its sources) with every engine, judges, shrinks\n"
        "and keeps what it finds, and writes DIR/report.html. Begun again it goes on: status 0 is\n"
        "nothing new, 1 something new, 3 no campaign was possible.",
        "  chimneysweep campaign --driver ./mydriver.so --time 8h --out /var/tmp/nightly\n"
        "  chimneysweep campaign --driver ./src --jobs 8 --config nightly.toml\n"
        "  chimneysweep campaign --driver ./d.so --time 8h --out night --sync /shared/machine-1\n"
        "  chimneysweep campaign --merge /var/tmp/other --out /var/tmp/nightly\n"
        "  chimneysweep campaign --quick --driver ./changed.so --base ./trunk.so\n",
        &status);
    if (rest > 0) {
        fputs("campaign: expected options only (campaign --help)\n", stderr);
        return EXIT_USAGE;
    }
    return rest < 0 || !given.argv ? status : campaign_become(given.argc, given.argv);
}

int cmd_history(int argc, char **argv)
{
    const char *text;
    bool flag;
    const struct cli_option options[] = {
        {"--out", "DIR", "the campaign's folder (campaign)", NULL, &text},
        {"--json", NULL, "print JSON", &flag, NULL},
    };
    int status;
    keep(argc, argv);
    int rest = cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]),
                         "history [OPTIONS] [list | show N | compare N M | findings]\n\n"
                         "The nights of a campaign; one of them; what two differ in; all findings.",
                         "  chimneysweep history --out /var/tmp/nightly\n"
                         "  chimneysweep history --out /var/tmp/nightly show 3\n"
                         "  chimneysweep history --out /var/tmp/nightly compare 2 3\n",
                         &status);
    return rest < 0 || !given.argv ? status : campaign_become(given.argc, given.argv);
}

int cmd_bisect(int argc, char **argv)
{
    static struct cli_driven driven = {.timeout_s = 10};
    int status;
    keep(argc, argv);
    int rest = cli_parse_driven(
        argc, argv, &driven, NULL, 0,
        "bisect [OPTIONS] PROGRAM D.so D.so...\n\n"
        "Builds of a driver, the oldest first: names the first that shows what the last shows.",
        "  chimneysweep bisect findings/RCV-FIFO-1-3f9c2a/program.chim builds/*.so\n", &status);
    if (rest >= 0 && (rest < 3 || driven.driver)) {
        fputs(
            "bisect: expected a program and two builds or more, and no --driver (bisect --help)\n",
            stderr);
        return EXIT_USAGE;
    }
    return rest < 0 || !given.argv ? status : campaign_become(given.argc, given.argv);
}
