/* SPDX-License-Identifier: MIT
 *
 * The whole suite against one driver, rule by rule.
 */
#include <unistd.h>

#include "cli/check.h"

#define SECONDS 5u /* of CPU for a program; they take milliseconds */

static int conclude(struct check *check)
{
    uint32_t count;
    oracle_rules(&count);
    for (uint32_t i = 0; i < count; i++) {
        check->result[check_result_of(check, i)]++;
    }
    for (uint32_t kind = 0; kind < KINDS_MAX; kind++) {
        check->unnamed += check->coverage->unnamed[kind].programs;
    }
    const struct rule_coverage *c = check->coverage;
    return c->failed > c->rig_faults ? EXIT_FINDING : c->failed ? EXIT_ENVIRONMENT : EXIT_PASS;
}

int cmd_check_driver(int argc, char **argv)
{
    bool json = false, strict = false;
    const char *corpora = NULL, *guard = "poison";
    static struct world world;
    const struct cli_option options[] = {
        {"--strict", NULL, "\"should\" rules fail too", &strict, NULL},
        {"--json", NULL, "print one JSON object", &json, NULL},
        {"--corpora", "DIR", "programs to run (default: corpora of the project)", NULL, &corpora},
        {"--guard", "MODE", CLI_GUARD_HELP, NULL, &guard},
    };
    int status;
    int names = cli_parse(
        argc, argv, options, sizeof(options) / sizeof(options[0]), "check-driver [OPTIONS] [D.so]",
        "  chimneysweep check-driver ./mydriver.so\n"
        "  chimneysweep check-driver --strict --json ./mydriver.so | jq .totals\n"
        "  build/release/bin/chimneysweep check-driver --guard pages ./mydriver.so\n",
        &status);
    if (names < 0) {
        return status;
    }
    if (names > 1) {
        fputs("check-driver: expected one driver (check-driver --help)\n", stderr);
        return EXIT_USAGE;
    }
    struct cli_paths files = {0};
    char home[4096];
    if (!corpora && cli_project("corpora", home, sizeof(home))) {
        corpora = home;
    }
    if (!corpora) {
        fputs("check-driver: no corpora here nor above the program (give --corpora DIR)\n", stderr);
        return EXIT_USAGE;
    }
    if (!cli_collect(&files, corpora)) {
        return EXIT_USAGE;
    }
    struct check check = {
        .driver = names ? argv[1] : NULL, .corpora = corpora, .strict = strict, .files = &files};
    status = cli_open_world(&world, check.driver) ? EXIT_ENVIRONMENT : cli_guard(guard);
    if (status) {
        return status;
    }
    const struct suite_options suite = {
        .strict = strict, .seconds = SECONDS, .progress = isatty(STDERR_FILENO)};
    check.coverage = rules_measure(&world, &files, &suite, &status);
    if (!check.coverage) {
        return status;
    }
    status = conclude(&check);
    if (json) {
        check_json(&check, status);
    } else {
        check_text(&check);
    }
    return status;
}
