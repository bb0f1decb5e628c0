/* SPDX-License-Identifier: MIT
 *
 * Every call of the driver that may fail passes here, is counted, and fails by plan.
 */
#include "ndis/failing.h"

#include "base/stops.h"
#include "ndis/internal.h"

static struct { /* outlives a run */
    nds_call_listener tell;
    void *context;
} listener;

void nds_listen_to_calls(nds_call_listener tell, void *context)
{
    listener.tell = tell;
    listener.context = context;
}

static void planned(struct nds_plan *into, const struct nds_plan *plan)
{
    *into = *plan;
    nds.planned = nds.life.count || nds.life.then || nds.operation.count || nds.operation.then;
}

void nds_plan_life(const struct nds_plan *plan)
{
    planned(&nds.life, plan);
}

void nds_plan_operation(const struct nds_plan *plan)
{
    planned(&nds.operation, plan);
}

static bool allocates(enum nds_failing what)
{
    return what < FAILING_SETTING;
}

static bool meant(const struct nds_plan *plan, enum nds_failing what, uint32_t tag)
{
    bool kind = plan->what == what || plan->what == FAILING_ANY ||
                (plan->what == FAILING_ALLOCATION && allocates(what));
    return kind && (!plan->tag || plan->tag == tag) &&
           (!plan->site || plan->site == stops_driver_offset(nds.returns_to));
}

static bool hit(struct nds_plan *plan, enum nds_failing what, uint32_t tag)
{
    if (!plan->count || !meant(plan, what, tag)) {
        return false;
    }
    if (plan->skip) {
        plan->skip--;
        return false;
    }
    if (!--plan->count && plan->then) {
        plan->skip = plan->then - 1;
        plan->count = 1;
        plan->then = 0;
    }
    return true;
}

bool nds_may_fail(enum nds_failing what, uint32_t tag)
{
    uint32_t made = nds.made[FAILING_ANY]++;
    nds.made[what]++;
    nds.made[FAILING_ALLOCATION] += allocates(what);
    bool fails = false;
    if (nds.planned) {
        bool life = hit(&nds.life, what, tag), operation = hit(&nds.operation, what, tag);
        fails = life || operation;
        nds.planned = nds.life.count || nds.operation.count;
    }
    if (listener.tell) {
        const void *site = nds.returns_to;
        listener.tell(
            listener.context,
            &(struct nds_failed){what, stops_in_driver(site) ? stops_driver_offset(site) : 0, made},
            fails);
    }
    return fails;
}

uint32_t nds_calls_made(enum nds_failing what)
{
    return nds.made[what];
}

const char *nds_failing_word(enum nds_failing what)
{
#define WORD(value, word, ...) [value] = word,
    static const char *const words[] = {NDS_FAILING(WORD)};
#undef WORD
    return words[what];
}
