/* SPDX-License-Identifier: MIT
 *
 * The selective acknowledgements that we report (RFC 2018): the run that changed last stands first.
 */
#ifndef CHIM_TCP_SACK_H
#define CHIM_TCP_SACK_H

#include "tcp/reasm.h"

/* Writes the option (two NOPs in front) with at most blocks_max blocks to p. Returns its bytes, 0
 * when nothing is held. */
uint32_t chim_sack_write(const struct chim_reasm *q, uint32_t blocks_max, uint8_t *p);

#endif
