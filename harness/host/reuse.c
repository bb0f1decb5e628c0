/* SPDX-License-Identifier: MIT
 *
 * Lists of long streams: what came back is filled anew instead of building another one, so that a
 * run's memory does not grow with its length.
 */
#include "host/internal.h"

static struct host_spare *spare_for(struct host *host, uint32_t length, struct nds_list_shape shape,
                                    bool make)
{
    for (uint32_t probe = 0; probe < HOST_SPARES; probe++) {
        uint32_t at = (length * 0x9E3779B1u + shape.pieces * 7 + shape.nb_count + probe);
        struct host_spare *spare = &host->spare[at % HOST_SPARES];
        bool same = spare->used && spare->length == length && spare->pieces == shape.pieces &&
                    spare->buffers == shape.nb_count;
        if (same || (!spare->used && make)) {
            spare->used = true;
            spare->length = length;
            spare->pieces = shape.pieces;
            spare->buffers = shape.nb_count;
            return spare;
        }
        if (!spare->used || probe == 8) {
            break; /* lengths that hardly come again are not worth a longer search */
        }
    }
    return NULL;
}

PNET_BUFFER_LIST host_list(struct host *host, enum tap_role role, uint32_t length,
                           struct nds_list_shape shape, nds_fill fill, struct host_fill *context)
{
    shape.pieces &= 7;
    struct host_spare *spare = host->spare ? spare_for(host, length, shape, false) : NULL;
    if (!spare || !spare->count) {
        return nds_list_build(role, context->conn, length, shape, fill, context);
    }
    PNET_BUFFER_LIST nbl = nds_list_by_id(spare->list[--spare->count]);
    nds_list_refill(nbl, role, fill, context);
    nds_list_detail(nbl)->conn = context->conn;
    return nbl;
}

void host_list_done(struct host *host, const struct tap_nbl *list)
{
    if (!host->reuse || list->role == ROLE_INDICATED) {
        return;
    }
    if (!host->spare) {
        host->spare = rig_alloc(HOST_SPARES * sizeof(host->spare[0]));
    }
    const struct nds_list *detail = nds_list_detail(list->nbl);
    struct nds_list_shape shape = {.pieces = detail->pieces, .nb_count = detail->nb_count};
    struct host_spare *spare = spare_for(host, detail->length, shape, true);
    if (spare && spare->count < HOST_SPARE_LISTS) {
        spare->list[spare->count++] = list->id;
    }
}
