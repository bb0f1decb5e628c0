/* SPDX-License-Identifier: MIT */
#include "base/payload.h"

#include <stdbool.h>
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

struct words {
    uint64_t seed, index, flip;
};

/* Each word independent of the other, so that vectors can make several at once. */
static inline __attribute__((always_inline)) void fill_words(uint8_t *out, struct words first,
                                                             uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        uint64_t word = word_at(first.seed, first.index + i) ^ first.flip;
        memcpy(out + 8 * (size_t)i, &word, 8);
    }
}

#ifdef __x86_64__
/* Products of 64 bits in vectors came late: without them single words are as fast. */
__attribute__((target("avx512dq,avx512vl"))) static void
fill_words_wide(uint8_t *out, struct words first, uint32_t words)
{
    fill_words(out, first, words);
}

static bool wide(void)
{
    return __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
#define fill_words_wide fill_words
static bool wide(void)
{
    return false;
}
#endif

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
    struct words first = {seed, index, flip};
    if (words > 16 && wide()) {
        fill_words_wide(out + done, first, words);
    } else {
        fill_words(out + done, first, words);
    }
    index += words;
    done += words * 8;
    if (done < length) {
        uint64_t word = word_at(seed, index) ^ flip;
        memcpy(out + done, &word, length - done);
    }
}
