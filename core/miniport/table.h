/* SPDX-License-Identifier: MIT
 *
 * The connection table: addresses and ports to connection.
 */
#ifndef CHIM_MINIPORT_TABLE_H
#define CHIM_MINIPORT_TABLE_H

#include "conn/conn.h"
#include "wire/packet.h"

enum chim_match { CHIM_MATCH_NONE, CHIM_MATCH_WRONG_VLAN, CHIM_MATCH_FOUND };

/* False: the same connection is offloaded already, or the table is full. */
bool chim_table_insert(struct chim_adapter *ad, struct chim_conn *c);
void chim_table_remove(struct chim_adapter *ad, struct chim_conn *c);

/* A received frame on the way to its connection. */
struct chim_lookup {
    PNIC_FRAME frame;
    struct chim_packet packet; /* if tcp */
    bool tcp;
    uint32_t hash;
    enum chim_match match;
    struct chim_conn *conn; /* with a reference, if FOUND */
};
#define CHIM_LOOKUPS_MAX 8u

/* Finds the connections of some packets at once. */
void chim_table_find(struct chim_adapter *ad, struct chim_lookup *lookup, uint32_t count);
void chim_table_free(struct chim_adapter *ad);

#endif
