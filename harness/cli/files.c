/* SPDX-License-Identifier: MIT
 *
 * Files that people give us: each failure is one line that says what, where and what was expected.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/evidence.h"
#include "base/restart.h"
#include "base/shown.h"
#include "cli/cli.h"
#include "cli/result_file.h"
#include "families/change.h"
#include "program/isolate.h"

unsigned char *cli_read_file(const char *path, size_t limit, size_t *length)
{
    struct stat about;
    bool found = stat(path, &about) == 0;
    if (found && !S_ISREG(about.st_mode)) { /* opening a pipe waits for its other end */
        fprintf(stderr, "chimneysweep: %s: is %s, expected a file\n", shown(path),
                S_ISDIR(about.st_mode) ? "a directory" : "no file, but a device, pipe or socket");
        return NULL;
    }
    FILE *file = found ? fopen(path, "rb") : NULL;
    if (!file) {
        fprintf(stderr, "chimneysweep: %s: %s\n", shown(path), strerror(errno));
        return NULL;
    }
    unsigned char *bytes = malloc(limit + 1);
    *length = bytes ? fread(bytes, 1, limit + 1, file) : 0;
    bool failed = !bytes || ferror(file);
    fclose(file);
    if (failed || *length > limit) {
        fprintf(stderr, "chimneysweep: %s: %s\n", shown(path),
                failed ? "cannot be read" : "is too large (the limit is 1 MiB)");
        free(bytes);
        return NULL;
    }
    return bytes;
}

bool cli_write_file(const char *path, const void *bytes, size_t length)
{
    struct result_file file;
    if (!result_open(&file, path)) {
        return false;
    }
    fwrite(bytes, 1, length, file.out);
    return result_close(&file);
}

#define PROGRAM_FILE_MAX ((size_t)1 << 20)

/* Files of other kinds are told apart by their first bytes: a binary program has none of these,
 * since its first byte is its format. */
static const char *other_kind(const unsigned char *bytes, size_t length)
{
    static const struct {
        const char *magic;
        unsigned size;
        const char *name;
    } kinds[] = {
        {"\xd4\xc3\xb2\xa1", 4, "a pcap capture (use replay or import)"},
        {"\xa1\xb2\xc3\xd4", 4, "a pcap capture (use replay or import)"},
        {"\x4d\x3c\xb2\xa1", 4, "a pcap capture (use replay or import)"},
        {"\xa1\xb2\x3c\x4d", 4, "a pcap capture (use replay or import)"},
        {"\x0a\x0d\x0d\x0a", 4, "a pcapng capture (use replay or import)"},
        {"\x7f"
         "ELF",
         4, "an ELF file (give a driver by --driver)"},
        {"{", 1, "JSON"},
        {"#!", 2, "a script"},
        {"\x89PNG", 4, "a picture"},
    };
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (length >= kinds[i].size && !memcmp(bytes, kinds[i].magic, kinds[i].size)) {
            return kinds[i].name;
        }
    }
    return NULL;
}

bool cli_read_program(const char *path, struct program *program)
{
    size_t length;
    unsigned char *bytes = cli_read_file(path, PROGRAM_FILE_MAX, &length);
    if (!bytes) {
        return false;
    }
    const char *other = other_kind(bytes, length);
    enum program_kind kind = program_kind_of(bytes, length);
    bool good = true;
    struct program_error error;
    if (!length || other) {
        fprintf(stderr, "chimneysweep: %s: %s%s, expected a program\n", shown(path),
                other ? "is " : "", other ? other : "empty");
        good = false;
    } else if (kind == PROGRAM_IS_TEXT) {
        good = program_parse((const char *)bytes, length, program, &error);
        if (!good) {
            fprintf(stderr, "chimneysweep: %s:%u: %s\n", shown(path), error.line,
                    shown(error.text));
        }
    } else if (kind == PROGRAM_IS_NONE) {
        fprintf(stderr,
                "chimneysweep: %s: neither text ('chimneysweep program 1') nor a binary program of "
                "format %d or %d\n",
                shown(path), PROGRAM_FORMAT_OLD, PROGRAM_FORMAT);
        good = false;
    } else if (kind == PROGRAM_IS_FORMAT1) {
        program_decode_format1(bytes, length, program);
    } else {
        program_decode(bytes, length, program);
    }
    free(bytes);
    return good;
}

/* Loading runs code of the driver, so a child tries whether it can be loaded. One that loops or
 * dies in that is no error here: the runs say what it does. The bundled one is the rig's own. */
#define PROBE_SECONDS 2u
struct probe {
    char error[600];
};

static void probe_driver(void *context)
{
    struct probe *probe = context;
    const char *error;
    if (!world_load_driver(&error)) {
        snprintf(probe->error, sizeof(probe->error), "%s", error);
    }
}

