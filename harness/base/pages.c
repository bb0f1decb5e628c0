/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/pages.h"

#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define STEPPED_MAX 4u /* pages that one instruction may touch */
#define PENDING_MAX 1024u
#define PATIENCE 16u     /* single steps of the rig on one page before it is left open */
#define STACK_WORDS 512u /* looked through for who called a library */
#define TRAP_FLAG ((greg_t)0x100)
#define WORDS (PAGE_BYTES / 64)

enum page_state { PAGE_USED = 1, PAGE_OPEN = 2, PAGE_PENDING = 4 }; /* part of some piece; ... */

struct range {
    const uint8_t *begin, *end;
};

/* Pieces of like size stand in a row of equal strides, so that the pages behind them are always the
 * same ones. Those never open, and differ for the system from what is before and behind them: then
 * it does not split and join its maps whenever a page opens or closes, which took most of the time.
 */
struct row {
    size_t begin, end; /* from the base */
    size_t stride;     /* the last page of it is nobody's; 0 = as long as the piece needs */
    size_t next, marked;
};

#define ROWS 4u
#define MB ((size_t)1 << 20)
static const struct row rows_empty[ROWS] = {{0, 5120 * MB, 2 * PAGE_BYTES, 0, 0},
                                            {5120 * MB, 5632 * MB, 4 * PAGE_BYTES, 0, 0},
                                            {5632 * MB, 6144 * MB, 8 * PAGE_BYTES, 0, 0},
                                            {6144 * MB, 7168 * MB, 0, 0, 0}};
_Static_assert(PAGES_BYTES == 7168 * MB, "the rows fill it");

static struct {
    bool open, on;
    uint8_t *base;
    uint64_t *taken; /* a bit per byte */
    uint8_t *state;  /* of each page, enum page_state */
    struct row row[ROWS];
    bool inside;                   /* the driver has control */
    uint8_t *pending[PENDING_MAX]; /* their protection follows when the driver gets control */
    uint32_t waiting;
    struct range driver, rig;
    const uint8_t *driver_base;
    uint8_t *stepped[STEPPED_MAX];
    uint32_t stepping;
    const uint8_t *patient;
    uint32_t patience;
    struct sigaction segv_before, trap_before;
} pages;

bool pages_on(void)
{
    return pages.on;
}

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

static bool inside(const struct range *range, const void *address)
{
    return (const uint8_t *)address >= range->begin && (const uint8_t *)address < range->end;
}

static void protect(uint8_t *page, size_t bytes, int how)
{
    if (mprotect(page, bytes, how)) {
        fputs("chimneysweep: page protection: too many pieces (sysctl vm.max_map_count)\n", stderr);
        _Exit(4);
    }
}

static void set_open(uint8_t *page, bool open)
{
    uint8_t *state = state_of(page);
    if (!(*state & PAGE_OPEN) == open) {
        protect(page, PAGE_BYTES, open ? PROT_READ | PROT_WRITE : PROT_NONE);
        *state ^= PAGE_OPEN;
    }
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
    for (size_t i = at; i < at + count;) {
        if (i % 64 == 0 && at + count - i >= 64) {
            pages.taken[i / 64] = taken ? UINT64_MAX : 0;
            i += 64;
        } else {
            uint64_t bit = 1ull << (i % 64);
            pages.taken[i / 64] = taken ? pages.taken[i / 64] | bit : pages.taken[i / 64] & ~bit;
            i++;
        }
    }
}

/* Lets the protection of a page follow what is lent of it: now, or while the rig has control before
 * the driver gets it. */
static void follow(uint8_t *page)
{
    uint8_t *state = state_of(page);
    if (pages.inside || (!(*state & PAGE_PENDING) && pages.waiting == PENDING_MAX)) {
        set_open(page, open_for_good(page));
    } else if (!(*state & PAGE_PENDING)) {
        *state |= PAGE_PENDING;
        pages.pending[pages.waiting++] = page;
    }
}

static void pages_own(const void *bytes, size_t count, bool taken)
{
    if (!count) {
        return;
    }
    mark(offset_of(bytes), count, taken);
    uint8_t *last = page_of((const uint8_t *)bytes + count - 1);
    for (uint8_t *page = page_of(bytes); page <= last; page += PAGE_BYTES) {
        follow(page);
    }
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

void *pages_alloc(size_t bytes)
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
    for (uint8_t *page = first; page < first + span - PAGE_BYTES; page += PAGE_BYTES) {
        *state_of(page) |= PAGE_USED;
        set_open(page, true);
    }
    return first + span - PAGE_BYTES - bytes;
}

size_t pages_used(void)
{
    size_t used = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        used += pages.row[i].next - pages.row[i].begin;
    }
    return used;
}

