/* SPDX-License-Identifier: MIT
 *
 * Connections by their addresses and ports.
 */
#ifndef ORACLE_MODEL_FLOWS_H
#define ORACLE_MODEL_FLOWS_H

#include "oracle/model/connections.h"

struct orc_flows {
    uint32_t *slot; /* connection + 1, 0 = empty */
    uint32_t mask, used;
    uint32_t last; /* connection that was found last */
};

/* The connection is found by its addresses and ports from now on. */
void orc_flow_add(struct oracle *o, struct orc_conn *conn);
/* Finds the connection whose local end is given; NULL when none was ever offloaded so. */
struct orc_conn *orc_flow_find(struct oracle *o, uint8_t version, const uint8_t *local,
                               const uint8_t *remote, uint16_t local_port, uint16_t remote_port);

#endif
