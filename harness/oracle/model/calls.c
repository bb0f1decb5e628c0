/* SPDX-License-Identifier: MIT */
#include "oracle/checks.h"

#include <string.h>

static struct orc_cpu *cpu_of(struct oracle *o, uint8_t cpu)
{
    uint32_t index = cpu % ORC_CPUS;
    if (index >= o->cpus_used) {
        o->cpus_used = index + 1;
    }
    return &o->cpu[index];
}

struct orc_call *orc_call_enter(struct oracle *o, const struct tap_event *ev)
{
    struct orc_cpu *cpu = cpu_of(o, ev->cpu);
    if (!orc_grow((void **)&cpu->call, &cpu->call_room, cpu->depth + 1, sizeof(*cpu->call))) {
        o->short_of_memory = true;
        return NULL;
    }
    struct orc_call *call = &cpu->call[cpu->depth++];
    memset(call, 0, sizeof(*call));
    call->seq = ev->seq;
    call->fn = ev->fn;
    call->conn = ev->conn;
    call->object = ev->object;
    call->a = ev->a;
    call->list_first = call->list_last = ORC_NONE;
    call->inside_base = cpu->inside_count;
    if (orc_calls_into_target(ev->fn)) {
        cpu->sync = ev->seq;
    }
    return call;
}

struct orc_call *orc_call_open(struct oracle *o, const struct tap_event *ev)
{
    struct orc_cpu *cpu = cpu_of(o, ev->cpu);
    for (uint32_t i = cpu->depth; i-- > 0;) {
        if (cpu->call[i].seq == ev->call) {
            return &cpu->call[i];
        }
    }
    return NULL;
}

void orc_call_leave(struct oracle *o, const struct tap_event *ev)
{
    struct orc_cpu *cpu = cpu_of(o, ev->cpu);
    struct orc_call *call = orc_call_open(o, ev);
    if (call) {
        cpu->depth = (uint32_t)(call - cpu->call);
    }
    if (!orc_calls_into_target(ev->fn)) {
        cpu->sync = ev->seq;
    }
}

bool orc_in_batch(const struct oracle *o)
{
    const struct orc_cpu *cpu = &o->cpu[o->event->cpu % ORC_CPUS];
    for (uint32_t i = 0; i < cpu->depth; i++) {
        if (cpu->call[i].fn == TAP_NIC_RECEIVE && cpu->call[i].a > 1) {
            return true;
        }
    }
    return false;
}
