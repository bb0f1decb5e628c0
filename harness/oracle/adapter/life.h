/* SPDX-License-Identifier: MIT
 *
 * Registration, the life of the adapter, faults, misuse of primitives, leaks.
 */
#ifndef ORACLE_ADAPTER_LIFE_H
#define ORACLE_ADAPTER_LIFE_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"

void orc_life_point(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_life_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_life_shown(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_life_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_life_end(struct oracle *o);

#endif
