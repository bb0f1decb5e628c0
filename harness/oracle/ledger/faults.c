/* SPDX-License-Identifier: MIT */
#include "oracle/ledger/faults.h"
#include "oracle/model/calls.h"

void orc_faults_begin(struct oracle *o)
{
    o->faults->alloc_failed_event = ORC_NONE;
}

void orc_faults_returned(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)ev;
    (void)call;
    o->faults->resolving = true;
}
