/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/stops.h"

#include <link.h>
#include <signal.h>
#include <ucontext.h>

#include "base/pages.h"

#define STEPPED_MAX 4u   /* pages that one instruction may touch */
#define PATIENCE 16u     /* single steps of the rig on one page before it is left open */
#define STACK_WORDS 512u /* looked through for who called a library */
#define TRAP_FLAG ((greg_t)0x100)

struct range {
    const uint8_t *begin, *end;
};

static struct {
    struct range driver, rig;
    const uint8_t *driver_base;
    uint8_t *stepped[STEPPED_MAX];
    uint32_t stepping;
    const uint8_t *patient;
    uint32_t patience;
    struct sigaction segv_before, trap_before;
} stops;

static bool inside(const struct range *range, const void *address)
{
    return (const uint8_t *)address >= range->begin && (const uint8_t *)address < range->end;
}

bool stops_in_driver(const void *code)
{
    return inside(&stops.driver, code);
}

uint64_t stops_driver_offset(const void *code)
{
    return (uint64_t)((const uint8_t *)code - stops.driver_base);
}

/* A library has no opinion of its own: the nearest of its callers counts. */
static bool by_driver(const ucontext_t *at)
{
    const void *code = (const void *)at->uc_mcontext.gregs[REG_RIP];
    const uintptr_t *stack = (const void *)at->uc_mcontext.gregs[REG_RSP];
    if (stops_in_driver(code) || inside(&stops.rig, code)) {
        return stops_in_driver(code);
    }
    for (uint32_t i = 0; i < STACK_WORDS; i++) {
        if (stops_in_driver((const void *)stack[i])) {
            return true;
        }
        if (inside(&stops.rig, (const void *)stack[i])) {
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

/* Opens a page for one instruction, or for the rig until the driver gets control. In a call of the
 * driver's that is short the rig steps, but not without end. */
static void open_once(uint8_t *page, bool driver, ucontext_t *at)
{
    stops.patience = page == stops.patient ? stops.patience + 1 : 0;
    stops.patient = page;
    if (!driver && pages_until_driver(page, stops.patience > PATIENCE)) {
        return;
    }
    pages_for_now(page);
    stops.stepped[stops.stepping++] = page;
    at->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_segv(int number, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    uintptr_t address = (uintptr_t)info->si_addr;
    bool guest = pages_guarded(info->si_addr), driver = guest && by_driver(at);
    if (!guest || (driver && pages_foreign(info->si_addr)) || stops.stepping == STEPPED_MAX) {
        stops.stepping = 0;
        pass_on(&stops.segv_before, number, info, context);
        return;
    }
    open_once((uint8_t *)(address & ~(PAGE_BYTES - 1)), driver, at);
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    if (!stops.stepping) {
        pass_on(&stops.trap_before, number, info, context);
        return;
    }
    while (stops.stepping) {
        pages_as_lent(stops.stepped[--stops.stepping]);
    }
    at->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static int find_rig(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    for (uint32_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            stops.rig.begin = (const uint8_t *)info->dlpi_addr + part->p_vaddr;
            stops.rig.end = stops.rig.begin + part->p_memsz;
        }
    }
    return 1; /* the program itself comes first */
}

void stops_driver_code(const void *base, const void *begin, const void *end)
{
    stops.driver_base = base;
    stops.driver = (struct range){begin, end};
}

void stops_catch(void)
{
    dl_iterate_phdr(find_rig, NULL);
    struct sigaction segv = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction trap = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &segv, &stops.segv_before);
    sigaction(SIGTRAP, &trap, &stops.trap_before);
}
