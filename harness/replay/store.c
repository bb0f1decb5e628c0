/* SPDX-License-Identifier: MIT */
#include "replay/store.h"

#include <stdlib.h>
#include <string.h>

#include "replay/capture.h"

/* A block is aligned to its size: the address of a piece tells its block. */
#define BLOCK_BYTES ((size_t)2 * CAPTURE_PACKET_MAX)

struct store_block {
    uint32_t pieces; /* kept, and one more while it is being filled */
    uint32_t used;
    uint8_t bytes[];
};

static void block_drop(struct store_block *block)
{
    if (block && --block->pieces == 0) {
        free(block);
    }
}

uint8_t *store_keep(struct store *store, const uint8_t *bytes, uint32_t length)
{
    struct store_block *block = store->block;
    if (length > CAPTURE_PACKET_MAX - sizeof(*block)) {
        return NULL;
    }
    if (!block || sizeof(*block) + block->used + length >= BLOCK_BYTES) {
        store_fini(store);
        block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
        if (!block) {
            return NULL;
        }
        *block = (struct store_block){.pieces = 1};
        store->block = block;
    }
    uint8_t *piece = block->bytes + block->used;
    memcpy(piece, bytes, length);
    block->used += length;
    block->pieces++;
    return piece;
}

void store_drop(const uint8_t *piece)
{
    block_drop((struct store_block *)((uintptr_t)piece & ~(uintptr_t)(BLOCK_BYTES - 1)));
}

void store_fini(struct store *store)
{
    block_drop(store->block);
    store->block = NULL;
}
