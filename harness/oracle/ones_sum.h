/* SPDX-License-Identifier: MIT
 *
 * One's complement sums, in host byte order: folding and comparing do not depend on the order.
 */
#ifndef ORACLE_ONES_SUM_H
#define ORACLE_ONES_SUM_H

#include <stdint.h>
#include <string.h>

#define ORC_SUM_BLOCK 64u /* bytes that are taken at a time while there are so many */

#ifdef __SSE2__
#include <emmintrin.h>

/* Eight words. The multiplication adds pairs of signed ones, so they are moved into that range
 * first; a sum of 32 bits has room for half a megabyte of them. */
static inline __m128i orc_add_eight(__m128i sum, const uint8_t *bytes)
{
    __m128i words = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    words = _mm_xor_si128(words, _mm_set1_epi16(INT16_MIN));
    return _mm_add_epi32(sum, _mm_madd_epi16(words, _mm_set1_epi16(1)));
}

static inline uint64_t orc_sum_blocks(const uint8_t *bytes, uint32_t blocks)
{
    __m128i a = _mm_setzero_si128(), b = a, c = a, d = a;
    for (uint32_t left = blocks; left; left--, bytes += ORC_SUM_BLOCK) {
        a = orc_add_eight(a, bytes);
        b = orc_add_eight(b, bytes + 16);
        c = orc_add_eight(c, bytes + 32);
        d = orc_add_eight(d, bytes + 48);
    }
    int32_t lane[4];
    a = _mm_add_epi32(_mm_add_epi32(a, b), _mm_add_epi32(c, d));
    _mm_storeu_si128((__m128i *)(void *)lane, a);
    int64_t sum = (int64_t)lane[0] + lane[1] + lane[2] + lane[3];
    return (uint64_t)(sum + (int64_t)blocks * (ORC_SUM_BLOCK / 2) * 0x8000);
}
#else
static inline uint64_t orc_sum_blocks(const uint8_t *bytes, uint32_t blocks)
{
    uint64_t sum = 0;
    uint32_t word[4];
    for (uint32_t i = 0; i < blocks * (ORC_SUM_BLOCK / 16); i++, bytes += 16) {
        memcpy(word, bytes, 16);
        sum += (uint64_t)word[0] + word[1] + word[2] + word[3];
    }
    return sum;
}
#endif

/* Of at most 512 KiB; the last byte of an odd count stands before a zero. */
static inline uint64_t orc_sum_words(const uint8_t *bytes, uint32_t length)
{
    uint64_t sum = 0;
    uint32_t word;
    uint16_t half = 0;
    if (length >= ORC_SUM_BLOCK) {
        sum = orc_sum_blocks(bytes, length / ORC_SUM_BLOCK);
        bytes += length & ~(ORC_SUM_BLOCK - 1);
        length &= ORC_SUM_BLOCK - 1;
    }
    for (; length >= 4; bytes += 4, length -= 4) {
        memcpy(&word, bytes, 4);
        sum += word;
    }
    if (length & 2) {
        memcpy(&half, bytes, 2);
        sum += half;
        bytes += 2;
    }
    if (length & 1) {
        half = 0;
        memcpy(&half, bytes, 1);
        sum += half;
    }
    return sum;
}

#endif
