/* SPDX-License-Identifier: MIT
 *
 * Options of commands, from one table per command.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quoted.h"
#include "base/shown.h"
#include "cli/cli.h"
#include "program/isolate.h"

static const struct cli_option *find(const struct cli_option *options, unsigned count,
                                     const char *name, size_t length)
{
    for (unsigned i = 0; i < count; i++) {
        if (strlen(options[i].name) == length && !strncmp(options[i].name, name, length)) {
            return &options[i];
        }
    }
    return NULL;
}

int cli_parse(int argc, char **argv, const struct cli_option *options, unsigned count,
              const char *usage, const char *examples, int *status)
{
    int rest = 0;
    *status = EXIT_USAGE;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--")) {
            while (++i < argc) {
                argv[1 + rest++] = argv[i];
            }
            break;
        }
        if (argv[i][0] != '-' || !argv[i][1]) {
            argv[1 + rest++] = argv[i];
            continue;
        }
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            manual_help(argv[0], options, count, usage, examples);
            *status = EXIT_PASS;
            return -1;
        }
        size_t length = strcspn(argv[i], "=");
        const struct cli_option *option = find(options, count, argv[i], length);
        const char *value = argv[i][length] ? argv[i] + length + 1 : NULL;
        if (!option) {
            fprintf(stderr, "%s: unknown option '%s' (--help lists them)\n", argv[0],
                    shown(argv[i]));
            return -1;
        }
        if (option->flag) {
            if (value) {
                fprintf(stderr, "%s: %s takes no value\n", argv[0], option->name);
                return -1;
            }
            *option->flag = true;
            continue;
        }
        if (!value && i + 1 < argc) {
            value = argv[++i];
        }
        if (!value || !*value) {
            fprintf(stderr, "%s: %s needs a value (%s)\n", argv[0], option->name, option->value);
            return -1;
        }
        *option->text = value;
    }
    return rest;
}

#define DRIVEN_MOST 40u
#define MEMORY_DEFAULT ((uint64_t)4 << 30)
#define MEMORY_MOST ((uint64_t)1 << 40)

int cli_parse_driven(int argc, char **argv, struct cli_driven *driven, const struct cli_option *own,
                     unsigned count, const char *usage, const char *examples, int *status)
{
    static char timeout[80];
    const struct cli_option common[] = {
        {"--driver", "D.so", "driver to load (default: the bundled core)", NULL, &driven->driver},
        {"--json", NULL, "print JSON", &driven->json, NULL},
        {"--strict", NULL, "\"should\" rules fail too", &driven->strict, NULL},
        {"--guard", "MODE",
         "what stops foreign accesses: poison (AddressSanitizer builds), pages, off (poison)", NULL,
         &driven->guard},
        {"--timeout", "S", timeout, NULL, &driven->timeout_text},
        {"--context-is-cell", NULL, "pass the address of the context cell to I/O handlers",
         &driven->context_is_cell, NULL},
        {"--memory", "SIZE",
         "that the driver's process may take beside what it begins with, and the rig for a file "
         "(4G)",
         NULL, &driven->memory_text},
    };
    const unsigned first = sizeof(common) / sizeof(common[0]);
    struct cli_option all[DRIVEN_MOST];
    unsigned long seconds = driven->timeout_s;
    snprintf(timeout, sizeof(timeout), "CPU seconds of a run before it counts as a hang (%lu)",
             seconds);
    driven->guard = "poison";
    driven->memory = MEMORY_DEFAULT;
    memcpy(all, common, sizeof(common));
    memcpy(all + first, own, count * sizeof(own[0]));
    int rest = cli_parse(argc, argv, all, first + count, usage, examples, status);
    if (rest >= 0 && driven->timeout_text &&
        !cli_number("--timeout", driven->timeout_text, 1, 86400, &seconds)) {
        return -1;
    }
    if (rest >= 0 && driven->memory_text &&
        !cli_bytes("--memory", driven->memory_text, MEMORY_MOST, &driven->memory)) {
        *status = EXIT_USAGE;
        return -1;
    }
    driven->timeout_s = (unsigned)seconds;
    if (rest >= 0 && !cli_is_guard(driven->guard)) {
        *status = EXIT_USAGE;
        return -1;
    }
    return rest;
}

int cli_open_driven(struct world *world, const struct cli_driven *driven)
{
    isolate_memory(driven->memory);
    int status = cli_open_world(world, driven->driver);
    return status ? status : cli_guard(driven->guard);
}

void cli_command_with(const struct cli_driven *driven, const char *command, char *out, size_t size)
{
    bool guarded = strcmp(driven->guard, "poison") != 0;
    const struct {
        const char *name, *value; /* NULL = not given */
    } with[] = {
        {" --driver ", driven->driver},
        {" --strict", driven->strict ? "" : NULL},
        {" --context-is-cell", driven->context_is_cell ? "" : NULL},
        {" --guard ", guarded ? driven->guard : NULL},
        {" --timeout ", driven->timeout_text},
        {" --memory ", driven->memory_text},
    };
    size_t used = (size_t)snprintf(out, size, "chimneysweep %s", command);
    for (unsigned i = 0; i < sizeof(with) / sizeof(with[0]) && used < size; i++) {
        if (with[i].value) {
            char value[1024] = "";
            if (with[i].value[0]) {
                shell_quoted(with[i].value, value, sizeof(value));
            }
            used += (size_t)snprintf(out + used, size - used, "%s%s", with[i].name, value);
        }
    }
}

void cli_reproduction(const struct cli_driven *driven, const char *path, char *out, size_t size)
{
    cli_reproduce(driven, "run", path, out, size);
}

void cli_reproduce(const struct cli_driven *driven, const char *command, const char *path,
                   char *out, size_t size)
{
    char word[4300];
    cli_command_with(driven, command, out, size);
    size_t used = strlen(out);
    shell_quoted(path, word, sizeof(word));
    snprintf(out + used, size - used, " %s", word);
}

bool cli_number(const char *name, const char *text, unsigned long low, unsigned long high,
                unsigned long *out)
{
    char *end;
    errno = 0;
    *out = strtoul(text, &end, 0);
    if (end == text || *end || errno || text[0] == '-' || *out < low || *out > high) {
        fprintf(stderr, "chimneysweep: %s '%s': expected a number from %lu to %lu\n", name,
                shown(text), low, high);
        return false;
    }
    return true;
}

bool cli_color(FILE *out)
{
    return isatty(fileno(out)) && !getenv("NO_COLOR");
}
