/* SPDX-License-Identifier: MIT */
#include "program/dictionary.h"

#include "program/program.h"

/* AFL++ takes letters, digits and underscores in the name of an entry. */
static void put_name_part(FILE *out, const char *text)
{
    for (; *text; text++) {
        fputc(*text == '-' ? '_' : *text, out);
    }
}

static void dictionary_entry(FILE *out, const struct op_form *form, const struct field *field,
                             const char *value, const struct program_op *op)
{
    put_name_part(out, form->name);
    if (field) {
        fputc('_', out);
        put_name_part(out, field->name);
    }
    if (value) {
        fputc('_', out);
        put_name_part(out, value);
    }
    fputs("=\"", out);
    for (uint32_t i = 0; i < PROGRAM_OP_BYTES; i++) {
        fprintf(out, "\\x%02x", op->byte[i]);
    }
    fputs("\"\n", out);
}

/* An operation in which one field is not zero: a flag, each choice, some numbers of the first. */
static void field_entries(FILE *out, const struct op_form *form, const struct field *field,
                          struct program_op *op)
{
    static const uint32_t numbers[] = {1, 100, 1000, 1460};
    bool is_choice = field->kind == FIELD_CHOICE, is_flag = field->kind == FIELD_FLAG;
    bool is_first = field == form->field;
    uint32_t count = is_choice  ? field->choices->count - 1
                     : is_flag  ? 1
                     : is_first ? sizeof(numbers) / sizeof(numbers[0])
                                : 0;
    for (uint32_t i = 0; i < count; i++) {
        char digits[16];
        uint32_t value = is_choice || is_flag ? i + 1 : numbers[i];
        snprintf(digits, sizeof(digits), "%u", value);
        field_set(field, op->byte, value);
        if (field_get(field, op->byte) == value) {
            const char *name = is_choice ? field->choices->choice[value].name : digits;
            dictionary_entry(out, form, field, is_flag ? NULL : name, op);
        }
        field_set(field, op->byte, 0);
    }
}

void program_print_dictionary(FILE *out)
{
    for (uint32_t code = OP_NOP + 1; code < OP_COUNT; code++) {
        const struct op_form *form = program_op_form((uint8_t)code);
        struct program_op op = {{(uint8_t)code}};
        dictionary_entry(out, form, NULL, NULL, &op);
        for (uint32_t i = 0; i < form->fields; i++) {
            field_entries(out, form, &form->field[i], &op);
        }
    }
}
