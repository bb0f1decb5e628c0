/* SPDX-License-Identifier: MIT
 *
 * Registration, the life of the adapter, faults, misuse of primitives, leaks.
 *
 * Knows: the phase of the adapter, what it registered, which faults are on.
 * Asked: at every call of the life cycle, at registrations, misuse and leaks.
 * Excuses: a start or a completion that a fault refused.
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
