/* SPDX-License-Identifier: MIT
 *
 * Programs: test cases as data. A program is a header and a list of operations, each of which is a
 * fixed number of bytes cut into fields. One table (fields.c) says what each field is; the text
 * form, the binary form, the mutator and the descriptions all read that table. What a field's
 * choices are called and mean stands in the list of them (choices.h, base/choice.h).
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

#include "base/choice.h"

/* The first byte of the binary form. */
#define PROGRAM_FORMAT 2
#define PROGRAM_FORMAT_OLD 1
#define PROGRAM_HEADER_BYTES 48u
#define PROGRAM_OP_BYTES 12u
#define PROGRAM_OPS_MAX 4096u
#define PROGRAM_BINARY_MAX (PROGRAM_HEADER_BYTES + PROGRAM_OPS_MAX * PROGRAM_OP_BYTES)

/* What a program can do: code, word, how often the mutator throws it, whether it concerns one
 * connection, its fields (fields.c), what it does. The place of a row is its code in the binary
 * form: new rows go to the end, and none goes away. */
#define PROGRAM_OPS(X)                                                                             \
    X(OP_POST, "post", 14, true, post_fields, "post receive requests")                             \
    X(OP_ACCEPT, "accept", 8, true, accept_fields, "answer to the next indications")               \
    X(OP_RETURN, "return", 4, false, return_fields, "give indicated lists back")                   \
    X(OP_SEND, "send", 7, true, send_fields, "send data")                                          \
    X(OP_DISCONNECT, "disconnect", 3, true, disconnect_fields, "close gracefully, or abort")       \
    X(OP_FORWARD, "forward", 4, true, seg_fields, "forward a segment of the peer")                 \
    X(OP_INITIATE, "initiate", 3, true, initiate_fields, "offload, or offload again")              \
    X(OP_QUERY, "query", 3, true, query_fields, "query offloaded state")                           \
    X(OP_UPDATE, "update", 3, true, update_fields, "update a cached variable")                     \
    X(OP_INVALIDATE, "invalidate", 1, true, invalidate_fields, "invalidate state objects")         \
    X(OP_TERMINATE, "terminate", 4, true, scope_fields, "upload")                                  \
    X(OP_SEG, "seg", 24, true, seg_fields, "the peer sends a segment")                             \
    X(OP_ACK, "ack", 4, true, ack_fields, "the peer sends an acknowledgement")                     \
    X(OP_RAW, "raw", 2, true, raw_fields, "another frame arrives")                                 \
    X(OP_TICK, "tick", 7, false, tick_fields, "time passes")                                       \
    X(OP_FAULT, "fault", 3, false, fault_fields, "switch a fault")                                 \
    X(OP_NEST, "nest", 5, true, nest_fields, "do something inside the next callback")              \
    X(OP_ADAPTER, "adapter", 1, false, adapter_fields, "life cycle of the adapter")                \
    X(OP_PARAMETERS, "parameters", 1, false, parameter_fields, "set the operating parameters")     \
    X(OP_OID, "oid", 1, false, oid_fields, "query or set another OID")                             \
    X(OP_BATCH, "batch", 2, false, batch_fields, "hold frames until so many have gathered")        \
    X(OP_CPU, "cpu", 1, false, cpu_fields, "virtual processor of the next calls")                  \
    X(OP_HOST_SEND, "host-send", 1, false, host_send_fields, "the host sends frames of its own")   \
    X(OP_STATE, "state", 2, true, state_fields, "change a variable before it is handed over")      \
    X(OP_PEER, "peer", 1, true, peer_fields, "what the peer's next segments say")
enum op_code {
    OP_NOP,
    PROGRAM_OPS(CHOICE_VALUE) OP_COUNT,
};

struct program_op {
    uint8_t byte[PROGRAM_OP_BYTES]; /* [0] = enum op_code, [1] = connection, the rest by fields */
};

struct program {
    uint8_t header[PROGRAM_HEADER_BYTES]; /* [0] = PROGRAM_FORMAT */
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
    const struct choice_list *choices;
};

struct op_form {
    const char *name;
    const char *help;
    const struct field *field;
    uint32_t fields;
    bool has_conn;
    uint8_t weight; /* how often the mutator throws it */
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
/* What the choice of a field stands for (struct choice). */
int64_t program_parameter(const struct program *program, const char *name);
int64_t op_parameter(const struct program_op *op, const char *name);

void program_init(struct program *program);

/* Binary form. Decoding cannot fail. Encoding returns bytes written, 0 when room is short. Decoding
 * what was encoded gives the same program; bits that no field names are dropped. The first byte is
 * not looked at: whoever has bytes that may be anything asks program_kind_of. */
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
/* The programs that format 1 had. */
void program_decode_format1(const uint8_t *bytes, size_t length, struct program *program);

/* What a file is by its first byte, or its first word. A lone newline is a binary program too, the
 * empty one: libFuzzer begins with it when it has no corpus. */
enum program_kind { PROGRAM_IS_NONE, PROGRAM_IS_TEXT, PROGRAM_IS_FORMAT1, PROGRAM_IS_BINARY };
enum program_kind program_kind_of(const uint8_t *bytes, size_t length);

/* One line that describes an operation, as in the text form. */
size_t op_print(const struct program_op *op, char *text, size_t room);

#endif
