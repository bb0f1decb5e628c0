/* SPDX-License-Identifier: MIT
 *
 * Classic captures that lie in memory as they are: their packets are not copied.
 */
#ifndef REPLAY_MAP_H
#define REPLAY_MAP_H

#include "replay/capture.h"

/* NULL: it cannot be mapped, or is written in another way than most are. */
struct capture_map *map_new(int file, uint64_t size);
/* One user more. */
struct capture_map *map_use(struct capture_map *map);

/* Where the first packet stands. */
uint64_t map_begin(void);
enum map_read { MAP_PACKET, MAP_END, MAP_STRANGE };
/* MAP_STRANGE: the packet at this place is nothing for this reader. */
enum map_read map_next(struct capture_map *map, uint64_t *at, struct capture_packet *packet);

#endif
