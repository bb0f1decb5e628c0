/* SPDX-License-Identifier: MIT
 *
 * Shrinks a program while its finding stays the same one.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/result_file.h"
#include "cli/shrink.h"

struct command {
    struct cli_driven driven;
    struct world world;
    struct run_options run;
    struct shrink shrink;
    const char *out;
};

static bool write_text(struct result_file *file, const struct program *program)
{
    size_t need = program_print(program, NULL, 0) + 1;
    char *text = malloc(need);
    bool good = text != NULL;
    if (good) {
        program_print(program, text, need);
        good = fputs(text, file->out ? file->out : stdout) >= 0 && result_close(file);
    }
    free(text);
    return good;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void tell(const struct command *c, uint32_t before, const struct program *program)
{
    static char text[PROGRAM_OPS_MAX * 128];
    const struct shrink *shrink = &c->shrink;
    double took = now() - shrink->begun;
    bool cut = shrink_was_interrupted() || took > shrink->within_s;
    if (c->driven.json) {
        program_print(program, text, sizeof(text));
        struct json json = json_begin(stdout);
        json_text(&json, "verdict", verdict_kind_name(shrink->kind));
        json_text(&json, "rule", shrink->rule);
        json_text(&json, "identity", shrink->identity);
        json_number(&json, "before", before);
        json_number(&json, "operations", program->count);
        json_number(&json, "tries", shrink->tries);
        json_real(&json, "seconds", took, 1);
        json_bool(&json, "cut_short", cut);
        json_text(&json, "program", text);
        json_end(&json);
        return;
    }
    fprintf(stderr, "%s%s%s%s: %u operations became %u in %u tries and %.1f s%s\n",
            shrink->progress ? "\r" : "", verdict_kind_name(shrink->kind),
            shrink->rule[0] ? " " : "", shrink->rule, before, program->count, shrink->tries, took,
            cut ? ", which was not the end" : "");
}

/* What is there to keep? Exit status, 0 = something. */
static int find_goal(struct command *c, const char *path, const struct program *program)
{
    struct shrink *shrink = &c->shrink;
    if (!shrink_goal(shrink, program)) {
        fputs("minimize: no process for the run can be made\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    if (!shrink_has_goal(shrink)) {
        fprintf(stderr, "minimize: %s %s, there is nothing to keep\n", shown(path),
                shrink->kind == VERDICT_PASS ? "passes" : "is not judged");
    }
    return 0;
}

static int minimize(struct command *c, const char *path, struct program *program)
{
    struct result_file file;
    int status = cli_open_driven(&c->world, &c->driven);
    if (status || !result_open(&file, c->out)) {
        return status ? status : EXIT_USAGE;
    }
    shrink_on_signals();
    status = find_goal(c, path, program);
    if (status || !shrink_has_goal(&c->shrink)) {
        result_drop(&file);
        return status ? status : verdict_exit_status(c->shrink.kind);
    }
    uint32_t before = program->count;
    shrink_program(&c->shrink, program);
    tell(c, before, program);
    return (c->driven.json && !file.out) || write_text(&file, program)
               ? verdict_exit_status(c->shrink.kind)
               : EXIT_USAGE;
}

int cmd_minimize(int argc, char **argv)
{
    static struct command c = {.driven = {.timeout_s = 10}};
    static struct program program;
    const char *within = NULL;
    const struct cli_option options[] = {
        {"-o", "OUT", "file for the result, as text (default: standard output)", NULL, &c.out},
        {"--within", "S", "seconds; the smallest program until then is the result (3600)", NULL,
         &within},
    };
    int status;
    int files = cli_parse_driven(
        argc, argv, &c.driven, options, 2,
        "minimize [OPTIONS] PROGRAM\n\n"
        "The smallest program with the same finding: kind, rule, and top functions of the driver.\n"
        "An interrupt (Ctrl-C, SIGTERM) ends it with the smallest one so far.",
        "  chimneysweep minimize -o small.chim crash-1.bin\n"
        "  chimneysweep minimize --driver ./other.so --guard pages --within 60 crash-1.bin\n",
        &status);
    if (files < 0) {
        return status;
    }
    unsigned long most = 3600;
    if (within && !cli_number("--within", within, 1, 86400, &most)) {
        return EXIT_USAGE;
    }
    if (files != 1) {
        fputs("minimize: expected one program file (minimize --help)\n", stderr);
        return EXIT_USAGE;
    }
    if (!cli_read_program(argv[1], &program)) {
        return EXIT_USAGE;
    }
    c.run = (struct run_options){.strict = c.driven.strict,
                                 .context_is_cell = c.driven.context_is_cell};
    c.shrink = (struct shrink){.world = &c.world,
                               .run = &c.run,
                               .timeout_s = c.driven.timeout_s,
                               .within_s = (double)most,
                               .progress = isatty(STDERR_FILENO)};
    return minimize(&c, argv[1], &program);
}
