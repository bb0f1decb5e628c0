/* SPDX-License-Identifier: MIT
 *
 * A hierarchical timer wheel with 1 ms units. Each level has 64 slots and a bitmap of the used
 * ones, so that the next expiry is found by counting zeros.
 *
 * Invariant: a node at level l agrees with now in every base-64 digit above l, and its digit l is
 * greater than that of now. Hence the lowest used slot of the lowest used level is the next event.
 */
#ifndef CHIM_TCP_WHEEL_H
#define CHIM_TCP_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#define CHIM_WHEEL_LEVELS 7u
#define CHIM_WHEEL_SLOTS 64u

struct chim_wheel_node {
    struct chim_wheel_node *next;
    struct chim_wheel_node **link; /* what points here; NULL = not queued */
    uint64_t due_ms;
    uint32_t slot;
};

/* The slots need no initialisation: those whose bit is clear are never read. */
struct chim_wheel {
    uint64_t now_ms;
    uint64_t used[CHIM_WHEEL_LEVELS];
    struct chim_wheel_node *slot[CHIM_WHEEL_LEVELS * CHIM_WHEEL_SLOTS];
};

void chim_wheel_init(struct chim_wheel *w, uint64_t now_ms);

/* Queues a node that is not queued. A due time that has passed means one unit from now. */
void chim_wheel_add(struct chim_wheel *w, struct chim_wheel_node *node, uint64_t due_ms);
void chim_wheel_remove(struct chim_wheel *w, struct chim_wheel_node *node);

/* Moves the clock and returns the nodes that came due, linked by next and no longer queued. */
struct chim_wheel_node *chim_wheel_advance(struct chim_wheel *w, uint64_t now_ms);

/* The next time at which advance has something to do. False: the wheel is empty. */
bool chim_wheel_next(const struct chim_wheel *w, uint64_t *when_ms);

#endif
