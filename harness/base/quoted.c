/* SPDX-License-Identifier: MIT */
#include "base/quoted.h"

#include <stdio.h>
#include <string.h>

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=,+@%-"

void shell_quoted(const char *text, char *out, size_t size)
{
    size_t used = 0;
    if (*text && !text[strspn(text, PLAIN)]) {
        snprintf(out, size, "%s", text);
        return;
    }
    out[used++] = '\'';
    for (; *text && used + 6 < size; text++) {
        const char *as = *text == '\'' ? "'\\''" : (char[]){*text, '\0'};
        memcpy(out + used, as, strlen(as));
        used += strlen(as);
    }
    out[used++] = '\'';
    out[used] = '\0';
}
