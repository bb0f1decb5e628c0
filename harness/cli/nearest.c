/* SPDX-License-Identifier: MIT
 *
 * The ids that someone may have meant who typed one that does not exist.
 */
#include <ctype.h>
#include <string.h>

#include "cli/cli.h"

/* Levenshtein's distance, upper and lower case alike. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[40];
    size_t length = strlen(b);
    for (size_t i = 0; i <= length; i++) {
        row[i] = (unsigned)i;
    }
    for (size_t k = 1; a[k - 1]; k++) {
        unsigned corner = row[0];
        row[0] = (unsigned)k;
        for (size_t i = 1; i <= length; i++) {
            unsigned above = row[i];
            unsigned least = above < row[i - 1] ? above : row[i - 1];
            unsigned same =
                toupper((unsigned char)a[k - 1]) == toupper((unsigned char)b[i - 1]) ? 0 : 1;
            row[i] = corner + same < least + 1 ? corner + same : least + 1;
            corner = above;
        }
    }
    return row[length];
}

static bool taken(const struct oracle_rule *const *out, unsigned found,
                  const struct oracle_rule *rule)
{
    for (unsigned k = 0; k < found; k++) {
        if (out[k] == rule) {
            return true;
        }
    }
    return false;
}

unsigned rules_nearest(const char *name, const struct oracle_rule **out, unsigned room)
{
    uint32_t count;
    unsigned found = 0;
    char typed[40];
    const struct oracle_rule *rules = oracle_rules(&count);
    snprintf(typed, sizeof(typed), "%s", name);
    for (; found < room && found < count; found++) {
        unsigned least = UINT32_MAX;
        const struct oracle_rule *nearest = NULL;
        for (uint32_t i = 0; i < count; i++) {
            unsigned away =
                taken(out, found, &rules[i]) ? UINT32_MAX : distance(typed, rules[i].id);
            if (away < least) {
                least = away;
                nearest = &rules[i];
            }
        }
        out[found] = nearest;
    }
    return found;
}
