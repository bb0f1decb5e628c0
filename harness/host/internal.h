/* SPDX-License-Identifier: MIT */
#ifndef HOST_INTERNAL_H
#define HOST_INTERNAL_H

#include <string.h>

#include "base/arena.h"
#include "base/payload.h"
#include "host/host.h"

/* Room for one more element: returns the block to use from now on. */
void *host_grow(void *old, uint32_t used, uint32_t *room, size_t size);
void host_state_back(void *context, enum tap_fn fn, uint32_t operation,
                     PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root);
void host_state_closed(void *context, enum tap_fn fn);
/* Fills a list with send-stream bytes of a connection from an offset on. */
struct host_fill {
    struct host *host;
    uint32_t conn;
    uint64_t offset;
    enum payload_direction direction;
};
void host_fill_stream(void *context, uint8_t *bytes, uint32_t offset, uint32_t length);
/* A list for the connection of `context`, built or filled anew. */
PNET_BUFFER_LIST host_list(struct host *host, enum tap_role role, uint32_t length,
                           struct nds_list_shape shape, nds_fill fill, struct host_fill *context);
void host_list_done(struct host *host, const struct tap_nbl *list);

#endif
