/* SPDX-License-Identifier: MIT
 *
 * Byte storage of a stream by absolute offset: a ring that grows by doubling. How much of the past
 * it keeps follows from one offload alone, though its memory may be an earlier one's. Storage
 * only; which bytes are meaningful is the ledger's business.
 */
#ifndef ORACLE_BASE_BYTES_H
#define ORACLE_BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

struct orc_memory;

struct orc_ring {
    uint8_t *bytes;
    uint32_t size; /* of the memory, a power of two, or 0 */
    uint32_t kept; /* bytes that are kept, a power of two up to that */
    int64_t low;   /* bytes below are forgotten */
    int64_t high;  /* end of what was ever written */
};

#define ORC_RING_MAX (64u << 20)

/* Nothing is stored any more; the memory stays. */
void orc_ring_reset(struct orc_ring *ring);
/* Stores bytes at an offset; nothing at or above `needed` may be overwritten by them. False when
 * they would not fit or memory is short: nothing was stored. */
bool orc_ring_put(struct orc_memory *memory, struct orc_ring *ring, int64_t needed, int64_t offset,
                  const uint8_t *bytes, uint32_t length);
/* The longest contiguous stored piece that begins at offset, at most length bytes. */
const uint8_t *orc_ring_at(const struct orc_ring *ring, int64_t offset, uint32_t length,
                           uint32_t *contiguous);
/* Compares; returns the count of leading equal bytes. */
uint32_t orc_ring_equal(const struct orc_ring *ring, int64_t offset, const uint8_t *bytes,
                        uint32_t length);
/* Where the bytes stand within [from, to), nearest to `near`; -1 when nowhere. */
int64_t orc_ring_find(const struct orc_ring *ring, int64_t from, int64_t to, int64_t near,
                      const uint8_t *bytes, uint32_t length);

/* Of any number of bytes; equal for equal seeds and bytes, everywhere. */
uint64_t orc_hash(uint64_t seed, const uint8_t *bytes, uint32_t length);

#endif