/* Why a system that has memory may not give it: the rig reserves much more than it uses. */
static const char *memory_cause(void)
{
    struct rlimit most;
    char mode = 0;
    if (getrlimit(RLIMIT_AS, &most) == 0 && most.rlim_cur != RLIM_INFINITY) {
        return ": addresses are limited (ulimit -v unlimited)";
    }
    FILE *file = fopen("/proc/sys/vm/overcommit_memory", "re");
    if (file) {
        mode = (char)fgetc(file);
        fclose(file);
    }
    return mode == '2' ? ": the system gives no more than it has (sysctl vm.overcommit_memory=0)"
                       : "";
}

/* elsewhere: another build may take it. */
static int open_driver(struct world *world, const char *driver, bool elsewhere)
{
    const char *error;
    struct probe *probe = cli_shared(sizeof(*probe));
    if (!probe) {
        return EXIT_ENVIRONMENT;
    }
    if (!world_name_driver(driver ? driver : world_default_driver(), &error)) {
        snprintf(probe->error, sizeof(probe->error), "%s", error);
    } else if (driver && !isolate_run(probe_driver, probe, world->trace, PROBE_SECONDS)) {
        snprintf(probe->error, sizeof(probe->error), "no process for the driver can be made");
    }
    bool good = !probe->error[0];
    if (!good && elsewhere) {
        cli_go_on_elsewhere(driver);
    }
    if (!good) {
        fprintf(stderr, "chimneysweep: %s\n", probe->error);
    }
    evidence_free(probe);
    trace_reset(world->trace);
    return good ? EXIT_PASS : driver ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

int cli_open_world(struct world *world, const char *driver)
{
    if (!world_new(world)) {
        restart_in_place(); /* whatever lies there may lie elsewhere then */
        fprintf(stderr, "chimneysweep: no memory at the addresses that the rig needs%s\n",
                memory_cause());
        return EXIT_ENVIRONMENT;
    }
    return open_driver(world, driver, true);
}

int cli_change_driver(struct world *world, const char *driver)
{
    world_forget_driver();
    return open_driver(world, driver, false);
}

static const char *const guards[] = {"poison", "pages", "off"};
#define GUARDS 3u

bool cli_is_guard(const char *mode)
{
    for (uint32_t i = 0; i < GUARDS; i++) {
        if (!strcmp(mode, guards[i])) {
            return true;
        }
    }
    fprintf(stderr, "chimneysweep: --guard '%s': expected poison, pages or off\n", shown(mode));
    return false;
}

int cli_guard(const char *mode)
{
    uint32_t guard = 0;
    if (!strcmp(mode, "pages") && arena_instrumented()) {
        fputs(
            "chimneysweep: --guard pages: this build has AddressSanitizer, which handles accesses "
            "itself (use build/release/bin/chimneysweep)\n",
            stderr);
        return EXIT_USAGE;
    }
    while (guard + 1 < GUARDS && strcmp(mode, guards[guard]) != 0) {
        guard++;
    }
    if (!arena_guard((enum arena_guard)guard)) {
        fputs("chimneysweep: --guard pages: the system refuses to protect that many pages\n",
              stderr);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_PASS;
}

bool cli_read_changed(const char *path, const char *name, struct program *program)
{
    static struct program whole;
    struct change change;
    if (!name) {
        return cli_read_program(path, program);
    }
    if (!change_parse(name, &change)) {
        fprintf(stderr, "run: --with '%s': expected a change, such as alloc:17 or reset@4\n",
                shown(name));
        return false;
    }
    if (!cli_read_program(path, &whole)) {
        return false;
    }
    const char *why = change_apply(&change, &whole, program);
    if (why) {
        fprintf(stderr, "run: --with %s: %s: %s\n", name, shown(path), why);
    }
    return !why;
}

void cli_lost_file(struct trace *trace, const char *path)
{
    trace_reset(trace);
    trace->verdict.kind = VERDICT_RIG;
    snprintf(trace->verdict.actual, sizeof(trace->verdict.actual),
             "%.150s could be read before, and cannot any more", path);
}

struct job {
    struct world *world;
    const struct program *program;
    const struct run_options *options;
    struct run_counts *counts;
};

static void run_job(void *context)
{
    struct job *job = context;
    struct run_counts counts;
    program_run(job->world, job->program, job->options, &counts);
    if (job->counts) {
        *job->counts = counts;
    }
}

bool cli_run_isolated(struct world *world, const struct program *program,
                      const struct run_options *options, unsigned timeout_s,
                      struct run_counts *counts)
{
    struct job job = {world, program, options, counts};
    trace_reset(world->trace);
    return isolate_run(run_job, &job, world->trace, timeout_s);
}

void *cli_shared(size_t bytes)
{
    void *memory = evidence_new(bytes);
    if (!memory) {
        fputs("chimneysweep: no shared memory\n", stderr);
        return NULL;
    }
    return memory;
}
