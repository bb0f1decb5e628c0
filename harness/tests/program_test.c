/* SPDX-License-Identifier: MIT
 *
 * Programs: total decoding, text to binary to text, errors that name line and expectation, mutation
 * that follows from its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "program/mutate.h"
#include "program/program.h"

static struct program one, two;
static uint8_t bytes[PROGRAM_BINARY_MAX], again[PROGRAM_BINARY_MAX];
static char text[1 << 20], text_again[1 << 20];

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void any_bytes_are_a_program_and_print_and_parse_to_themselves(void **state)
{
    (void)state;
    uint64_t dice = 1;
    for (int round = 0; round < 2000; round++) {
        size_t length = next(&dice) % 1000;
        for (size_t i = 0; i < length; i++) {
            bytes[i] = (uint8_t)next(&dice);
        }
        program_decode(bytes, length, &one);
        size_t canonical = program_encode(&one, bytes, sizeof(bytes));
        assert_int_equal(canonical, PROGRAM_HEADER_BYTES + one.count * PROGRAM_OP_BYTES);
        program_decode(bytes, canonical, &two);
        assert_int_equal(program_encode(&two, again, sizeof(again)), canonical);
        assert_memory_equal(bytes, again, canonical);
        struct program_error error;
        size_t printed = program_print(&one, text, sizeof(text));
        assert_true(printed < sizeof(text));
        if (!program_parse(text, printed, &two, &error)) {
            fail_msg("line %u: %s\n%s", error.line, error.text, text);
        }
        assert_int_equal(program_encode(&two, again, sizeof(again)), canonical);
        assert_memory_equal(bytes, again, canonical);
        program_print(&two, text_again, sizeof(text_again));
        assert_string_equal(text, text_again);
    }
}

static void wrong_text_is_refused_with_line_and_expectation(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        const char *says;
    } cases[] = {
        {"", 1, "chimneysweep program 1"},
        {"hello\n", 1, "chimneysweep program 1"},
        {"chimneysweep program 2\n", 1, "chimneysweep program 1"},
        {"chimneysweep program 1\nc0 post length=70000\n", 2, "0 to 65535"},
        {"chimneysweep program 1\nc0 seg offset=-40000\n", 2, "-32768 to 32767"},
        {"chimneysweep program 1\nc0 seg ack=wrong\n", 2, "right"},
        {"chimneysweep program 1\n\n# x\nc0 fly\n", 4, "operation"},
        {"chimneysweep program 1\nc9 post\n", 2, "c0 to c7"},
        {"chimneysweep program 1\nc0 tick\n", 2, "no connection"},
        {"chimneysweep program 1\nc0 post nopush\n", 2, "field"},
        {"chimneysweep program 1\nc0 post no-push=2\n", 2, "flag"},
        {"chimneysweep program 1\nc0\n", 2, "operation"},
        {"chimneysweep program 1\nmss\n", 2, "0 to 65535"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct program_error error = {0};
        assert_false(program_parse(cases[i].text, strlen(cases[i].text), &one, &error));
        assert_int_equal(error.line, cases[i].line);
        if (!strstr(error.text, cases[i].says)) {
            fail_msg("case %zu says '%s', expected '%s' in it", i, error.text, cases[i].says);
        }
    }
    char nul[] = "chimneysweep program 1\nc0 post\0\n";
    struct program_error error;
    assert_false(program_parse(nul, sizeof(nul) - 1, &one, &error));
}

static void files_are_told_apart_by_their_first_byte(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        enum program_kind kind;
    } cases[] = {
        {"chimneysweep program 1\n", 23, PROGRAM_IS_TEXT},
        {"chimney", 7, PROGRAM_IS_NONE},
        {"\1", 1, PROGRAM_IS_FORMAT1},
        {"\1\2\2", 3, PROGRAM_IS_FORMAT1},
        {"\2", 1, PROGRAM_IS_BINARY},
        {"\2chimneysweep", 13, PROGRAM_IS_BINARY},
        {"\n", 1, PROGRAM_IS_BINARY},
        {"\n\r\r\n", 4, PROGRAM_IS_NONE},
        {"\0", 1, PROGRAM_IS_NONE},
        {"\3", 1, PROGRAM_IS_NONE},
        {"", 0, PROGRAM_IS_NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(program_kind_of((const uint8_t *)cases[i].bytes, cases[i].length),
                         cases[i].kind);
    }
}

/* Room for twenty more of everything, and no field over another. */
static void lay(const struct field *field, uint32_t fields, uint32_t first, uint32_t size)
{
    uint8_t taken[PROGRAM_HEADER_BYTES] = {0}, own[PROGRAM_HEADER_BYTES];
    for (uint32_t i = 0; i < fields; i++) {
        memset(own, 0, sizeof(own));
        field_set(&field[i], own, UINT32_MAX);
        assert_true(field[i].byte >= first);
        assert_true(field[i].byte + (field[i].shift + field[i].bits + 7u) / 8u <= size);
        for (uint32_t k = 0; k < size; k++) {
            assert_int_equal(taken[k] & own[k], 0);
            taken[k] |= own[k];
        }
        if (field[i].kind == FIELD_CHOICE) {
            assert_int_equal(field[i].shift, 0);
            assert_int_equal(field[i].bits, 8);
            assert_true(field[i].choices->count + 20 <= 256);
        }
    }
}

