/* SPDX-License-Identifier: MIT
 *
 * A connection is offloaded, for the first time or again: all that was known of it ends here.
 */
#ifndef ORACLE_TREE_OFFLOAD_H
#define ORACLE_TREE_OFFLOAD_H

#include "oracle/base/events.h"
#include "oracle/model/connections.h"

/* Makes the record and the parts of all pieces as new (orc_checker.fresh). What the connection is
 * known by, and the lists that it stands in, it keeps. */
void orc_conn_begin(struct oracle *o, struct orc_conn *c);

#endif
