/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PENDING_MAX 1024u
#define WORDS (PAGE_BYTES / 64)

enum page_state { PAGE_USED = 1, PAGE_OPEN = 2, PAGE_PENDING = 4 }; /* part of some piece; ... */

/* Pieces of like size stand in a row of equal strides, so that the pages behind them are always the
 * same ones. Those never open, and differ for the system from what is before and behind them: then
 * it does not split and join its maps whenever a page opens or closes, which took most of the time.
 * The first of a row stand open when a run begins, all by one call, where the system can close the
 * pages behind them for good (MADV_GUARD_INSTALL, Linux 6.13). */
struct row {
    size_t begin, end; /* from the base */
    size_t stride;     /* the last page of it is nobody's; 0 = as long as the piece needs */
    size_t ahead;      /* open until here when a run begins */
    size_t next, marked;
};

#define ROWS 4u
#define MB ((size_t)1 << 20)
#define ROW_START(begin, end, pages, pieces)                                                       \
    {                                                                                              \
        (begin) * MB, (end)*MB, (pages)*PAGE_BYTES, (begin)*MB + (pieces) * (pages)*PAGE_BYTES,    \
            (begin)*MB, (begin)*MB                                                                 \
    }
static const struct row rows_empty[ROWS] = {
    ROW_START(0, 5120, 2, 192), ROW_START(5120, 5632, 4, 48), ROW_START(5632, 6144, 8, 0),
    ROW_START(6144, 7168, 0, 0)};
_Static_assert(PAGES_BYTES == 7168 * MB, "the rows fill it");
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static struct {
    bool open;
    uint8_t *base;
    uint64_t *taken; /* a bit per byte */
    uint8_t *state;  /* of each page, enum page_state */
    struct row row[ROWS];
    bool inside;                   /* the driver has control */
    uint8_t *pending[PENDING_MAX]; /* their protection follows when the driver gets control */
    uint32_t waiting;
} pages;

bool pages_are_on;

static uint8_t *page_of(const void *address)
{
    return (uint8_t *)((uintptr_t)address & ~(PAGE_BYTES - 1));
}

static size_t offset_of(const void *address)
{
    return (size_t)((const uint8_t *)address - pages.base);
}

static uint8_t *state_of(const void *address)
{
    return &pages.state[offset_of(address) / PAGE_BYTES];
}

static void protect(uint8_t *page, size_t bytes, int how)
{
    if (mprotect(page, bytes, how)) {
        fputs("chimneysweep: page protection: too many pieces (sysctl vm.max_map_count)\n", stderr);
        _Exit(4);
    }
}

/* Pages beside one another that change in the same way, gathered into one call of the system. */
struct change {
    uint8_t *first, *end;
    bool open;
};

static void change_make(struct change *change)
{
    if (change->first != change->end) {
        protect(change->first, (size_t)(change->end - change->first),
                change->open ? PROT_READ | PROT_WRITE : PROT_NONE);
    }
    change->first = change->end;
}

static bool is_nobodys(const uint8_t *page)
{
    return !(*state_of(page) & PAGE_USED);
}

/* Beside what is gathered already? Pages of nobody in between close with the others. */
static bool change_reaches(const struct change *change, const uint8_t *page)
{
    return page == change->end || page + PAGE_BYTES == change->first ||
           (!change->open &&
            ((page == change->end + PAGE_BYTES && is_nobodys(change->end)) ||
             (page + 2 * PAGE_BYTES == change->first && is_nobodys(page + PAGE_BYTES))));
}

static void change_add(struct change *change, uint8_t *page, bool open)
{
    uint8_t *state = state_of(page);
    if (!(*state & PAGE_OPEN) == !open) {
        return;
    }
    *state ^= PAGE_OPEN;
    if (change->first == change->end || open != change->open || !change_reaches(change, page)) {
        change_make(change);
        *change = (struct change){page, page + PAGE_BYTES, open};
    }
    change->first = page < change->first ? page : change->first;
    change->end = page < change->end ? change->end : page + PAGE_BYTES;
}

