/* SPDX-License-Identifier: MIT
 *
 * The handshake that a connection must have had before the host handed it over, so that readers of
 * its wire know its options and scale factors.
 */
#ifndef CLI_HANDSHAKE_H
#define CLI_HANDSHAKE_H

#include "world/world.h"

/* Builds frame 0, 1 or 2 of it; whoever has the lower port is the server. Returns the length; *out:
 * the target's end sends it. */
uint32_t handshake_frame(const struct world *world, const struct host_conn *conn, uint32_t index,
                         uint8_t frame[SEGMENT_FRAME_MAX], bool *out);

#endif
