/* SPDX-License-Identifier: MIT
 *
 * What a driver prints. It goes to memory of a bounded size, not between the lines of the rig; the
 * parent shows the beginning of it on stderr.
 */
#ifndef PROGRAM_OUTPUT_H
#define PROGRAM_OUTPUT_H

#include <stdbool.h>

/* In the parent, before the child is made. False: there is none, and nothing is kept apart. */
bool output_open(void);
/* In the child: from here on. */
void output_begin(void);
/* In the child: the rig itself speaks to its own stdout and stderr, until it is done. */
void output_rig(bool speaks);
/* In the child, at its end: files may be written again. */
void output_end(void);
/* In the parent, after the child's end. */
void output_show(void);

/* In the parent: what the following children print is let go. */
void output_quiet(bool quiet);
/* A process that was forked has a file of its own. */
void output_apart(void);

#endif
