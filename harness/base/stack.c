/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/stack.h"

#include <execinfo.h>

#include "base/stops.h"

#define DEEPEST 64

/* The linker makes these of the names of sections. */
extern const char __start_rig_rooms[] __attribute__((weak));
extern const char __stop_rig_rooms[] __attribute__((weak));
extern const char __start_rig_ndis[] __attribute__((weak));
extern const char __stop_rig_ndis[] __attribute__((weak));

static enum code_owner owner_of(const char *code)
{
    return stops_in_driver(code)                                  ? CODE_OF_DRIVER
           : code >= __start_rig_rooms && code < __stop_rig_rooms ? CODE_OF_ROOM
           : code >= __start_rig_ndis && code < __stop_rig_ndis   ? CODE_OF_NDIS
                                                                  : CODE_OF_NOBODY;
}

enum code_owner stack_note(struct trace_end *end)
{
    void *frame[DEEPEST];
    int count = backtrace(frame, DEEPEST);
    enum code_owner owner = CODE_OF_NOBODY;
    end->frames = 0;
    for (int i = 0; i < count && end->frames < TRACE_FRAMES; i++) {
        enum code_owner here = owner_of(frame[i]);
        owner = owner == CODE_OF_NOBODY ? here : owner;
        if (here == CODE_OF_DRIVER) {
            end->frame[end->frames++] = stops_driver_offset(frame[i]);
        }
    }
    return owner;
}

void stack_prepare(void)
{
    void *warm[1];
    backtrace(warm, 1);
}
