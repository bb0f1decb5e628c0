/* SPDX-License-Identifier: MIT */
#include "oracle/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_LEAST ((size_t)256 << 10)
#define KEPT_MOST ((size_t)16 << 20) /* chunks beyond are given back at the end of a run */
#define ALIGNMENT ((size_t)16)
#define ROOM_LEAST 64u
#define TABLE_LEAST 512u /* of a run: untouched memory costs nothing, moving does */

struct chunk {
    struct chunk *next;
    size_t size, used;
    _Alignas(16) uint8_t bytes[];
};

struct orc_memory {
    struct chunk *first, *at; /* chunks behind `at` are empty */
};

static struct chunk *chunk_new(size_t size)
{
    struct chunk *chunk = malloc(sizeof(*chunk) + size);
    if (chunk) {
        chunk->next = NULL;
        chunk->size = size;
        chunk->used = 0;
    }
    return chunk;
}

struct orc_memory *orc_memory_new(void)
{
    struct orc_memory *memory = malloc(sizeof(*memory));
    struct chunk *first = memory ? chunk_new(CHUNK_LEAST) : NULL;
    if (!first) {
        free(memory);
        return NULL;
    }
    memory->first = memory->at = first;
    return memory;
}

static void chunks_del(struct chunk *chunk)
{
    while (chunk) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void orc_memory_del(struct orc_memory *memory)
{
    if (memory) {
        chunks_del(memory->first);
        free(memory);
    }
}

void orc_memory_rewind(struct orc_memory *memory)
{
    size_t kept = 0;
    for (struct chunk *chunk = memory->first; chunk; chunk = chunk->next) {
        kept += chunk->size;
        chunk->used = 0;
        if (chunk->next && kept + chunk->next->size > KEPT_MOST) {
            chunks_del(chunk->next);
            chunk->next = NULL;
        }
    }
    memory->at = memory->first;
}

/* The next chunk that has room, or a new one, twice as large as the last. */
static bool memory_advance(struct orc_memory *memory, size_t bytes)
{
    struct chunk *chunk = memory->at;
    size_t size = 2 * chunk->size;
    if (chunk->next && chunk->next->size >= bytes) {
        memory->at = chunk->next;
        return true;
    }
    while (size < bytes) {
        size *= 2;
    }
    struct chunk *more = chunk_new(size);
    if (!more) {
        return false;
    }
    more->next = chunk->next;
    chunk->next = more;
    memory->at = more;
    return true;
}

void *orc_take(struct orc_memory *memory, size_t bytes)
{
    bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (bytes > memory->at->size - memory->at->used && !memory_advance(memory, bytes)) {
        return NULL;
    }
    void *piece = memory->at->bytes + memory->at->used;
    memory->at->used += bytes;
    return piece;
}

void *orc_take_zeroed(struct orc_memory *memory, size_t bytes)
{
    void *piece = orc_take(memory, bytes);
    return piece ? memset(piece, 0, bytes) : NULL;
}

static bool grow_from(struct orc_memory *memory, void **array, uint32_t *room, uint32_t count,
                      uint32_t entry_bytes, uint32_t least)
{
    uint64_t larger = *room ? 2ull * *room : least;
    while (larger < count) {
        larger *= 2;
    }
    if (larger > UINT32_MAX) {
        return false;
    }
    uint8_t *grown = orc_take(memory, (size_t)larger * entry_bytes);
    if (!grown) {
        return false;
    }
    size_t before = (size_t)*room * entry_bytes;
    if (before) {
        memcpy(grown, *array, before);
    }
    *array = grown;
    *room = (uint32_t)larger;
    return true;
}

bool orc_grow(struct orc_memory *memory, void **array, uint32_t *room, uint32_t count,
              uint32_t entry_bytes)
{
    return count <= *room || grow_from(memory, array, room, count, entry_bytes, ROOM_LEAST);
}

bool orc_extend(struct orc_memory *memory, void **array, uint32_t *room, uint32_t *count,
                uint32_t wanted, uint32_t entry_bytes)
{
    if (wanted <= *count) {
        return true;
    }
    if (wanted > *room && !grow_from(memory, array, room, wanted, entry_bytes, TABLE_LEAST)) {
        return false;
    }
    memset((uint8_t *)*array + (size_t)*count * entry_bytes, 0,
           (size_t)(wanted - *count) * entry_bytes);
    *count = wanted;
    return true;
}

uint8_t *orc_scratch(struct oracle *o, uint32_t bytes)
{
    struct orc_scratch *scratch = o->scratch;
    if (!orc_grow(o->memory, (void **)&scratch->bytes, &scratch->room, bytes ? bytes : 1, 1)) {
        o->short_of_memory = true;
        return NULL;
    }
    return scratch->bytes;
}
