/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/against.h"
#include "cli/debug.h"
#include "cli/pcapng.h"
#include "cli/sarif.h"
#include "families/change.h"
#include "program/isolate.h"

static void print_trace(const struct trace *trace)
{
    uint32_t first = trace->count > TRACE_RECORDS ? trace->count - TRACE_RECORDS : 0;
    for (uint32_t i = first; i < trace->count; i++) {
        render_event(stdout, &trace->record[i % TRACE_RECORDS]);
    }
}

struct command {
    struct cli_driven driven;
    bool trace;
    const char *events_text, *sarif_path, *pcapng_path, *with;
    unsigned long events;
    struct debug debug;
    bool core;
    struct against against;
};

/* What cannot be had of two drivers. */
static bool run_compares(const struct command *c)
{
    const char *const given[] = {
        c->trace ? "--trace" : NULL,        c->sarif_path ? "--sarif" : NULL,
        c->pcapng_path ? "--pcapng" : NULL, c->with ? "--with" : NULL,
        c->debug.on ? "--debug" : NULL,     c->debug.gdb ? "--gdb" : NULL};
    return against_valid(&c->against, "run", given, sizeof(given) / sizeof(given[0]));
}

static bool parse(struct command *c, int argc, char **argv, int *status)
{
    struct cli_option options[16] = {
        {"--trace", NULL, "print every event", &c->trace, NULL},
        {"--sarif", "FILE", CLI_SARIF_HELP, NULL, &c->sarif_path},
        {"--pcapng", "FILE", CLI_PCAPNG_HELP, NULL, &c->pcapng_path},
        {"--events", "N", "how many last events a verdict shows (25)", NULL, &c->events_text},
        {"--with", "CHANGE", "the program changed so, as sweep names a change", NULL, &c->with},
        {"--debug", NULL,
         "in this process, without limits: a debugger stops at the verdict, or in a crash",
         &c->debug.on, NULL},
        {"--event", "N", "with --debug or --gdb: stop at that event instead", NULL,
         &c->debug.event_text},
        {"--gdb", NULL, "start gdb on the same command with --debug", &c->debug.gdb, NULL},
        {"--core", NULL, "let a crash leave a core file, where the system puts it", &c->core, NULL},
    };
    unsigned count = against_options(&c->against, options, 9);
    int files = cli_parse_driven(
        argc, argv, &c->driven, options, count, "run [OPTIONS] PROGRAM\n\n" CLI_SKIPPED_HELP,
        "  chimneysweep run corpora/situations/reordered-segments.chim\n"
        "  chimneysweep run --trace --driver ./other.so crash-1.bin\n"
        "  chimneysweep run --json crash-1.bin | jq .rule\n"
        "  chimneysweep run --sarif found.sarif crash-1.bin\n"
        "  chimneysweep run --pcapng wire.pcapng crash-1.bin\n"
        "  chimneysweep run --driver ./new.so --against ./old.so crash-1.bin\n"
        "  chimneysweep run --with alloc:17 corpora/situations/push-timer.chim\n"
        "  chimneysweep run --gdb --driver ./other.so crash-1.bin\n",
        status);
    if (files < 0) {
        return false;
    }
    *status = EXIT_USAGE;
    if (files != 1) {
        fputs("run: expected one program file (run --help)\n", stderr);
        return false;
    }
    return debug_valid(&c->debug) && run_compares(c) &&
           cli_number("--events", c->events_text, 0, TRACE_RECORDS, &c->events);
}

/* The command that shows it again. */
static void again_of(const struct command *c, const char *path, char *out, size_t size)
{
    char command[CHANGE_NAME + 16];
    snprintf(command, sizeof(command), "run%s%s", c->with ? " --with " : "",
             c->with ? c->with : "");
    cli_reproduce(&c->driven, command, path, out, size);
}

static void show_run(const struct command *c, const char *path, const struct trace *trace,
                     const uint32_t *ran)
{
    if (c->trace) {
        print_trace(trace);
    }
    if (c->driven.json) {
        render_verdict_json(stdout, path, trace, ran);
        return;
    }
    char again[4600];
    again_of(c, path, again, sizeof(again));
    render_verdict(stdout, trace, again, c->trace ? 0 : (unsigned)c->events);
}

static bool write_wire(const struct command *c, struct result_file *file, const char *path,
                       const struct wire_log *log, const struct trace *trace)
{
    char about[4600];
    if (!log) {
        return true;
    }
    again_of(c, path, about, sizeof(about));
    wire_log_run(&trace->verdict, about);
    return pcapng_write(file, log);
}

/* Both are refused before anything is run. */
static bool open_files(const struct command *c, struct sarif *sarif, struct result_file *wire)
{
    if (!result_open(wire, c->pcapng_path)) {
        return false;
    }
    if (!sarif_open(sarif, c->sarif_path)) {
        result_drop(wire);
        return false;
    }
    return true;
}

int cmd_run(int argc, char **argv)
{
    static struct program program;
    static struct world world;
    struct command c = {.driven = {.timeout_s = 10}, .events_text = "25"};
    struct sarif sarif;
    struct result_file wire;
    int status;
    if (!parse(&c, argc, argv, &status)) {
        return status;
    }
    const char *path = argv[1];
    if (!cli_read_changed(path, c.with, &program)) {
        return EXIT_USAGE;
    }
    if (c.against.other) {
        return against_programs(&c.against, &c.driven, argv + 1, 1);
    }
    if (c.debug.gdb) {
        return debug_in_gdb();
    }
    status = cli_open_driven(&world, &c.driven);
    if (status || !open_files(&c, &sarif, &wire)) {
        return status ? status : EXIT_USAGE;
    }
    struct wire_log *log = c.pcapng_path ? wire_log_new(false) : NULL;
    if (c.pcapng_path && !log) {
        return EXIT_ENVIRONMENT;
    }
    uint32_t rules;
    oracle_rules(&rules);
    uint32_t *ran = c.driven.json ? cli_shared(rules * sizeof(*ran)) : NULL;
    oracle_count_into(world.oracle, ran);
    world.reader = log ? wire_log_event : NULL;
    struct run_options run = {.strict = c.driven.strict,
                              .context_is_cell = c.driven.context_is_cell};
    isolate_core(c.core);
    if (c.debug.on) {
        debug_run(&c.debug, &world, &program, &run);
    }
    if (c.debug.on || cli_run_again(&world, &program, &run, c.driven.timeout_s, 1)) {
        show_run(&c, path, world.trace, ran);
        sarif_add_run(&sarif, path, world.trace);
        status = verdict_exit_status(world.trace->verdict.kind);
        status = write_wire(&c, &wire, path, log, world.trace) ? status : EXIT_USAGE;
    } else {
        fputs("run: no process for the run can be made\n", stderr);
        result_drop(&wire);
        status = EXIT_ENVIRONMENT;
    }
    return sarif_close(&sarif, status) ? status : EXIT_USAGE;
}