static void set_open(uint8_t *page, bool open)
{
    struct change change = {0};
    change_add(&change, page, open);
    change_make(&change);
}

/* Nothing of it is taken. */
static bool open_for_good(const uint8_t *page)
{
    const uint64_t *word = &pages.taken[offset_of(page) / 64];
    uint64_t any = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        any |= word[i];
    }
    return any == 0 && (*state_of(page) & PAGE_USED);
}

static void mark(size_t at, size_t count, bool taken)
{
    for (size_t end = at + count; at < end;) {
        size_t from = at % 64, left = end - at, bits = left < 64 - from ? left : 64 - from;
        uint64_t mask = (bits == 64 ? UINT64_MAX : (1ull << bits) - 1) << from;
        uint64_t *word = &pages.taken[at / 64];
        *word = taken ? *word | mask : *word & ~mask;
        at += bits;
    }
}

static void await_driver(uint8_t *page)
{
    uint8_t *state = state_of(page);
    if (!(*state & PAGE_PENDING)) {
        *state |= PAGE_PENDING;
        pages.pending[pages.waiting++] = page;
    }
}

/* Lets the protection of a page follow what is lent of it: now, or while the rig has control before
 * the driver gets it. What the rig lends it touches first. */
static void follow(struct change *change, uint8_t *page, bool taken)
{
    if (pages.inside || pages.waiting == PENDING_MAX) {
        change_add(change, page, open_for_good(page));
    } else {
        await_driver(page);
        if (!taken) {
            change_add(change, page, true);
        }
    }
}

static void pages_own(const void *bytes, size_t count, bool taken)
{
    if (!count) {
        return;
    }
    struct change change = {0};
    mark(offset_of(bytes), count, taken);
    uint8_t *last = page_of((const uint8_t *)bytes + count - 1);
    for (uint8_t *page = page_of(bytes); page <= last; page += PAGE_BYTES) {
        follow(&change, page, taken);
    }
    change_make(&change);
}

void pages_lend(const void *bytes, size_t count)
{
    pages_own(bytes, count, false);
}

void pages_take(const void *bytes, size_t count)
{
    pages_own(bytes, count, true);
}

/* The next place in a row, NULL when it is full. */
static uint8_t *row_add(struct row *row, size_t span)
{
    size_t step = row->stride ? row->stride : span, at = row->next;
    if (step > row->end - at) {
        return NULL;
    }
    row->next += step;
    if (row->stride && row->next > row->marked) {
        madvise(pages.base + row->next - PAGE_BYTES, PAGE_BYTES, MADV_DONTDUMP);
        row->marked = row->next;
    }
    return pages.base + row->next - span;
}

void *pages_alloc(size_t bytes, bool taken)
{
    size_t span = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES;
    uint32_t which = 0;
    if (bytes > PAGES_BYTES) {
        return NULL;
    }
    while (pages.row[which].stride && span > pages.row[which].stride) {
        which++;
    }
    uint8_t *first = row_add(&pages.row[which], span);
    if (!first) {
        return NULL;
    }
    struct change change = {0};
    for (uint8_t *page = first; page < first + span - PAGE_BYTES; page += PAGE_BYTES) {
        *state_of(page) |= PAGE_USED;
        change_add(&change, page, !taken);
    }
    change_make(&change);
    uint8_t *piece = first + span - PAGE_BYTES - bytes;
    memset(pages.taken + offset_of(first) / 64, 0, (span - PAGE_BYTES) / 8);
    mark(offset_of(piece), bytes, taken);
    return piece;
}

size_t pages_used(void)
{
    size_t used = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        used += pages.row[i].next - pages.row[i].begin;
    }
    return used;
}

