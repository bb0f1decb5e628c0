/* SPDX-License-Identifier: MIT
 *
 * Text as one word of a shell's command line.
 */
#ifndef BASE_QUOTED_H
#define BASE_QUOTED_H

#include <stddef.h>

/* As it is where no shell would take it for anything else. What is too long is cut. */
void shell_quoted(const char *text, char *out, size_t size);

#endif
