/* SPDX-License-Identifier: MIT */
#include "replay/ranges.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ranges_number(const char **at, uint32_t *out)
{
    char *end;
    if (!isdigit((unsigned char)**at)) {
        return false;
    }
    unsigned long long value = strtoull(*at, &end, 10);
    *at = end;
    *out = (uint32_t)value;
    return value <= RANGES_NUMBER_MAX;
}

bool ranges_parse(const char *text, struct ranges *out, char *error, size_t size)
{
    out->count = 0;
    for (const char *at = text;;) {
        const char *piece = at;
        struct range range = {0};
        bool good = ranges_number(&at, &range.first);
        range.last = range.first;
        if (good && *at == '-') {
            at++;
            good = ranges_number(&at, &range.last) && range.last >= range.first;
        }
        if (!good || (*at && *at != ',')) {
            snprintf(error, size,
                     "'%s': at '%.*s': expected numbers and ranges from 0 to %u, as in 1,4,7-12",
                     text, (int)strcspn(piece, ","), piece, RANGES_NUMBER_MAX);
            return false;
        }
        if (out->count == RANGES_MAX) {
            snprintf(error, size, "'%s': more than %u numbers and ranges", text, RANGES_MAX);
            return false;
        }
        out->range[out->count++] = range;
        if (!*at++) {
            return true;
        }
    }
}

static bool in_range(const struct range *range, uint32_t value)
{
    return value >= range->first && value <= range->last;
}

bool ranges_have(const struct ranges *ranges, uint32_t value)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (in_range(&ranges->range[i], value)) {
            return true;
        }
    }
    return !ranges->count;
}

void ranges_meet(struct ranges *ranges, uint32_t value)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        ranges->range[i].met |= in_range(&ranges->range[i], value);
    }
}

const struct range *ranges_missed(const struct ranges *ranges)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (!ranges->range[i].met) {
            return &ranges->range[i];
        }
    }
    return NULL;
}
