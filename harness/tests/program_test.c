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
        size_t length = next(&dice) % 700;
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
        size_t first = program_mutate(again, length, 200, seed);
        static uint8_t third[PROGRAM_BINARY_MAX];
        memcpy(third, bytes, length);
        assert_int_equal(program_mutate(third, length, 200, seed), first);
        assert_memory_equal(again, third, first);
        assert_true(first <= 200);
        different += first != length || memcmp(again, bytes, length) != 0;
        size_t crossed = program_cross(bytes, length, again, first, third, 120, seed);
        assert_true(crossed >= PROGRAM_HEADER_BYTES && crossed <= 120);
    }
    assert_true(different > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_are_a_program_and_print_and_parse_to_themselves),
        cmocka_unit_test(wrong_text_is_refused_with_line_and_expectation),
        cmocka_unit_test(a_program_holds_at_most_its_operations),
        cmocka_unit_test(fields_are_set_and_read_by_name),
        cmocka_unit_test(mutation_follows_from_its_seed_and_stays_in_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
