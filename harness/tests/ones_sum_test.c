/* SPDX-License-Identifier: MIT
 *
 * One's complement sums of any length, at any place, by each way of taking them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oracle/wire/ones_sum.h"

static uint8_t bytes[70000];

static uint64_t word_by_word(const uint8_t *at, uint32_t length)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint16_t word = 0;
        ((uint8_t *)&word)[i & 1] = at[i];
        sum += word;
    }
    return sum;
}

static void compare_all(void)
{
    for (uint32_t place = 0; place < 17; place++) {
        for (uint32_t length = 0; length < 2000; length++) {
            assert_int_equal(orc_sum_words(bytes + place, length) % 0xFFFF,
                             word_by_word(bytes + place, length) % 0xFFFF);
        }
    }
    uint32_t most = sizeof(bytes);
    assert_int_equal(orc_sum_words(bytes, most) % 0xFFFF, word_by_word(bytes, most) % 0xFFFF);
}

static void every_sum_is_that_of_its_words(void **state)
{
    (void)state;
    uint32_t dice = 1;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        dice = dice * 1664525u + 1013904223u;
        bytes[i] = i < 1500 ? 0xFF : (uint8_t)(dice >> 24); /* carries everywhere */
    }
    compare_all();
    for (uint32_t blocks = 0; blocks < sizeof(bytes) / ORC_SUM_BLOCK; blocks++) {
        assert_int_equal(orc_sum_blocks_plain(bytes, blocks) % 0xFFFF,
                         orc_sum_blocks(bytes, blocks) % 0xFFFF);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_sum_is_that_of_its_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
