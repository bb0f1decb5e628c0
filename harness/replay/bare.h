/* SPDX-License-Identifier: MIT
 *
 * What libpcap alone takes to read a capture: the measure of a replay's speed.
 */
#ifndef REPLAY_BARE_H
#define REPLAY_BARE_H

#include <stdint.h>

/* Packets of a file, each read and left alone; 0 = it cannot be read. */
uint64_t bare_read(const char *path);

#endif
