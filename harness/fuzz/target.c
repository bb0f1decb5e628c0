/* SPDX-License-Identifier: MIT
 *
 * The one fuzz target, for libFuzzer and AFL++ alike: bytes are a program, the program is run, the
 * verdict ends the process when it is a finding. What it does otherwise comes from the environment:
 *
 *   CHIMNEYSWEEP_DRIVER   the driver, with or without instrumentation (default: the one that is
 *                         linked into this program, or else the bundled core beside it)
 *   CHIMNEYSWEEP_STATES   on, off: counters of states (default: on unless the driver counts edges)
 *   CHIMNEYSWEEP_GUARD    off, pages, pages:N: page protection for one input in N (off; N is 8)
 *   CHIMNEYSWEEP_STRICT, CHIMNEYSWEEP_CONTEXT_IS_CELL   on, off: as the options of run (off)
 *   CHIMNEYSWEEP_WARNING  a "should" rule whose warning is a finding too
 *   CHIMNEYSWEEP_MUTED    a file of rules that end no run (muted.h)
 *   CHIMNEYSWEEP_REACHED  a file for counts of executions and of what they reached, and of ways
 *                         between states (graph.h)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/stops.h"
#include "fuzz/graph.h"
#include "fuzz/muted.h"
#include "fuzz/states.h"
#include "program/isolate.h"
#include "program/mutate.h"
#include "program/run.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_length, const uint8_t *b,
                                 size_t b_length, uint8_t *out, size_t room, unsigned seed);

/* libFuzzer's own mutations, which use the dictionary; AFL++ brings its own and lacks this. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t room) __attribute__((weak));

/* How many executions there were, what they reached, and processor time: the file that
 * CHIMNEYSWEEP_REACHED names holds these counters, which all processes of an engine share. */
enum {
    REACHED_COUNTERS = 7,
    REACHED_CPU_US = REACHED_COUNTERS,
    REACHED_WAYS,
    REACHED_WORDS = REACHED_WAYS + GRAPH_COUNT * GRAPH_COUNT
};
static uint64_t own_counters[REACHED_WORDS], *reached = own_counters;

static struct world world;
static struct program program;
static const char *warning;
#define TIME_EVERY 64u /* executions */
static struct run_options options;
static uint64_t executions;
static pid_t starter; /* the process that opened the world; AFL++'s runs are in children of it */

static void share_counters(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || ftruncate(file, sizeof(own_counters))) {
        fprintf(stderr, "fuzz: %s: cannot be written\n", path);
        exit(3);
    }
    void *memory = mmap(NULL, sizeof(own_counters), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) {
        reached = memory;
        graph_open(reached + REACHED_WAYS);
    }
}

static uint64_t cpu_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000u + (uint64_t)used.tv_nsec / 1000u;
}

/* The processor time of all processes of the engine that ran programs, asked for now and then. */
static void count_time(void)
{
    static uint64_t told;
    uint64_t now = cpu_us();
    __atomic_fetch_add(&reached[REACHED_CPU_US], now - told, __ATOMIC_RELAXED);
    told = now;
}

static void target_count(const struct run_counts *counts)
{
    const bool got[REACHED_COUNTERS] = {
        true,
        counts->established,
        counts->posted,
        counts->indicated,
        counts->refused,
        counts->uploaded,
        counts->disconnected,
    };
    for (int i = 0; i < REACHED_COUNTERS; i++) {
        __atomic_fetch_add(&reached[i], got[i], __ATOMIC_RELAXED);
    }
}

static void refuse(const char *what, const char *why)
{
    fprintf(stderr, "fuzz: %s: %s\n", what, why);
    exit(3);
}

static bool is_on(const char *name, bool otherwise)
{
    const char *choice = getenv(name);
    if (choice && strcmp(choice, "on") != 0 && strcmp(choice, "off") != 0) {
        refuse(name, "expected on or off");
    }
    return choice ? !strcmp(choice, "on") : otherwise;
}

/* A further reader takes time: few executions are enough for a picture. */
#define GRAPH_EVERY 16u

static void note_both(void *context, const struct tap_event *event)
{
    states_note(context, event);
    graph_note(context, event);
}

/* Of an ordinary execution, and of one that is drawn. */
static tap_reader readers[2] = {NULL, graph_note};

/* Counters of states are for drivers that count no edges of their own; CHIMNEYSWEEP_STATES says
 * otherwise. */
static void count_states(void)
{
    if (is_on("CHIMNEYSWEEP_STATES", !world_driver_counts())) {
        states_open();
        readers[0] = states_note;
        readers[1] = note_both;
    }
}

static void choose_reader(void)
{
    bool graph = reached != own_counters && executions % GRAPH_EVERY == 0;
    world.reader = readers[graph];
}

/* Page protection is for a part of the inputs, since it takes a few times the time: one in so many,
 * chosen by their bytes, so that an input is always judged in the same way. */
#define GUARDED_ONE_IN 8u
static uint32_t guarded_one_in; /* 0 = none is guarded */

