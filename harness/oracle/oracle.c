/* SPDX-License-Identifier: MIT
 *
 * The oracle from outside: made, begun for each run, given every event.
 */
#include "oracle/checks.h"
#include "oracle/wire/ones_sum.h"

#include <stdlib.h>
#include <string.h>

struct oracle *oracle_new(void)
{
    struct oracle *o = calloc(1, sizeof(*o));
    orc_sum_begin();
    if (o) {
        o->watch_due_ns = ORC_NEVER;
        o->upload_all = ORC_NONE;
        o->ran = o->ran_own;
    }
    return o;
}

void oracle_count_into(struct oracle *o, uint32_t *ran)
{
    o->ran = ran ? ran : o->ran_own;
}

const uint32_t *oracle_ran(const struct oracle *o)
{
    return o->ran;
}

uint64_t oracle_predicted(const struct oracle *o)
{
    return o->predicted;
}

void oracle_del(struct oracle *o)
{
    if (o) {
        orc_tables_free(o);
        free(o);
    }
}

void oracle_begin(struct oracle *o, const struct oracle_options *options, struct verdict *verdict)
{
    orc_tables_reset(o);
    o->options = options ? *options : (struct oracle_options){false};
    o->verdict = verdict;
    memset(o->ran, 0, sizeof(o->ran_own));
    o->event = NULL;
    o->closings = 0;
    size_t at = offsetof(struct oracle, short_of_memory);
    memset((uint8_t *)o + at, 0, sizeof(*o) - at);
    o->watch_due_ns = ORC_NEVER;
    o->upload_all = ORC_NONE;
    orc_set_rate(o, 0);
    struct orc_adapter_state *x = &o->adapter_state;
    x->vlan_event = x->rss_event = x->failed_event = x->failed_left = ORC_NONE;
    x->alloc_failed_event = ORC_NONE;
    x->idle_ns = ORC_NEVER;
    orc_verifier_begin(o);
}

void oracle_event(void *context, const struct tap_event *ev)
{
    struct oracle *o = context;
    o->event = ev;
    if (o->closings && ev->fn != TAP_NBL && ev->fn != TAP_BLOCK && ev->cpu == o->closing_cpu) {
        orc_terminate_flush(o);
    }
    switch (ev->kind) {
    case TAP_ENTER:
        orc_enter(o, ev);
        break;
    case TAP_LEAVE:
        orc_leave(o, ev);
        break;
    default:
        orc_point(o, ev);
        break;
    }
}
