/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/cut.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/pages.h"

#define MAPPINGS 32u

static struct {
    uint8_t *at[MAPPINGS];
    size_t bytes[MAPPINGS];
    struct sigaction before;
    bool caught;
} cut;

bool cut_mend(const void *address)
{
    uint8_t *page = (uint8_t *)((uintptr_t)address & ~(uintptr_t)(PAGE_BYTES - 1));
    for (uint32_t i = 0; i < MAPPINGS; i++) {
        if (cut.at[i] && page >= cut.at[i] && page < cut.at[i] + cut.bytes[i]) {
            return mmap(page, (size_t)(cut.at[i] + cut.bytes[i] - page), PROT_READ,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page;
        }
    }
    return false;
}

/* Another's: it happens again, for whoever was asked before. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (!cut_mend(info->si_addr)) {
        sigaction(number, &cut.before, NULL);
    }
}

void cut_watch(const void *at, size_t bytes)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (uint32_t i = 0; i < MAPPINGS; i++) {
        if (!cut.at[i]) {
            cut.bytes[i] = (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
            cut.at[i] = (uint8_t *)(uintptr_t)at;
            break;
        }
    }
    if (!cut.caught) {
        cut.caught = sigaction(SIGBUS, &action, &cut.before) == 0;
    }
}

void cut_forget(const void *at)
{
    for (uint32_t i = 0; i < MAPPINGS; i++) {
        cut.at[i] = cut.at[i] == at ? NULL : cut.at[i];
    }
}
