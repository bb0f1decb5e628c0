/* SPDX-License-Identifier: MIT */
#include "program/ordinary.h"

#include <string.h>

#define FRAME_DEFAULT 64u
#define CANCEL_ID 0x5EEDu

/* A frame to a station of its own, of an experimental protocol, no two alike. */
static void ordinary_fill(void *context, uint8_t *out, uint32_t offset, uint32_t length)
{
    static const uint8_t header[14] = {2, 0, 0, 0, 0x5E, 0xED, 2, 0, 0, 0, 0, 1, 0x88, 0xB5};
    uint32_t ordinal = *(const uint32_t *)context;
    uint32_t done = 0;
    for (; done < length && offset + done < sizeof(header); done++) {
        out[done] = header[offset + done];
    }
    uint8_t first = (uint8_t)(ordinal * 31 + (ordinal >> 8));
    for (; done < length; done++) {
        out[done] = (uint8_t)(first + (uint8_t)((offset + done) * 7));
    }
}

void ordinary_send(struct world *world, const struct program_op *op)
{
    uint32_t length = op_get(op, "length"), lists = 1 + op_get(op, "more");
    uint32_t ids = 1 + op_get(op, "other-ids");
    struct nds_list_shape shape = {.pieces = op_get(op, "pieces"),
                                   .nb_count = 1 + op_get(op, "buffers"),
                                   .slack = op_get(op, "slack")};
    PNET_BUFFER_LIST first = NULL, last = NULL;
    if (!world->up || world->host.gone) {
        return;
    }
    for (uint32_t i = 0; i < lists; i++) {
        uint32_t ordinal = world->host.frames++;
        PNET_BUFFER_LIST nbl = nds_list_build(ROLE_HOST_SEND, TAP_NONE,
                                              (length ? length : FRAME_DEFAULT) * shape.nb_count,
                                              shape, ordinary_fill, &ordinal);
        NET_BUFFER_LIST_INFO(nbl, NetBufferListCancelId) = (PVOID)(uintptr_t)(CANCEL_ID + i % ids);
        if (last) {
            nds_list_chain(last, nbl);
        } else {
            first = nbl;
        }
        last = nbl;
    }
    nds_host_send(first);
    if (op_get(op, "cancel")) {
        nds_host_cancel(CANCEL_ID);
    }
    world_settle(world);
}
