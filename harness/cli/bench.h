/* SPDX-License-Identifier: MIT
 *
 * Benches of `chimneysweep bench`: each fills results in and says by what they were measured.
 */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli/cli.h"

struct bench_result {
    char name[40];
    double value;
    char unit[24];
    char note[160];
};

#define BENCH_RESULTS_MAX 32

struct bench {
    struct world *world;
    const char *corpora;
    bool unreadable; /* no programs there, or some that are none */
    double seconds;  /* per measurement */
    struct bench_result result[BENCH_RESULTS_MAX];
    unsigned results;
};

double
bench_now(void); /* seconds of CPU time of this thread: other work on the machine does not count */
void bench_add(struct bench *bench, const char *name, double value, const char *unit,
               const char *note);

/* False: it could not be measured; one line on stderr says why. */
bool bench_fuzz_exec(struct bench *bench);
/* Seconds of one pass over the corpus, measured for so long; 0 = it could not be measured. */
double bench_fuzz_pass(struct bench *bench, bool oracle, double seconds);
enum bench_receive { BENCH_POSTED, BENCH_INDICATED, BENCH_SWAPPED };
bool bench_receive(struct bench *bench, const char *name, enum bench_receive how, bool oracle);
/* Nanoseconds of a segment, measured for so long; 0 = it could not be measured. */
double bench_receive_for(struct bench *bench, const char *name, enum bench_receive how, bool oracle,
                         double seconds);
/* How many times as long the same takes with the oracle on. */
bool bench_oracle(struct bench *bench);
/* How many times as long programs take with page protection; no row where it is not to be had. */
bool bench_guard(struct bench *bench);
/* What lwIP takes for the same segments, and what part of it the target took in this run. */
bool bench_lwip(struct bench *bench);
bool bench_send(struct bench *bench);
/* "replay_bulk" or "replay_small": against libpcap's reading of the same file. */
bool bench_replay(struct bench *bench, const char *name);
bool bench_cycle(struct bench *bench);
bool bench_timers(struct bench *bench);
/* Segments to connections in random order, and what one of them costs in memory. */
bool bench_scale(struct bench *bench, uint32_t conns);

/* ---- bench_wire.c: connections and frames of the benches ---- */
#define BENCH_SEGMENT 1460u
#define BENCH_WINDOW (1u << 20)
#define BENCH_SEQUENCE 0xFFFFF000u /* both ways, a little before the wrap */
/* Adds connection index, which the host owns; indexes come in order from 0. */
void bench_connect(struct world *world, uint32_t index);
/* A frame of its peer; returns its bytes. */
uint32_t bench_frame(const struct world *world, uint32_t index, uint32_t seq, uint32_t ack,
                     const uint8_t *payload, uint32_t length, uint8_t *bytes);
/* True: the run went well. Else one line on stderr says why. */
bool bench_verdict(const struct bench *bench, const char *name, const char *failure);

#endif
