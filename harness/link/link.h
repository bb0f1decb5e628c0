/* SPDX-License-Identifier: MIT
 *
 * A simulated link between two ends: bandwidth, a queue of finite length and a delay each way;
 * loss, reordering, duplication and corruption from a seeded generator. Time is the caller's: the
 * link only says when the next frame arrives.
 *
 * A reordered frame stays on its way for up to three times the delay, so that later ones overtake
 * it. A corrupted frame has one byte changed, which every checksum over that byte detects. What is
 * decided about the n-th frame of a direction depends on seed, direction and n alone.
 */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

#define LINK_FRAME_MAX 2048u
#define LINK_NEVER UINT64_MAX

enum link_way { LINK_TO_TARGET, LINK_FROM_TARGET, LINK_WAYS };

/* How many of a million frames. */
struct link_rates {
    uint32_t loss, reorder, duplicate, corrupt;
};

struct link_options {
    uint64_t seed;
    struct link_rates rates;
    uint64_t delay_ns;
    uint64_t bits_per_second;
    uint32_t queue_bytes; /* waiting for their turn on the wire; what is beyond is lost */
};

struct link_counts { /* of one direction */
    uint64_t sent, arrived, lost, overflowed, reordered, duplicated, corrupted;
};

struct link_frame {
    uint64_t due_ns,
        order; /* order: of frames due at the same time, the earlier sent comes first */
    enum link_way way;
    uint32_t length;
    uint32_t slot; /* where its bytes lie */
};

struct link {
    struct link_options options;
    uint64_t random[LINK_WAYS];
    uint64_t free_at_ns[LINK_WAYS]; /* when the wire has sent all that waits */
    struct link_counts counts[LINK_WAYS];
    struct link_frame *heap; /* by due_ns, order */
    uint32_t frames, room;
    uint64_t order;
    uint8_t **bytes; /* by slot */
    uint32_t *free_slot, free_slots, slots;
};

/* Memory is the rig's arena, so a link lives as long as the run. */
void link_init(struct link *link, const struct link_options *options);
/* Takes a copy of a frame. Too long ones are lost. */
void link_send(struct link *link, enum link_way way, uint64_t now_ns, const uint8_t *bytes,
               uint32_t length);
/* When the next frame arrives, or LINK_NEVER. */
uint64_t link_next(const struct link *link);
/* Takes out the next frame that is due; its bytes are good until the next call of link_send or
 * link_take. NULL: none is due. */
const uint8_t *link_take(struct link *link, uint64_t now_ns, enum link_way *way, uint32_t *length);

#endif
