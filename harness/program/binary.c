/* SPDX-License-Identifier: MIT
 *
 * The binary form, format 2. Decoding is total: missing bytes are zero, unknown operations become
 * nop, bits that no field names are dropped, choices beyond a list begin again, so that
 * decode(encode(p)) == p and equal programs have equal bytes.
 */
#include "program/program.h"

#include <string.h>

#define CHOICES_MAX 8u

/* What is kept of the bytes of a header or an operation. Decoding is on the way of every execution
 * of an engine, so it does not go through the fields one by one. */
struct layout {
    uint8_t keep[PROGRAM_HEADER_BYTES];
    struct {
        uint8_t byte;
        uint32_t count;
    } choice[CHOICES_MAX];
    uint32_t choices;
};

static struct layout header_layout, op_layout[OP_COUNT];
static bool laid_out;

static void lay_out(struct layout *layout, const struct field *field, uint32_t fields)
{
    for (uint32_t i = 0; i < fields; i++) {
        field_set(&field[i], layout->keep, UINT32_MAX);
        if (field[i].kind == FIELD_CHOICE) {
            layout->choice[layout->choices].byte = field[i].byte;
            layout->choice[layout->choices++].count = field[i].choices->count;
        }
    }
}

static void lay_all_out(void)
{
    uint32_t fields;
    const struct field *field = program_header_fields(&fields);
    lay_out(&header_layout, field, fields);
    for (uint32_t code = 0; code < OP_COUNT; code++) {
        const struct op_form *form = program_op_form((uint8_t)code);
        lay_out(&op_layout[code], form->field, form->fields);
        op_layout[code].keep[0] = UINT8_MAX;
        op_layout[code].keep[1] = form->has_conn ? 7 : 0;
    }
    laid_out = true;
}

static void clean(const struct layout *layout, uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] &= layout->keep[i];
    }
    for (uint32_t i = 0; i < layout->choices; i++) {
        uint8_t *at = &bytes[layout->choice[i].byte];
        *at = *at < layout->choice[i].count ? *at : (uint8_t)(*at % layout->choice[i].count);
    }
}

void program_decode(const uint8_t *bytes, size_t length, struct program *program)
{
    if (!laid_out) {
        lay_all_out();
    }
    size_t head = length < PROGRAM_HEADER_BYTES ? length : PROGRAM_HEADER_BYTES;
    program_init(program);
    memcpy(program->header, bytes, head);
    clean(&header_layout, program->header, PROGRAM_HEADER_BYTES);
    program->header[0] = PROGRAM_FORMAT;
    length -= head;
    if (length > sizeof(program->op)) {
        length = sizeof(program->op);
    }
    program->count = (uint32_t)((length + PROGRAM_OP_BYTES - 1) / PROGRAM_OP_BYTES);
    if (length % PROGRAM_OP_BYTES) {
        memset(&program->op[program->count - 1], 0, PROGRAM_OP_BYTES);
    }
    memcpy(program->op, bytes + head, length);
    for (uint32_t i = 0; i < program->count; i++) {
        uint8_t *op = program->op[i].byte;
        op[0] = op[0] < OP_COUNT ? op[0] : OP_NOP;
        clean(&op_layout[op[0]], op, PROGRAM_OP_BYTES);
    }
}

size_t program_encode(const struct program *program, uint8_t *bytes, size_t room)
{
    size_t ops = (size_t)program->count * PROGRAM_OP_BYTES;
    if (PROGRAM_HEADER_BYTES + ops > room) {
        return 0;
    }
    memcpy(bytes, program->header, PROGRAM_HEADER_BYTES);
    memcpy(bytes + PROGRAM_HEADER_BYTES, program->op, ops);
    return PROGRAM_HEADER_BYTES + ops;
}

enum program_kind program_kind_of(const uint8_t *bytes, size_t length)
{
    static const char word[] = "chimneysweep";
    if (length >= strlen(word) && !memcmp(bytes, word, strlen(word))) {
        return PROGRAM_IS_TEXT;
    }
    bool lone_newline = length == 1 && bytes[0] == '\n';
    if (lone_newline || (length && bytes[0] == PROGRAM_FORMAT)) {
        return PROGRAM_IS_BINARY;
    }
    return length && bytes[0] == PROGRAM_FORMAT_OLD ? PROGRAM_IS_FORMAT1 : PROGRAM_IS_NONE;
}
