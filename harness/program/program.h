/* SPDX-License-Identifier: MIT
 *
 * Programs: test cases as data. A program is a header and a list of operations, each of which is a
 * fixed number of bytes cut into fields. One table (fields.c) says what each field is; the text
 * form, the binary form, the mutator and the descriptions all read that table.
 *
 * The binary form is total: every byte string is some program. Fields that are missing are zero,
 * and zero is always the ordinary case. Unknown operation codes do nothing. Operands are relative
 * to live state, so that an insertion or deletion keeps the rest meaningful.
 */
#ifndef PROGRAM_PROGRAM_H
#define PROGRAM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_VERSION 1
#define PROGRAM_HEADER_BYTES 32u
#define PROGRAM_OP_BYTES 8u
#define PROGRAM_OPS_MAX 4096u
#define PROGRAM_BINARY_MAX (PROGRAM_HEADER_BYTES + PROGRAM_OPS_MAX * PROGRAM_OP_BYTES)

enum op_code {
    OP_NOP,
    OP_POST,
    OP_ACCEPT,
    OP_RETURN,
    OP_SEND,
    OP_DISCONNECT,
    OP_FORWARD,
    OP_INITIATE,
    OP_QUERY,
    OP_UPDATE,
    OP_INVALIDATE,
    OP_TERMINATE,
    OP_SEG,
    OP_ACK,
    OP_RAW,
    OP_TICK,
    OP_FAULT,
    OP_NEST,
    OP_ADAPTER,
    OP_PARAMETERS,
    OP_OID,
    OP_BATCH,
    OP_CPU,
    OP_HOST_SEND,
    OP_STATE,
    OP_COUNT
};

struct program_op {
    uint8_t byte[PROGRAM_OP_BYTES]; /* [0] = enum op_code, [1] = connection, the rest by fields */
};

struct program {
    uint8_t header[PROGRAM_HEADER_BYTES]; /* [0] = version */
    uint32_t count;
    struct program_op op[PROGRAM_OPS_MAX];
};

enum field_kind { FIELD_NUMBER, FIELD_SIGNED, FIELD_FLAG, FIELD_CHOICE };

struct field {
    const char *name;
    uint8_t byte;  /* first byte of a little-endian word in the header or operation */
    uint8_t shift; /* lowest bit in that word */
    uint8_t bits;
    enum field_kind kind;
    const char *const *choice; /* names of the values, 1 << bits entries at most, NULL-terminated */
};

struct op_form {
    const char *name; /* NULL = no such operation */
    const char *help;
    const struct field *field;
    uint32_t fields;
    bool has_conn;
};

const struct op_form *program_op_form(uint8_t code);
const struct field *program_header_fields(uint32_t *count);

/* Fields of a header or operation; set cuts the value to the field. By name (for building
 * programs): false / 0 if there is no such field. */
uint32_t field_get(const struct field *field, const uint8_t *bytes);
void field_set(const struct field *field, uint8_t *bytes, uint32_t value);
bool program_set(struct program *program, const char *name, uint32_t value);
uint32_t program_get(const struct program *program, const char *name);
/* Adds an operation; NULL when the program is full. Then op_set fills its fields by name. */
struct program_op *program_add(struct program *program, enum op_code code, uint8_t conn);
bool op_set(struct program_op *op, const char *name, uint32_t value);
uint32_t op_get(const struct program_op *op, const char *name);

void program_init(struct program *program);

/* Binary form. Decoding cannot fail. Encoding returns bytes written, 0 when room is short. Decoding
 * what was encoded gives the same program; bits that no field names are dropped. */
void program_decode(const uint8_t *bytes, size_t length, struct program *program);
size_t program_encode(const struct program *program, uint8_t *bytes, size_t room);

/* Text form. program_print returns bytes needed, as snprintf does. program_parse returns false and
 * says what was expected where; the program is then undefined. */
struct program_error {
    uint32_t line; /* from 1 */
    char text[160];
};
size_t program_print(const struct program *program, char *text, size_t room);
bool program_parse(const char *text, size_t length, struct program *program,
                   struct program_error *error);
/* True if the bytes look like the text form (its first word). */
bool program_is_text(const uint8_t *bytes, size_t length);

/* One line that describes an operation, as in the text form. */
size_t op_print(const struct program_op *op, char *text, size_t room);

#endif
