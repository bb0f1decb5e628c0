/* SPDX-License-Identifier: MIT
 *
 * The simulated link: what it promises about order, time and each impairment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "link/link.h"

#define MS 1000000ull
#define FRAMES 20000u
#define BYTES 1000u

struct seen {
    uint64_t at_ns[2 * FRAMES];
    uint32_t number[2 * FRAMES];
    uint32_t count, changed;
};

static struct link_options plain(void)
{
    return (struct link_options){
        .seed = 7, .delay_ns = 5 * MS, .bits_per_second = 8000000000ull, .queue_bytes = 1u << 20};
}

static void fill(uint8_t frame[BYTES], uint32_t number)
{
    for (uint32_t i = 0; i < BYTES; i++) {
        frame[i] = (uint8_t)(number * 31 + i);
    }
    memcpy(frame, &number, sizeof(number));
}

static void take_all(struct link *link, uint64_t now, struct seen *seen)
{
    static uint8_t expected[BYTES];
    enum link_way way;
    uint32_t length;
    for (const uint8_t *frame; (frame = link_take(link, now, &way, &length));) {
        uint32_t number = seen->count, differ = 0;
        memcpy(&number, frame, sizeof(number));
        fill(expected, number);
        for (uint32_t i = 0; i < BYTES; i++) {
            differ += frame[i] != expected[i];
        }
        assert_int_equal(way, LINK_TO_TARGET);
        assert_int_equal(length, BYTES);
        seen->changed += differ != 0;
        seen->at_ns[seen->count] = now;
        seen->number[seen->count++] = number;
    }
}

/* A frame every 2 us, each taken when it is due. */
static void link_test_run(const struct link_options *options, struct link *link, struct seen *seen)
{
    static uint8_t frame[BYTES];
    memset(seen, 0, sizeof(*seen));
    link_init(link, options);
    for (uint32_t i = 0; i < FRAMES; i++) {
        uint64_t now = i * 2000ull;
        while (link_next(link) <= now) {
            take_all(link, link_next(link), seen);
        }
        fill(frame, i);
        link_send(link, LINK_TO_TARGET, now, frame, BYTES);
    }
    while (link_next(link) != LINK_NEVER) {
        take_all(link, link_next(link), seen);
    }
}

static struct link link;
static struct seen seen, again;

static void frames_keep_their_order_and_take_their_time(void **state)
{
    (void)state;
    struct link_options options = plain();
    link_test_run(&options, &link, &seen);
    assert_int_equal(seen.count, FRAMES);
    assert_int_equal(seen.changed, 0);
    for (uint32_t i = 0; i < FRAMES; i++) {
        assert_int_equal(seen.number[i], i);
        assert_int_equal(seen.at_ns[i], i * 2000ull + 1000 + 5 * MS); /* 1000 bytes at 8 Gbit/s */
    }
}

static bool about(uint64_t count, uint64_t of_a_million)
{
    uint64_t wanted = FRAMES * of_a_million / 1000000;
    return count > wanted * 8 / 10 && count < wanted * 12 / 10;
}

static void each_impairment_comes_as_often_as_asked(void **state)
{
    (void)state;
    struct link_options options = plain();
    options.rates = (struct link_rates){50000, 40000, 30000, 20000};
    link_test_run(&options, &link, &seen);
    const struct link_counts *counts = &link.counts[LINK_TO_TARGET];
    uint32_t backwards = 0;
    for (uint32_t i = 1; i < seen.count; i++) {
        backwards += seen.number[i] < seen.number[i - 1];
    }
    assert_true(about(counts->lost, 50000));
    assert_true(about(counts->reordered, 40000 * 95 / 100));
    assert_true(about(counts->duplicated, 30000 * 95 / 100));
    assert_true(about(counts->corrupted, 20000 * 95 / 100));
    assert_int_equal(seen.count, FRAMES - counts->lost + counts->duplicated);
    assert_true(backwards > counts->reordered / 2);
    assert_true(seen.changed > 0 && seen.changed <= counts->corrupted);
}

static void the_same_seed_does_the_same_and_another_does_not(void **state)
{
    (void)state;
    struct link_options options = plain();
    options.rates = (struct link_rates){20000, 20000, 10000, 1000};
    link_test_run(&options, &link, &seen);
    link_test_run(&options, &link, &again);
    assert_memory_equal(&seen, &again, sizeof(seen));
    options.seed++;
    link_test_run(&options, &link, &again);
    assert_memory_not_equal(&seen, &again, sizeof(seen));
}

static void one_rate_does_not_shift_what_another_decides(void **state)
{
    (void)state;
    struct link_options options = plain();
    options.rates = (struct link_rates){.loss = 20000};
    link_test_run(&options, &link, &seen);
    options.rates.corrupt = 20000;
    link_test_run(&options, &link, &again);
    assert_int_equal(seen.count, again.count);
    assert_memory_equal(seen.at_ns, again.at_ns, seen.count * sizeof(seen.at_ns[0]));
}

static void a_full_queue_loses(void **state)
{
    (void)state;
    struct link_options options = plain();
    options.bits_per_second = 8000000; /* a frame takes 1 ms */
    options.queue_bytes = 10 * BYTES;
    link_test_run(&options, &link, &seen);
    const struct link_counts *counts = &link.counts[LINK_TO_TARGET];
    assert_true(counts->overflowed > FRAMES / 2);
    assert_int_equal(seen.count, FRAMES - counts->overflowed);
}

int main(void)
{
    if (!arena_open()) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_keep_their_order_and_take_their_time),
        cmocka_unit_test(each_impairment_comes_as_often_as_asked),
        cmocka_unit_test(the_same_seed_does_the_same_and_another_does_not),
        cmocka_unit_test(one_rate_does_not_shift_what_another_decides),
        cmocka_unit_test(a_full_queue_loses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
