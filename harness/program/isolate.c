/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "program/isolate.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/pages.h"
#include "ndis/nds.h"
#include "world/world.h"

void __asan_set_error_report_callback(void (*callback)(const char *)) __attribute__((weak));
void *__asan_get_report_address(void) __attribute__((weak));

/* What is leaked matters in the driver, and the run accounts for that itself (LIFE-LEAK-1). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:allocator_may_return_null=1";
}

#define NULL_PAGE 65536u /* nothing is ever mapped below */

static struct trace *shared;

/* Set by the child once everything that it was made for is done: a status of 0 alone proves
 * nothing, since a driver can end the process at any time. */
static bool *came_back;

/* Where in the driver's code it happened, innermost first; whose code it was. */
static void note_stack(struct trace_end *end)
{
    void *frame[64];
    int count = backtrace(frame, 64);
    for (int i = 0; i < count && end->frames < TRACE_FRAMES; i++) {
        if (pages_in_driver(frame[i])) {
            end->frame[end->frames++] = pages_driver_offset(frame[i]);
        }
    }
    end->rig = !end->frames && nds_depth() == 0 && !world_driver_loading();
}

/* Text of a report into the trace, as far as it fits; only its first lines matter. */
static void note_report(const char *text)
{
    struct trace_end *end = &shared->end;
    uint32_t known = end->frames;
    snprintf(end->report, sizeof(end->report), "%s", text);
    note_stack(end);
    end->frames = known; /* the report has a stack of its own */
    if (__asan_get_report_address) {
        void *address = __asan_get_report_address();
        end->fault_address = (uint64_t)(uintptr_t)address;
        end->foreign_memory = nds_describe_memory(address, end->memory, sizeof(end->memory));
    }
}

/* UBSan calls this with each report. */
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file,
                                     unsigned *line, unsigned *column, char **address)
    __attribute__((weak));

void __ubsan_on_report(void)
{
    const char *kind = "", *message = "", *file = "";
    unsigned line = 0, column = 0;
    char *address = NULL;
    if (shared && __ubsan_get_current_report_data) {
        __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
        snprintf(shared->end.report, sizeof(shared->end.report), "runtime error: %s at %s:%u",
                 message, file, line);
    }
}

static void isolate_on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    struct trace_end *end = &shared->end;
    end->signal = number;
    note_stack(end);
    end->rig &= number != SIGABRT; /* broken memory shows late, and in the allocator */
    bool guarded = pages_on();
    if (guarded) {
        pages_stop();
    }
    if (number == SIGSEGV || number == SIGBUS) {
        end->fault_address = (uint64_t)(uintptr_t)info->si_addr;
        end->foreign_memory = nds_describe_memory(info->si_addr, end->memory, sizeof(end->memory));
        end->foreign_memory |= guarded && guest_contains(info->si_addr);
        if (guarded && end->foreign_memory) {
            snprintf(end->report, sizeof(end->report), "ERROR: access to foreign memory");
        }
    }
    signal(number, SIG_DFL);
    raise(number);
}

/* The time is over: where was it? */
static void isolate_on_time(int number)
{
    note_stack(&shared->end);
    shared->end.rig = false;
    signal(number, SIG_DFL);
    raise(number);
}

void isolate_describe_death(struct trace *trace)
{
    static uint8_t stack[65536];
    void *warm[1];
    shared = trace;
    backtrace(warm, 1); /* its library is loaded now, not in a signal handler */
    struct sigaction late = {.sa_handler = isolate_on_time, .sa_flags = SA_ONSTACK | SA_RESETHAND};
    sigaction(SIGXCPU, &late, NULL);
    if (__asan_set_error_report_callback) {
        __asan_set_error_report_callback(note_report);
        return; /* the sanitizer handles the signals and reports them */
    }
    stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    sigaltstack(&other, NULL);
    struct sigaction action = {.sa_sigaction = isolate_on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sigaction(signals[i], &action, NULL);
    }
    if (pages_on()) {
        pages_catch();
    }
}

static void child(void (*body)(void *), void *context, struct trace *trace, unsigned timeout_s)
{
    isolate_describe_death(trace);
    struct rlimit core = {0, 0};
    setrlimit(RLIMIT_CORE, &core);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a driver that loops does not outlive its rig */
    struct rlimit cpu = {timeout_s + 1, timeout_s + 2};
    setrlimit(RLIMIT_CPU, &cpu);
    pid_t self = getpid();
    body(context);
    *came_back = getpid() == self; /* a process that the driver made is not the one meant */
    exit(0);                       /* coverage builds write their profile on the way out */
}

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

enum end { ENDED, TIMED_OUT, STALLED };

