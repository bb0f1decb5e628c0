/* SPDX-License-Identifier: MIT
 *
 * Physical ownership by page protection, for drivers that were built without instrumentation. Each
 * piece of guest memory has pages of its own and ends where its last page ends; a page with a byte
 * that is not lent to the driver is closed. An access to it stops at that instruction: the driver's
 * own, or one of a library that the driver called, is its death; the rig's, and the driver's to the
 * bytes of the page that are its own, goes on.
 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES ((size_t)4096)
#define PAGES_BYTES ((size_t)7 << 30)

/* Takes [base, base + PAGES_BYTES) over, all of it closed. False: the system has no room for the
 * map of what is lent, or refuses to protect pages. */
bool pages_open(uint8_t *base);
/* Whether the runs from the next rewinding on are guarded so. */
void pages_switch(bool on);
bool pages_on(void);

/* Closes everything again, and forgets what was there. */
void pages_reset(void);
/* A new piece, all of it lent. NULL: no room. */
void *pages_alloc(size_t bytes);
/* Bytes that all pieces take, with what lies between them. */
size_t pages_used(void);
void pages_lend(const void *bytes, size_t count);
void pages_take(const void *bytes, size_t count);

/* The driver gets or gives control. While the rig has it, it may touch everything, and pages open
 * and close at once only when it is the driver's again. */
void pages_control(bool driver);

/* Opens everything: the run is over, and its remains are to be read. */
void pages_stop(void);
/* Takes the signals of accesses and single steps over from whoever handles them now, who gets those
 * that are deaths. */
void pages_catch(void);

/* The driver's code: an access from there is the driver's. */
void pages_driver_code(const void *base, const void *begin, const void *end);
bool pages_in_driver(const void *code);
/* The place of a piece of its code in its file, as addr2line wants it. */
uint64_t pages_driver_offset(const void *code);

#endif
