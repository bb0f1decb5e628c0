/* SPDX-License-Identifier: MIT
 *
 * Fields of a header or an operation, by place and by name.
 */
#include "program/program.h"

#include <string.h>

static uint32_t mask_of(const struct field *field)
{
    return field->bits == 32 ? UINT32_MAX : (1u << field->bits) - 1;
}

/* The little-endian word of so many bytes, 1 to 4; not one byte more is read. */
static inline uint32_t word_of(const uint8_t *at, uint32_t count)
{
    uint32_t low = at[0];
    if (count > 1) {
        low |= (uint32_t)at[1] << 8;
    }
    if (count > 2) {
        low |= (uint32_t)at[2] << 16;
    }
    return count > 3 ? low | (uint32_t)at[3] << 24 : low;
}

uint32_t field_get(const struct field *field, const uint8_t *bytes)
{
    uint32_t word = word_of(bytes + field->byte, (field->shift + field->bits + 7u) / 8u);
    uint32_t value = (word >> field->shift) & mask_of(field);
    if (field->kind == FIELD_CHOICE) {
        uint32_t count = field->choices->count;
        value = value < count ? value : count ? value % count : 0;
    }
    if (field->kind == FIELD_SIGNED && (value >> (field->bits - 1))) {
        value |= ~mask_of(field);
    }
    return value;
}

void field_set(const struct field *field, uint8_t *bytes, uint32_t value)
{
    uint32_t need = (field->shift + field->bits + 7u) / 8u;
    uint32_t mask = mask_of(field) << field->shift, set = (value & mask_of(field)) << field->shift;
    for (uint32_t i = 0; i < need; i++) {
        uint8_t keep = (uint8_t) ~(mask >> (8 * i));
        bytes[field->byte + i] = (uint8_t)((bytes[field->byte + i] & keep) | (set >> (8 * i)));
    }
}

/* Fields are asked for by literal names all the time, so the answer for a name's address is kept.
 */
#define KEPT_BITS 10
static struct {
    const struct field *fields;
    const char *name;
    const struct field *found;
} kept[1u << KEPT_BITS];

static const struct field *search(const struct field *fields, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(fields[i].name, name)) {
            return &fields[i];
        }
    }
    return NULL;
}

/* A place taken by another name sends the search on to the next, a few places at most. */
static __attribute__((noinline)) const struct field *
field_sought(const struct field *fields, uint32_t count, const char *name, uint32_t slot)
{
    for (uint32_t i = 0; i < 8 && kept[slot].name; i++) {
        if (kept[slot].name == name && kept[slot].fields == fields) {
            return kept[slot].found;
        }
        slot = (slot + 1) & ((1u << KEPT_BITS) - 1);
    }
    kept[slot].found = search(fields, count, name);
    kept[slot].name = name;
    kept[slot].fields = fields;
    return kept[slot].found;
}

static inline const struct field *field_named(const struct field *fields, uint32_t count,
                                              const char *name)
{
    uint64_t key = (uint64_t)(uintptr_t)name ^ (uint64_t)(uintptr_t)fields << 20;
    uint32_t slot = (uint32_t)(key * 0x9e3779b97f4a7c15u >> (64 - KEPT_BITS));
    bool at_once = kept[slot].fields == fields && kept[slot].name == name;
    return at_once ? kept[slot].found : field_sought(fields, count, name, slot);
}

static const struct field *header_field(const char *name)
{
    uint32_t count;
    const struct field *fields = program_header_fields(&count);
    return field_named(fields, count, name);
}

static const struct field *op_field(const struct program_op *op, const char *name)
{
    const struct op_form *form = program_op_form(op->byte[0]);
    return field_named(form->field, form->fields, name);
}

bool program_set(struct program *program, const char *name, uint32_t value)
{
    const struct field *field = header_field(name);
    if (field) {
        field_set(field, program->header, value);
    }
    return field != NULL;
}

uint32_t program_get(const struct program *program, const char *name)
{
    const struct field *field = header_field(name);
    return field ? field_get(field, program->header) : 0;
}

int64_t program_parameter(const struct program *program, const char *name)
{
    const struct field *field = header_field(name);
    return field->choices->choice[field_get(field, program->header)].parameter;
}

bool op_set(struct program_op *op, const char *name, uint32_t value)
{
    const struct field *field = op_field(op, name);
    if (field) {
        field_set(field, op->byte, value);
    }
    return field != NULL;
}

uint32_t op_get(const struct program_op *op, const char *name)
{
    const struct field *field = op_field(op, name);
    return field ? field_get(field, op->byte) : 0;
}

int64_t op_parameter(const struct program_op *op, const char *name)
{
    const struct field *field = op_field(op, name);
    return field->choices->choice[field_get(field, op->byte)].parameter;
}

void program_init(struct program *program)
{
    memset(program->header, 0, sizeof(program->header));
    program->header[0] = PROGRAM_FORMAT;
    program->count = 0;
}

struct program_op *program_add(struct program *program, enum op_code code, uint8_t conn)
{
    if (program->count == PROGRAM_OPS_MAX) {
        return NULL;
    }
    struct program_op *op = &program->op[program->count++];
    memset(op, 0, sizeof(*op));
    op->byte[0] = (uint8_t)code;
    op->byte[1] = conn;
    return op;
}
