/* SPDX-License-Identifier: MIT
 *
 * Whether a driver's file is for this program: its processor, its headers, its instrumentation, and
 * whether all that it imports is there.
 */
#ifndef WORLD_FIT_H
#define WORLD_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fit {
    char problem[512]; /* what does not fit, and which program or flag does; "" = it fits */
    const char *build; /* the build of the rig into which it fits, or NULL */
};

/* Looks at the bytes of a shared object without running any of its code. */
struct fit fit_judge(const uint8_t *file, size_t size);
/* All names that it imports and that nobody has, as text; "" = none. */
void fit_missing(const uint8_t *file, size_t size, char *out, size_t bytes);

#endif
