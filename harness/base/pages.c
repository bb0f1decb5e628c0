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
#define LOOSE_MAX 256u
#define PATIENCE 16u     /* single steps of the rig on one page before it is left open */
#define STACK_WORDS 512u /* looked through for who called a library */
#define TRAP_FLAG ((greg_t)0x100)
#define WORDS (PAGE_BYTES / 64)

struct range {
    const uint8_t *begin, *end;
};

static struct {
    bool on;
    uint8_t *base;
    size_t size;
    uint64_t *taken; /* a bit per byte */
    uint8_t *used;   /* a byte per page: part of some piece */
    struct range driver, rig;
    const uint8_t *driver_base;
    uint8_t *stepped[STEPPED_MAX];
    uint32_t stepping;
    uint8_t *loose[LOOSE_MAX];
    uint32_t loosened;
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

static bool inside(const struct range *range, const void *address)
{
    return (const uint8_t *)address >= range->begin && (const uint8_t *)address < range->end;
}

static void protect(uint8_t *page, size_t bytes, bool open)
{
    if (mprotect(page, bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE)) {
        fputs("chimneysweep: page protection: too many pieces (sysctl vm.max_map_count)\n", stderr);
        _Exit(4);
    }
}

static bool open_for_good(const uint8_t *page)
{
    const uint64_t *word = &pages.taken[offset_of(page) / 64];
    uint64_t any = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        any |= word[i];
    }
    return any == 0 && pages.used[offset_of(page) / PAGE_BYTES];
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

/* Lets the protection of a range's pages follow what is lent of them. */
static void follow(const void *bytes, size_t count)
{
    uint8_t *last = page_of((const uint8_t *)bytes + count - 1);
    for (uint8_t *page = page_of(bytes); page <= last; page += PAGE_BYTES) {
        protect(page, PAGE_BYTES, open_for_good(page));
    }
}

void pages_lend(const void *bytes, size_t count)
{
    if (count) {
        mark(offset_of(bytes), count, false);
        follow(bytes, count);
    }
}

void pages_take(const void *bytes, size_t count)
{
    if (count) {
        mark(offset_of(bytes), count, true);
        follow(bytes, count);
    }
}

void pages_use(const void *piece, size_t count)
{
    uint8_t *first = page_of(piece), *last = page_of((const uint8_t *)piece + count - 1);
    size_t span = (size_t)(last - first) + PAGE_BYTES;
    memset(&pages.used[offset_of(first) / PAGE_BYTES], 1, span / PAGE_BYTES);
    protect(first, span, true);
}

void pages_reset(size_t used)
{
    if (used) {
        protect(pages.base, used, false);
        memset(pages.taken, 0, used / 8);
        memset(pages.used, 0, used / PAGE_BYTES);
    }
    pages.stepping = pages.loosened = pages.patience = 0;
}

void pages_settle(void)
{
    while (pages.loosened) {
        uint8_t *page = pages.loose[--pages.loosened];
        protect(page, PAGE_BYTES, open_for_good(page));
    }
    pages.patience = 0;
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

/* Opens a page for one instruction, or for the rig until it is done. */
static void open_once(uint8_t *page, bool driver, ucontext_t *at)
{
    protect(page, PAGE_BYTES, true);
    if (!driver && page == pages.patient && ++pages.patience > PATIENCE &&
        pages.loosened < LOOSE_MAX) {
        pages.loose[pages.loosened++] = page;
        return;
    }
    if (page != pages.patient) {
        pages.patient = page;
        pages.patience = 0;
    }
    pages.stepped[pages.stepping++] = page;
    at->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_segv(int number, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    const uint8_t *address = info->si_addr;
    bool guest = address >= pages.base && address < pages.base + pages.size;
    bool driver = guest && by_driver(at);
    bool foreign =
        guest && (!pages.used[offset_of(address) / PAGE_BYTES] ||
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
        protect(page, PAGE_BYTES, open_for_good(page));
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

bool pages_open(uint8_t *base, size_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    pages.taken = mmap(NULL, size / 8, PROT_READ | PROT_WRITE, flags, -1, 0);
    pages.used = mmap(NULL, size / PAGE_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (pages.taken == MAP_FAILED || pages.used == MAP_FAILED || mprotect(base, size, PROT_NONE)) {
        return false;
    }
    madvise(base, size, MADV_NOHUGEPAGE);
    pages.base = base;
    pages.size = size;
    pages.on = true;
    dl_iterate_phdr(find_rig, NULL);
    return true;
}

void pages_stop(void)
{
    protect(pages.base, pages.size, true);
    pages.on = false;
}

void pages_catch(void)
{
    struct sigaction segv = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction trap = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &segv, &pages.segv_before);
    sigaction(SIGTRAP, &trap, &pages.trap_before);
}