static void row_open_ahead(const struct row *row, size_t bytes)
{
    if (bytes) {
        protect(pages.base + row->begin, bytes, PROT_READ | PROT_WRITE);
        memset(pages.state + row->begin / PAGE_BYTES, PAGE_OPEN, bytes / PAGE_BYTES);
    }
}

static bool row_mark(struct row *row)
{
    for (; row->marked < row->ahead; row->marked += row->stride) {
        uint8_t *nobodys = pages.base + row->marked + row->stride - PAGE_BYTES;
        if (madvise(nobodys, PAGE_BYTES, MADV_GUARD_INSTALL) ||
            madvise(nobodys, PAGE_BYTES, MADV_DONTDUMP)) {
            return false;
        }
    }
    return true;
}

static void rows_begin(void)
{
    bool can = true;
    memcpy(pages.row, rows_empty, sizeof(pages.row));
    for (uint32_t i = 0; i < ROWS && can; i++) {
        can = row_mark(&pages.row[i]);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        struct row *row = &pages.row[i];
        row->ahead = can ? row->ahead : row->begin;
        row_open_ahead(row, row->ahead - row->begin);
    }
}

static void row_reset(struct row *row)
{
    size_t used = row->next - row->begin;
    struct change change = {0};
    for (size_t at = row->ahead; at < row->next; at += PAGE_BYTES) {
        change_add(&change, pages.base + at, false);
    }
    change_make(&change);
    memset(pages.state + row->begin / PAGE_BYTES, 0, used / PAGE_BYTES);
    size_t ahead = used < row->ahead - row->begin ? used : row->ahead - row->begin;
    row_open_ahead(row, ahead);
    row->next = row->begin;
}

void pages_reset(void)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        row_reset(&pages.row[i]);
    }
    pages.waiting = 0;
    pages.inside = false;
}

void pages_give_control(bool driver)
{
    struct change change = {0};
    for (uint32_t i = 0; driver && i < pages.waiting; i++) {
        uint8_t *page = pages.pending[i];
        *state_of(page) &= (uint8_t)~PAGE_PENDING;
        change_add(&change, page, open_for_good(page));
    }
    change_make(&change);
    pages.waiting = driver ? 0 : pages.waiting;
    pages.inside = driver;
}

bool pages_guarded(const void *address)
{
    const uint8_t *at = address;
    return pages_are_on && at >= pages.base && at < pages.base + PAGES_BYTES;
}

bool pages_foreign(const void *address)
{
    size_t at = offset_of(address);
    return !(*state_of(address) & PAGE_USED) || (pages.taken[at / 64] >> (at % 64) & 1);
}

bool pages_until_driver(void *page, bool anyway)
{
    set_open(page, true);
    bool room = pages.waiting < PENDING_MAX && (anyway || !pages.inside);
    if (room) {
        await_driver(page);
    }
    return room;
}

void pages_for_now(void *page)
{
    set_open(page, true);
}

void pages_as_lent(void *page)
{
    set_open(page, open_for_good(page));
}

bool pages_open(uint8_t *base)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    if (pages.open) {
        return true;
    }
    pages.taken = mmap(NULL, PAGES_BYTES / 8, PROT_READ | PROT_WRITE, flags, -1, 0);
    pages.state = mmap(NULL, PAGES_BYTES / PAGE_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (pages.taken == MAP_FAILED || pages.state == MAP_FAILED ||
        mprotect(base, PAGES_BYTES, PROT_NONE)) {
        return false;
    }
    madvise(base, PAGES_BYTES, MADV_NOHUGEPAGE);
    pages.base = base;
    rows_begin();
    pages.open = true;
    return true;
}

void pages_switch(bool on)
{
    pages_are_on = on && pages.open;
}

void pages_stop(void)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        const struct row *row = &pages.row[i];
        if (row->next > row->begin) {
            protect(pages.base + row->begin, row->next - row->begin, PROT_READ | PROT_WRITE);
        }
    }
    pages_are_on = false;
}