static void dead(struct trace *trace, int status, enum end how)
{
    struct verdict *verdict = &trace->verdict;
    struct trace_end *end = &trace->end;
    note_earlier(end, verdict);
    if (how == STALLED) {
        verdict->kind = VERDICT_STALL;
        snprintf(verdict->actual, sizeof(verdict->actual),
                 "no end in sight: the driver sleeps, and nothing goes on");
    } else if (how == TIMED_OUT || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)) {
        verdict->kind = VERDICT_HANG;
        snprintf(verdict->actual, sizeof(verdict->actual), "no end in sight: the driver loops");
    } else if (end->report[0]) {
        verdict->kind = end->rig ? VERDICT_RIG : VERDICT_SANITIZER;
        const char *line = strstr(end->report, "ERROR:");
        const char *runtime = strstr(end->report, "runtime error:");
        line = line ? line : runtime ? runtime : end->report;
        snprintf(verdict->actual, sizeof(verdict->actual), "%.*s", (int)strcspn(line, "\n"), line);
    } else if (WIFSIGNALED(status) || end->signal) {
        verdict->kind = end->rig ? VERDICT_RIG : VERDICT_CRASH;
        end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : end->signal;
        snprintf(verdict->actual, sizeof(verdict->actual), "%s%s", strsignal(end->signal),
                 end->rig ? " in the rig's own code, while no call of the driver was open" : "");
    } else {
        verdict->kind = VERDICT_EXIT;
        snprintf(verdict->actual, sizeof(verdict->actual),
                 "the driver ended the process, with status %d", WEXITSTATUS(status));
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
    verdict->event = trace->count ? trace->count - 1 : VERDICT_NO_EVENT;
    verdict->time_ns = trace->count ? trace->record[(trace->count - 1) % TRACE_RECORDS].time_ns : 0;
    verdict->conn = UINT32_MAX;
    verdict->violations++;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void isolate_at_most(unsigned seconds)
{
    struct rusage used;
    struct rlimit cpu;
    if (getrusage(RUSAGE_SELF, &used) == 0 && getrlimit(RLIMIT_CPU, &cpu) == 0) {
        rlim_t end = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + seconds + 1;
        cpu.rlim_cur = end < cpu.rlim_max ? end : cpu.rlim_max;
        setrlimit(RLIMIT_CPU, &cpu);
    }
}

static bool *shared_flag(void)
{
    void *memory =
        mmap(NULL, sizeof(*came_back), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static unsigned stall_s;

void isolate_stall_after(unsigned seconds)
{
    stall_s = seconds;
}

uint64_t isolate_place(const struct trace *trace)
{
    const struct verdict *verdict = &trace->verdict;
    if (verdict->kind != VERDICT_HANG && verdict->kind != VERDICT_STALL &&
        verdict->kind != VERDICT_CRASH) {
        return 0;
    }
    uint64_t place = (uint64_t)verdict->kind << 56 | 1;
    return trace->end.frames ? place ^ trace->end.frame[0] << 1 : place;
}

/* What the parent sees of a child: whether it sleeps while no event comes. */
struct watch {
    pid_t pid;
    uint32_t events, asleep, awake;
    double since;
};

static bool stalled(struct watch *w, const struct trace *trace, double now, double most)
{
    char path[40], text[512] = "";
    if (trace->count != w->events) {
        *w = (struct watch){.pid = w->pid, .events = trace->count, .since = now};
        return false;
    }
    if (now - w->since < 0.5) {
        return false; /* as nearly always */
    }
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)w->pid);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    text[length] = '\0';
    const char *name_end = strrchr(text, ')');
    bool asleep = name_end && strlen(name_end) > 2 && strchr("SDTt", name_end[2]);
    w->asleep += asleep;
    w->awake += !asleep;
    return now - w->since > most && w->asleep > 3 * w->awake;
}

/* Waits for the child's end, or makes it: SIGXCPU first, whose handler notes where it is. */
static enum end await(pid_t pid, const struct trace *trace, unsigned timeout_s,
                      const sigset_t *wanted, int *status)
{
    const struct timespec nap = {0, 20000000};
    double most = stall_s ? stall_s : timeout_s, begun = seconds();
    struct watch watch = {.pid = pid, .events = trace->count, .since = begun};
    enum end how = ENDED;
    double killed = 0;
    while (waitpid(pid, status, WNOHANG) == 0) {
        sigtimedwait(wanted, NULL, &nap);
        double now = seconds();
        if (how != ENDED) {
            if (now - killed > 2) { /* it does not listen */
                kill(pid, SIGKILL);
            }
            continue;
        }
        if (stalled(&watch, trace, now, most)) {
            how = STALLED;
        } else if (now - begun > 2.0 * timeout_s) {
            how = TIMED_OUT;
        }
        if (how != ENDED) {
            killed = now;
            kill(pid, SIGCONT);
            kill(pid, SIGXCPU);
        }
    }
    return how;
}

/* Ends every process that is left below this one; the driver made them. How many there were. */
static uint32_t isolate_reap(void)
{
    uint32_t ended = 0;
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)gettid());
    for (bool any = true; any;) {
        long pid;
        any = false;
        FILE *list = fopen(path, "re");
        while (list && fscanf(list, "%ld", &pid) == 1) {
            any = true;
            kill((pid_t)pid, SIGKILL);
        }
        if (list) {
            fclose(list);
        }
        while (any && waitpid(-1, NULL, 0) > 0) {
            ended++; /* what these had made is the rig's now: the next round */
        }
    }
    return ended;
}

/* A process that outlives its run works on, and holds what the rig's caller waits for. */
static void left_behind(struct trace *trace, uint32_t processes)
{
    struct verdict *verdict = &trace->verdict;
    if (!processes || verdict->kind != VERDICT_PASS) {
        return;
    }
    verdict->kind = VERDICT_PROCESSES;
    verdict->event = trace->count ? trace->count - 1 : VERDICT_NO_EVENT;
    snprintf(verdict->actual, sizeof(verdict->actual), "the driver left %u process%s", processes,
             processes > 1 ? "es" : "");
}

bool isolate_run(void (*body)(void *), void *context, struct trace *trace, unsigned timeout_s)
{
    sigset_t wanted, before;
    came_back = came_back ? came_back : shared_flag();
    if (!came_back) {
        return false;
    }
    *came_back = false;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigprocmask(SIG_BLOCK, &wanted, &before);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        return false;
    }
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        child(body, context, trace, timeout_s);
    }
    int status = 0;
    enum end how = await(pid, trace, timeout_s, &wanted, &status);
    if (how != ENDED || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || !*came_back) {
        dead(trace, status, how);
    }
    left_behind(trace, isolate_reap());
    return true;
}
