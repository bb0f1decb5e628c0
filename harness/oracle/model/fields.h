/* SPDX-License-Identifier: MIT
 *
 * State and blocks field by field.
 *
 * Knows: nothing.
 * Asked: when what a target shows is compared with what it was given or showed before.
 * Excuses: flags that no reader need keep.
 */
#ifndef ORACLE_MODEL_FIELDS_H
#define ORACLE_MODEL_FIELDS_H

#include <stdint.h>

#include "ndischimney.h"

/* The first field that differs, NULL when none does. */
struct orc_difference {
    const char *field;
    uint32_t given, told;
};

/* Constant state. */
struct orc_difference orc_constant_differs(const TCP_OFFLOAD_STATE_CONST *given,
                                           const TCP_OFFLOAD_STATE_CONST *told);
/* Cached state; of the flags those that a target keeps. */
struct orc_difference orc_cached_differs(const TCP_OFFLOAD_STATE_CACHED *given,
                                         const TCP_OFFLOAD_STATE_CACHED *told);
/* As a query fills it: sizes in the unions. */
struct orc_difference orc_delegated_differs(const TCP_OFFLOAD_STATE_DELEGATED *given,
                                            const TCP_OFFLOAD_STATE_DELEGATED *told);
/* The name of a block's field that is not the target's to write, or NULL. */
const char *orc_block_differs(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *given,
                              const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *now);

#endif