static void choices_have_room_to_grow(void **state)
{
    (void)state;
    uint32_t count;
    const struct field *header = program_header_fields(&count);
    lay(header, count, 1, PROGRAM_HEADER_BYTES);
    for (uint32_t code = 0; code < OP_COUNT; code++) {
        const struct op_form *form = program_op_form((uint8_t)code);
        lay(form->field, form->fields, 2, PROGRAM_OP_BYTES);
    }
    assert_true(OP_COUNT + 20 <= 256);
}

/* How often the mutator has made each operation, flag and choice. */
#define FIELDS_MAX 64u
static uint32_t made_op[OP_COUNT], made[OP_COUNT + 1][FIELDS_MAX][256];

static void count_fields(const struct field *field, uint32_t fields, const uint8_t *from,
                         uint32_t (*counts)[256])
{
    assert_true(fields <= FIELDS_MAX);
    for (uint32_t i = 0; i < fields; i++) {
        if (field[i].kind == FIELD_FLAG || field[i].kind == FIELD_CHOICE) {
            counts[i][field_get(&field[i], from)]++;
        }
    }
}

static void demand_fields(const char *what, const struct field *field, uint32_t fields,
                          uint32_t (*counts)[256])
{
    for (uint32_t i = 0; i < fields; i++) {
        bool is_choice = field[i].kind == FIELD_CHOICE;
        uint32_t values = is_choice ? field[i].choices->count : field[i].kind == FIELD_FLAG ? 2 : 0;
        for (uint32_t k = 0; k < values; k++) {
            if (!counts[i][k]) {
                fail_msg("%s: no mutation made %s %s", what, field[i].name,
                         is_choice ? field[i].choices->choice[k].name : "");
            }
        }
    }
}

static void the_mutator_makes_every_operation_and_every_choice(void **state)
{
    (void)state;
    uint32_t count;
    const struct field *header = program_header_fields(&count);
    program_init(&one);
    size_t length = program_encode(&one, bytes, sizeof(bytes));
    for (uint64_t seed = 0; seed < 300000; seed++) {
        memcpy(again, bytes, length);
        size_t changed = program_mutate(again, length, 400, seed);
        program_decode(again, changed, &two);
        count_fields(header, count, two.header, made[OP_COUNT]);
        for (uint32_t i = 0; i < two.count; i++) {
            const struct op_form *form = program_op_form(two.op[i].byte[0]);
            made_op[two.op[i].byte[0]]++;
            count_fields(form->field, form->fields, two.op[i].byte, made[two.op[i].byte[0]]);
        }
    }
    demand_fields("header", header, count, made[OP_COUNT]);
    for (uint32_t code = 0; code < OP_COUNT; code++) {
        const struct op_form *form = program_op_form((uint8_t)code);
        if (code != OP_NOP && !made_op[code]) { /* nop does nothing */
            fail_msg("no mutation made %s", form->name);
        }
        demand_fields(form->name, form->field, code == OP_NOP ? 0 : form->fields, made[code]);
    }
}

