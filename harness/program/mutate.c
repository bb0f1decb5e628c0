/* SPDX-License-Identifier: MIT */
#include "program/mutate.h"

#include <string.h>

#define OPS_SOFT_MAX 200u /* longer programs are only shortened */

struct dice {
    uint64_t state;
    uint64_t thrown; /* a bit for each operation that this session adds */
    uint32_t most;   /* operations that a program grows to in it */
};
_Static_assert(OP_COUNT <= 64, "an operation has a bit in dice.thrown");

static uint32_t roll(struct dice *dice, uint32_t sides)
{
    dice->state += 0x9e3779b97f4a7c15u;
    uint64_t x = dice->state;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(((x ^ (x >> 31)) >> 32) * sides >> 32);
}

/* Lengths and times at which things change: nothing, one, the MSS and its neighbours, windows. */
static const uint32_t interesting[] = {
    0,    1,    2,    3,    7,    20,   64,   100,  200,  499,  500,   501,   536,   1000, 1459,
    1460, 1461, 2000, 2919, 2920, 2921, 4096, 4380, 8192, 8960, 10000, 16384, 32767, 65535};

static uint32_t value_for(struct dice *dice, const struct field *field, uint32_t old)
{
    if (field->kind == FIELD_FLAG) {
        return !old;
    }
    if (field->kind == FIELD_CHOICE) {
        return roll(dice, 5) ? roll(dice, field->choices->count) : 0;
    }
    switch (roll(dice, 5)) {
    case 0:
        return old + 1 + roll(dice, 4);
    case 1:
        return old - 1 - roll(dice, 4);
    case 2:
        return roll(dice, 1u << (field->bits < 16 ? field->bits : 16));
    case 3:
        return field->kind == FIELD_SIGNED ? (uint32_t) - (int32_t)interesting[roll(dice, 28)] : 0;
    default:
        return interesting[roll(dice, sizeof(interesting) / sizeof(interesting[0]))];
    }
}

/* Many short programs are worth more than a long one, and the long one takes their time: two of
 * three sessions end at 16 operations, two of three of the others at 32, and so on. */
static uint32_t throw_length(struct dice *dice)
{
    uint32_t most = 16;
    while (most < OPS_SOFT_MAX && roll(dice, 3) == 0) {
        most *= 2;
    }
    return most < OPS_SOFT_MAX ? most : OPS_SOFT_MAX;
}

/* What a driver does with a few operations again and again stays hidden where all of them are
 * mixed: one session in two throws about a half of them, one in eight about an eighth. */
static struct dice session(uint64_t seed)
{
    struct dice dice = {.state = seed, .thrown = UINT64_MAX};
    uint32_t what = roll(&dice, 8);
    uint32_t one_in = what == 0 ? 8 : what < 5 ? 2 : 1;
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        if (roll(&dice, one_in)) {
            dice.thrown &= ~(1ull << i);
        }
    }
    dice.most = throw_length(&dice);
    return dice;
}

static uint32_t weight_of(const struct dice *dice, uint32_t code)
{
    return dice->thrown >> code & 1 ? program_op_form((uint8_t)code)->weight : 0;
}

static uint8_t throw_code(struct dice *dice)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        total += weight_of(dice, i);
    }
    uint32_t ticket = roll(dice, total);
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        uint32_t weight = weight_of(dice, i);
        if (ticket < weight) {
            return (uint8_t)i;
        }
        ticket -= weight;
    }
    return OP_SEG;
}

static void fresh_op(struct dice *dice, struct program_op *op)
{
    memset(op, 0, sizeof(*op));
    op->byte[0] = throw_code(dice);
    const struct op_form *form = program_op_form(op->byte[0]);
    op->byte[1] = form->has_conn ? (uint8_t)(roll(dice, 4) ? 0 : roll(dice, 4)) : 0;
    for (uint32_t i = 0; i < form->fields; i++) {
        const struct field *field = &form->field[i];
        /* Ordinary is the rule: flags and choices stay at zero most of the time. */
        bool rare = field->kind == FIELD_FLAG || field->kind == FIELD_CHOICE ||
                    field->kind == FIELD_SIGNED || i > 1;
        if (!rare || roll(dice, 6) == 0) {
            field_set(field, op->byte, value_for(dice, field, 0));
        }
    }
}

static void change_op(struct dice *dice, struct program_op *op)
{
    const struct op_form *form = program_op_form(op->byte[0]);
    if (form->has_conn && roll(dice, 8) == 0) {
        op->byte[1] = (uint8_t)roll(dice, 4);
    } else if (form->fields) {
        const struct field *field = &form->field[roll(dice, form->fields)];
        field_set(field, op->byte, value_for(dice, field, field_get(field, op->byte)));
    }
}

