/* SPDX-License-Identifier: MIT
 *
 * Numbers as people choose them: "1,4,7-12".
 */
#ifndef REPLAY_RANGES_H
#define REPLAY_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 256u
#define RANGES_NUMBER_MAX 0x7FFFFFFFu

struct ranges {
    uint32_t count; /* 0 = all numbers */
    struct range {
        uint32_t first, last;
        bool met;
    } range[RANGES_MAX];
};

/* False: error is one line with the piece that is wrong, and what was expected. */
bool ranges_parse(const char *text, struct ranges *out, char *error, size_t size);
bool ranges_have(const struct ranges *ranges, uint32_t number);
/* The number was there to be chosen. */
void ranges_meet(struct ranges *ranges, uint32_t number);
/* The first that was not met, or NULL. */
const struct range *ranges_missed(const struct ranges *ranges);

#endif
