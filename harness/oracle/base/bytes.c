/* SPDX-License-Identifier: MIT */
#include "oracle/base/bytes.h"
#include "oracle/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define RING_LEAST 2048u
#define MEMORY_LEAST (16u << 10) /* most streams of a program stay below, and are never moved */

void orc_ring_reset(struct orc_ring *ring)
{
    ring->kept = 0;
    ring->low = 0;
    ring->high = 0;
}

static void copy_in(struct orc_ring *ring, int64_t offset, const uint8_t *bytes, uint32_t length)
{
    uint32_t at = (uint32_t)offset & (ring->size - 1);
    uint32_t first = ring->size - at < length ? ring->size - at : length;
    memcpy(ring->bytes + at, bytes, first);
    if (first < length) {
        memcpy(ring->bytes, bytes + first, length - first);
    }
}

static bool enlarge(struct orc_memory *memory, struct orc_ring *ring, int64_t needed, int64_t end)
{
    uint64_t want = (uint64_t)(end - needed), size = RING_LEAST;
    while (size < want) {
        size *= 2;
    }
    if (size <= ring->size) {
        ring->kept = (uint32_t)size;
        return true;
    }
    uint64_t roomy = ring->size ? 2 * size : MEMORY_LEAST; /* what has moved once moves on */
    uint32_t bytes = (uint32_t)(size > roomy || roomy > ORC_RING_MAX ? size : roomy);
    struct orc_ring grown = {
        .size = bytes, .kept = (uint32_t)size, .low = ring->low, .high = ring->high};
    grown.bytes = size <= ORC_RING_MAX ? orc_take(memory, bytes) : NULL;
    if (!grown.bytes) {
        return false;
    }
    for (int64_t offset = ring->low; offset < ring->high;) {
        uint32_t length;
        const uint8_t *piece = orc_ring_at(ring, offset, (uint32_t)(ring->high - offset), &length);
        copy_in(&grown, offset, piece, length);
        offset += length;
    }
    *ring = grown;
    return true;
}

bool orc_ring_put(struct orc_memory *memory, struct orc_ring *ring, int64_t needed, int64_t offset,
                  const uint8_t *bytes, uint32_t length)
{
    int64_t end = offset + length;
    if (needed < ring->low) {
        needed = ring->low;
    }
    if (offset < ring->low || length == 0) {
        return length == 0;
    }
    if (end - needed > (int64_t)ring->kept && !enlarge(memory, ring, needed, end)) {
        return false;
    }
    copy_in(ring, offset, bytes, length);
    if (end > ring->high) {
        ring->high = end;
    }
    if (ring->high - ring->low > (int64_t)ring->kept) {
        ring->low = ring->high - ring->kept;
    }
    return true;
}

const uint8_t *orc_ring_at(const struct orc_ring *ring, int64_t offset, uint32_t length,
                           uint32_t *contiguous)
{
    uint32_t at = (uint32_t)offset & (ring->size - 1);
    *contiguous = ring->size - at < length ? ring->size - at : length;
    return ring->bytes + at;
}

uint32_t orc_ring_equal(const struct orc_ring *ring, int64_t offset, const uint8_t *bytes,
                        uint32_t length)
{
    for (uint32_t done = 0; done < length;) {
        uint32_t piece;
        const uint8_t *stored = orc_ring_at(ring, offset + done, length - done, &piece);
        if (memcmp(stored, bytes + done, piece) != 0) {
            while (*stored == bytes[done]) {
                stored++;
                done++;
            }
            return done;
        }
        done += piece;
    }
    return length;
}

int64_t orc_ring_find(const struct orc_ring *ring, int64_t from, int64_t to, int64_t near,
                      const uint8_t *bytes, uint32_t length)
{
    if (from < ring->low) {
        from = ring->low;
    }
    if (to > ring->high) {
        to = ring->high;
    }
    int64_t best = -1;
    for (int64_t at = from; length > 0 && at + length <= to; at++) {
        bool nearer = best < 0 || llabs(at - near) < llabs(best - near);
        if (nearer && orc_ring_equal(ring, at, bytes, length) == length) {
            best = at;
        }
    }
    return best;
}

/* Both halves of a product, so that every bit of either factor reaches every bit. */
static uint64_t fold(uint64_t x, uint64_t y)
{
    __uint128_t product = (__uint128_t)x * y;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t orc_hash(uint64_t seed, const uint8_t *bytes, uint32_t length)
{
    uint64_t hash = seed ^ (length * 0x9E3779B97F4A7C15ull), word[2];
    for (; length >= 16; bytes += 16, length -= 16) {
        memcpy(word, bytes, 16);
        hash = fold(hash ^ word[0], word[1] ^ 0xD6E8FEB86659FD93ull);
    }
    uint64_t rest = 0;
    word[0] = 0;
    if (length & 8) {
        memcpy(word, bytes, 8);
        bytes += 8;
    }
    for (uint32_t i = 0; i < (length & 7); i++) {
        rest = rest << 8 | bytes[i];
    }
    return fold(hash ^ word[0] ^ 0xA0761D6478BD642Full, rest ^ 0xD6E8FEB86659FD93ull);
}
