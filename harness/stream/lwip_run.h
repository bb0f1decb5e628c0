/* SPDX-License-Identifier: MIT
 *
 * A long stream each way between the target and lwIP over the simulated link, with uploads in
 * mid-stream. Every byte is compared where it arrives, and both ends hash what they sent and got.
 */
#ifndef STREAM_LWIP_RUN_H
#define STREAM_LWIP_RUN_H

#include "link/link.h"
#include "stream/session.h"

struct stream_options {
    struct link_options link;
    uint64_t bytes;     /* each way */
    uint32_t reoffload; /* segments between uploads, 0 = only when the target asks */
    uint64_t gap_ns;
    bool listen; /* lwIP connects to the target */
    bool strict, context_is_cell;
    uint64_t spoil_at; /* lwIP sends another byte there than it should, UINT64_MAX = nowhere */
    /* Called now and then; may be NULL. */
    void (*progress)(void *context, uint64_t done, uint64_t all);
    void *context;
};

enum stream_way { STREAM_TO_TARGET, STREAM_FROM_TARGET, STREAM_WAYS };

struct stream_side { /* one direction */
    uint64_t sent, taken;
    uint8_t sent_hash[32], taken_hash[32]; /* SHA-256 */
    int64_t wrong_at;                      /* first byte that differs, -1 = none */
    uint8_t expected, actual;
};

struct stream_result {
    bool complete; /* both streams arrived and both ends closed */
    struct stream_side side[STREAM_WAYS];
    struct session_counts counts;
    struct link_counts link[LINK_WAYS];
    uint64_t virtual_ns;
};

/* In a child of its own: lwIP's state is global. The verdict and the trace hash are in the world's
 * trace; damage that the oracle did not see is made a verdict too. */
void stream_run(struct world *world, const struct stream_options *options,
                struct stream_result *result);

#endif
