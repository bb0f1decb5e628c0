/* SPDX-License-Identifier: MIT
 *
 * The oracle from outside: made, begun for each run, given every event.
 */
#include "oracle/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "oracle/base/memory.h"
#include "oracle/checkers.h"
#include "oracle/report/report.h"
#include "oracle/segment/predicted.h"
#include "oracle/taps.h"
#include "oracle/tree/terminate.h"

/* What outlives a run. */
struct kept {
    struct oracle oracle;
    uint32_t ran[ORC_RULES];
};

struct oracle *oracle_new(void)
{
    struct kept *kept = calloc(1, sizeof(*kept));
    struct oracle *o = kept ? &kept->oracle : NULL;
    if (!o) {
        return NULL;
    }
    o->ran = kept->ran;
    o->memory = orc_memory_new();
    o->rows = orc_rows_new();
    if (!o->memory || !o->rows) {
        oracle_del(o);
        return NULL;
    }
    return o;
}

void oracle_del(struct oracle *o)
{
    if (o) {
        orc_memory_del(o->memory);
        orc_rows_del(o->rows);
        free(o);
    }
}

void oracle_count_into(struct oracle *o, uint32_t *ran)
{
    o->ran = ran ? ran : ((struct kept *)o)->ran;
}

const uint32_t *oracle_ran(const struct oracle *o)
{
    return o->ran;
}

uint64_t oracle_predicted(const struct oracle *o)
{
    return o->prediction->taken;
}

void oracle_begin(struct oracle *o, const struct oracle_options *options, struct verdict *verdict)
{
    const struct orc_rows *rows = o->rows;
    orc_memory_rewind(o->memory);
    uint8_t *block = orc_take_zeroed(o->memory, rows->run_bytes); /* the first chunk has room */
    for (uint32_t i = 0; i < rows->runs; i++) {
        *(void **)(void *)((uint8_t *)o + rows->run[i].at) = block + rows->run[i].offset;
    }
    o->event = NULL;
    o->steps = 0;
    o->short_of_memory = false;
    memset(o->ran, 0, ORC_RULES * sizeof(*o->ran));
    o->report->strict = options && options->strict;
    o->prediction->off = options && options->in_full;
    o->report->verdict = verdict;
    o->report->muted = options ? options->muted : NULL;
    for (uint32_t i = 0; rows->begin[i]; i++) {
        rows->begin[i](o);
    }
}

void oracle_event(void *context, const struct tap_event *ev)
{
    struct oracle *o = context;
    o->event = ev;
    if (o->closings->count && ev->fn != TAP_NBL && ev->fn != TAP_BLOCK &&
        ev->cpu == o->closings->cpu) {
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
        if (ev->fn == TAP_NBL || orc_asked(o, ORC_POINT, ev->fn)) {
            orc_point(o, ev);
        }
        break;
    }
}
