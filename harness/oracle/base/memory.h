/* SPDX-License-Identifier: MIT
 *
 * The memory of a run: everything that an oracle knows of it lies here and is forgotten at once.
 * Pieces are handed out one behind the other and never given back singly; what grows leaves its
 * former place behind. Chunks are kept from run to run, so that after the first runs nothing is
 * allocated. Two oracles share nothing; the chunks and the handle are all that there is to copy of
 * a run. Not to be used by two threads at once.
 */
#ifndef ORACLE_BASE_MEMORY_H
#define ORACLE_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oracle/base/handle.h"

struct orc_memory;

/* NULL when memory is short. The caller gives it back with orc_memory_del. */
struct orc_memory *orc_memory_new(void);
void orc_memory_del(struct orc_memory *memory); /* NULL is fine */
/* Forgets all pieces, in time that does not depend on their number. */
void orc_memory_rewind(struct orc_memory *memory);

/* A piece of so many bytes, aligned to 16, content undefined; NULL when memory is short. */
void *orc_take(struct orc_memory *memory, size_t bytes);
/* The same, zeroed. */
void *orc_take_zeroed(struct orc_memory *memory, size_t bytes);
/* Makes an array hold at least count entries; the content of new ones is undefined. False when
 * memory is short: the array is as it was. */
bool orc_grow(struct orc_memory *memory, void **array, uint32_t *room, uint32_t count,
              uint32_t entry_bytes);
/* The same of a table whose first *count entries are in use: makes them at least `wanted`, new ones
 * zeroed. */
bool orc_extend(struct orc_memory *memory, void **array, uint32_t *room, uint32_t *count,
                uint32_t wanted, uint32_t entry_bytes);

struct orc_scratch {
    uint8_t *bytes;
    uint32_t room;
};

/* Bytes for a moment: valid until the next call. NULL when memory is short, which is noted. */
uint8_t *orc_scratch(struct oracle *o, uint32_t bytes);

#endif