static void row_reset(struct row *row)
{
    size_t used = row->next - row->begin;
    for (size_t at = row->begin; at < row->next; at += PAGE_BYTES) {
        set_open(pages.base + at, false);
    }
    memset(pages.taken + row->begin / 64, 0, used / 8);
    memset(pages.state + row->begin / PAGE_BYTES, 0, used / PAGE_BYTES);
    row->next = row->begin;
}

void pages_reset(void)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        row_reset(&pages.row[i]);
    }
    pages.stepping = pages.waiting = pages.patience = 0;
    pages.patient = NULL;
    pages.inside = false;
}

void pages_control(bool driver)
{
    if (!pages.on) {
        return;
    }
    while (driver && pages.waiting) {
        uint8_t *page = pages.pending[--pages.waiting];
        *state_of(page) &= (uint8_t)~PAGE_PENDING;
        set_open(page, open_for_good(page));
    }
    pages.patience = 0;
    pages.inside = driver;
}

bool pages_in_driver(const void *code)
{
    return inside(&pages.driver, code);
}

uint64_t pages_driver_offset(const void *code)
{
    return (uint64_t)((const uint8_t *)code - pages.driver_base);
}

/* A library has no opinion of its own: the nearest of its callers counts. */
static bool by_driver(const ucontext_t *at)
{
    const void *code = (const void *)at->uc_mcontext.gregs[REG_RIP];
    const uintptr_t *stack = (const void *)at->uc_mcontext.gregs[REG_RSP];
    if (pages_in_driver(code) || inside(&pages.rig, code)) {
        return pages_in_driver(code);
    }
    for (uint32_t i = 0; i < STACK_WORDS; i++) {
        if (pages_in_driver((const void *)stack[i])) {
            return true;
        }
        if (inside(&pages.rig, (const void *)stack[i])) {
            return false;
        }
    }
    return false;
}

static void pass_on(const struct sigaction *before, int number, siginfo_t *info, void *context)
{
    if (before->sa_flags & SA_SIGINFO) {
        before->sa_sigaction(number, info, context);
    } else {
        signal(number, before->sa_handler);
        raise(number);
    }
}

/* Opens a page for one instruction, or for the rig until the driver gets control. */
static void open_once(uint8_t *page, bool driver, ucontext_t *at)
{
    set_open(page, true);
    if (!driver && !pages.inside) {
        follow(page);
        return;
    }
    if (page != pages.patient) {
        pages.patient = page;
        pages.patience = 0;
    }
    if (!driver && ++pages.patience > PATIENCE && pages.waiting < PENDING_MAX) {
        *state_of(page) |= PAGE_PENDING;
        pages.pending[pages.waiting++] = page;
        return;
    }
    pages.stepped[pages.stepping++] = page;
    at->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_segv(int number, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    const uint8_t *address = info->si_addr;
    bool guest = pages.on && address >= pages.base && address < pages.base + PAGES_BYTES;
    bool driver = guest && by_driver(at);
    bool foreign =
        guest && (!(*state_of(address) & PAGE_USED) ||
                  (pages.taken[offset_of(address) / 64] >> (offset_of(address) % 64) & 1));
    if (!guest || (driver && foreign) || pages.stepping == STEPPED_MAX) {
        pass_on(&pages.segv_before, number, info, context);
        return;
    }
    open_once(page_of(address), driver, at);
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    if (!pages.stepping) {
        pass_on(&pages.trap_before, number, info, context);
        return;
    }
    while (pages.stepping) {
        uint8_t *page = pages.stepped[--pages.stepping];
        set_open(page, open_for_good(page));
    }
    at->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static int find_rig(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    for (uint32_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            pages.rig.begin = (const uint8_t *)info->dlpi_addr + part->p_vaddr;
            pages.rig.end = pages.rig.begin + part->p_memsz;
        }
    }
    return 1; /* the program itself comes first */
}

void pages_driver_code(const void *base, const void *begin, const void *end)
{
    pages.driver_base = base;
    pages.driver = (struct range){begin, end};
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
    memcpy(pages.row, rows_empty, sizeof(pages.row));
    for (uint32_t i = 0; i < ROWS; i++) {
        pages.row[i].next = pages.row[i].marked = pages.row[i].begin;
    }
    pages.open = true;
    dl_iterate_phdr(find_rig, NULL);
    return true;
}

void pages_switch(bool on)
{
    pages.on = on && pages.open;
}

void pages_stop(void)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        const struct row *row = &pages.row[i];
        if (row->next > row->begin) {
            protect(pages.base + row->begin, row->next - row->begin, PROT_READ | PROT_WRITE);
        }
    }
    pages.on = false;
}

void pages_catch(void)
{
    struct sigaction segv = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction trap = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &segv, &pages.segv_before);
    sigaction(SIGTRAP, &trap, &pages.trap_before);
}
