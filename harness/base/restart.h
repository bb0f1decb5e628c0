/* SPDX-License-Identifier: MIT
 *
 * Memory at fixed addresses, the rig's and the sanitizers', is not to be had when the system puts
 * something else there at random.
 */
#ifndef BASE_RESTART_H
#define BASE_RESTART_H

#include <stdbool.h>

/* Starts this program again, with its memory where it always is. Returns when that was done before,
 * or cannot be done. Uses system calls alone, so that a sanitizer may call it before it has begun.
 */
void restart_in_place(void);
/* The same if the system moves memory about by more than sanitizers of this compiler bear. */
void restart_if_moved_far(void);

#endif
