/* SPDX-License-Identifier: MIT
 *
 * Amounts with units.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

struct unit {
    const char *name;
    double factor;
};

/* A number with one of these units behind it; the first unit is the one of a bare number. */
static bool amount(const char *text, const struct unit *units, unsigned count, double *out)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (end == text || errno || !isfinite(number) || number < 0) {
        return false;
    }
    if (!*end) {
        *out = number * units[0].factor;
        return true;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!strcmp(end, units[i].name)) {
            *out = number * units[i].factor;
            return true;
        }
    }
    return false;
}

static bool refuse(const char *name, const char *text, const char *expected)
{
    fprintf(stderr, "chimneysweep: %s '%s': expected %s\n", name, text, expected);
    return false;
}

bool cli_bytes(const char *name, const char *text, uint64_t most, uint64_t *out)
{
    static const struct unit units[] = {{"", 1},
                                        {"k", 1024},
                                        {"M", 1024.0 * 1024},
                                        {"G", 1073741824.0},
                                        {"KiB", 1024},
                                        {"MiB", 1024.0 * 1024},
                                        {"GiB", 1073741824.0}};
    double number;
    if (!amount(text, units, sizeof(units) / sizeof(units[0]), &number) || number > (double)most) {
        char expected[80];
        snprintf(expected, sizeof(expected), "bytes, as 4096, 2M or 1.5G, at most %llu",
                 (unsigned long long)most);
        return refuse(name, text, expected);
    }
    *out = (uint64_t)number;
    return true;
}

bool cli_rate(const char *name, const char *text, uint64_t *bits_per_second)
{
    static const struct unit units[] = {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}};
    double number;
    if (!amount(text, units, 4, &number) || number < 1000 || number > 1e12) {
        return refuse(name, text, "bits a second, as 100M, from 1k to 1000G");
    }
    *bits_per_second = (uint64_t)number;
    return true;
}

bool cli_percent(const char *name, const char *text, uint32_t *of_a_million)
{
    static const struct unit units[] = {{"", 1e4}, {"%", 1e4}};
    double number;
    if (!amount(text, units, 2, &number) || number > 5e5) {
        return refuse(name, text, "per cent, as 2 or 0.1, at most 50");
    }
    *of_a_million = (uint32_t)(number + 0.5);
    return true;
}

bool cli_duration(const char *name, const char *text, uint64_t most_ns, uint64_t *ns)
{
    static const struct unit units[] = {{"ms", 1e6}, {"ns", 1}, {"us", 1e3}, {"s", 1e9}};
    double number;
    if (!amount(text, units, 4, &number) || number < 1 || number > (double)most_ns) {
        char expected[80];
        snprintf(expected, sizeof(expected), "a time, as 5ms, 200us or 1s, at most %g s",
                 (double)most_ns / 1e9);
        return refuse(name, text, expected);
    }
    *ns = (uint64_t)number;
    return true;
}
