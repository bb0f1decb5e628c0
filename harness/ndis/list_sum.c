/* SPDX-License-Identifier: MIT
 *
 * A sum that shows whether bytes were changed while somebody else had them to read. It is taken of
 * everything that the host sends, so that processors with wider vectors use them.
 */
#include <string.h>

#include "ndis/internal.h"

#define BLOCK 32u

uint64_t list_sum;

typedef uint64_t sum_lanes __attribute__((vector_size(BLOCK)));

struct block_sum {
    sum_lanes lane, key;
};

static const uint64_t step = 0x9e3779b97f4a7c15u;

/* Four lanes of 32-bit products, which processors have in vectors. Each block has a key of its own,
 * so that blocks that change places show. */
static inline __attribute__((always_inline)) void sum_blocks(struct block_sum *sum,
                                                             const uint8_t *at, size_t blocks)
{
    sum_lanes lane = sum->lane, key = sum->key;
    for (; blocks; at += BLOCK, blocks--, key += step) {
        sum_lanes word;
        memcpy(&word, at, sizeof(word));
        sum_lanes keyed = word ^ key;
        lane += (keyed & 0xFFFFFFFFu) * (keyed >> 32) + word;
    }
    sum->lane = lane;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void sum_blocks_wide(struct block_sum *sum,
                                                            const uint8_t *at, size_t blocks)
{
    sum_blocks(sum, at, blocks);
}

static bool wide(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
#define sum_blocks_wide sum_blocks
static bool wide(void)
{
    return false;
}
#endif

void list_sum_span(const void *bytes, size_t count)
{
    const uint8_t *at = bytes;
    struct block_sum sum = {{list_sum, 1, 2, 3}, {step, ~step, step >> 1, ~step >> 1}};
    size_t blocks = count / BLOCK;
    if (blocks > 1 && wide()) {
        sum_blocks_wide(&sum, at, blocks);
    } else {
        sum_blocks(&sum, at, blocks);
    }
    at += blocks * BLOCK;
    count -= blocks * BLOCK;
    list_sum = 0;
    for (int i = 0; i < 4; i++) {
        list_sum = (list_sum ^ sum.lane[i]) * step;
        list_sum ^= list_sum >> 29;
    }
    for (; count; at += 8, count -= count < 8 ? count : 8) {
        uint64_t word = 0;
        memcpy(&word, at, count < 8 ? count : 8);
        list_sum = (list_sum ^ word ^ count) * step;
        list_sum ^= list_sum >> 32;
    }
}
