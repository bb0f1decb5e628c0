/* SPDX-License-Identifier: MIT
 *
 * Bytes of a compressed file (gzip, zstd) as they were before, a piece at a time.
 */
#ifndef REPLAY_UNPACK_H
#define REPLAY_UNPACK_H

#include <stdint.h>
#include <sys/types.h>

enum packing { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

/* What the first bytes of a file say. */
#define PACKING_BYTES 4u
enum packing packing_of(const uint8_t *head, size_t length);

/* Gives more packed bytes; 0 = there are none, -1 = they cannot be read (errno). */
typedef ssize_t (*unpack_more)(void *context, uint8_t *out, size_t room);

struct unpack;
/* NULL: out of memory. */
struct unpack *unpack_new(enum packing packing, unpack_more more, void *context);
void unpack_del(struct unpack *unpack);
/* Bytes given, 0 = the end. -1: damage, and what it is. */
ssize_t unpack_read(struct unpack *unpack, uint8_t *out, size_t room, const char **what);

#endif