/* What an engine saves is what its mutators made. */
static void whatever_is_mutated_is_of_the_current_format(void **state)
{
    (void)state;
    static const char *const starts[] = {"\n", "\1\2\3", "\0", "{", ""};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        for (size_t room = 1; room < 200; room += 7) {
            size_t length = strlen(starts[i]) < room ? strlen(starts[i]) : room;
            memcpy(bytes, starts[i], length);
            size_t got = program_mutate(bytes, length, room, room);
            assert_true(got > 0 && got <= room);
            assert_int_equal(program_kind_of(bytes, got), PROGRAM_IS_BINARY);
            got = program_cross(bytes, got, (const uint8_t *)starts[i], length, again, room, room);
            assert_true(got > 0 && got <= room);
            assert_int_equal(program_kind_of(again, got), PROGRAM_IS_BINARY);
        }
    }
}

static void a_program_holds_at_most_its_operations(void **state)
{
    (void)state;
    program_init(&one);
    for (uint32_t i = 0; i < PROGRAM_OPS_MAX; i++) {
        assert_non_null(program_add(&one, OP_POST, 0));
    }
    assert_null(program_add(&one, OP_POST, 0));
    assert_int_equal(program_encode(&one, bytes, sizeof(bytes)), PROGRAM_BINARY_MAX);
    assert_int_equal(program_encode(&one, bytes, sizeof(bytes) - 1), 0);
}

static void fields_are_set_and_read_by_name(void **state)
{
    (void)state;
    program_init(&one);
    assert_true(program_set(&one, "vlan", 42));
    assert_true(program_set(&one, "priority", 7));
    assert_false(program_set(&one, "colour", 1));
    assert_int_equal(program_get(&one, "vlan"), 42);
    assert_int_equal(program_get(&one, "priority"), 7);
    struct program_op *op = program_add(&one, OP_SEG, 1);
    assert_true(op_set(op, "offset", (uint32_t)-5));
    assert_true(op_set(op, "length", 1460));
    assert_int_equal((int32_t)op_get(op, "offset"), -5);
    assert_int_equal(op_get(op, "length"), 1460);
    assert_int_equal(op_get(op, "push"), 0);
}

static void mutation_follows_from_its_seed_and_stays_in_its_room(void **state)
{
    (void)state;
    program_init(&one);
    program_add(&one, OP_POST, 0);
    program_add(&one, OP_SEG, 0);
    size_t length = program_encode(&one, bytes, sizeof(bytes));
    uint32_t different = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        memcpy(again, bytes, length);
        size_t first = program_mutate(again, length, 300, seed);
        static uint8_t third[PROGRAM_BINARY_MAX];
        memcpy(third, bytes, length);
        assert_int_equal(program_mutate(third, length, 300, seed), first);
        assert_memory_equal(again, third, first);
        assert_true(first <= 300);
        different += first != length || memcmp(again, bytes, length) != 0;
        size_t crossed = program_cross(bytes, length, again, first, third, 180, seed);
        assert_true(crossed >= PROGRAM_HEADER_BYTES && crossed <= 180);
    }
    assert_true(different > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_are_a_program_and_print_and_parse_to_themselves),
        cmocka_unit_test(wrong_text_is_refused_with_line_and_expectation),
        cmocka_unit_test(files_are_told_apart_by_their_first_byte),
        cmocka_unit_test(choices_have_room_to_grow),
        cmocka_unit_test(the_mutator_makes_every_operation_and_every_choice),
        cmocka_unit_test(whatever_is_mutated_is_of_the_current_format),
        cmocka_unit_test(a_program_holds_at_most_its_operations),
        cmocka_unit_test(fields_are_set_and_read_by_name),
        cmocka_unit_test(mutation_follows_from_its_seed_and_stays_in_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
