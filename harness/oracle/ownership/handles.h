/* SPDX-License-Identifier: MIT
 *
 * The handle that a call of the target passes is the one that NDIS gave for this purpose.
 */
#ifndef ORACLE_OWNERSHIP_HANDLES_H
#define ORACLE_OWNERSHIP_HANDLES_H

#include "oracle/base/events.h"

/* Any call of the target begins. */
void orc_handle_upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

#endif
