/* SPDX-License-Identifier: MIT
 *
 * Sequence numbers: unsigned 32 bits, compared modulo 2^32 (RFC 9293 section 3.4). Intervals are
 * half open.
 */
#ifndef CHIM_TCP_SEQ_H
#define CHIM_TCP_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool chim_seq_lt(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline bool chim_seq_leq(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) <= 0;
}

static inline bool chim_seq_gt(uint32_t a, uint32_t b)
{
    return chim_seq_lt(b, a);
}

static inline bool chim_seq_geq(uint32_t a, uint32_t b)
{
    return chim_seq_leq(b, a);
}

static inline uint32_t chim_min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t chim_max32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

#endif
