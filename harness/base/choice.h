/* SPDX-License-Identifier: MIT
 *
 * Choice lists: things of which one is named in a program. A list is a macro of rows, one for each
 * choice, and has its one home beside the code that does what the choices say:
 *
 *     #define FRUITS(X)                                  \
 *         X(FRUIT_APPLE, "apple", "the ordinary one", 3) \
 *         X(FRUIT_PEAR, "pear", "keeps badly", 4)
 *     enum fruit { FRUITS(CHOICE_VALUE) };
 *
 * A row is the enumerator that switches use, the word of the text form, what it means, and what it
 * stands for where it stands for a number. The first row is the ordinary case. The place of a row
 * is its number in the binary form: new rows go to the end, and none goes away.
 */
#ifndef BASE_CHOICE_H
#define BASE_CHOICE_H

#include <stdint.h>

struct choice {
    const char *name;
    const char *meaning;
    int64_t parameter;
};

struct choice_list {
    const struct choice *choice;
    uint32_t count;
};

#define CHOICE_VALUE(value, ...) value,
/* A row as a struct choice: with its number, or without what only its own code can read. */
#define CHOICE_NUMBER(value, name, meaning, number, ...) [value] = {name, meaning, number},
#define CHOICE_WORDS(value, name, meaning, ...) [value] = {name, meaning, 0},

#endif
