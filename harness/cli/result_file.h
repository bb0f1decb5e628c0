/* SPDX-License-Identifier: MIT
 *
 * Files that commands write. One is opened before anything is run, so that a path which cannot be
 * written is refused then; it appears under its name when it is whole, and else not at all.
 */
#ifndef CLI_RESULT_FILE_H
#define CLI_RESULT_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct result_file {
    FILE *out; /* NULL: none is wanted */
    const char *path;
    char *target;  /* without links */
    char *made;    /* the file's name until it is whole; NULL: its own */
    bool nameless; /* no name leads to it yet */
};

/* A path of NULL: none is wanted. False after one line on stderr. */
bool result_open(struct result_file *file, const char *path);
/* False after one line on stderr, and nothing is left of it then. */
bool result_close(struct result_file *file);
/* Nothing is left of it. */
void result_drop(struct result_file *file);

#endif
