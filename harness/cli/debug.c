/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/debug.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/cli.h"

#define EVENTS_SHOWN 10u
#define WORDS_MOST 256

static struct {
    uint32_t event; /* UINT32_MAX = the verdict */
    bool stopped;
} stop;

bool debug_valid(const struct debug *debug)
{
    unsigned long event;
    if (debug->event_text && !debug->on && !debug->gdb) {
        fputs("run: --event: expected --debug or --gdb with it\n", stderr);
        return false;
    }
    return !debug->event_text ||
           cli_number("--event", debug->event_text, 0, UINT32_MAX - 1, &event);
}

int debug_in_gdb(void)
{
    static char self[4096];
    char *const *given = cli_command();
    char *words[WORDS_MOST] = {"gdb",       "-q",     "-ex", "run", "-ex",
                               "backtrace", "--args", self,  "run", "--debug"};
    int count = 10;
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[length > 0 ? length : 0] = '\0';
    for (int i = 2; given[1] && given[i] && count < WORDS_MOST - 1; i++) { /* behind "run" */
        if (strcmp(given[i], "--gdb") != 0 && strcmp(given[i], "--debug") != 0) {
            words[count++] = given[i];
        }
    }
    execvp(words[0], words);
    fprintf(stderr, "run: --gdb: gdb cannot be started: %s (Debian: apt install gdb)\n",
            strerror(errno));
    return EXIT_ENVIRONMENT;
}

static bool debugged(void)
{
    char line[256];
    long tracer = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof(line), status)) {
        if (!strncmp(line, "TracerPid:", 10)) {
            tracer = strtol(line + 10, NULL, 10);
        }
    }
    if (status) {
        fclose(status);
    }
    return tracer > 0;
}

static void show_where(const struct world *world, const struct tap_event *ev)
{
    const struct trace *trace = world->trace;
    const struct verdict *verdict = &world->judged;
    uint32_t first = trace->count > EVENTS_SHOWN ? trace->count - EVENTS_SHOWN : 0;
    for (uint32_t i = first; i < trace->count; i++) {
        render_event(stdout, &trace->record[i % TRACE_RECORDS]);
    }
    if (verdict->kind == VERDICT_PASS) {
        printf("debug: event %u\n", ev->seq);
    } else {
        printf("debug: event %u: %s: expected %s, actual %s\n", ev->seq, verdict->rule,
               shown(verdict->expected), shown(verdict->actual));
    }
}

/* Where a debugger stops, the driver's call that led here is on the stack. */
static void debug_event(void *context, const struct tap_event *ev)
{
    const struct world *world = context;
    bool here =
        stop.event == UINT32_MAX ? world->judged.kind != VERDICT_PASS : ev->seq == stop.event;
    if (!here || stop.stopped) {
        return;
    }
    stop.stopped = true;
    show_where(world, ev);
    bool attached = debugged();
    printf("debug: %s\n", attached ? "up and finish lead to the driver's call"
                                   : "no debugger is attached: going on (run --gdb starts one)");
    fflush(stdout);
    if (attached) {
        raise(SIGTRAP);
    }
}

void debug_run(const struct debug *debug, struct world *world, const struct program *program,
               const struct run_options *options)
{
    struct run_counts counts;
    unsigned long event = UINT32_MAX;
    if (debug->event_text) {
        cli_number("--event", debug->event_text, 0, UINT32_MAX - 1, &event);
    }
    stop.event = (uint32_t)event;
    world->reader = debug_event;
    program_run(world, program, options, &counts);
    if (debug->event_text && !stop.stopped) {
        fprintf(stderr, "run: --event %lu: the run ended at event %u\n", event,
                world->trace->count ? world->trace->count - 1 : 0);
    }
}
