/* SPDX-License-Identifier: MIT
 *
 * How long a full-sized segment of a connection is.
 */
#ifndef ORACLE_LEDGER_FULL_SIZE_H
#define ORACLE_LEDGER_FULL_SIZE_H

#include "oracle/model/connections.h"

/* Least and most payload of a full-sized segment, by RemoteMss, path MTU (before and after an
 * update) and link. */
void orc_full_sizes(struct oracle *o, const struct orc_conn *c, int64_t *least, int64_t *most);

#endif
