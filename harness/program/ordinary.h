/* SPDX-License-Identifier: MIT
 *
 * The host's own frames: the path beside the chimney.
 */
#ifndef PROGRAM_ORDINARY_H
#define PROGRAM_ORDINARY_H

#include "program/program.h"
#include "world/world.h"

/* host-send: hands frames down by MiniportSendNetBufferLists, and perhaps asks for them back. */
void ordinary_send(struct world *world, const struct program_op *op);

#endif
