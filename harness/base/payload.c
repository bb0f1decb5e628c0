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
    uint64_t index = offset / 8;
    uint32_t skip = (uint32_t)(offset % 8), done = 0;
    if (skip && length) { /* the rest of the word that the offset stands in */
        uint64_t word = word_at(seed, index++) ^ flip;
        done = 8 - skip < length ? 8 - skip : length;
        memcpy(out, (const uint8_t *)&word + skip, done);
    }
    uint32_t words = (length - done) / 8;
    for (; words >= 4; words -= 4, index += 4, done += 32) { /* each independent of the other */
        uint64_t word[4];
        for (uint32_t i = 0; i < 4; i++) {
            word[i] = word_at(seed, index + i) ^ flip;
        }
        memcpy(out + done, word, 32);
    }
    for (; words; words--, done += 8) {
        uint64_t word = word_at(seed, index++) ^ flip;
        memcpy(out + done, &word, 8);
    }
    if (done < length) {
        uint64_t word = word_at(seed, index) ^ flip;
        memcpy(out + done, &word, length - done);
    }
}
