/* SPDX-License-Identifier: MIT
 *
 * The calls of a driver that may fail, by their documents. Each of them asks nds_may_fail once it
 * has checked its arguments, so that a plan can let any one of them fail. What is not here cannot:
 * NdisMSetMiniportAttributes and NdisMGetOffloadHandlers know only statuses of wrong arguments,
 * locks, timers and the returning of things have none.
 */
#ifndef NDIS_FAILING_H
#define NDIS_FAILING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/choice.h"

/* Enumerator, word, what it is, and the functions (a call from another one counts for both). */
#define NDS_FAILING(X)                                                                             \
    X(FAILING_ALLOCATION, "allocation", "whatever gives memory or an object", "")                  \
    X(FAILING_ANY, "any", "any of these calls", "")                                                \
    X(FAILING_MEMORY, "memory", "NdisAllocateMemoryWithTagPriority: NULL",                         \
      "NdisAllocateMemoryWithTagPriority")                                                         \
    X(FAILING_LIST_POOL, "list-pool", "NdisAllocateNetBufferListPool: NULL",                       \
      "NdisAllocateNetBufferListPool")                                                             \
    X(FAILING_BUFFER_POOL, "buffer-pool", "NdisAllocateNetBufferPool: NULL",                       \
      "NdisAllocateNetBufferPool")                                                                 \
    X(FAILING_LIST, "list", "NdisAllocateNetBufferList, with a NET_BUFFER or without: NULL",       \
      "NdisAllocateNetBufferList NdisAllocateNetBufferAndNetBufferList")                           \
    X(FAILING_BUFFER, "buffer", "NdisAllocateNetBuffer: NULL", "NdisAllocateNetBuffer")            \
    X(FAILING_MDL, "mdl", "NdisAllocateMdl: NULL", "NdisAllocateMdl")                              \
    X(FAILING_TIMER, "timer", "NdisAllocateTimerObject: RESOURCES", "NdisAllocateTimerObject")     \
    X(FAILING_WORK_ITEM, "work-item", "NdisAllocateIoWorkItem: NULL", "NdisAllocateIoWorkItem")    \
    X(FAILING_WIRE, "wire", "NicOpen: RESOURCES", "NicOpen")                                       \
    X(FAILING_REGISTER, "register", "NdisMRegisterMiniportDriver: RESOURCES",                      \
      "NdisMRegisterMiniportDriver")                                                               \
    X(FAILING_HANDLERS, "handlers", "NdisSetOptionalHandlers: RESOURCES",                          \
      "NdisSetOptionalHandlers")                                                                   \
    X(FAILING_CONFIGURATION, "configuration", "NdisOpenConfigurationEx: RESOURCES",                \
      "NdisOpenConfigurationEx")                                                                   \
    X(FAILING_SETTING, "setting", "NdisReadConfiguration of a keyword that is there: RESOURCES",   \
      "NdisReadConfiguration")                                                                     \
    X(FAILING_MAP, "map", "NdisQueryMdl of an MDL that is not mapped yet: NULL", "NdisQueryMdl")   \
    X(FAILING_TRANSMIT, "transmit",                                                                \
      "NicTransmit while another descriptor is with the wire, so that a callback will come: "      \
      "RESOURCES",                                                                                 \
      "NicTransmit")
enum nds_failing { NDS_FAILING(CHOICE_VALUE) FAILINGS };

/* Which calls fail: from the first on that is meant, `skip` succeed, then `count` do not, and when
 * `then` is not 0 so does the one that many calls behind them. */
struct nds_plan {
    enum nds_failing what; /* ALLOCATION and ANY stand for many kinds */
    uint32_t tag;          /* 0 = any; else only what carries it */
    uint64_t site;         /* 0 = any; else only calls that return to this offset of the driver */
    uint32_t skip, count, then;
};

/* The plan of the whole life, and that of an operation, which takes the place of the one before. */
void nds_plan_life(const struct nds_plan *plan);
void nds_plan_operation(const struct nds_plan *plan);

/* How many calls of the kind the run has made so far. */
uint32_t nds_calls_made(enum nds_failing what);
const char *nds_failing_word(enum nds_failing what);

/* A call that was made to fail, or could have been. */
struct nds_failed {
    enum nds_failing what;
    uint64_t site; /* where it returns to, as an offset into the driver's file; 0 = not known */
    uint32_t at;   /* calls made before it */
};
/* Tells each call that may fail to a listener (NULL: nobody); failed says whether it does. */
typedef void (*nds_call_listener)(void *context, const struct nds_failed *call, bool failed);
void nds_listen_to_calls(nds_call_listener listener, void *context);

#endif
