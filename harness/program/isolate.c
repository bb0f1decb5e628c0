/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "program/isolate.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/evidence.h"
#include "program/ending.h"
#include "program/output.h"
#include "program/process.h"

/* What the child says of itself, apart from the trace and closed while the driver can run. A status
 * of 0 alone proves nothing, since a driver can end the process at any time. */
struct seal {
    bool came_back; /* everything that the child was made for is done */
    bool doubted;   /* the trace was not what the rig had left there */
    bool changed;   /* the process is not what it was */
    uint64_t sum;   /* of the trace's head at the end */
};

static struct seal *seal;
static bool ended_well;
static struct trace *limited; /* the child's */

bool isolate_ended_well(void)
{
    return ended_well;
}

static void seal_open(void)
{
    mprotect(seal, sizeof(*seal), PROT_READ | PROT_WRITE);
}

void isolate_at_most(unsigned seconds)
{
    struct rusage used;
    struct rlimit cpu;
    if (getrusage(RUSAGE_SELF, &used) == 0 && getrlimit(RLIMIT_CPU, &cpu) == 0) {
        rlim_t end = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + seconds + 1;
        cpu.rlim_cur = end < cpu.rlim_max ? end : cpu.rlim_max;
        setrlimit(RLIMIT_CPU, &cpu);
        limited->cpu_most = (uint32_t)cpu.rlim_cur;
    }
}

/* The child ends in the run that is in doubt, and its parent begins that one again. */
static void on_doubt(void)
{
    seal_open();
    seal->doubted = true;
    _exit(0);
}

static void limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit most = {soft, hard};
    setrlimit(resource, &most);
}

/* What the driver did to the process is told with the last run, unless that has a verdict. */
static bool note_process(struct trace *trace)
{
    char what[80];
    enum verdict_kind kind = trace->verdict.kind;
    if ((kind == VERDICT_PASS || kind == VERDICT_RIG) && process_changed(what, sizeof(what))) {
        verdict_reset(&trace->verdict);
        trace->verdict.kind = VERDICT_PROCESS;
        snprintf(trace->verdict.expected, sizeof(trace->verdict.expected),
                 "the driver leaves the process that it runs in alone");
        snprintf(trace->verdict.actual, sizeof(trace->verdict.actual), "%s", what);
        return true;
    }
    return false;
}

static bool core;

void isolate_core(bool keep)
{
    struct rlimit most;
    core = keep && !getrlimit(RLIMIT_CORE, &most);
    if (core) {
        limit(RLIMIT_CORE, most.rlim_max, most.rlim_max);
    }
}

struct work {
    void (*body)(void *);
    void *context;
    struct trace *trace;
    unsigned timeout_s;
    bool watch;
};

static void child(const struct work *work, pid_t rig)
{
    output_begin();
    isolate_describe_death(work->trace);
    if (!core) {
        limit(RLIMIT_CORE, 0, 0);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a driver that loops does not outlive its rig */
    limit(RLIMIT_CPU, work->timeout_s + 1, work->timeout_s + 2);
    limited = work->trace;
    limited->cpu_most = work->timeout_s + 1;
    process_begin();
    process_protect(rig);
    evidence_on_doubt(on_doubt);
    if (work->watch) {
        evidence_watch();
    }
    pid_t self = getpid();
    mprotect(seal, sizeof(*seal), PROT_NONE);
    work->body(work->context);
    if (getpid() != self) {
        _exit(1); /* a process that the driver made is not the one meant */
    }
    bool changed = note_process(work->trace);
    output_end();
    seal_open();
    seal->changed = changed;
    seal->sum = trace_sum(work->trace);
    seal->came_back = true;
    exit(0); /* coverage builds write their profile on the way out */
}

/* Runs a child to its end. False: there is none. */
static bool one_child(const struct work *work, const sigset_t *wanted, const sigset_t *before)
{
    pid_t rig = getpid();
    *seal = (struct seal){0};
    output_open();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        return false;
    }
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, before, NULL);
        child(work, rig);
    }
    int status = 0;
    enum ending how = ending_await(pid, work->trace, work->timeout_s, wanted, &status);
    uint32_t left = ending_reap();
    bool good = how == ENDED && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    trace_mend(work->trace);
    output_show();
    if (seal->doubted || (good && seal->came_back && seal->sum != trace_sum(work->trace))) {
        ending_overwritten(work->trace);
    } else if (!good || !seal->came_back) {
        ending_judge(work->trace, status, how);
    }
    ended_well = good && seal->came_back && !seal->changed && !left &&
                 work->trace->verdict.kind != VERDICT_OVERWRITTEN;
    ending_owed(work->trace);
    ending_left_behind(work->trace, left);
    return true;
}

void isolate_apart(void)
{
    seal = NULL;
    output_apart();
    evidence_apart();
}

bool isolate_run(void (*body)(void *), void *context, struct trace *trace, unsigned timeout_s)
{
    struct work work = {body, context, trace, timeout_s, false};
    sigset_t wanted, before;
    seal = seal ? seal : evidence_new(sizeof(*seal));
    if (!seal) {
        return false;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigprocmask(SIG_BLOCK, &wanted, &before);
    bool made = one_child(&work, &wanted, &before);
    if (made && seal->doubted) {
        work.watch = true;
        trace_reset(trace);
        made = one_child(&work, &wanted, &before);
    }
    return made;
}
