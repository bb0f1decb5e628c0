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

/* A return address names the call before it; only a signal is met where it happened. */
uint64_t cli_frame(const struct trace_end *end, uint32_t i)
{
    return end->frame[i] - (i || !end->signal ? 1 : 0);
}

/* The answers of addr2line, one a line; NULL when it cannot be run. */
static FILE *stack_ask(const struct trace_end *end, const char *driver, pid_t *pid)
{
    char number[TRACE_FRAMES][24];
    char *arguments[TRACE_FRAMES + 4] = {"addr2line", "-fpse", (char *)(uintptr_t)driver};
    int ends[2];
    for (uint32_t i = 0; i < end->frames; i++) {
        snprintf(number[i], sizeof(number[i]), "0x%llx", (unsigned long long)cli_frame(end, i));
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

/* By the driver's own symbols: its functions, without lines. */
static void stack_place(const struct trace_end *end, uint32_t i, char *text, size_t size)
{
    char name[200];
    uint64_t at = end->frame[i], first = world_function(cli_frame(end, i), name, sizeof(name));
    snprintf(text, size, "%s+0x%llx", name[0] ? name : world_driver_path(),
             (unsigned long long)(at - (name[0] ? first : 0)));
}

void stack_json(struct json *json, const struct trace_end *end)
{
    char place[LINE];
    json_list(json, "stack");
    for (uint32_t i = 0; i < end->frames; i++) {
        stack_place(end, i, place, sizeof(place));
        json_text(json, NULL, place);
    }
    json_close(json);
}

void render_stack(FILE *out, const struct trace_end *end)
{
    const char *driver = world_driver_path();
    char line[LINE];
    pid_t pid = 0;
    if (!end->frames || end->reported) {
        return; /* a report has a stack of its own */
    }
    fflush(out);
    fputs("  stack, in the driver:\n", out);
    FILE *answers = stack_ask(end, driver, &pid);
    for (uint32_t i = 0; i < end->frames; i++) {
        if (answers && fgets(line, sizeof(line), answers) && strncmp(line, "??", 2) != 0) {
            fprintf(out, "    %s", shown_lines(line));
        } else {
            stack_place(end, i, line, sizeof(line));
            fprintf(out, "    %s\n", shown(line));
        }
    }
    if (answers) {
        fclose(answers);
        waitpid(pid, NULL, 0);
    }
}
