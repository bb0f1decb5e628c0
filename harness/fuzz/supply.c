/* SPDX-License-Identifier: MIT
 *
 * What an engine begins with: fuzz_supply DICTIONARY FOLDER PROGRAM... writes the dictionary, and
 * of each program its binary form into the folder. It needs nothing but the readers of programs.
 */
#include <stdio.h>

#include "program/dictionary.h"
#include "program/program.h"

static bool read_program(const char *path, struct program *program)
{
    static uint8_t bytes[1 << 20];
    struct program_error error = {0, "cannot be read, or is no program"};
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
    bool good = false;
    if (file) {
        fclose(file);
    }
    switch (program_kind_of(bytes, length)) {
    case PROGRAM_IS_TEXT:
        good = program_parse((const char *)bytes, length, program, &error);
        break;
    case PROGRAM_IS_FORMAT1:
        program_decode_format1(bytes, length, program);
        good = true;
        break;
    case PROGRAM_IS_BINARY:
        program_decode(bytes, length, program);
        good = true;
        break;
    case PROGRAM_IS_NONE:
        break;
    }
    if (!good) {
        fprintf(stderr, "fuzz_supply: %s: %u: %s\n", path, error.line, error.text);
    }
    return good;
}

/* Programs of several folders have names of their own: numbers. */
static bool supply_program(const char *folder, int number, const struct program *program)
{
    static uint8_t bytes[PROGRAM_BINARY_MAX];
    char path[4096];
    size_t length = program_encode(program, bytes, sizeof(bytes));
    snprintf(path, sizeof(path), "%s/%05d.bin", folder, number);
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(bytes, 1, length, file) == length;
    return file && !fclose(file) && good;
}

static bool write_dictionary(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file) {
        program_print_dictionary(file);
    }
    return file && !fclose(file);
}

int main(int argc, char **argv)
{
    static struct program program;
    if (argc < 4) {
        fputs("usage: fuzz_supply DICTIONARY FOLDER PROGRAM...\n", stderr);
        return 2;
    }
    if (!write_dictionary(argv[1])) {
        fprintf(stderr, "fuzz_supply: %s: cannot be written\n", argv[1]);
        return 2;
    }
    for (int i = 3; i < argc; i++) {
        if (!read_program(argv[i], &program)) {
            return 2;
        }
        if (!supply_program(argv[2], i - 2, &program)) {
            fprintf(stderr, "fuzz_supply: %s: cannot be written\n", argv[2]);
            return 2;
        }
    }
    return 0;
}
