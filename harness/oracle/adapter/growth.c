/* SPDX-License-Identifier: MIT
 *
 * What the target holds whenever nothing is offloaded. What belonged to terminated
 * objects is freed. A target may keep memory for the next connection, so only growth from one such
 * moment to the next, time after time, is a leak. What was kept once is enough for the same again:
 * where the same comes between two such moments a few times are enough to tell.
 */
#include "oracle/adapter/growth.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/connections.h"
#include "oracle/model/objects.h"
#include "oracle/ownership/owner.h"
#include "oracle/report/report.h"

#define GROWTHS_MOST 20u /* in a row; tables and spare buffers have grown by then */
#define SAME_MOST 3u     /* the same, when the same comes each time */

void orc_growth_point(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    struct orc_growth *x = o->growth;
    if (ev->fn == TAP_ALLOC && ev->status == NDIS_STATUS_SUCCESS) {
        x->held++;
    } else if (ev->fn == TAP_FREE && x->held) {
        x->held--;
    }
}

/* Timers, work items and transmit callbacks are the target's own. Its frames count: the state that
 * is handed back and forth may let it send more each time, from more buffers. */
void orc_growth_stimulus(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    if (ev->fn != TAP_TIMER_RUN && ev->fn != TAP_WORK_RUN && ev->fn != TAP_NIC_DONE) {
        uint64_t word = ev->fn | (uint64_t)ev->data.word[0] << 8;
        o->growth->stimuli = (o->growth->stimuli ^ word) * 0x9e3779b97f4a7c15u;
        o->growth->stimuli ^= o->growth->stimuli >> 32;
    }
}

static struct orc_round *round_like(struct orc_growth *x, uint64_t stimuli)
{
    for (uint32_t i = 0; i < ORC_ROUNDS; i++) {
        if (x->round[i].stimuli == stimuli) {
            return &x->round[i];
        }
    }
    struct orc_round *round = &x->round[x->next++ % ORC_ROUNDS];
    *round = (struct orc_round){.stimuli = stimuli, .held = UINT32_MAX};
    return round;
}

static void judge_round(struct oracle *o)
{
    struct orc_growth *x = o->growth;
    struct orc_round *round = round_like(x, x->stimuli | 1);
    bool rose = x->held > x->last && x->held > round->held;
    round->rises = rose ? round->rises + 1 : 0;
    if (round->rises == SAME_MOST) {
        orc_fail(o, ORC_NONE, ORC_LIFE_LEAK_1,
                 "what belonged to terminated objects freed: as much held as the last time",
                 orc_text(o,
                          "%u allocations, %u the last time; the same came %u times in all, and "
                          "more was held after each",
                          x->held, round->held, SAME_MOST + 1));
    }
    round->held = x->held;
    x->stimuli = 0;
}

static bool empty(const struct oracle *o)
{
    if (o->connections->live || o->ownership->host_lists || o->adapter->leaving ||
        o->adapter->phase != ORC_ADAPTER_RUNNING || o->faults->stall) {
        return false; /* also while the wire keeps every frame that it was given */
    }
    for (uint32_t i = 0; i < o->objects->count; i++) {
        const struct orc_object *object = &o->objects->object[i];
        if (object->used && object->live && object->layer != LAYER_TCP) {
            return false; /* connections are counted */
        }
    }
    return true;
}

/* At rest. */
void orc_growth_rest(struct oracle *o)
{
    struct orc_growth *x = o->growth;
    x->offloaded = x->offloaded || o->connections->live;
    if (!x->offloaded || !empty(o)) {
        return;
    }
    x->offloaded = false;
    judge_round(o);
    x->rises = x->held > x->last ? x->rises + 1 : 0;
    orc_ran(o, ORC_LIFE_LEAK_1);
    if (x->rises > GROWTHS_MOST) {
        orc_fail(o, ORC_NONE, ORC_LIFE_LEAK_1,
                 "what belonged to terminated objects freed: as much held as the last time",
                 orc_text(o, "%u allocations, %u the time before, more each of the last %u times",
                          x->held, x->last, x->rises));
    }
    x->last = x->held;
}
