/* SPDX-License-Identifier: MIT
 *
 * The text form, one thing per line:
 *
 *     chimneysweep program 1
 *     connections 2            header fields, only those that are not zero
 *     timestamps
 *     c0 post length=1000      operations; a number, a signed number, a choice as name=value, a
 * flag c1 seg length=500 push   as its name; fields that are zero are left out # a comment
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/program.h"

static const char magic[] = "chimneysweep program";

struct writer {
    char *text;
    size_t room, length;
};

static void put(struct writer *w, const char *text)
{
    size_t n = strlen(text);
    if (w->length < w->room) {
        size_t left = w->room - w->length - 1;
        memcpy(w->text + w->length, text, n < left ? n : left);
        w->text[w->length + (n < left ? n : left)] = '\0';
    }
    w->length += n;
}

static void put_field(struct writer *w, const struct field *field, uint32_t value, char join)
{
    char number[16];
    put(w, field->name);
    if (field->kind == FIELD_FLAG) {
        return;
    }
    char between[2] = {join, '\0'};
    put(w, between);
    if (field->kind == FIELD_CHOICE) {
        put(w, field->choices->choice[value].name);
        return;
    }
    snprintf(number, sizeof(number), field->kind == FIELD_SIGNED ? "%d" : "%u", value);
    put(w, number);
}

static void put_op(struct writer *w, const struct program_op *op)
{
    const struct op_form *form = program_op_form(op->byte[0]);
    if (form->has_conn) {
        char conn[8];
        snprintf(conn, sizeof(conn), "c%u ", op->byte[1]);
        put(w, conn);
    }
    put(w, form->name);
    for (uint32_t i = 0; i < form->fields; i++) {
        uint32_t value = field_get(&form->field[i], op->byte);
        if (value) {
            put(w, " ");
            put_field(w, &form->field[i], value, '=');
        }
    }
}

size_t op_print(const struct program_op *op, char *text, size_t room)
{
    struct writer w = {text, room, 0};
    put_op(&w, op);
    return w.length;
}

size_t program_print(const struct program *program, char *text, size_t room)
{
    struct writer w = {text, room, 0};
    uint32_t count;
    const struct field *header = program_header_fields(&count);
    put(&w, magic);
    put(&w, " 1\n");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = field_get(&header[i], program->header);
        if (value) {
            put_field(&w, &header[i], value, ' ');
            put(&w, "\n");
        }
    }
    for (uint32_t i = 0; i < program->count; i++) {
        put_op(&w, &program->op[i]);
        put(&w, "\n");
    }
    return w.length;
}

#define WORDS_MAX 32

struct line {
    char text[512];
    char *word[WORDS_MAX];
    uint32_t words;
};

static bool bad(struct program_error *error, uint32_t line, const char *what, const char *word,
                const char *expected)
{
    error->line = line;
    snprintf(error->text, sizeof(error->text), "%s '%.40s': expected %s", what, word, expected);
    return false;
}

/* Cuts one line into words; a '#' starts a comment. False when it is too long. */
static bool split(const char *text, size_t length, struct line *line)
{
    line->words = 0;
    const char *comment = memchr(text, '#', length);
    length = comment ? (size_t)(comment - text) : length;
    if (length >= sizeof(line->text)) {
        return false;
    }
    memcpy(line->text, text, length);
    line->text[length] = '\0';
    char *rest = NULL;
    for (char *word = strtok_r(line->text, " \t\r", &rest); word;
         word = strtok_r(NULL, " \t\r", &rest)) {
        if (line->words == WORDS_MAX) {
            return false;
        }
        line->word[line->words++] = word;
    }
    return true;
}

static bool parse_value(const struct field *field, const char *text, uint32_t *value)
{
    if (field->kind == FIELD_CHOICE) {
        for (uint32_t i = 0; i < field->choices->count; i++) {
            if (!strcmp(field->choices->choice[i].name, text)) {
                *value = i;
                return true;
            }
        }
        return false;
    }
    char *end;
    long long number = strtoll(text, &end, 0);
    if (end == text || *end) {
        return false;
    }
    bool is_signed = field->kind == FIELD_SIGNED;
    long long low = is_signed ? -(1ll << (field->bits - 1)) : 0;
    long long high = (1ll << (field->bits - (is_signed ? 1 : 0))) - 1;
    *value = (uint32_t)number;
    return number >= low && number <= high;
}

