/* SPDX-License-Identifier: MIT
 *
 * The one fuzz target, for libFuzzer and AFL++ alike: bytes are a program, the program is run, the
 * verdict ends the process when it is a finding. The driver comes from CHIMNEYSWEEP_DRIVER or is
 * the bundled core. CHIMNEYSWEEP_WARNING names a "should" rule whose warning is a finding too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* How many executions there were and what they reached: the file that CHIMNEYSWEEP_REACHED names
 * holds these counters, which all processes of an engine share. */
enum { REACHED_COUNTERS = 7 };
static uint64_t own_counters[REACHED_COUNTERS], *reached = own_counters;

static struct world world;
static struct program program;
static const char *warning;

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
    }
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

/* State coverage: which event follows which on a connection, with what status. */
#define STATES 4096u
__attribute__((used, section("__libfuzzer_extra_counters"))) static uint8_t states[STATES];

static void note_state(void *context, const struct tap_event *event)
{
    static uint32_t before;
    (void)context;
    if (event->kind == TAP_LEAVE || event->fn == TAP_ALLOC || event->fn == TAP_FREE) {
        return;
    }
    uint32_t now =
        event->fn * 31u +
        (event->fn == TAP_EVENT ? event->data.event.type * 7 + event->data.event.information : 0) +
        (event->fn == TAP_NBL || event->fn == TAP_BLOCK ? (uint32_t)event->status : 0);
    uint32_t slot = (now * 0x9E3779B1u ^ before * 0x85EBCA6Bu) >> 20;
    states[slot % STATES]++;
    before = now;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *driver = getenv("CHIMNEYSWEEP_DRIVER"), *error;
    if (!world_new(&world)) {
        fputs("fuzz: no memory at the addresses that the rig needs\n", stderr);
        exit(3);
    }
    if (!world_open_driver(driver ? driver : world_default_driver(), &error)) {
        fprintf(stderr, "fuzz: %s\n", error);
        exit(3);
    }
    world.reader = note_state;
    warning = getenv("CHIMNEYSWEEP_WARNING");
    if (getenv("CHIMNEYSWEEP_REACHED")) {
        share_counters(getenv("CHIMNEYSWEEP_REACHED"));
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct run_options options = {.strict = false};
    struct run_counts counts;
    if (!is_for_engines(bytes, length)) {
        return 0;
    }
    program_decode(bytes, length, &program);
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
