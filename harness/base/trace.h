/* SPDX-License-Identifier: MIT
 *
 * The trace of a run: a hash over every event and the last events themselves, in memory that is
 * shared between processes, so that a driver's crash cannot take it along.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/verdict.h"

#define TRACE_RECORDS (1u << 16)
#define TRACE_FRAMES 12u

struct trace_record {
    uint32_t seq;
    uint8_t kind, fn, cpu, irql;
    uint64_t time_ns;
    uint32_t call, conn, object;
    int32_t status;
    uint32_t a, b, c, d;
};

/* Where the run was when it ended, whatever ended it. */
struct trace_end {
    bool finished;          /* the run came to its end; else it was cut */
    uint32_t op;            /* operation of the program, UINT32_MAX = before the first */
    int signal;             /* fatal signal seen inside, 0 = none */
    uint64_t fault_address; /* poisoned or bad address, 0 = unknown */
    char report[512];       /* first lines of a sanitizer report or reason of a hang */
    char skipped[32];       /* the program needs this, which the driver does not advertise */
    char earlier[256];      /* the violation that came before the driver's death */
    char memory[256];       /* who owned the memory at fault_address, since which event */
    bool foreign_memory;    /* fault_address was not the driver's to touch */
    bool reported;          /* the report has a stack of its own */
    char owed[200];         /* what the rig waits for: open calls, requests not completed */
    bool overwrote;         /* fault_address is the rig's evidence */
    bool rig;               /* it died in code of the rig, which no call of the driver explains */
    bool starved;           /* an allocation or a mapping had failed before */
    uint32_t frames;        /* places in the driver's code that led there, innermost first */
    uint64_t frame[TRACE_FRAMES]; /* as offsets into its file */
};

struct trace {
    uint64_t mark; /* these stay as they are, or somebody wrote over the trace */
    uint64_t hash;
    uint32_t count; /* events so far; record i lies at i % TRACE_RECORDS */
    struct verdict verdict;
    struct trace_end end;
    uint32_t
        cpu_most; /* seconds of processor time at which the process has to be done with the run */
    uint64_t mark_between;
    struct trace_record record[TRACE_RECORDS];
    uint64_t mark_behind;
};

/* One trace, shared with children. NULL when memory is short. */
struct trace *trace_new(void);
void trace_reset(struct trace *trace);
/* Of what a judge reads first: hash, count and verdict. */
uint64_t trace_sum(const struct trace *trace);
/* Is its head what trace_add left there? That is known from elsewhere. */
bool trace_intact(const struct trace *trace);
/* Makes it safe to read, whatever a driver wrote over it: bounds and ends of texts. */
void trace_mend(struct trace *trace);
/* An allocation or a mapping fails. */
void trace_note_starved(struct trace *trace);
#define TRACE_WORDS (sizeof(struct trace_record) / sizeof(uint64_t))
/* A record, given as its words (little-endian): they come from registers, where reading back a
 * record that was just written field by field would wait for the stores. */
void trace_add(struct trace *trace, const uint64_t word[TRACE_WORDS]);

#endif
