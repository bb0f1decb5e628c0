/* SPDX-License-Identifier: MIT
 *
 * Text of strangers (names of files, of functions, reports) as a terminal may have it.
 */
#ifndef BASE_SHOWN_H
#define BASE_SHOWN_H

/* The text with its control characters as \xNN; what is too long is cut. Valid until the eighth
 * call from now. */
const char *shown(const char *text);
/* The same for a text of several lines: their ends, and tabs, stay. */
const char *shown_lines(const char *text);

#endif
