/* SPDX-License-Identifier: MIT
 *
 * What becomes of an access to a guarded page: a death, or a step that goes on.
 */
#ifndef BASE_STOPS_H
#define BASE_STOPS_H

#include <stdbool.h>
#include <stdint.h>

/* Takes the signals of accesses and single steps over from whoever handles them now, who gets those
 * that are deaths. */
void stops_catch(void);

/* The driver's code: an access from there is the driver's. */
void stops_driver_code(const void *base, const void *begin, const void *end);
bool stops_in_driver(const void *code);
/* The place of a piece of its code in its file, as addr2line wants it. */
uint64_t stops_driver_offset(const void *code);

#endif
