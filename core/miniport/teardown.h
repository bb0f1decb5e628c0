/* SPDX-License-Identifier: MIT
 *
 * Taking an adapter apart, whatever state it is in.
 */
#ifndef CHIM_MINIPORT_TEARDOWN_H
#define CHIM_MINIPORT_TEARDOWN_H

#include "miniport/adapter.h"

/* Ends what is offloaded, waits for every list that the host holds (LIFE-RET-1), frees everything,
 * the adapter included. PASSIVE_LEVEL. */
void chim_teardown(struct chim_adapter *ad);

#endif
