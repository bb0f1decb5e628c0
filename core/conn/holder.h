/* SPDX-License-Identifier: MIT
 *
 * What keeps received bytes until the host has them: the frame that they came in (no copy), or a
 * buffer of ours for bytes without a frame (forwarded segments, BufferedData, split overlaps).
 */
#ifndef CHIM_CONN_HOLDER_H
#define CHIM_CONN_HOLDER_H

#include "miniport/adapter.h"
#include "tcp/reasm.h"

/* The holder inside a frame that the adapter owns. data lies within the frame. */
struct chim_seg *chim_hold_frame(PNIC_FRAME frame, const uint8_t *data, uint32_t len);

/* A holder with room for len > 0 bytes, to be filled through *bytes; NULL when memory is short. */
struct chim_seg *chim_hold_new(struct chim_adapter *ad, uint32_t len, uint8_t **bytes);

/* Gives a list back: frames to the wire, buffers to memory. May be called under locks. */
void chim_hold_free(struct chim_adapter *ad, struct chim_seg *list);

PMDL chim_hold_mdl(const struct chim_seg *seg);
/* Of seg->data within that MDL. */
uint32_t chim_hold_offset(const struct chim_seg *seg);

#endif
