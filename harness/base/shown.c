/* SPDX-License-Identifier: MIT */
#include "base/shown.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TEXTS 8u
#define LONGEST 8400u

static const char *escaped(const char *text, const char *kept)
{
    static char rooms[TEXTS][LONGEST];
    static unsigned next;
    char *room = rooms[next++ % TEXTS];
    size_t length = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at && length + 5 < LONGEST; at++) {
        /* U+0080 to U+009F, two bytes in UTF-8, are controls too. */
        bool high = at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F;
        if ((*at < 0x20 && !strchr(kept, *at)) || *at == 0x7F || high) {
            length += (size_t)snprintf(room + length, 5, "\\x%02x", high ? *++at : *at);
        } else {
            room[length++] = (char)*at;
        }
    }
    room[length] = '\0';
    return room;
}

const char *shown(const char *text)
{
    return escaped(text, "");
}

const char *shown_lines(const char *text)
{
    return escaped(text, "\n\t");
}