static void guard_some(void)
{
    const char *choice = getenv("CHIMNEYSWEEP_GUARD");
    unsigned long one_in = GUARDED_ONE_IN;
    char *end = NULL;
    if (!choice || !strcmp(choice, "off")) {
        return;
    }
    if (!strncmp(choice, "pages:", 6)) {
        one_in = strtoul(choice + 6, &end, 10);
    }
    bool number = end && end != choice + 6 && !*end && one_in && one_in <= UINT32_MAX;
    if (strcmp(choice, "pages") != 0 && !number) {
        refuse("CHIMNEYSWEEP_GUARD", "expected off, pages or pages:N (one input in N)");
    }
    if (arena_instrumented()) {
        refuse("CHIMNEYSWEEP_GUARD", "this build has AddressSanitizer, which guards every input");
    }
    guarded_one_in = (uint32_t)one_in;
}

static void guard_this(const uint8_t *bytes, size_t length)
{
    static bool caught;
    uint32_t hash = 2166136261u;
    if (!guarded_one_in) {
        return;
    }
    if (!caught) { /* the engine has its own handlers by now, and gets the deaths */
        stops_catch();
        caught = true;
    }
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    bool guard = (hash >> 8) % guarded_one_in == 0;
    if (!arena_guard(guard ? GUARD_PAGES : GUARD_OFF)) {
        refuse("CHIMNEYSWEEP_GUARD", "the system refuses to protect that many pages");
    }
}

static void tell_rate(void)
{
    double seconds = (double)cpu_us() / 1e6;
    fprintf(stderr, "fuzz: %llu executions, %.0f in a second of processor time\n",
            (unsigned long long)executions, (double)executions / (seconds > 0 ? seconds : 1));
}

static bool target_open_driver(const char **error)
{
    const char *driver = getenv("CHIMNEYSWEEP_DRIVER");
    return !driver && world_has_linked_driver()
               ? world_open_linked_driver(error)
               : world_open_driver(driver ? driver : world_default_driver(), error);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *error;
    if (!world_new(&world)) {
        fputs("fuzz: no memory at the addresses that the rig needs\n", stderr);
        exit(3);
    }
    if (!target_open_driver(&error)) {
        fprintf(stderr, "fuzz: %s\n", error);
        exit(3);
    }
    count_states();
    guard_some();
    starter = getpid();
    options.muted = muted_open();
    atexit(tell_rate);
    warning = getenv("CHIMNEYSWEEP_WARNING");
    options.strict = is_on("CHIMNEYSWEEP_STRICT", false);
    options.context_is_cell = is_on("CHIMNEYSWEEP_CONTEXT_IS_CELL", false);
    const char *shared = getenv("CHIMNEYSWEEP_REACHED");
    if (shared) {
        share_counters(shared);
    }
    return 0;
}

/* An engine runs what carries the first byte of the current format, as the mutators write it, and
 * passes over everything else. So every input that it saves is to `chimneysweep run` the program
 * that was run here. */
static bool is_for_engines(const uint8_t *bytes, size_t length)
{
    static bool told;
    enum program_kind kind = program_kind_of(bytes, length);
    if ((kind == PROGRAM_IS_FORMAT1 || kind == PROGRAM_IS_TEXT) && !told) {
        fputs("fuzz: text and format 1 are passed over (chimneysweep asm converts them)\n", stderr);
        told = true;
    }
    return kind == PROGRAM_IS_BINARY;
}

/* A child of a fork server that was killed would stay for ever, stopped between two inputs. */
static void now_and_then(void)
{
    if (executions == 0 && getpid() != starter) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    muted_look();
    count_time();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct run_counts counts;
    if (!is_for_engines(bytes, length)) {
        return 0;
    }
    program_decode(bytes, length, &program);
    guard_this(bytes, length);
    if (executions % TIME_EVERY == 0) {
        now_and_then();
    }
    choose_reader();
    executions++;
    program_run(&world, &program, &options, &counts);
    target_count(&counts);
    const struct verdict *verdict = &world.trace->verdict;
    if (verdict->kind != VERDICT_PASS) {
        fprintf(stderr, "chimneysweep: %s %s: expected %s, actual %s\n",
                verdict_kind_name(verdict->kind), verdict->rule, verdict->expected,
                verdict->actual);
        abort();
    }
    if (warning && !strcmp(warning, verdict->warning_rule)) {
        fprintf(stderr, "chimneysweep: warning %s: %s\n", warning, verdict->warning_text);
        abort();
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed)
{
    if (LLVMFuzzerMutate && seed % 16 == 0) {
        length = LLVMFuzzerMutate(bytes, length, room);
        if (length) {
            bytes[0] = PROGRAM_FORMAT;
        }
        return length;
    }
    return program_mutate(bytes, length, room, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_length, const uint8_t *b,
                                 size_t b_length, uint8_t *out, size_t room, unsigned seed)
{
    return program_cross(a, a_length, b, b_length, out, room, seed);
}
