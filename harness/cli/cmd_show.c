/* SPDX-License-Identifier: MIT
 *
 * show: any program as text. asm: text as binary.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "program/dictionary.h"

/* A field, and below it each of its choices with what it means. */
static void field_words(const struct field *field, const char *indent, char join)
{
    static const char *const number[] = {[FIELD_NUMBER] = "N", [FIELD_SIGNED] = "+-N"};
    bool is_flag = field->kind == FIELD_FLAG, is_choice = field->kind == FIELD_CHOICE;
    printf("%s%s", indent, field->name);
    if (!is_flag) {
        printf("%c%s", join, is_choice ? "one of" : number[field->kind]);
    }
    putchar('\n');
    for (uint32_t k = 0; is_choice && k < field->choices->count; k++) {
        const struct choice *choice = &field->choices->choice[k];
        printf("%s    %-19s %s\n", indent, choice->name, choice->meaning);
    }
}

static void reference(void)
{
    uint32_t count;
    const struct field *header = program_header_fields(&count);
    puts("header fields (one per line, before the operations):");
    for (uint32_t i = 0; i < count; i++) {
        field_words(&header[i], "  ", ' ');
    }
    puts("\noperations (cN before those that concern a connection):");
    for (uint32_t code = 0; code < OP_COUNT; code++) {
        const struct op_form *form = program_op_form((uint8_t)code);
        printf("  %s%-11s %s\n", form->has_conn ? "cN " : "   ", form->name, form->help);
        for (uint32_t i = 0; i < form->fields; i++) {
            field_words(&form->field[i], "                ", '=');
        }
    }
}

int cmd_show(int argc, char **argv)
{
    bool words = false, as_dictionary = false;
    const struct cli_option options[] = {
        {"--words", NULL, "print every field and operation of the text form", &words, NULL},
        {"--dictionary", NULL, "print operations as a dictionary of the fuzz engines",
         &as_dictionary, NULL},
    };
    int status;
    int files = cli_parse(argc, argv, options, 2, "show PROGRAM...",
                          "  chimneysweep show crash-1.bin\n"
                          "  chimneysweep show --words\n"
                          "  chimneysweep show --dictionary >program.dict\n",
                          &status);
    if (files < 0) {
        return status;
    }
    if (words || as_dictionary) {
        if (words) {
            reference();
        } else {
            program_print_dictionary(stdout);
        }
        return EXIT_PASS;
    }
    if (files == 0) {
        fputs("show: expected program files (show --help)\n", stderr);
        return EXIT_USAGE;
    }
    static struct program program;
    for (int i = 1; i <= files; i++) {
        if (!cli_read_program(argv[i], &program)) {
            return EXIT_USAGE;
        }
        size_t need = program_print(&program, NULL, 0) + 1;
        char *text = malloc(need);
        if (!text) {
            return EXIT_ENVIRONMENT;
        }
        program_print(&program, text, need);
        fputs(text, stdout);
        free(text);
    }
    return EXIT_PASS;
}

/* The name of a program among those of other folders: FOLDER-NAME.bin. */
static void asm_name(const char *folder, const char *path, char *out, size_t size)
{
    const char *name = strrchr(path, '/');
    const char *parent = name;
    name = name ? name + 1 : path;
    while (parent && parent > path && parent[-1] != '/') {
        parent--;
    }
    const char *end = strrchr(name, '.');
    int stem = end ? (int)(end - name) : (int)strlen(name);
    int above = parent ? (int)(name - 1 - parent) : 0;
    snprintf(out, size, "%s/%.*s%s%.*s.bin", folder, above, parent ? parent : "", above ? "-" : "",
             stem, name);
}

static int asm_one(const char *path, const char *out)
{
    static struct program program;
    static uint8_t bytes[PROGRAM_BINARY_MAX];
    if (!cli_read_program(path, &program)) {
        return EXIT_USAGE;
    }
    size_t length = program_encode(&program, bytes, sizeof(bytes));
    return cli_write_file(out, bytes, length) ? EXIT_PASS : EXIT_USAGE;
}

int cmd_asm(int argc, char **argv)
{
    const char *out = NULL;
    const struct cli_option options[] = {
        {"-o", "OUT", "file to write, or folder for all of them (required)", NULL, &out},
    };
    struct cli_paths programs = {0};
    struct stat about;
    int status;
    int files = cli_parse(
        argc, argv, options, 1, "asm -o OUT PROGRAM...",
        "  chimneysweep asm -o refuse.bin corpora/situations/refused-data-waits-for-a-post.chim\n"
        "  mkdir seeds && chimneysweep asm -o seeds corpora    every program, for an engine\n",
        &status);
    if (files < 0) {
        return status;
    }
    bool many = out && !stat(out, &about) && S_ISDIR(about.st_mode);
    if (!files || !out || (files != 1 && !many)) {
        fputs("asm: expected one program file and -o OUT, or -o FOLDER (asm --help)\n", stderr);
        return EXIT_USAGE;
    }
    if (!many) {
        return asm_one(argv[1], out);
    }
    for (int i = 1; i <= files; i++) {
        if (!cli_collect(&programs, argv[i])) {
            return EXIT_USAGE;
        }
    }
    status = EXIT_PASS;
    for (uint32_t i = 0; i < programs.count && status == EXIT_PASS; i++) {
        char path[4096];
        asm_name(out, programs.path[i], path, sizeof(path));
        status = asm_one(programs.path[i], path);
    }
    return status;
}
