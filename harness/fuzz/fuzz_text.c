/* SPDX-License-Identifier: MIT
 *
 * The readers of programs, in each of their forms. What was read is printed, and read again it is
 * the same.
 */
#include <stdlib.h>
#include <string.h>

#include "program/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must_read_again(const struct program *program)
{
    static struct program same;
    static char text[PROGRAM_OPS_MAX * 256];
    struct program_error error;
    size_t need = program_print(program, text, sizeof(text));
    if (need >= sizeof(text)) {
        return;
    }
    if (!program_parse(text, need, &same, &error) || same.count != program->count ||
        memcmp(same.header, program->header, sizeof(same.header)) != 0 ||
        memcmp(same.op, program->op, program->count * sizeof(same.op[0])) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct program program;
    struct program_error error;
    enum program_kind kind = program_kind_of(bytes, length);
    if (kind == PROGRAM_IS_TEXT) {
        if (!program_parse((const char *)bytes, length, &program, &error)) {
            return 0;
        }
    } else if (kind == PROGRAM_IS_FORMAT1) {
        program_decode_format1(bytes, length, &program);
    } else if (kind == PROGRAM_IS_BINARY) {
        program_decode(bytes, length, &program);
    } else {
        return 0;
    }
    must_read_again(&program);
    return 0;
}
