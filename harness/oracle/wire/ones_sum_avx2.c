/* SPDX-License-Identifier: MIT
 *
 * Built for processors that have AVX2, and called there only (ones_sum.c).
 */
#include "oracle/wire/ones_sum.h"

#ifdef __AVX2__
#include <immintrin.h>

/* Sixteen words. The multiplication adds pairs of signed ones, so they are moved into that range
 * first; a sum of 32 bits has room for half a megabyte of them. */
static inline __m256i add_words(__m256i sum, const uint8_t *bytes)
{
    __m256i words = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    words = _mm256_xor_si256(words, _mm256_set1_epi16(INT16_MIN));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
}

uint64_t orc_sum_blocks_avx2(const uint8_t *bytes, uint32_t blocks)
{
    __m256i a = _mm256_setzero_si256(), b = a;
    for (uint32_t left = blocks; left; left--, bytes += ORC_SUM_BLOCK) {
        a = add_words(a, bytes);
        b = add_words(b, bytes + 32);
    }
    int32_t lane[8];
    _mm256_storeu_si256((__m256i *)(void *)lane, _mm256_add_epi32(a, b));
    int64_t sum = (int64_t)blocks * (ORC_SUM_BLOCK / 2) * 0x8000;
    for (int i = 0; i < 8; i++) {
        sum += lane[i];
    }
    return (uint64_t)sum;
}
#endif
