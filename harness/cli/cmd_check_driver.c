/* SPDX-License-Identifier: MIT
 *
 * The whole suite against one driver, rule by rule.
 */
#include <unistd.h>

#include "cli/check.h"
#include "cli/sarif.h"

#define SECONDS 5u /* of CPU for a program; they take milliseconds */

static int conclude(struct check *check)
{
    uint32_t count;
    oracle_rules(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (rules_judged_as(i) != i) {
            check->same++;
        } else {
            check->result[check_result_of(check, i)]++;
        }
    }
    for (uint32_t kind = 0; kind < VERDICT_KINDS; kind++) {
        check->unnamed += check->coverage->unnamed[kind].programs;
    }
    bool nothing = !check->result[RESULT_HELD] && !check->result[RESULT_WARNED];
    return verdict_worse_status(check->coverage->status, nothing ? EXIT_INCONCLUSIVE : EXIT_PASS);
}

static void sarif_finding(struct sarif *sarif, const struct check *check,
                          const struct suite_finding *finding, struct sarif_result result)
{
    char where[64];
    if (!finding->programs) {
        return;
    }
    snprintf(where, sizeof(where), "the first of %u programs", finding->programs);
    result.expected = finding->expected;
    result.actual = finding->actual;
    result.uri = check->files->path[finding->first];
    result.where = where;
    result.event = result.connection = UINT32_MAX;
    sarif_add(sarif, &result);
}

/* A result for each rule that was broken, at the first program that broke it. */
static void add_findings(struct sarif *sarif, const struct check *check)
{
    const struct rule_coverage *c = check->coverage;
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    for (uint32_t i = 0; i < count; i++) {
        sarif_finding(sarif, check, &c->broken[i],
                      (struct sarif_result){.kind = VERDICT_VIOLATION, .rule = rules[i].id});
        sarif_finding(sarif, check, &c->warned[i],
                      (struct sarif_result){.warning = true, .rule = rules[i].id});
    }
    for (uint32_t kind = 0; kind < VERDICT_KINDS; kind++) {
        sarif_finding(sarif, check, &c->unnamed[kind],
                      (struct sarif_result){.kind = (enum verdict_kind)kind, .rule = ""});
    }
}

/* The programs: a folder given, else corpora/ of the project. */
static bool collect(struct cli_paths *files, const char **corpora)
{
    static char home[4096];
    if (!*corpora && cli_project("corpora", home, sizeof(home))) {
        *corpora = home;
    }
    if (!*corpora) {
        fputs("check-driver: no corpora here nor above the program (give --corpora DIR)\n", stderr);
    }
    return *corpora && cli_collect(files, *corpora);
}

static void check_tell(const struct check *check, int status)
{
    if (check->driven.json) {
        check_json(check, status);
    } else {
        check_text(check);
    }
}

static bool one_driver(struct check *check, int names, const char *name)
{
    if (names > 1 || (names && check->driven.driver)) {
        fputs("check-driver: expected one driver (check-driver --help)\n", stderr);
        return false;
    }
    check->driven.driver = names ? name : check->driven.driver;
    return true;
}

static bool fuzz_seconds(struct check *check, const char *seconds)
{
    unsigned long number = 0;
    if (!seconds && check->fuzz.out) {
        fputs("check-driver: --out: only with --fuzz (check-driver --help)\n", stderr);
        return false;
    }
    if (seconds && !cli_number("--fuzz", seconds, 1, 1000000, &number)) {
        return false;
    }
    check->fuzz.seconds = (unsigned)number;
    return true;
}

/* Opens the world, which may go on in another build of the rig; engines are those of the one that
 * stays. Exit status, 0 = fine. */
static int check_open(struct check *check, struct world *world)
{
    int status = cli_open_driven(world, &check->driven);
    if (!status && check->fuzz.seconds && !check_fuzz_possible(&check->fuzz)) {
        status = EXIT_ENVIRONMENT;
    }
    return status;
}

/* All that is asked for. Exit status, 0 = it was run, whatever it showed. */
static int check_run(struct check *check, struct world *world, unsigned jobs)
{
    int status;
    const struct suite_options suite = {.strict = check->driven.strict,
                                        .context_is_cell = check->driven.context_is_cell,
                                        .twice = true,
                                        .jobs = jobs,
                                        .seconds = check->driven.timeout_s,
                                        .progress = isatty(STDERR_FILENO)};
    check->coverage = rules_measure(world, check->files, &suite, &status);
    if (!check->coverage) {
        return status;
    }
    check->shipped = check->files->count;
    if (!check_level_run(check, world, jobs)) {
        return EXIT_ENVIRONMENT;
    }
    bool fuzzed = !check->fuzz.seconds || !check_fuzz(&check->fuzz, world, &check->driven,
                                                      check->collected, check->coverage);
    return fuzzed ? EXIT_PASS : EXIT_ENVIRONMENT;
}

int cmd_check_driver(int argc, char **argv)
{
    const char *corpora = NULL, *sarif_path = NULL, *jobs_text = "1", *seconds = NULL;
    unsigned long jobs;
    struct cli_paths files = {0};
    struct check check = {
        .driven = {.timeout_s = SECONDS}, .files = &files, .collected = &files, .level = "quick"};
    static struct world world;
    struct sarif sarif;
    const struct cli_option options[] = {
        {"--sarif", "FILE", CLI_SARIF_HELP, NULL, &sarif_path},
        {"--jobs", "N", CLI_JOBS_HELP, NULL, &jobs_text},
        {"--fuzz", "S", "then both engines side by side, S seconds of processor time each", NULL,
         &seconds},
        {"--out", "DIR", "with --fuzz: where all of it is left (a new folder below TMPDIR)", NULL,
         &check.fuzz.out},
        {"--level", "L",
         "quick: the programs; normal: each allocation of them fails in turn too; full: every "
         "change that sweep knows (quick)",
         NULL, &check.level},
        {"--corpora", "DIR", "programs to run (default: corpora of the project)", NULL, &corpora},
    };
    int status;
    int names = cli_parse_driven(
        argc, argv, &check.driven, options, sizeof(options) / sizeof(options[0]),
        "check-driver [OPTIONS] [D.so]\n\n" CLI_SKIPPED_HELP,
        "  chimneysweep check-driver ./mydriver.so\n"
        "  chimneysweep check-driver --strict --json ./mydriver.so | jq .totals\n"
        "  chimneysweep check-driver --level full --jobs 4 ./mydriver.so\n"
        "  chimneysweep check-driver --fuzz 60 --out found ./mydriver.so\n"
        "  build/release/bin/chimneysweep check-driver --guard pages ./mydriver.so\n",
        &status);
    if (names < 0) {
        return status;
    }
    files.most = check.driven.memory;
    if (!one_driver(&check, names, argv[1]) || !fuzz_seconds(&check, seconds) ||
        !check_level_known(check.level) || !cli_number("--jobs", jobs_text, 1, JOBS_MOST, &jobs) ||
        !collect(&files, &corpora)) {
        return EXIT_USAGE;
    }
    check.corpora = corpora;
    status = check_open(&check, &world);
    if (status || !sarif_open(&sarif, sarif_path)) {
        return status ? status : EXIT_USAGE;
    }
    status = check_run(&check, &world, (unsigned)jobs);
    if (status) {
        sarif_close(&sarif, status);
        return status;
    }
    status = conclude(&check);
    add_findings(&sarif, &check);
    check_tell(&check, status);
    return sarif_close(&sarif, status) ? status : EXIT_USAGE;
}
