/* SPDX-License-Identifier: MIT
 *
 * The binary form. Decoding is total: missing bytes are zero, unknown operations become nop, bits
 * that no field names are dropped, so that decode(encode(p)) == p and equal programs have equal
 * bytes.
 */
#include "program/program.h"

#include <string.h>

/* Rewrites bytes through the fields of the form. */
static void canonical(const struct field *fields, uint32_t count, uint8_t *bytes, uint32_t from,
                      uint32_t size)
{
    uint8_t clean[PROGRAM_HEADER_BYTES] = {0};
    for (uint32_t i = 0; i < count; i++) {
        field_set(&fields[i], clean, field_get(&fields[i], bytes));
    }
    memcpy(bytes + from, clean + from, size - from);
}

static void decode_op(struct program_op *op)
{
    if (op->byte[0] >= OP_COUNT) {
        op->byte[0] = OP_NOP;
    }
    const struct op_form *form = program_op_form(op->byte[0]);
    canonical(form->field, form->fields, op->byte, 2, PROGRAM_OP_BYTES);
    op->byte[1] = form->has_conn ? op->byte[1] & 7 : 0;
}

void program_decode(const uint8_t *bytes, size_t length, struct program *program)
{
    uint32_t fields;
    const struct field *header = program_header_fields(&fields);
    size_t head = length < PROGRAM_HEADER_BYTES ? length : PROGRAM_HEADER_BYTES;
    program_init(program);
    memcpy(program->header, bytes, head);
    program->header[0] = PROGRAM_VERSION;
    canonical(header, fields, program->header, 1, PROGRAM_HEADER_BYTES);
    bytes += head;
    length -= head;
    while (length && program->count < PROGRAM_OPS_MAX) {
        size_t take = length < PROGRAM_OP_BYTES ? length : PROGRAM_OP_BYTES;
        struct program_op *op = &program->op[program->count++];
        memset(op, 0, sizeof(*op));
        memcpy(op->byte, bytes, take);
        decode_op(op);
        bytes += take;
        length -= take;
    }
}

size_t program_encode(const struct program *program, uint8_t *bytes, size_t room)
{
    size_t need = PROGRAM_HEADER_BYTES + (size_t)program->count * PROGRAM_OP_BYTES;
    if (need > room) {
        return 0;
    }
    memcpy(bytes, program->header, PROGRAM_HEADER_BYTES);
    for (uint32_t i = 0; i < program->count; i++) {
        memcpy(bytes + PROGRAM_HEADER_BYTES + i * PROGRAM_OP_BYTES, program->op[i].byte,
               PROGRAM_OP_BYTES);
    }
    return need;
}
