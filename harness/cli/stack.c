/* SPDX-License-Identifier: MIT
 *
 * Where in the driver's code a run was stopped, in words: addr2line knows functions and lines of a
 * driver that was built with them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/cli.h"

#define LINE 512

/* The answers of addr2line, one a line; NULL when it cannot be run. */
static FILE *stack_ask(const struct trace_end *end, const char *driver, pid_t *pid)
{
    char number[TRACE_FRAMES][24];
    char *arguments[TRACE_FRAMES + 4] = {"addr2line", "-fpse", (char *)(uintptr_t)driver};
    int ends[2];
    for (uint32_t i = 0; i < end->frames; i++) {
        /* A return address names the call before it. */
        snprintf(number[i], sizeof(number[i]), "0x%llx",
                 (unsigned long long)(end->frame[i] - (i ? 1 : 0)));
        arguments[3 + i] = number[i];
    }
    if (pipe2(ends, O_CLOEXEC)) {
        return NULL;
    }
    *pid = fork();
    if (*pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    close(ends[1]);
    if (*pid < 0) {
        close(ends[0]);
        return NULL;
    }
    return fdopen(ends[0], "r");
}

void render_stack(FILE *out, const struct trace_end *end)
{
    const char *driver = world_driver_path();
    char line[LINE];
    pid_t pid = 0;
    if (!end->frames) {
        return;
    }
    fflush(out);
    fputs("  stack, in the driver:\n", out);
    FILE *answers = stack_ask(end, driver, &pid);
    for (uint32_t i = 0; i < end->frames; i++) {
        if (answers && fgets(line, sizeof(line), answers) && strncmp(line, "??", 2) != 0) {
            fprintf(out, "    %s", shown_lines(line));
        } else {
            fprintf(out, "    %s+0x%llx\n", shown(driver), (unsigned long long)end->frame[i]);
        }
    }
    if (answers) {
        fclose(answers);
        waitpid(pid, NULL, 0);
    }
}
