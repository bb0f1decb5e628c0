/* SPDX-License-Identifier: MIT
 *
 * Shrinks a program while its finding stays the same one.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/result_file.h"

struct goal {
    enum verdict_kind kind;
    char rule[24], identity[CLI_IDENTITY];
};

struct shrink {
    struct world world;
    struct run_options run;
    struct cli_driven driven;
    struct goal goal;
    uint32_t tries;
    bool progress;
    double until; /* after this no more is tried; 0 = for ever */
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool still(struct shrink *shrink, const struct program *program)
{
    if (shrink->until > 0 && seconds() > shrink->until) {
        return false;
    }
    shrink->tries++;
    if (shrink->progress && shrink->tries % 50 == 0) {
        fprintf(stderr, "\r%u tries, %u operations ", shrink->tries, program->count);
    }
    if (!cli_run_isolated(&shrink->world, program, &shrink->run, shrink->driven.timeout_s, NULL)) {
        return false;
    }
    const struct verdict *verdict = &shrink->world.trace->verdict;
    char identity[CLI_IDENTITY] = "";
    if (verdict->kind == shrink->goal.kind && !strcmp(verdict->rule, shrink->goal.rule)) {
        cli_identity(shrink->world.trace, identity, sizeof(identity));
    }
    return !strcmp(identity, shrink->goal.identity);
}

static struct program candidate;

/* Leaves out runs of operations, halving the run length when nothing more goes. */
static bool cut_ops(struct shrink *shrink, struct program *program)
{
    bool any = false;
    for (uint32_t size = program->count / 2 ? program->count / 2 : 1; size; size /= 2) {
        for (uint32_t at = 0; at + size <= program->count;) {
            candidate = *program;
            memmove(&candidate.op[at], &candidate.op[at + size],
                    (candidate.count - at - size) * sizeof(candidate.op[0]));
            candidate.count -= size;
            if (still(shrink, &candidate)) {
                *program = candidate;
                any = true;
            } else {
                at += size;
            }
        }
    }
    return any;
}

/* Brings one field towards zero: zero, else half. */
static bool lower(struct shrink *shrink, struct program *program, uint8_t *bytes,
                  const struct field *field)
{
    bool any = false;
    for (uint32_t value = field_get(field, bytes); value;) {
        uint8_t before[PROGRAM_HEADER_BYTES];
        size_t size = bytes == program->header ? PROGRAM_HEADER_BYTES : PROGRAM_OP_BYTES;
        memcpy(before, bytes, size);
        field_set(field, bytes, 0);
        if (still(shrink, program)) {
            return true;
        }
        memcpy(bytes, before, size);
        if (field->kind != FIELD_NUMBER || value < 2) {
            return any;
        }
        field_set(field, bytes, value / 2);
        if (!still(shrink, program)) {
            memcpy(bytes, before, size);
            return any;
        }
        value /= 2;
        any = true;
    }
    return any;
}

static bool lower_fields(struct shrink *shrink, struct program *program)
{
    bool any = false;
    uint32_t count;
    const struct field *header = program_header_fields(&count);
    for (uint32_t i = 0; i < count; i++) {
        any |= lower(shrink, program, program->header, &header[i]);
    }
    for (uint32_t k = 0; k < program->count; k++) {
        const struct op_form *form = program_op_form(program->op[k].byte[0]);
        for (uint32_t i = 0; i < form->fields; i++) {
            any |= lower(shrink, program, program->op[k].byte, &form->field[i]);
        }
    }
    return any;
}

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

static void tell(const struct shrink *shrink, uint32_t before, const struct program *program)
{
    static char text[PROGRAM_OPS_MAX * 128];
    const struct goal *goal = &shrink->goal;
    if (shrink->driven.json) {
        program_print(program, text, sizeof(text));
        struct json json = json_begin(stdout);
        json_text(&json, "verdict", verdict_kind_name(goal->kind));
        json_text(&json, "rule", goal->rule);
        json_text(&json, "identity", goal->identity);
        json_number(&json, "before", before);
        json_number(&json, "operations", program->count);
        json_number(&json, "tries", shrink->tries);
        json_text(&json, "program", text);
        json_end(&json);
        return;
    }
    fprintf(stderr, "%s%s%s%s: %u operations became %u in %u tries\n", shrink->progress ? "\r" : "",
            verdict_kind_name(goal->kind), goal->rule[0] ? " " : "", goal->rule, before,
            program->count, shrink->tries);
}

static int shrink_and_write(struct shrink *shrink, struct program *program, struct result_file *out)
{
    uint32_t before = program->count;
    shrink->progress = isatty(STDERR_FILENO);
    for (bool again = true; again;) {
        again = cut_ops(shrink, program);
        again |= lower_fields(shrink, program);
    }
    tell(shrink, before, program);
    return (shrink->driven.json && !out->out) || write_text(out, program)
               ? verdict_exit_status(shrink->goal.kind)
               : EXIT_USAGE;
}

int cmd_minimize(int argc, char **argv)
{
    const char *out = NULL, *within = NULL;
    static struct shrink shrink;
    struct result_file file;
    const struct cli_option options[] = {
        {"-o", "OUT", "file for the result, as text (default: standard output)", NULL, &out},
        {"--within", "S", "seconds; the smallest program until then is the result (3600)", NULL,
         &within},
    };
    int status;
    shrink.driven.timeout_s = 10;
    int files =
        cli_parse_driven(argc, argv, &shrink.driven, options, 2, "minimize [OPTIONS] PROGRAM",
                         "  chimneysweep minimize -o small.chim crash-1.bin\n", &status);
    static struct program program;
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
    shrink.run = (struct run_options){.strict = shrink.driven.strict,
                                      .context_is_cell = shrink.driven.context_is_cell};
    status = cli_open_driven(&shrink.world, &shrink.driven);
    if (status || !result_open(&file, out)) {
        return status ? status : EXIT_USAGE;
    }
    if (!cli_run_isolated(&shrink.world, &program, &shrink.run, shrink.driven.timeout_s, NULL)) {
        result_drop(&file);
        return EXIT_ENVIRONMENT;
    }
    const struct verdict *verdict = &shrink.world.trace->verdict;
    shrink.goal.kind = verdict->kind;
    snprintf(shrink.goal.rule, sizeof(shrink.goal.rule), "%s", verdict->rule);
    cli_identity(shrink.world.trace, shrink.goal.identity, sizeof(shrink.goal.identity));
    if (verdict->kind == VERDICT_PASS || verdict->kind == VERDICT_NOT_JUDGED) {
        fprintf(stderr, "minimize: %s %s, there is nothing to keep\n", argv[1],
                verdict->kind == VERDICT_PASS ? "passes" : "is not judged");
        result_drop(&file);
        return verdict_exit_status(verdict->kind);
    }
    shrink.until = seconds() + (double)most;
    return shrink_and_write(&shrink, &program, &file);
}
