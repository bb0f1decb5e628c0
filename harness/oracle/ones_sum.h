/* SPDX-License-Identifier: MIT
 *
 * One's complement sums, in host byte order: folding and comparing do not depend on the order.
 */
#ifndef ORACLE_ONES_SUM_H
#define ORACLE_ONES_SUM_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>

/* Sixteen bytes at a time. The multiplication adds pairs of signed words, so the words are moved
 * into that range first; a sum of 32 bits has room for half a megabyte of them. */
static inline uint64_t orc_sum_blocks(const uint8_t *bytes, uint32_t blocks)
{
    const __m128i one = _mm_set1_epi16(1), middle = _mm_set1_epi16(INT16_MIN);
    __m128i a = _mm_setzero_si128(), b = a;
    uint32_t i = 0;
    for (; i + 2 <= blocks; i += 2, bytes += 32) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)bytes);
        __m128i y = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16));
        a = _mm_add_epi32(a, _mm_madd_epi16(_mm_xor_si128(x, middle), one));
        b = _mm_add_epi32(b, _mm_madd_epi16(_mm_xor_si128(y, middle), one));
    }
    if (i < blocks) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)bytes);
        a = _mm_add_epi32(a, _mm_madd_epi16(_mm_xor_si128(x, middle), one));
    }
    int32_t lane[4];
    _mm_storeu_si128((__m128i *)(void *)lane, _mm_add_epi32(a, b));
    int64_t sum = (int64_t)lane[0] + lane[1] + lane[2] + lane[3];
    return (uint64_t)(sum + (int64_t)blocks * 8 * 0x8000);
}
#else
static inline uint64_t orc_sum_blocks(const uint8_t *bytes, uint32_t blocks)
{
    uint64_t sum = 0;
    uint32_t word[4];
    for (uint32_t i = 0; i < blocks; i++, bytes += 16) {
        memcpy(word, bytes, 16);
        sum += (uint64_t)word[0] + word[1] + word[2] + word[3];
    }
    return sum;
}
#endif

/* Of at most 512 KiB; the last byte of an odd count stands before a zero. */
static inline uint64_t orc_sum_words(const uint8_t *bytes, uint32_t length)
{
    uint64_t sum = length >= 16 ? orc_sum_blocks(bytes, length / 16) : 0;
    uint32_t word;
    uint16_t half = 0;
    for (bytes += length & ~15u, length &= 15; length >= 4; bytes += 4, length -= 4) {
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
