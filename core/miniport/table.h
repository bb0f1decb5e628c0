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

/* On FOUND *found carries a reference. */
enum chim_match chim_table_find(struct chim_adapter *ad, const struct chim_packet *packet,
                                struct chim_conn **found);
void chim_table_free(struct chim_adapter *ad);

#endif
