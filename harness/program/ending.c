/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "program/ending.h"
#include "program/isolate.h"
#include "program/owed.h"
#include "world/world.h"

#define NULL_PAGE 65536u /* nothing is ever mapped below */

/* What was asked for and not given was used all the same. */
static bool null_used(const struct trace_end *end, const struct verdict *verdict)
{
    const char *at = strstr(end->report, "unknown address 0x");
    uint64_t address =
        at ? strtoull(at + strlen("unknown address "), NULL, 16) : end->fault_address;
    bool known = at || (end->signal == SIGSEGV && !end->report[0]);
    return end->starved && verdict->kind != VERDICT_HANG &&
           ((known && address < NULL_PAGE) || strstr(end->report, "null pointer"));
}

/* What the driver did wrong before is often why it died. */
static void note_earlier(struct trace_end *end, const struct verdict *verdict)
{
    if (verdict->kind == VERDICT_VIOLATION) {
        snprintf(end->earlier, sizeof(end->earlier), "%s at event %u: %s; expected %s",
                 verdict->rule, verdict->event, verdict->actual, verdict->expected);
    }
}

/* " in FUNCTION": the innermost of the driver's on its stack. */
static const char *where(const struct trace_end *end)
{
    static char text[80];
    char name[64] = "";
    if (end->frames) {
        world_function(end->frame[0] - (end->signal ? 0 : 1), name, sizeof(name));
    }
    snprintf(text, sizeof(text), "%s%s", name[0] ? " in " : "", name);
    return text;
}

/* A report's first line without the addresses, which are others in each process. */
static int words_of_report(const char *line)
{
    const char *address = strstr(line, " on ");
    int length = (int)strcspn(line, "\n");
    return address && address < line + length ? (int)(address - line) : length;
}

/* The rig ended it, or the driver reached for what is not its own at all. */
static bool judge_ended(struct trace *trace, int status, enum ending how)
{
    static const struct {
        enum verdict_kind kind;
        const char *actual;
    } by_rig[] = {
        [STALLED] = {VERDICT_STALL, "nothing goes on: the driver sleeps"},
        [TIMED_OUT] = {VERDICT_HANG, "no end in sight: the driver loops"},
        [TOO_LARGE] = {VERDICT_MEMORY, "the driver's process takes more memory than it may"},
        [OVERWRITTEN] = {VERDICT_OVERWRITTEN, "the driver wrote over the rig's memory"},
        [REACHED_OUT] = {VERDICT_PROCESS, "the driver sent a signal to the rig, or to many"},
    };
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (how == ENDED) {
        how = trace->end.overwrote ? OVERWRITTEN
              : signal == SIGXCPU  ? TIMED_OUT
              : signal == SIGSYS   ? REACHED_OUT
                                   : ENDED;
    }
    if (how != ENDED) {
        trace->verdict.kind = by_rig[how].kind;
        snprintf(trace->verdict.actual, sizeof(trace->verdict.actual), "%s%s", by_rig[how].actual,
                 where(&trace->end));
        trace->end.foreign_memory = false;
    }
    return how != ENDED;
}

#define IN_THE_RIG " in the rig's own code"

/* It died of itself. */
static void judge_death_of(struct trace *trace, int status)
{
    struct verdict *verdict = &trace->verdict;
    struct trace_end *end = &trace->end;
    if (end->report[0]) {
        verdict->kind = end->rig ? VERDICT_RIG : VERDICT_SANITIZER;
        const char *line = strstr(end->report, "ERROR:");
        const char *runtime = strstr(end->report, "runtime error:");
        line = line ? line : runtime ? runtime : end->report;
        snprintf(verdict->actual, sizeof(verdict->actual), "%.*s%s", words_of_report(line), line,
                 end->rig ? IN_THE_RIG : where(end));
    } else if (WIFSIGNALED(status) || end->signal) {
        verdict->kind = end->rig ? VERDICT_RIG : VERDICT_CRASH;
        end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : end->signal;
        snprintf(verdict->actual, sizeof(verdict->actual), "%s%s", strsignal(end->signal),
                 end->rig ? IN_THE_RIG : where(end));
    } else {
        verdict->kind = VERDICT_EXIT;
        snprintf(verdict->actual, sizeof(verdict->actual),
                 "the driver ended the process, with status %d", WEXITSTATUS(status));
    }
}

/* Where a run stood when it was cut. */
static void note_last(struct trace *trace)
{
    struct verdict *verdict = &trace->verdict;
    verdict->event = trace->count ? trace->count - 1 : VERDICT_NO_EVENT;
    verdict->time_ns = trace->count ? trace->record[(trace->count - 1) % TRACE_RECORDS].time_ns : 0;
    verdict->conn = UINT32_MAX;
    verdict->violations++;
}

void ending_judge(struct trace *trace, int status, enum ending how)
{
    struct verdict *verdict = &trace->verdict;
    struct trace_end *end = &trace->end;
    note_earlier(end, verdict);
    if (!judge_ended(trace, status, how)) {
        judge_death_of(trace, status);
    }
    verdict->rule[0] = verdict->expected[0] = '\0';
    if (end->foreign_memory) {
        snprintf(verdict->rule, sizeof(verdict->rule), "OWN-HOLD-1");
        snprintf(verdict->expected, sizeof(verdict->expected),
                 "the driver touches only what it owns; this is %.150s", end->memory);
    }
    if (!verdict->rule[0] && null_used(end, verdict)) {
        snprintf(verdict->rule, sizeof(verdict->rule), "NullCheck");
        snprintf(verdict->expected, sizeof(verdict->expected),
                 "what an allocation or a mapping gave is looked at: it may be NULL");
    }
    note_last(trace);
}

void ending_owed(struct trace *trace)
{
    if (trace->verdict.kind == VERDICT_HANG || trace->verdict.kind == VERDICT_STALL) {
        owed_describe(trace, trace->end.owed, sizeof(trace->end.owed));
    }
}

void ending_overwritten(struct trace *trace)
{
    verdict_reset(&trace->verdict);
    judge_ended(trace, 0, OVERWRITTEN);
    note_last(trace);
}

uint64_t isolate_place(const struct trace *trace)
{
    const struct verdict *verdict = &trace->verdict;
    if (verdict->kind != VERDICT_HANG && verdict->kind != VERDICT_STALL &&
        verdict->kind != VERDICT_CRASH) {
        return 0;
    }
    uint64_t place = (uint64_t)verdict->kind << 56 | 1;
    char name[64] = "";
    uint64_t at = trace->end.frames ? trace->end.frame[0] : 0;
    uint64_t function =
        world_function(at, name, sizeof(name)); /* a loop is met at any of its places */
    return place ^ (name[0] ? function : at) << 1;
}

/* A process that outlives its run works on, and holds what the rig's caller waits for. */
void ending_left_behind(struct trace *trace, uint32_t processes)
{
    struct verdict *verdict = &trace->verdict;
    if (!processes || verdict->kind != VERDICT_PASS) {
        return;
    }
    verdict->kind = VERDICT_PROCESS;
    verdict->event = trace->count ? trace->count - 1 : VERDICT_NO_EVENT;
    snprintf(verdict->actual, sizeof(verdict->actual), "the driver left %u process%s", processes,
             processes > 1 ? "es" : "");
}
