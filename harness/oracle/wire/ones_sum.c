/* SPDX-License-Identifier: MIT */
#include "oracle/wire/ones_sum.h"

static uint64_t sum_plain(const uint8_t *bytes, uint32_t blocks)
{
    uint64_t sum = 0;
    uint32_t word[4];
    for (uint32_t i = 0; i < blocks * (ORC_SUM_BLOCK / 16); i++, bytes += 16) {
        memcpy(word, bytes, 16);
        sum += (uint64_t)word[0] + word[1] + word[2] + word[3];
    }
    return sum;
}

static uint64_t (*sum_blocks)(const uint8_t *bytes, uint32_t blocks) = sum_plain;

uint64_t orc_sum_blocks(const uint8_t *bytes, uint32_t blocks)
{
    return sum_blocks(bytes, blocks);
}

#ifdef __x86_64__
#include <sys/platform/x86.h>

void orc_sum_begin(void)
{
    sum_blocks = CPU_FEATURE_ACTIVE(AVX2) ? orc_sum_blocks_avx2 : sum_plain;
}
#else
void orc_sum_begin(void)
{
}
#endif
