/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/pcapng.h"
#include "cli/sarif.h"

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

struct command {
    bool json, trace, strict, cell;
    const char *driver, *guard, *timeout_text, *events_text, *sarif_path, *pcapng_path;
    unsigned long timeout_s, events;
};

static bool parse(struct command *c, int argc, char **argv, int *status)
{
    const struct cli_option options[] = {
        {"--driver", "D.so", "driver to load (default: the bundled core)", NULL, &c->driver},
        {"--trace", NULL, "print every event", &c->trace, NULL},
        {"--json", NULL, "print one JSON object", &c->json, NULL},
        {"--sarif", "FILE", CLI_SARIF_HELP, NULL, &c->sarif_path},
        {"--pcapng", "FILE", CLI_PCAPNG_HELP, NULL, &c->pcapng_path},
        {"--strict", NULL, "\"should\" rules fail too", &c->strict, NULL},
        {"--guard", "MODE", CLI_GUARD_HELP, NULL, &c->guard},
        {"--context-is-cell", NULL, "pass the address of the context cell to I/O handlers",
         &c->cell, NULL},
        {"--events", "N", "how many last events a verdict shows (25)", NULL, &c->events_text},
        {"--timeout", "S", "CPU seconds before it counts as a hang (10)", NULL, &c->timeout_text},
    };
    int files = cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]),
                          "run [OPTIONS] PROGRAM\n\n" CLI_SKIPPED_HELP,
                          "  chimneysweep run corpora/situations/reordered-segments.chim\n"
                          "  chimneysweep run --trace --driver ./other.so crash-1.bin\n"
                          "  chimneysweep run --json crash-1.bin | jq .rule\n"
                          "  chimneysweep run --sarif found.sarif crash-1.bin\n"
                          "  chimneysweep run --pcapng wire.pcapng crash-1.bin\n",
                          status);
    if (files < 0) {
        return false;
    }
    *status = EXIT_USAGE;
    if (files != 1) {
        fputs("run: expected one program file (run --help)\n", stderr);
        return false;
    }
    return cli_number("--timeout", c->timeout_text, 1, 86400, &c->timeout_s) &&
           cli_number("--events", c->events_text, 0, TRACE_RECORDS, &c->events);
}

static void reproduction(const struct command *c, const char *path, char *out, size_t size)
{
    bool guarded = strcmp(c->guard, "poison") != 0;
    snprintf(out, size, "chimneysweep run %s%s%s%s%s%s%s%s", c->driver ? "--driver " : "",
             c->driver ? c->driver : "", c->driver ? " " : "", c->strict ? "--strict " : "",
             guarded ? "--guard " : "", guarded ? c->guard : "", guarded ? " " : "", path);
}

static void show(const struct command *c, const char *path, const struct trace *trace,
                 const uint32_t *ran)
{
    if (c->trace) {
        print_trace(trace);
    }
    if (c->json) {
        render_verdict_json(stdout, path, trace, ran);
        return;
    }
    char again[4600];
    reproduction(c, path, again, sizeof(again));
    render_verdict(stdout, trace, again, c->trace ? 0 : (unsigned)c->events);
}

static bool write_wire(const struct command *c, const char *path, const struct wire_log *log,
                       const struct trace *trace)
{
    char about[4600];
    if (!log) {
        return true;
    }
    reproduction(c, path, about, sizeof(about));
    wire_log_run(&trace->verdict, about);
    return pcapng_write(c->pcapng_path, log);
}

int cmd_run(int argc, char **argv)
{
    static struct program program;
    static struct world world;
    struct command c = {.guard = "poison", .timeout_text = "10", .events_text = "25"};
    struct sarif sarif;
    int status;
    if (!parse(&c, argc, argv, &status)) {
        return status;
    }
    const char *path = argv[1];
    if (!cli_read_program(path, &program)) {
        return EXIT_USAGE;
    }
    status = cli_open_world(&world, c.driver);
    status = status ? status : cli_guard(c.guard);
    if (status || !sarif_open(&sarif, c.sarif_path)) {
        return status ? status : EXIT_USAGE;
    }
    struct wire_log *log = c.pcapng_path ? wire_log_new(false) : NULL;
    if (c.pcapng_path && !log) {
        return EXIT_ENVIRONMENT;
    }
    uint32_t rules;
    oracle_rules(&rules);
    uint32_t *ran = c.json ? cli_shared(rules * sizeof(*ran)) : NULL;
    oracle_count_into(world.oracle, ran);
    world.reader = log ? wire_log_event : NULL;
    struct run_options run = {.strict = c.strict, .context_is_cell = c.cell};
    if (run_twice(&world, &program, &run, (unsigned)c.timeout_s)) {
        show(&c, path, world.trace, ran);
        sarif_add_run(&sarif, path, world.trace);
        status = verdict_exit_status(world.trace->verdict.kind);
        status = write_wire(&c, path, log, world.trace) ? status : EXIT_USAGE;
    } else {
        fputs("run: no process for the run can be made\n", stderr);
        status = EXIT_ENVIRONMENT;
    }
    return sarif_close(&sarif, status) ? status : EXIT_USAGE;
}
