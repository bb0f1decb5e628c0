/* SPDX-License-Identifier: MIT
 *
 * Memory of a run. Two regions at fixed addresses, each rewound instead of freed piece by piece:
 *
 *   guest  what a driver can see: its allocations, lists, buffers, frames, state trees
 *   rig    what it cannot: bookkeeping of the rig
 *
 * Guest memory is poisoned (AddressSanitizer) unless it is lent to the driver. Pieces are 16-byte
 * aligned with a poisoned gap of at least 16 bytes between them. Freed guest memory is not handed
 * out again within a run unless reuse is on, so a stale pointer always hits poison.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_GRANULE 16u

/* Maps both regions. False when the addresses are taken or memory is short. */
bool arena_open(void);

/* Forgets everything in time proportional to what was used. Reuse serves long runs (benches, big
 * captures); without it every address is used once per run. */
void arena_rewind(bool reuse);

/* Guest memory: returned lent (not poisoned), content undefined; NULL when the region is full. */
void *guest_alloc(size_t bytes);
/* A piece that is never lent: handles are opaque, and reading through one is a report. */
#define GUEST_HANDLE_BYTES 16u
void *guest_handle(void);
/* Poisons the piece; with reuse on it may be handed out again. */
void guest_free(void *piece, size_t bytes);
/* The region's address is the same in every process: free in the maps of plain, ASan and TSan ones.
 */
#define GUEST_BASE ((uintptr_t)0x7e9000000000)
#define GUEST_SIZE ((size_t)8 << 30)
/* True for any address of the region, handed out or not. */
static inline bool guest_contains(const void *pointer)
{
    return (uintptr_t)pointer - GUEST_BASE < GUEST_SIZE;
}
/* Dense index of a granule, for tables beside the region. */
static inline size_t guest_index(const void *pointer)
{
    return ((uintptr_t)pointer - GUEST_BASE) / ARENA_GRANULE;
}
size_t guest_used(void); /* bytes handed out in this run, gaps included */

/* Physical ownership: lend makes bytes accessible, take makes touching them a report. */
void guest_lend(const void *bytes, size_t count);
void guest_take(const void *bytes, size_t count);

/* A fence beside lent bytes, poisoned while it is up. Pages are not closed for it: the bytes beside
 * it would be closed with it. */
void guest_fence(const void *bytes, size_t count, bool up);

/* How ownership is kept, from the next run on. From poison to another way and back is not
 * possible; between pages and off it is. */
enum arena_guard {
    GUARD_POISON, /* by AddressSanitizer, if the driver is built with it */
    GUARD_PAGES,  /* by page protection (base/pages.h), for any driver */
    GUARD_OFF,
};
/* Is this process built with AddressSanitizer? Then it handles accesses itself, and pages are not
 * for it. */
bool arena_instrumented(void);
/* False: the system refuses to protect pages. */
bool arena_guard(enum arena_guard guard);

/* Rig memory: zeroed, never poisoned; aborts the program only when the region (8 GiB) is exhausted.
 */
void *rig_alloc(size_t bytes);

#endif
