/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "program/beside.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program/isolate.h"

void *beside_shared(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fputs("chimneysweep: no shared memory\n", stderr);
        return NULL;
    }
    return memory;
}

static _Noreturn void work(struct world *world, void (*body)(void *, unsigned), void *context,
                           unsigned job, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    isolate_apart();
    world->trace = trace_new();
    if (!world->trace || getppid() != parent) {
        _exit(1);
    }
    body(context, job);
    fflush(NULL);
    _exit(0);
}

static void show(unsigned jobs, const struct job_told *told, uint32_t programs)
{
    uint32_t at = 0, failed = 0;
    for (unsigned i = 0; i < jobs; i++) {
        at += told[i].at;
        failed += told[i].failed;
    }
    fprintf(stderr, "\r  %u of %u programs, %u failed ", at, programs, failed);
}

bool beside_run(unsigned jobs, struct world *world, void (*body)(void *context, unsigned job),
                void *context, const struct job_told *told, uint32_t programs)
{
    pid_t pid[JOBS_MOST], parent = getpid();
    bool good = true;
    const struct timespec nap = {0, 50000000};
    fflush(NULL);
    for (unsigned i = 0; i < jobs; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            work(world, body, context, i, parent);
        }
    }
    for (unsigned i = 0; i < jobs; i++) {
        int status = 1;
        while (pid[i] > 0 && told && waitpid(pid[i], &status, WNOHANG) == 0) {
            nanosleep(&nap, NULL);
            show(jobs, told, programs);
        }
        if (pid[i] > 0 && !told) {
            waitpid(pid[i], &status, 0);
        }
        good &= pid[i] > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    fputs(told ? "\r                                                  \r" : "", stderr);
    return good;
}
