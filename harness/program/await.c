/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program/ending.h"
#include "program/isolate.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned stall_s;

void isolate_stall_after(unsigned seconds)
{
    stall_s = seconds;
}

static double hang_s;

void isolate_hang_after(double seconds)
{
    hang_s = seconds;
}

/* What the parent sees of a child: whether it sleeps while no event comes. */
struct watch {
    pid_t pid;
    uint32_t events, asleep, awake;
    bool continued;
    double since, looked;
};

/* Some file of a process in /proc; "" when it is gone. */
static void read_process(pid_t pid, const char *name, char *text, size_t size)
{
    char path[48];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    text[length] = '\0';
}

/* The number behind so many spaces. */
static uint64_t number_at(const char *text, int spaces)
{
    while (text && spaces--) {
        text = strchr(text, ' ');
        text = text ? text + 1 : NULL;
    }
    return text ? strtoull(text, NULL, 10) : 0;
}

/* Seconds of processor time, and the state ("RSDTtZ"), of a process. */
static double spent(pid_t pid, char *state)
{
    char text[512];
    read_process(pid, "stat", text, sizeof(text));
    const char *name_end = strrchr(text, ')');
    *state = name_end && strlen(name_end) > 2 ? name_end[2] : 'Z';
    uint64_t user = number_at(name_end, 12), system = number_at(name_end, 13);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

#define LATE_S 1.5 /* a driver that lets the signal of the limit pass by gets so much more */

/* Neither waiting for the disk ('D') nor being traced ('t') is the driver's. */
static enum ending watch_child(struct watch *w, const struct trace *trace, double now, double most)
{
    char state;
    if (trace->count != w->events) {
        *w = (struct watch){
            .pid = w->pid, .events = trace->count, .since = now, .continued = w->continued};
    }
    if (now - w->since < 0.5 && now - w->looked < 0.5) {
        return ENDED; /* as nearly always */
    }
    w->looked = now;
    if (spent(w->pid, &state) > trace->cpu_most + LATE_S) {
        return TIMED_OUT;
    }
    bool asleep = state == 'S' || state == 'T';
    w->asleep += asleep;
    w->awake += state == 'R';
    if (state == 'T' && !w->continued) {
        w->continued = true; /* whoever stopped it may not have meant it */
        kill(w->pid, SIGCONT);
    }
    return asleep && now - w->since > most && w->asleep > 3 * w->awake ? STALLED : ENDED;
}

static uint64_t kilobytes(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Without the pages of files, as of a capture that is mapped: they are the system's to take back.
 */
static uint64_t resident(pid_t pid)
{
    char text[4096];
    read_process(pid, "status", text, sizeof(text));
    return (kilobytes(text, "RssAnon:") + kilobytes(text, "RssShmem:")) * 1024;
}

static uint64_t memory_most;

void isolate_memory(uint64_t bytes)
{
    memory_most = bytes;
}

/* What the child was given with the process does not count. */
static bool too_large(pid_t pid)
{
    uint64_t has = memory_most ? resident(pid) : 0;
    return has > memory_most && has > memory_most + resident(getpid());
}

/* Its time is short, and over. */
static bool hangs(pid_t pid, double age)
{
    char state;
    return hang_s > 0 && age > hang_s && spent(pid, &state) > hang_s;
}

#define SLOW_TIMES 20.0

/* Waits for the child's end, or makes it: SIGXCPU first, whose handler notes where it is. */
enum ending ending_await(pid_t pid, const struct trace *trace, unsigned timeout_s,
                         const sigset_t *wanted, int *status)
{
    const struct timespec nap = {0, 20000000};
    double most = stall_s ? stall_s : timeout_s, begun = seconds();
    struct watch watch = {.pid = pid, .events = trace->count, .since = begun, .looked = begun};
    enum ending how = ENDED;
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
        how = watch_child(&watch, trace, now, most);
        if (how == ENDED && now - begun > SLOW_TIMES * timeout_s) {
            how = STALLED; /* a little work now and then, and processor time enough is left */
        } else if (how == ENDED && hangs(pid, now - begun)) {
            how = TIMED_OUT;
        } else if (how == ENDED && too_large(pid)) {
            how = TOO_LARGE;
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
uint32_t ending_reap(void)
{
    uint32_t ended = 0;
    char name[48], list[4096], *at = list;
    snprintf(name, sizeof(name), "task/%d/children", (int)gettid());
    do {
        read_process(getpid(), name, list, sizeof(list));
        for (at = list; strchr(at, ' ');) { /* each ends in one: none is cut short */
            pid_t pid = (pid_t)strtol(at, &at, 10);
            kill(pid, SIGKILL);
            ended += waitpid(pid, NULL, 0) == pid; /* what it had made is the rig's now */
            at += *at == ' ';
        }
    } while (at != list);
    return ended;
}
