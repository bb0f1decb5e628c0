/* SPDX-License-Identifier: MIT */
#include "world/start.h"

#include <stdio.h>

#include "world/driver.h"

#define MAX_FRAME 9018u

static bool refused(struct start *start, const char *what, NDIS_STATUS status)
{
    start->refused = what;
    start->status = status;
    return false;
}

/* The image of a driver whose DriverEntry fails goes away, and its data with it; the driver of an
 * adapter that could not be initialized stays, until the adapter is tried again. */
static bool once_more(const struct world *world, bool *again)
{
    bool more = world->options.start_again && world->trace->end.starved && !*again;
    *again = true;
    return more;
}

static bool loaded(struct world *world, struct start *start, bool *again)
{
    NDIS_STATUS status = nds_load(driver_entry());
    if (status != NDIS_STATUS_SUCCESS && once_more(world, again)) {
        nds_forget_load();
        driver_restore();
        status = nds_load(driver_entry());
    }
    return status == NDIS_STATUS_SUCCESS ||
           refused(start, "DriverEntry failed, or registered no miniport", status);
}

static bool initialized(struct world *world, struct start *start, bool *again)
{
    NDIS_STATUS status = nds_initialize(world->mac, MAX_FRAME);
    if (status != NDIS_STATUS_SUCCESS && once_more(world, again)) {
        status = nds_initialize(world->mac, MAX_FRAME);
    }
    if (status == NDIS_STATUS_SUCCESS) {
        return true;
    }
    nds_unload();
    return refused(start, "MiniportInitializeEx failed", status);
}

bool world_start(struct world *world, struct start *start)
{
    bool again = false;
    if (world->options.fail_start) {
        nds_fault_alloc(world->options.fail_start - 1, 1);
    }
    if (!loaded(world, start, &again) || !initialized(world, start, &again)) {
        return false;
    }
    world->up = true;
    nds_fault_clear();
    nds_restart();
    world_settle(world);
    world_parameters(world, &world->options.parameters);
    return nds_chimney_ready() ||
           refused(start, "the driver registered no handlers of a TCP chimney",
                   NDIS_STATUS_SUCCESS);
}

void start_not_judged(const struct start *start, struct trace *trace)
{
    struct verdict *verdict = &trace->verdict;
    if (!start->refused || trace->end.starved || verdict->kind != VERDICT_PASS) {
        return;
    }
    verdict->kind = VERDICT_NOT_JUDGED;
    verdict->event = trace->count ? trace->count - 1 : VERDICT_NO_EVENT;
    verdict->time_ns = nds_now();
    snprintf(verdict->expected, sizeof(verdict->expected),
             "a driver that starts and offers a TCP chimney");
    snprintf(verdict->actual, sizeof(verdict->actual), "%s (status 0x%08x)", start->refused,
             (unsigned)start->status);
}
