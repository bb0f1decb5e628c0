/* SPDX-License-Identifier: MIT */
#include "oracle/wire/ones_sum.h"

#include <stdbool.h>

uint64_t orc_sum_blocks_plain(const uint8_t *bytes, uint32_t blocks)
{
    uint64_t sum = 0;
    uint32_t word[4];
    for (uint32_t i = 0; i < blocks * (ORC_SUM_BLOCK / 16); i++, bytes += 16) {
        memcpy(word, bytes, 16);
        sum += (uint64_t)word[0] + word[1] + word[2] + word[3];
    }
    return sum;
}

#ifdef __x86_64__
/* A bit of a word that the runtime fills before main: as cheap as a pointer of our own, and nothing
 * that an oracle would have to keep. */
static bool newer(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
static bool newer(void)
{
    return false;
}
#endif

uint64_t orc_sum_blocks(const uint8_t *bytes, uint32_t blocks)
{
    return newer() ? orc_sum_blocks_avx2(bytes, blocks) : orc_sum_blocks_plain(bytes, blocks);
}
