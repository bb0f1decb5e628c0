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
extern bool pages_are_on __attribute__((visibility("hidden"))); /* read only */
static inline bool pages_on(void)
{
    return __builtin_expect(pages_are_on, false);
}

/* Closes everything again, and forgets what was there. */
void pages_reset(void);
/* A new piece, all of it lent or all of it taken. NULL: no room. */
void *pages_alloc(size_t bytes, bool taken);
/* Bytes that all pieces take, with what lies between them. */
size_t pages_used(void);
void pages_lend(const void *bytes, size_t count);
void pages_take(const void *bytes, size_t count);

/* The driver gets or gives control. While the rig has it, it may touch everything, and pages open
 * and close at once only when it is the driver's again. */
void pages_give_control(bool driver);
static inline void pages_control(bool driver)
{
    if (pages_on()) {
        pages_give_control(driver);
    }
}

/* Opens everything: the run is over, and its remains are to be read. */
void pages_stop(void);
/* ---- For who handles an access that was stopped (base/stops.c) ---- */
bool pages_guarded(const void *address);
/* Is the byte not the driver's? */
bool pages_foreign(const void *address);
/* Opens a page until the driver gets control; false: the driver has it, and it is open for now. */
bool pages_until_driver(void *page, bool anyway);
void pages_for_now(void *page);
/* Lets the protection follow what is lent of it again. */
void pages_as_lent(void *page);

#endif
