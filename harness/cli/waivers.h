/* SPDX-License-Identifier: MIT
 *
 * Differences between two drivers that are meant: a line for each, with a reason and an end.
 */
#ifndef CLI_WAIVERS_H
#define CLI_WAIVERS_H

#include <stdbool.h>
#include <stdint.h>

struct waiver {
    char *pattern, *reason;
    char expiry[11]; /* YYYY-MM-DD, the last day */
    bool expired;
    uint64_t met; /* differences that it names */
};

struct waivers {
    struct waiver *waiver;
    uint32_t count;
};

#define CLI_WAIVERS_HELP "differences that are meant, a line each: PATTERN, REASON, YYYY-MM-DD"

/* A path of NULL: there are none. False after one line on stderr. */
bool waivers_read(struct waivers *waivers, const char *path);
/* The first one whose pattern (as of a shell) fits, preferring those that still hold; it is
 * counted. NULL: none. */
struct waiver *waivers_find(struct waivers *waivers, const char *difference);
void waivers_fini(struct waivers *waivers);

#endif
