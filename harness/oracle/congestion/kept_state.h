/* SPDX-License-Identifier: MIT
 *
 * Variables of congestion control that nothing can have changed.
 *
 * Knows: nothing of its own; asks what was handed over and what was seen since.
 * Asked: when state is queried or handed back.
 * Excuses: whatever may have been a loss, an idle time or a duplicate.
 */
#ifndef ORACLE_CONGESTION_KEPT_STATE_H
#define ORACLE_CONGESTION_KEPT_STATE_H

#include "oracle/model/connections.h"

void orc_kept_state(struct oracle *o, struct orc_conn *c,
                    const TCP_OFFLOAD_STATE_DELEGATED *d); /* orc_checker.judged_state */

#endif
