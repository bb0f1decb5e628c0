/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/arena.h"

#include "base/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GUEST ((uint8_t *)GUEST_BASE)
#define RIG_BASE ((uint8_t *)0x7eb000000000)
#define RIG_SIZE ((size_t)8 << 30)
#define GAP 16u
#define CLASSES 64u /* free lists by size, in granules; larger pieces are not reused */

void __asan_poison_memory_region(void const volatile *addr, size_t size) __attribute__((weak));
void __asan_unpoison_memory_region(void const volatile *addr, size_t size) __attribute__((weak));

void __asan_get_shadow_mapping(size_t *scale, size_t *offset) __attribute__((weak));

#define SHADOW_SHIFT 3u
#define SHADOW_POISON 0xF7
#define SHADED_MAX 4096u /* larger pieces are left to AddressSanitizer */

struct free_piece {
    struct free_piece *next;
};

static struct {
    bool open, reuse;
    enum arena_guard guard;
    uintptr_t shadow; /* AddressSanitizer's, of address 0; 0 = not known */
    size_t guest_next, guest_high, guest_end;
    size_t rig_next;
    struct free_piece *free_list[CLASSES * 4];
} arena;

static size_t round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) & ~(unit - 1);
}

static void find_shadow(void)
{
    size_t shift = 0, offset = 0;
    if (__asan_get_shadow_mapping) {
        __asan_get_shadow_mapping(&shift, &offset);
        arena.shadow = shift == SHADOW_SHIFT ? offset : 0;
    }
}

bool arena_open(void)
{
    if (arena.open) {
        return true;
    }
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *guest = mmap(GUEST, GUEST_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    void *rig = mmap(RIG_BASE, RIG_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (guest != GUEST || rig != RIG_BASE) {
        return false;
    }
    madvise(guest, GUEST_SIZE, MADV_HUGEPAGE);
    find_shadow();
    arena.open = true;
    arena.guest_end = GUEST_SIZE;
    arena.guest_high = GUEST_SIZE >> 6; /* everything that a first run may reach is poisoned */
    arena_rewind(false);
    return true;
}

/* What AddressSanitizer's functions write into the shadow of a piece that begins at a granule of
 * its own, without their preliminaries: most pieces are a few granules, and there are hundreds of
 * them in a run. A last granule that is shared with bytes behind says how many of its first bytes
 * are lent, 0 for all of them. */
__attribute__((no_sanitize("address"), no_builtin("memset"))) static void
shade(uint8_t *shadow, size_t count, bool on)
{
    size_t whole = count >> SHADOW_SHIFT;
    int8_t *last = (int8_t *)shadow + whole, rest = (int8_t)(count & 7);
    for (size_t i = 0; i < whole; i++) {
        shadow[i] = on ? SHADOW_POISON : 0;
    }
    if (rest && on && *last > 0 && rest >= *last) {
        *last = (int8_t)SHADOW_POISON;
    } else if (rest && !on && *last != 0) {
        *last = *last > rest ? *last : rest;
    }
}

static void poison(const void *bytes, size_t count, bool on)
{
    if (arena.guard != GUARD_POISON || !__asan_poison_memory_region) {
        return;
    }
    if (arena.shadow && count < SHADED_MAX && !((uintptr_t)bytes & 7)) {
        shade((uint8_t *)(arena.shadow + ((uintptr_t)bytes >> SHADOW_SHIFT)), count, on);
    } else if (on) {
        __asan_poison_memory_region(bytes, count);
    } else {
        __asan_unpoison_memory_region(bytes, count);
    }
}

void arena_rewind(bool reuse)
{
    poison(GUEST, arena.guest_high, true);
    if (pages_on()) {
        pages_reset();
    }
    arena.guest_next = GAP;
    arena.guest_high = 0;
    memset(RIG_BASE, 0, arena.rig_next);
    arena.rig_next = 0;
    arena.reuse = reuse;
    memset(arena.free_list, 0, sizeof(arena.free_list));
}

static void *reuse_piece(size_t granules, size_t bytes)
{
    if (!arena.reuse || granules >= CLASSES * 4 || !arena.free_list[granules]) {
        return NULL;
    }
    struct free_piece *piece = arena.free_list[granules];
    guest_lend(piece, bytes < sizeof(*piece) ? sizeof(*piece) : bytes);
    arena.free_list[granules] = piece->next;
    return piece;
}

void *guest_alloc(size_t bytes)
{
    size_t size = round_up(bytes ? bytes : 1, ARENA_GRANULE);
    if (pages_on()) {
        return pages_alloc(size, false);
    }
    void *again = reuse_piece(size / ARENA_GRANULE, bytes);
    if (again) {
        return again;
    }
    if (size > arena.guest_end || arena.guest_next + size + GAP > arena.guest_end) {
        return NULL;
    }
    uint8_t *piece = GUEST + arena.guest_next;
    arena.guest_next += size + GAP;
    if (arena.guest_next > arena.guest_high) {
        arena.guest_high = arena.guest_next;
    }
    guest_take(piece, size + GAP);
    guest_lend(piece, bytes);
    return piece;
}

void *guest_handle(void)
{
    if (pages_on()) {
        return pages_alloc(GUEST_HANDLE_BYTES, true);
    }
    void *piece = guest_alloc(GUEST_HANDLE_BYTES);
    if (piece) {
        guest_take(piece, GUEST_HANDLE_BYTES);
    }
    return piece;
}

void guest_free(void *piece, size_t bytes)
{
    size_t granules = round_up(bytes ? bytes : 1, ARENA_GRANULE) / ARENA_GRANULE;
    if (arena.reuse && !pages_on() && granules < CLASSES * 4) {
        struct free_piece *entry = piece;
        guest_lend(entry, sizeof(*entry));
        entry->next = arena.free_list[granules];
        arena.free_list[granules] = entry;
    }
    guest_take(piece, granules * ARENA_GRANULE);
}

size_t guest_used(void)
{
    return pages_on() ? pages_used() : arena.guest_next;
}

void guest_lend(const void *bytes, size_t count)
{
    poison(bytes, count, false);
    if (pages_on()) {
        pages_lend(bytes, count);
    }
}

void guest_take(const void *bytes, size_t count)
{
    poison(bytes, count, true);
    if (pages_on()) {
        pages_take(bytes, count);
    }
}

void guest_fence(const void *bytes, size_t count, bool up)
{
    poison(bytes, count, up);
}

bool arena_instrumented(void)
{
    return __asan_get_shadow_mapping != NULL; /* AFL++'s driver has empty ones of the others */
}

/* Guarded pieces lie behind all others, so that the two can take turns in one process. */
static bool guard_pages(void)
{
    if (!pages_open(GUEST + GUEST_SIZE - PAGES_BYTES)) {
        return false;
    }
    arena.guest_end = GUEST_SIZE - PAGES_BYTES;
    return true;
}

bool arena_guard(enum arena_guard guard)
{
    if (!arena_open() || (guard == GUARD_PAGES && !guard_pages())) {
        return false;
    }
    if (guard != GUARD_POISON) {
        poison(GUEST, arena.guest_high, false);
    }
    pages_switch(guard == GUARD_PAGES);
    arena.guard = guard;
    return true;
}

void *rig_alloc(size_t bytes)
{
    size_t size = round_up(bytes ? bytes : 1, ARENA_GRANULE);
    if (size > RIG_SIZE || arena.rig_next + size > RIG_SIZE) {
        fputs("chimneysweep: rig memory exhausted\n", stderr);
        abort();
    }
    uint8_t *piece = RIG_BASE + arena.rig_next;
    arena.rig_next += size;
    return piece;
}
