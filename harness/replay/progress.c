/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_S 2.0
#define AGAIN_S 0.2
#define LINE_S 10.0

static double progress_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_begin(struct progress *progress)
{
    progress->terminal = isatty(STDERR_FILENO);
    progress->begun = progress->shown = progress_now();
}

bool progress_is_due(const struct progress *progress)
{
    double now = progress_now();
    return progress->terminal ? now - progress->begun > FIRST_S && now - progress->shown > AGAIN_S
                              : now - progress->shown > LINE_S;
}

void progress_say(struct progress *progress, const char *format, ...)
{
    va_list list;
    progress->shown = progress_now();
    fputs(progress->terminal ? "\r\033[K" : "", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputs(progress->terminal ? "" : "\n", stderr);
    fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress->terminal && progress_seconds(progress) > FIRST_S) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}

double progress_seconds(const struct progress *progress)
{
    return progress_now() - progress->begun;
}
