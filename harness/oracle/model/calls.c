/* SPDX-License-Identifier: MIT */
#include "oracle/model/calls.h"
#include "oracle/base/memory.h"
#include "oracle/model/connections.h"

#include <string.h>

static struct orc_cpu *cpu_of(struct oracle *o, uint8_t cpu)
{
    uint32_t index = cpu % ORC_CPUS;
    if (index >= o->calls->cpus_used) {
        o->calls->cpus_used = index + 1;
    }
    return &o->calls->cpu[index];
}

struct orc_call *orc_call_enter(struct oracle *o, const struct tap_event *ev)
{
    struct orc_cpu *cpu = cpu_of(o, ev->cpu);
    if (!orc_grow(o->memory, (void **)&cpu->call, &cpu->call_room, cpu->depth + 1,
                  sizeof(*cpu->call))) {
        o->short_of_memory = true;
        return NULL;
    }
    struct orc_call *call = &cpu->call[cpu->depth++];
    memset(call, 0, sizeof(*call));
    call->seq = ev->seq;
    call->fn = ev->fn;
    call->conn = ev->conn;
    call->object = ev->object;
    call->word = ev->data.word[0];
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

void orc_came_for(const struct oracle *o, struct orc_conn *c)
{
    const struct orc_cpu *cpu = &o->calls->cpu[o->event->cpu % ORC_CPUS];
    if (cpu->depth > 2) { /* call of the target, callback, call of the target */
        c->inside_of = cpu->call[0].seq;
    }
}

bool orc_decided_before(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_cpu *cpu = &o->calls->cpu[o->event->cpu % ORC_CPUS];
    return cpu->depth && cpu->call[0].seq == c->inside_of;
}

bool orc_in_timer(const struct oracle *o)
{
    const struct orc_cpu *cpu = &o->calls->cpu[o->event->cpu % ORC_CPUS];
    return cpu->depth && cpu->call[0].fn == TAP_TIMER_RUN;
}

bool orc_in_own_work(const struct oracle *o)
{
    const struct orc_cpu *cpu = &o->calls->cpu[o->event->cpu % ORC_CPUS];
    return cpu->depth && (cpu->call[0].fn == TAP_TIMER_RUN || cpu->call[0].fn == TAP_WORK_RUN);
}

bool orc_in_batch(const struct oracle *o)
{
    const struct orc_cpu *cpu = &o->calls->cpu[o->event->cpu % ORC_CPUS];
    for (uint32_t i = 0; i < cpu->depth; i++) {
        if (cpu->call[i].fn == TAP_NIC_RECEIVE && cpu->call[i].word > 1) {
            return true;
        }
    }
    return false;
}

static uint32_t *open_calls(struct orc_conn *c, uint8_t fn)
{
    switch (fn) {
    case TAP_POST:
        return &c->post_open;
    case TAP_SEND:
        return &c->send_open;
    case TAP_DISCONNECT:
        return &c->disconnect_open;
    default:
        return &c->forward_open;
    }
}

void orc_conn_call_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *c = orc_conn(o, ev->conn);
    (void)call;
    if (c) {
        ++*open_calls(c, ev->fn);
        orc_came_for(o, c);
    }
}

void orc_conn_call_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *c = orc_conn(o, call->conn);
    if (c) {
        uint32_t *open = open_calls(c, ev->fn);
        *open -= *open > 0;
    }
}
