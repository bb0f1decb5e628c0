/* SPDX-License-Identifier: MIT */
#include "fuzz/states.h"

#define HALF 8192u
#define HALF_SHIFT 19u /* of a hash of 32 bits */
#define COUNTERS (2 * HALF)

/* libFuzzer takes what lies in this section, zeroes it before a run and reads it behind it. */
__attribute__((used, section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

/* AFL++ gives out places in its map through guards, here for no code at all. */
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop) __attribute__((weak));
extern uint8_t *__afl_area_ptr __attribute__((weak));
static uint32_t guards[COUNTERS];

void states_open(void)
{
    if (&__afl_area_ptr) {
        __sanitizer_cov_trace_pc_guard_init(guards, guards + COUNTERS);
    }
}

static void count(uint32_t half, uint32_t what)
{
    uint32_t at = half * HALF + (what * 0x9E3779B1u >> HALF_SHIFT);
    if (&__afl_area_ptr) {
        __afl_area_ptr[guards[at]]++;
    } else {
        counters[at]++;
    }
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
    return value < most ? value : most;
}

/* What the connection is in, in 18 bits. */
static uint32_t states_of_conn(const struct host *host, uint32_t conn)
{
    const struct host_conn *c = &host->conn[conn];
    const bool is[] = {
        c->closed,
        c->aborted,
        c->saw_disconnect,
        c->saw_abort,
        c->retrieve != 0,
        c->invalidated,
        c->settling,
        c->posts_out != 0,
        c->sends_out != 0,
        host->held_first != host->held_last, /* indicated lists that the host keeps */
        c->in_post,
        c->in_send,
        c->in_disconnect,
        c->busy_ops != 0,
    };
    uint32_t state = (uint32_t)c->phase;
    for (uint32_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
        state = state << 1 | is[i];
    }
    return state << 2 | at_most(nds_timers_set(), 3);
}

/* What the event says of itself beside its kind. */
static uint32_t detail_of(const struct tap_event *event)
{
    switch (event->fn) {
    case TAP_EVENT:
        return event->data.event.type * 7 + event->data.event.information;
    case TAP_NBL:
    case TAP_BLOCK:
        return (uint32_t)event->status;
    case TAP_FRAME_OUT:
        return event->data.frame.length > 100 ? 2 : event->data.frame.length > 60;
    default:
        return 0;
    }
}

void states_note(void *context, const struct tap_event *event)
{
    static uint32_t before;
    const struct world *world = context;
    if (event->kind == TAP_LEAVE || event->fn == TAP_ALLOC || event->fn == TAP_FREE) {
        return;
    }
    uint32_t now = event->fn * 31u + detail_of(event);
    bool known = event->conn < world->host.conns;
    uint32_t state = known ? 1 + states_of_conn(&world->host, event->conn) : 0;
    before = event->seq ? before : 0; /* the same input counts the same */
    count(0, now ^ before * 0x85EBCA6Bu);
    count(1, now + state * 0xC2B2AE35u);
    before = now;
}
