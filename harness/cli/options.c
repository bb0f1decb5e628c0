/* SPDX-License-Identifier: MIT
 *
 * Options of commands, from one table per command.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/cli.h"

static void help(const struct cli_option *options, unsigned count, const char *usage,
                 const char *examples)
{
    printf("usage: chimneysweep %s\n\n", usage);
    for (unsigned i = 0; i < count; i++) {
        char left[40];
        snprintf(left, sizeof(left), "%s%s%s", options[i].name, options[i].value ? " " : "",
                 options[i].value ? options[i].value : "");
        printf("  %-22s %s\n", left, options[i].help);
    }
    printf("  %-22s %s\n\nexamples:\n%s", "--help", "this text", examples);
}

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
            help(options, count, usage, examples);
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

void cli_json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\') {
            fprintf(out, "\\%c", *at);
        } else if (*at < 0x20 || *at >= 0x7F) {
            fprintf(out, "\\u%04x", *at);
        } else {
            fputc(*at, out);
        }
    }
    fputc('"', out);
}
