/* SPDX-License-Identifier: MIT
 *
 * What a driver passed in the call that it is in: asked for only when the rig has died of that
 * call, to say whose fault it was.
 */
#ifndef NDIS_GIVEN_H
#define NDIS_GIVEN_H

#include <stdbool.h>
#include <stdint.h>

enum nds_given_kind {
    GIVEN_LISTS,  /* a chain of NET_BUFFER_LISTs */
    GIVEN_BUFFER, /* a NET_BUFFER */
    GIVEN_MDL,
    GIVEN_BLOCKS, /* a tree of offload blocks */
    GIVEN_FRAMES, /* a chain of NIC_FRAMEs */
    GIVEN_TX,
    GIVEN_HANDLE, /* is looked up and not followed */
    GIVEN_BYTES   /* another structure of so many bytes */
};

struct nds_given {
    const void *from; /* where in the driver the call goes back to */
    const void *at;
    uint32_t bytes;
    enum nds_given_kind kind;
    uint32_t outs; /* places for answers, which are written without a look */
    const void *out[2];
};
extern struct nds_given nds_given;

/* In the function that the driver calls. */
#define NDS_GIVEN(what, pointer)                                                                   \
    (nds_given =                                                                                   \
         (struct nds_given){.from = __builtin_return_address(0), .at = (pointer), .kind = (what)})
#define NDS_GIVEN_OUT(what, pointer, first, second)                                                \
    (nds_given = (struct nds_given){.from = __builtin_return_address(0),                           \
                                    .at = (pointer),                                               \
                                    .kind = (what),                                                \
                                    .outs = 2,                                                     \
                                    .out = {(first), (second)}})
#define NDS_GIVEN_BYTES(pointer)                                                                   \
    (nds_given = (struct nds_given){.from = __builtin_return_address(0),                           \
                                    .at = (pointer),                                               \
                                    .bytes = sizeof(*(pointer)),                                   \
                                    .kind = GIVEN_BYTES})

/* The rig died of an access to an address while the driver stood in a call that goes back to a
 * place in its file: is it known what it passed, and can all of that be read and led nowhere near?
 * Safe in a handler of a signal. */
bool nds_given_sane(uint64_t place, const void *address);

#endif
