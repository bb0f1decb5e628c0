/* SPDX-License-Identifier: MIT
 *
 * When all is at rest: which connections are looked at, and in which order.
 */
#ifndef ORACLE_REST_H
#define ORACLE_REST_H

#include "oracle/base/events.h"

/* TAP_STEP. */
void orc_rest(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
/* TAP_END: asks the rows' ends when the driver was unloaded. */
void orc_run_over(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

#endif
