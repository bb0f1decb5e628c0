/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "program/output.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/shown.h"

#define KEPT ((rlim_t)1 << 20) /* the system refuses to write more */
#define SHOWN 8192
#define HIGH 900 /* a driver that closes all descriptors that it knows of does not come so far */

static struct {
    int file;       /* -1 = none */
    int out, error; /* the rig's own, in the child */
    struct rlimit size;
    bool quiet;
} output = {.file = -1};

bool output_open(void)
{
    int file = output.file < 0 ? memfd_create("driver-output", MFD_CLOEXEC) : -1;
    if (file >= 0) {
        output.file = fcntl(file, F_DUPFD_CLOEXEC, HIGH);
        output.file = output.file < 0 ? file : output.file;
        if (output.file != file) {
            close(file);
        }
    }
    return output.file >= 0;
}

void output_apart(void)
{
    output.file = -1;
}

void output_begin(void)
{
    if (output.file < 0) {
        return;
    }
    output.out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, HIGH);
    output.error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, HIGH);
    dup2(output.file, STDOUT_FILENO);
    dup2(output.file, STDERR_FILENO);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &output.size);
    struct rlimit kept = {KEPT, output.size.rlim_max};
    setrlimit(RLIMIT_FSIZE, &kept);
}

void output_rig(bool speaks)
{
    if (output.file < 0) {
        return;
    }
    fflush(stdout);
    dup2(speaks ? output.out : output.file, STDOUT_FILENO);
    dup2(speaks ? output.error : output.file, STDERR_FILENO);
    struct rlimit kept = {speaks ? output.size.rlim_cur : KEPT, output.size.rlim_max};
    setrlimit(RLIMIT_FSIZE, &kept);
}

void output_end(void)
{
    if (output.file >= 0) {
        fflush(stdout);
        setrlimit(RLIMIT_FSIZE, &output.size);
    }
}

void output_quiet(bool quiet)
{
    output.quiet = quiet;
}

static void forget(void)
{
    (void)!ftruncate(output.file, 0);
    lseek(output.file, 0, SEEK_SET);
}

void output_show(void)
{
    char text[SHOWN + 1];
    off_t all = output.file < 0 ? 0 : lseek(output.file, 0, SEEK_END);
    ssize_t got = all > 0 ? pread(output.file, text, SHOWN, 0) : 0;
    if (got <= 0 || output.quiet) {
        forget();
        return;
    }
    text[got] = '\0';
    fprintf(stderr, "%s%s", shown_lines(text), text[got - 1] == '\n' ? "" : "\n");
    if (all > got) {
        fprintf(stderr, "chimneysweep: %s%lld bytes more from the driver's process\n",
                all >= (off_t)KEPT ? "at least " : "", (long long)(all - got));
    }
    forget();
}
