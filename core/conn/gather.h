/* SPDX-License-Identifier: MIT
 *
 * Bytes out of a NET_BUFFER, over MDLs of any size.
 */
#ifndef CHIM_CONN_GATHER_H
#define CHIM_CONN_GATHER_H

#include "miniport/adapter.h"

/* Copies [offset, offset + length) of the used data. False: there is less, or mapping failed. */
bool chim_gather(const NET_BUFFER *nb, uint32_t offset, uint32_t length, uint8_t *to);

#endif
