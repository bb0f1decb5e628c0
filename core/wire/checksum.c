/* SPDX-License-Identifier: MIT */
#include "wire/checksum.h"

#include "wire/bytes.h"

#include <string.h>

static uint16_t fold(uint64_t sum)
{
    sum += sum << 32 | sum >> 32; /* the upper half becomes both, with their carry */
    uint32_t half = (uint32_t)(sum >> 32);
    half += half << 16 | half >> 16;
    return (uint16_t)(half >> 16);
}

/* A piece that starts at an odd place contributes with its bytes swapped. */
static void join(struct chim_csum *c, uint64_t piece, size_t length)
{
    uint16_t part = fold(piece);
    if (c->odd) {
        part = (uint16_t)((uint16_t)(part << 8) | (uint16_t)(part >> 8));
    }
    c->sum += part;
    c->odd ^= (uint32_t)(length & 1u);
}

/* Sum of up to seven bytes that start at an even place; by parts of fixed size, so that none of
 * them is a call. */
static uint64_t tail_sum(const uint8_t *p, size_t length)
{
    uint64_t sum = 0;
    if (length & 4u) {
        uint32_t four;
        memcpy(&four, p, 4);
        sum += four;
        p += 4;
    }
    if (length & 2u) {
        uint16_t two;
        memcpy(&two, p, 2);
        sum += two;
        p += 2;
    }
    if (length & 1u) {
        uint16_t one = 0;
        memcpy(&one, p, 1);
        sum += one;
    }
    return sum;
}

void chim_csum_add(struct chim_csum *c, const void *data, size_t length)
{
    const uint8_t *p = data;
    uint64_t sum = 0;
    size_t left = length;
    while (left >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        sum += (word & 0xFFFFFFFFu) + (word >> 32);
        p += 8;
        left -= 8;
    }
    if (left != 0) {
        sum += tail_sum(p, left);
    }
    join(c, sum, length);
}

void chim_csum_copy(struct chim_csum *c, void *to, const void *from, size_t length)
{
    const uint8_t *p = from;
    uint8_t *q = to;
    uint64_t sum = 0;
    size_t left = length;
    while (left >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        memcpy(q, &word, 8);
        sum += (word & 0xFFFFFFFFu) + (word >> 32);
        p += 8;
        q += 8;
        left -= 8;
    }
    if (left != 0) {
        memcpy(q, p, left);
        sum += tail_sum(q, left);
    }
    join(c, sum, length);
}

void chim_csum_pseudo(struct chim_csum *c, const uint8_t *source, const uint8_t *destination,
                      size_t address_bytes, uint32_t length)
{
    uint8_t tail[8] = {0, 0, 0, 0, 0, 0, 0, 6};
    uint64_t sum = 0;
    chim_store32(tail, length);
    for (size_t at = 0; at < address_bytes; at += 4) {
        uint32_t from, to;
        memcpy(&from, source + at, 4);
        memcpy(&to, destination + at, 4);
        sum += (uint64_t)from + to;
    }
    c->sum += sum + tail_sum(tail, 4) + tail_sum(tail + 4, 4);
}

uint16_t chim_csum_fold(const struct chim_csum *c)
{
    return fold(c->sum);
}

void chim_csum_store(const struct chim_csum *c, uint8_t *field)
{
    uint16_t value = (uint16_t)~fold(c->sum);
    memcpy(field, &value, sizeof(value));
}
