/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/waivers.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/shown.h"
#include "cli/cli.h"

#define FILE_MOST ((size_t)1 << 20)

static char *trimmed(char *text)
{
    size_t length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1])) {
        text[--length] = '\0';
    }
    return text + strspn(text, " \t");
}

static bool is_date(const char *text)
{
    struct tm day = {0};
    if (strlen(text) != 10) {
        return false;
    }
    const char *end = strptime(text, "%Y-%m-%d", &day);
    struct tm same = day;
    return end && !*end && timegm(&same) != -1 && same.tm_mday == day.tm_mday &&
           same.tm_mon == day.tm_mon;
}

static bool is_over(const char *expiry)
{
    char today[16];
    struct timespec now;
    struct tm day;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &day);
    strftime(today, sizeof(today), "%Y-%m-%d", &day);
    return strcmp(today, expiry) > 0;
}

/* Of "PATTERN, REASON, YYYY-MM-DD"; a reason may have commas. */
static const char *add_line(struct waivers *waivers, char *line)
{
    char *first = strchr(line, ','), *last = strrchr(line, ',');
    if (!first || first == last) {
        return "expected PATTERN, REASON, YYYY-MM-DD";
    }
    *first = *last = '\0';
    const char *pattern = trimmed(line), *reason = trimmed(first + 1), *expiry = trimmed(last + 1);
    if (!*pattern || !*reason) {
        return *pattern ? "expected a reason" : "expected a pattern";
    }
    if (!is_date(expiry)) {
        return "expected the last day as YYYY-MM-DD at the end";
    }
    struct waiver *grown =
        realloc(waivers->waiver, (waivers->count + 1) * sizeof(waivers->waiver[0]));
    if (!grown) {
        return "no memory";
    }
    waivers->waiver = grown;
    struct waiver *added = &grown[waivers->count++];
    *added = (struct waiver){.pattern = strdup(pattern), .reason = strdup(reason)};
    snprintf(added->expiry, sizeof(added->expiry), "%s", expiry);
    added->expired = is_over(expiry);
    return added->pattern && added->reason ? NULL : "no memory";
}

static bool read_lines(struct waivers *waivers, const char *path, char *text, size_t length)
{
    unsigned number = 1;
    if (memchr(text, '\0', length)) {
        fprintf(stderr, "chimneysweep: %s: expected text, lines of PATTERN, REASON, YYYY-MM-DD\n",
                shown(path));
        return false;
    }
    for (char *line = text; line; number++) {
        char *end = strchr(line, '\n');
        if (end) {
            *end++ = '\0';
        }
        line = trimmed(line);
        const char *wrong = *line && *line != '#' ? add_line(waivers, line) : NULL;
        if (wrong) {
            fprintf(stderr, "chimneysweep: %s:%u: %s\n", shown(path), number, wrong);
            return false;
        }
        line = end;
    }
    return true;
}

bool waivers_read(struct waivers *waivers, const char *path)
{
    size_t length;
    *waivers = (struct waivers){0};
    char *text = path ? (char *)cli_read_file(path, FILE_MOST, &length) : NULL;
    if (!text) {
        return !path;
    }
    text[length] = '\0'; /* the reader keeps a byte for it */
    bool good = read_lines(waivers, path, text, length);
    free(text);
    return good;
}

struct waiver *waivers_find(struct waivers *waivers, const char *difference)
{
    struct waiver *found = NULL;
    for (uint32_t i = 0; i < waivers->count; i++) {
        struct waiver *waiver = &waivers->waiver[i];
        bool fits = fnmatch(waiver->pattern, difference, 0) == 0;
        if (fits && (!found || (found->expired && !waiver->expired))) {
            found = waiver;
        }
    }
    if (found) {
        found->met++;
    }
    return found;
}

void waivers_fini(struct waivers *waivers)
{
    for (uint32_t i = 0; i < waivers->count; i++) {
        free(waivers->waiver[i].pattern);
        free(waivers->waiver[i].reason);
    }
    free(waivers->waiver);
}
