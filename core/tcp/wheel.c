/* SPDX-License-Identifier: MIT */
#include "tcp/wheel.h"

#include <stddef.h>

#define DIGIT_BITS 6u
#define FAR_MS (1ull << 40)

void chim_wheel_init(struct chim_wheel *w, uint64_t now_ms)
{
    w->now_ms = now_ms;
    for (uint32_t level = 0; level < CHIM_WHEEL_LEVELS; level++) {
        w->used[level] = 0;
    }
}

void chim_wheel_add(struct chim_wheel *w, struct chim_wheel_node *node, uint64_t due_ms)
{
    if (due_ms <= w->now_ms) {
        due_ms = w->now_ms + 1;
    }
    if (due_ms - w->now_ms > FAR_MS) {
        due_ms = w->now_ms + FAR_MS;
    }
    uint32_t level = (63u - (uint32_t)__builtin_clzll(due_ms ^ w->now_ms)) / DIGIT_BITS;
    if (level >= CHIM_WHEEL_LEVELS) {
        level = CHIM_WHEEL_LEVELS - 1; /* crossing 2^42 ms: the node comes early and is re-added */
    }
    uint32_t digit = (uint32_t)(due_ms >> (level * DIGIT_BITS)) % CHIM_WHEEL_SLOTS;
    node->slot = level * CHIM_WHEEL_SLOTS + digit;
    struct chim_wheel_node **head = &w->slot[node->slot];
    if ((w->used[level] & (1ull << digit)) == 0) {
        w->used[level] |= 1ull << digit;
        *head = NULL;
    }
    node->due_ms = due_ms;
    node->next = *head;
    node->link = head;
    if (node->next != NULL) {
        node->next->link = &node->next;
    }
    *head = node;
}

void chim_wheel_remove(struct chim_wheel *w, struct chim_wheel_node *node)
{
    if (node->link == NULL) {
        return;
    }
    *node->link = node->next;
    if (node->next != NULL) {
        node->next->link = node->link;
    }
    node->link = NULL;
    if (w->slot[node->slot] == NULL) {
        w->used[node->slot / CHIM_WHEEL_SLOTS] &= ~(1ull << (node->slot % CHIM_WHEEL_SLOTS));
    }
}

bool chim_wheel_next(const struct chim_wheel *w, uint64_t *when_ms)
{
    for (uint32_t level = 0; level < CHIM_WHEEL_LEVELS; level++) {
        if (w->used[level] != 0) {
            uint32_t shift = level * DIGIT_BITS;
            uint64_t digit = (uint64_t)__builtin_ctzll(w->used[level]);
            uint64_t high = w->now_ms >> (shift + DIGIT_BITS) << DIGIT_BITS;
            *when_ms = (high | digit) << shift;
            return true;
        }
    }
    return false;
}

/* Empties the lowest used slot: due nodes go to *due, the others down to lower levels. */
static void open_slot(struct chim_wheel *w, struct chim_wheel_node **due)
{
    uint32_t level = 0;
    while (w->used[level] == 0) {
        level++;
    }
    uint32_t digit = (uint32_t)__builtin_ctzll(w->used[level]);
    struct chim_wheel_node *node = w->slot[level * CHIM_WHEEL_SLOTS + digit];
    w->used[level] &= ~(1ull << digit);
    while (node != NULL) {
        struct chim_wheel_node *next = node->next;
        node->link = NULL;
        if (node->due_ms <= w->now_ms) {
            node->next = *due;
            *due = node;
        } else {
            chim_wheel_add(w, node, node->due_ms);
        }
        node = next;
    }
}

struct chim_wheel_node *chim_wheel_advance(struct chim_wheel *w, uint64_t now_ms)
{
    struct chim_wheel_node *due = NULL;
    uint64_t when;
    while (chim_wheel_next(w, &when) && when <= now_ms) {
        if (when > w->now_ms) {
            w->now_ms = when;
        }
        open_slot(w, &due);
    }
    if (now_ms > w->now_ms) {
        w->now_ms = now_ms;
    }
    return due;
}
