/* SPDX-License-Identifier: MIT
 *
 * Bytes of packets that have no other place to stay: pieces of large blocks. A block goes when the
 * last of its pieces was given back, so that memory follows the conversations that are open.
 */
#ifndef REPLAY_STORE_H
#define REPLAY_STORE_H

#include <stdint.h>

struct store_block;

struct store {
    struct store_block *block; /* that is being filled */
};

/* NULL: out of memory. */
uint8_t *store_keep(struct store *store, const uint8_t *bytes, uint32_t length);
/* Gives a piece back, after its store is gone too. */
void store_drop(const uint8_t *piece);
/* Fills no block any more; pieces stay. */
void store_fini(struct store *store);

#endif