static void change_header(struct dice *dice, struct program *program)
{
    uint32_t count;
    const struct field *fields = program_header_fields(&count);
    const struct field *field = &fields[roll(dice, count)];
    uint32_t value = value_for(dice, field, field_get(field, program->header));
    if (!strcmp(field->name, "connections")) {
        value = roll(dice, 3);
    } else if (field->bits == 32) {
        value = 0u - roll(dice, 5000); /* sequence numbers just below the wrap */
    }
    field_set(field, program->header, value);
}

static void insert_op(struct program *program, uint32_t at, const struct program_op *op)
{
    if (program->count < PROGRAM_OPS_MAX) {
        memmove(&program->op[at + 1], &program->op[at],
                (program->count - at) * sizeof(program->op[0]));
        program->op[at] = *op;
        program->count++;
    }
}

static void delete_ops(struct program *program, uint32_t at, uint32_t count)
{
    count = count < program->count - at ? count : program->count - at;
    memmove(&program->op[at], &program->op[at + count],
            (program->count - at - count) * sizeof(program->op[0]));
    program->count -= count;
}

/* One operation is left out for good, as those that the session does not throw. */
static void delete_kind(struct dice *dice, struct program *program)
{
    uint8_t code = program->op[roll(dice, program->count)].byte[0];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < program->count; i++) {
        if (program->op[i].byte[0] != code) {
            program->op[kept++] = program->op[i];
        }
    }
    program->count = kept;
}

static void edit(struct dice *dice, struct program *program)
{
    uint32_t count = program->count;
    struct program_op op;
    uint32_t what = roll(dice, 16);
    if (!count || (what < 5 && count < dice->most)) {
        fresh_op(dice, &op);
        insert_op(program, roll(dice, count + 1), &op);
    } else if (what < 10) {
        change_op(dice, &program->op[roll(dice, count)]);
    } else if (what < 12) {
        delete_ops(program, roll(dice, count), 1 + (roll(dice, 4) ? 0 : roll(dice, 8)));
        if (program->count && roll(dice, 32) == 0) {
            delete_kind(dice, program);
        }
    } else if (what == 12 && count < dice->most) {
        op = program->op[roll(dice, count)];
        insert_op(program, roll(dice, count + 1), &op);
    } else if (what == 13) {
        uint32_t x = roll(dice, count), y = roll(dice, count);
        op = program->op[x];
        program->op[x] = program->op[y];
        program->op[y] = op;
    } else if (what == 14) {
        fresh_op(dice, &program->op[roll(dice, count)]);
    } else {
        change_header(dice, program);
    }
}

static struct program scratch, other;

/* Without room for its header a program is a part of it: what is missing is zero. */
static size_t store(const struct program *program, uint8_t *out, size_t room)
{
    size_t written = program_encode(program, out, room);
    if (!written) {
        written = room < PROGRAM_HEADER_BYTES ? room : PROGRAM_HEADER_BYTES;
        memcpy(out, program->header, written);
    }
    return written;
}

size_t program_mutate(uint8_t *bytes, size_t length, size_t room, uint64_t seed)
{
    struct dice dice = session(seed);
    program_decode(bytes, length, &scratch);
    uint32_t edits = 1 + roll(&dice, roll(&dice, 8) ? 4 : 12);
    if (scratch.count > dice.most && roll(&dice, 2)) {
        delete_ops(&scratch, roll(&dice, scratch.count), scratch.count - dice.most);
    }
    for (uint32_t i = 0; i < edits; i++) {
        edit(&dice, &scratch);
    }
    while (PROGRAM_HEADER_BYTES + (size_t)scratch.count * PROGRAM_OP_BYTES > room &&
           scratch.count) {
        delete_ops(&scratch, roll(&dice, scratch.count), 1);
    }
    return store(&scratch, bytes, room);
}

size_t program_cross(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
                     uint8_t *out, size_t room, uint64_t seed)
{
    struct dice dice = session(seed);
    program_decode(a, a_length, &scratch);
    program_decode(b, b_length, &other);
    uint32_t keep = scratch.count ? roll(&dice, scratch.count + 1) : 0;
    uint32_t from = other.count ? roll(&dice, other.count) : 0;
    uint32_t take = other.count - from;
    take = take > dice.most ? dice.most : take;
    if (roll(&dice, 2) && take) { /* a slice of b in the middle of a */
        take = 1 + roll(&dice, take < 12 ? take : 12);
        for (uint32_t i = 0; i < take; i++) {
            insert_op(&scratch, keep + i, &other.op[from + i]);
        }
    } else { /* the head of a, the tail of b */
        scratch.count = keep;
        for (uint32_t i = 0; i < take && scratch.count < PROGRAM_OPS_MAX; i++) {
            scratch.op[scratch.count++] = other.op[from + i];
        }
    }
    while (PROGRAM_HEADER_BYTES + (size_t)scratch.count * PROGRAM_OP_BYTES > room &&
           scratch.count) {
        scratch.count--;
    }
    return store(&scratch, out, room);
}
