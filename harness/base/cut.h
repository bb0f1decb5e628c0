/* SPDX-License-Identifier: MIT
 *
 * Files that lie in memory, and become shorter while they do: what is gone from them reads as zeros
 * instead of ending the process. Whoever mapped the file asks it for its size behind the reading.
 */
#ifndef BASE_CUT_H
#define BASE_CUT_H

#include <stdbool.h>
#include <stddef.h>

/* A mapping; whole pages. At most a few at once: what is over is not watched. Not re-entrant. */
void cut_watch(const void *at, size_t bytes);
void cut_forget(const void *at);
/* In a handler of SIGBUS: whether the address lies in such a mapping, which is mended from there to
 * its end. One that comes later than cut_watch has to ask. */
bool cut_mend(const void *address);

#endif