static void expectation(const struct field *field, char *text, size_t room)
{
    if (field->kind == FIELD_CHOICE) {
        struct writer w = {text, room, 0};
        put(&w, "one of");
        for (uint32_t i = 0; i < field->choices->count; i++) {
            put(&w, " ");
            put(&w, field->choices->choice[i].name);
        }
    } else {
        bool is_signed = field->kind == FIELD_SIGNED;
        snprintf(text, room, "a number from %lld to %lld",
                 is_signed ? -(1ll << (field->bits - 1)) : 0ll,
                 (1ll << (field->bits - (is_signed ? 1 : 0))) - 1);
    }
}

static bool set_named(const struct field *fields, uint32_t count, uint8_t *bytes, char *name,
                      const char *value, uint32_t at, struct program_error *error)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) != 0) {
            continue;
        }
        uint32_t number = 1;
        char expected[128];
        if (fields[i].kind == FIELD_FLAG) {
            if (value && strcmp(value, "1") != 0) {
                return bad(error, at, name, value, "nothing, it is a flag");
            }
        } else if (!value || !parse_value(&fields[i], value, &number)) {
            expectation(&fields[i], expected, sizeof(expected));
            return bad(error, at, name, value ? value : "", expected);
        }
        field_set(&fields[i], bytes, number);
        return true;
    }
    return bad(error, at, "unknown field", name,
               "a field of this operation (chimneysweep show --help)");
}

static bool parse_op(struct program *program, struct line *line, uint32_t at,
                     struct program_error *error)
{
    uint32_t word = 0, conn = 0;
    bool have_conn = line->word[0][0] == 'c' && isdigit((unsigned char)line->word[0][1]);
    if (have_conn) {
        char *end;
        conn = (uint32_t)strtoul(line->word[0] + 1, &end, 10);
        word = 1;
        if (*end || conn > 7 || line->words < 2) {
            return bad(error, at, "connection", line->word[0], "c0 to c7 and an operation");
        }
    }
    uint32_t code = 0;
    while (code < OP_COUNT && strcmp(program_op_form((uint8_t)code)->name, line->word[word]) != 0) {
        code++;
    }
    if (code == OP_COUNT) {
        return bad(error, at, "unknown word", line->word[word], "a header field or an operation");
    }
    const struct op_form *form = program_op_form((uint8_t)code);
    if (have_conn && !form->has_conn) {
        return bad(error, at, "operation", form->name, "no connection before it");
    }
    struct program_op *op = program_add(program, (enum op_code)code, (uint8_t)conn);
    if (!op) {
        return bad(error, at, "operation", form->name, "at most 4096 operations");
    }
    for (word++; word < line->words; word++) {
        char *value = strchr(line->word[word], '=');
        if (value) {
            *value++ = '\0';
        }
        if (!set_named(form->field, form->fields, op->byte, line->word[word], value, at, error)) {
            return false;
        }
    }
    return true;
}

static bool parse_line(struct program *program, struct line *line, uint32_t at,
                       struct program_error *error)
{
    uint32_t count;
    const struct field *header = program_header_fields(&count);
    for (uint32_t i = 0; i < count && program->count == 0; i++) {
        if (!strcmp(header[i].name, line->word[0]) && line->words <= 2) {
            return set_named(header, count, program->header, line->word[0],
                             line->words > 1 ? line->word[1] : NULL, at, error);
        }
    }
    return parse_op(program, line, at, error);
}

bool program_parse(const char *text, size_t length, struct program *program,
                   struct program_error *error)
{
    static struct line line;
    uint32_t at = 0;
    bool head = false;
    program_init(program);
    while (length) {
        const char *end = memchr(text, '\n', length);
        size_t here = end ? (size_t)(end - text) : length;
        at++;
        if (memchr(text, '\0', here) || !split(text, here, &line)) {
            return bad(error, at, "line", "", "at most 511 characters and 32 words of text");
        }
        text += here + (end ? 1 : 0);
        length -= here + (end ? 1 : 0);
        if (!line.words) {
            continue;
        }
        if (!head) {
            head = line.words == 3 && !strcmp(line.word[0], "chimneysweep") &&
                   !strcmp(line.word[1], "program") && !strcmp(line.word[2], "1");
            if (!head) {
                return bad(error, at, "first line", line.word[0], "'chimneysweep program 1'");
            }
        } else if (!parse_line(program, &line, at, error)) {
            return false;
        }
    }
    return head || bad(error, at ? at : 1, "first line", "", "'chimneysweep program 1'");
}
