/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static void print_trace(const struct trace *trace)
{
    uint32_t first = trace->count > TRACE_RECORDS ? trace->count - TRACE_RECORDS : 0;
    for (uint32_t i = first; i < trace->count; i++) {
        render_event(stdout, &trace->record[i % TRACE_RECORDS]);
    }
}

/* The same input gives the same trace, or that is the finding. */
static bool run_twice(struct world *world, const struct program *program,
                      const struct run_options *options, unsigned timeout_s)
{
    if (!cli_run_isolated(world, program, options, timeout_s, NULL)) {
        return false;
    }
    if (world->trace->verdict.kind != VERDICT_PASS) {
        return true;
    }
    uint64_t hash = world->trace->hash;
    if (!cli_run_isolated(world, program, options, timeout_s, NULL)) {
        return false;
    }
    struct verdict *verdict = &world->trace->verdict;
    if (world->trace->hash != hash) {
        verdict->kind = VERDICT_NONDETERMINISM;
        snprintf(verdict->expected, sizeof(verdict->expected), "trace %016llx again",
                 (unsigned long long)hash);
        snprintf(verdict->actual, sizeof(verdict->actual), "trace %016llx",
                 (unsigned long long)world->trace->hash);
    }
    return true;
}

int cmd_run(int argc, char **argv)
{
    bool json = false, trace = false, strict = false, cell = false;
    const char *guard = "poison", *driver = NULL, *timeout_text = "10", *events_text = "25";
    const struct cli_option options[] = {
        {"--driver", "D.so", "driver to load (default: the bundled core)", NULL, &driver},
        {"--trace", NULL, "print every event", &trace, NULL},
        {"--json", NULL, "print one JSON object", &json, NULL},
        {"--strict", NULL, "\"should\" rules fail too", &strict, NULL},
        {"--guard", "MODE", CLI_GUARD_HELP, NULL, &guard},
        {"--context-is-cell", NULL, "pass the address of the context cell to I/O handlers", &cell,
         NULL},
        {"--events", "N", "how many last events a verdict shows (25)", NULL, &events_text},
        {"--timeout", "S", "CPU seconds before it counts as a hang (10)", NULL, &timeout_text},
    };
    int status;
    int files = cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]),
                          "run [OPTIONS] PROGRAM",
                          "  chimneysweep run corpora/situations/reordered-segments.chim\n"
                          "  chimneysweep run --trace --driver ./other.so crash-1.bin\n"
                          "  chimneysweep run --json crash-1.bin | jq .rule\n",
                          &status);
    unsigned long timeout_s, events;
    if (files < 0) {
        return status;
    }
    if (files != 1) {
        fputs("run: expected one program file (run --help)\n", stderr);
        return EXIT_USAGE;
    }
    if (!cli_number("--timeout", timeout_text, 1, 86400, &timeout_s) ||
        !cli_number("--events", events_text, 0, TRACE_RECORDS, &events)) {
        return EXIT_USAGE;
    }
    static struct program program;
    static struct world world;
    if (!cli_read_program(argv[1], &program)) {
        return EXIT_USAGE;
    }
    status = cli_open_world(&world, driver);
    status = status ? status : cli_guard(guard);
    if (status) {
        return status;
    }
    uint32_t rules;
    oracle_rules(&rules);
    uint32_t *ran = json ? cli_shared(rules * sizeof(*ran)) : NULL;
    oracle_count_into(world.oracle, ran);
    struct run_options run = {.strict = strict, .context_is_cell = cell};
    if (!run_twice(&world, &program, &run, (unsigned)timeout_s)) {
        fputs("run: no process for the run can be made\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    if (trace) {
        print_trace(world.trace);
    }
    if (json) {
        render_verdict_json(stdout, argv[1], world.trace, ran);
    } else {
        char again[4600];
        snprintf(again, sizeof(again), "chimneysweep run %s%s%s%s%s%s%s", driver ? "--driver " : "",
                 driver ? driver : "", driver ? " " : "", strict ? "--strict " : "",
                 strcmp(guard, "poison") ? "--guard " : "",
                 !strcmp(guard, "poison")  ? ""
                 : !strcmp(guard, "pages") ? "pages "
                                           : "off ",
                 argv[1]);
        render_verdict(stdout, world.trace, again, trace ? 0 : (unsigned)events);
    }
    return verdict_exit_status(world.trace->verdict.kind);
}
