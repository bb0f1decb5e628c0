/* SPDX-License-Identifier: MIT */
#include "base/payload.h"

#include <string.h>

/* Eight bytes of a stream at a multiple of eight: one multiply and two shifts (splitmix finaliser),
 * so neighbouring words share no pattern. */
static uint64_t word_at(uint64_t seed, uint64_t index)
{
    uint64_t x = (index + seed) * 0x9e3779b97f4a7c15u;
    x ^= x >> 29;
    x *= 0xbf58476d1ce4e5b9u;
    return x ^ (x >> 32);
}

void payload_fill(uint8_t *out, uint32_t conn, enum payload_direction direction, uint64_t offset,
                  uint32_t length, uint8_t variant)
{
    uint64_t seed = ((uint64_t)conn * 2u + (uint64_t)direction + 1u) << 40;
    uint64_t flip = variant * 0x0101010101010101u;
    uint32_t done = 0;
    uint64_t index = offset / 8;
    if (offset % 8 == 0) { /* the common case: whole words, each independent of the other */
        for (; done + 8 <= length; done += 8) {
            uint64_t word = word_at(seed, index++) ^ flip;
            memcpy(out + done, &word, 8);
        }
    }
    while (done < length) {
        uint64_t word = word_at(seed, (offset + done) / 8) ^ flip;
        uint32_t skip = (uint32_t)((offset + done) % 8);
        uint32_t take = 8 - skip < length - done ? 8 - skip : length - done;
        memcpy(out + done, (const uint8_t *)&word + skip, take);
        done += take;
    }
}
