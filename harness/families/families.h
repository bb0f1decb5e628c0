/* SPDX-License-Identifier: MIT
 *
 * Families: changes of a program that do not change what a driver owes. A right driver passes the
 * changed program as it passed the first, and a wrong one is still found wrong.
 */
#ifndef FAMILIES_FAMILIES_H
#define FAMILIES_FAMILIES_H

#include "program/program.h"

struct family {
    const char *name, *what;
    /* Makes the changed program. Why this one cannot be changed so, or NULL when it was done. */
    const char *(*apply)(const struct program *in, struct program *out);
    const char *missing; /* what programs cannot say yet, so that the family cannot be made */
};

const struct family *families(uint32_t *count);
/* By a name of so many bytes; NULL when there is none. */
const struct family *family_find(const char *name, size_t length);

#endif
