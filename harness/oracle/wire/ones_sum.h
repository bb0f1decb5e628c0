/* SPDX-License-Identifier: MIT
 *
 * One's complement sums, in host byte order: folding and comparing do not depend on the order.
 */
#ifndef ORACLE_WIRE_ONES_SUM_H
#define ORACLE_WIRE_ONES_SUM_H

#include <stdint.h>
#include <string.h>

#define ORC_SUM_BLOCK 64u /* bytes that are taken at a time while there are so many */

/* Of at most 512 KiB. */
uint64_t orc_sum_blocks(const uint8_t *bytes, uint32_t blocks);
/* The same by ordinary instructions, on any processor. */
uint64_t orc_sum_blocks_plain(const uint8_t *bytes, uint32_t blocks);
/* The same on a processor that has AVX2; elsewhere it must not be called. */
uint64_t orc_sum_blocks_avx2(const uint8_t *bytes, uint32_t blocks);

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
