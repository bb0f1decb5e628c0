/* SPDX-License-Identifier: MIT */
#include "link/link.h"

#include <string.h>

#include "base/arena.h"

#define MILLION 1000000u
#define NS_PER_SECOND 1000000000ull
#define LATER_MAX 3u /* a reordered frame takes up to this many delays more */

void link_init(struct link *link, const struct link_options *options)
{
    *link = (struct link){.options = *options};
    for (uint32_t way = 0; way < LINK_WAYS; way++) {
        link->random[way] = (options->seed * LINK_WAYS + way) * 0x9E3779B97F4A7C15ull;
    }
}

/* splitmix64 */
static uint64_t draw(struct link *link, enum link_way way)
{
    uint64_t x = link->random[way] += 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
}

static bool falls(struct link *link, enum link_way way, uint32_t of_a_million)
{
    return draw(link, way) % MILLION < of_a_million;
}

static bool sooner(const struct link_frame *x, const struct link_frame *y)
{
    return x->due_ns != y->due_ns ? x->due_ns < y->due_ns : x->order < y->order;
}

static void swap(struct link_frame *x, struct link_frame *y)
{
    struct link_frame kept = *x;
    *x = *y;
    *y = kept;
}

static void heap_push(struct link *link, struct link_frame frame)
{
    if (link->frames == link->room) {
        uint32_t room = link->room ? 2 * link->room : 64;
        struct link_frame *heap = rig_alloc(room * sizeof(heap[0]));
        if (link->frames) {
            memcpy(heap, link->heap, link->frames * sizeof(heap[0]));
        }
        link->heap = heap;
        link->room = room;
    }
    uint32_t at = link->frames++;
    link->heap[at] = frame;
    while (at && sooner(&link->heap[at], &link->heap[(at - 1) / 2])) {
        swap(&link->heap[at], &link->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static struct link_frame heap_pop(struct link *link)
{
    struct link_frame first = link->heap[0];
    link->heap[0] = link->heap[--link->frames];
    for (uint32_t at = 0;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < link->frames; child++) {
            least = sooner(&link->heap[child], &link->heap[least]) ? child : least;
        }
        if (least == at) {
            return first;
        }
        swap(&link->heap[at], &link->heap[least]);
        at = least;
    }
}

static uint32_t slot_new(struct link *link)
{
    if (!link->free_slots) {
        uint32_t more = link->slots ? link->slots : 64;
        uint8_t **bytes = rig_alloc((link->slots + more) * sizeof(bytes[0]));
        if (link->slots) {
            memcpy(bytes, link->bytes, link->slots * sizeof(bytes[0]));
        }
        link->bytes = bytes;
        link->free_slot = rig_alloc((link->slots + more) * sizeof(link->free_slot[0]));
        uint8_t *piece = rig_alloc((uint64_t)more * LINK_FRAME_MAX);
        for (uint32_t i = 0; i < more; i++) {
            bytes[link->slots] = piece + (uint64_t)i * LINK_FRAME_MAX;
            link->free_slot[link->free_slots++] = link->slots++;
        }
    }
    return link->free_slot[--link->free_slots];
}

static void schedule(struct link *link, enum link_way way, uint64_t due_ns, const uint8_t *bytes,
                     uint32_t length, uint64_t corruption)
{
    uint32_t slot = slot_new(link);
    memcpy(link->bytes[slot], bytes, length);
    if (corruption) {
        link->bytes[slot][corruption % length] ^= (uint8_t)(1 + (corruption >> 32) % 255);
        link->counts[way].corrupted++;
    }
    heap_push(link, (struct link_frame){due_ns, link->order++, way, length, slot});
}

/* The same number of draws for every frame, so that one decision does not shift the later ones. */
void link_send(struct link *link, enum link_way way, uint64_t now_ns, const uint8_t *bytes,
               uint32_t length)
{
    const struct link_options *o = &link->options;
    struct link_counts *counts = &link->counts[way];
    bool lost = falls(link, way, o->rates.loss);
    bool reordered = falls(link, way, o->rates.reorder);
    bool duplicated = falls(link, way, o->rates.duplicate);
    bool corrupted = falls(link, way, o->rates.corrupt);
    uint64_t detour = draw(link, way), corruption = draw(link, way) | 1;
    uint64_t start = link->free_at_ns[way] > now_ns ? link->free_at_ns[way] : now_ns;
    uint64_t waiting = (start - now_ns) * o->bits_per_second / 8 / NS_PER_SECOND;
    counts->sent++;
    if (!length || length > LINK_FRAME_MAX || waiting + length > o->queue_bytes) {
        counts->overflowed++;
        return;
    }
    link->free_at_ns[way] = start + length * 8 * NS_PER_SECOND / o->bits_per_second;
    if (lost) {
        counts->lost++;
        return;
    }
    uint64_t due = link->free_at_ns[way] + o->delay_ns;
    if (reordered) {
        counts->reordered++;
        due += detour % (LATER_MAX * o->delay_ns + 1);
    }
    schedule(link, way, due, bytes, length, corrupted ? corruption : 0);
    if (duplicated) {
        counts->duplicated++;
        schedule(link, way, due + (detour >> 32) % (o->delay_ns + 1), bytes, length, 0);
    }
}

uint64_t link_next(const struct link *link)
{
    return link->frames ? link->heap[0].due_ns : LINK_NEVER;
}

const uint8_t *link_take(struct link *link, uint64_t now_ns, enum link_way *way, uint32_t *length)
{
    if (link_next(link) > now_ns) {
        return NULL;
    }
    struct link_frame frame = heap_pop(link);
    link->free_slot[link->free_slots++] = frame.slot;
    link->counts[frame.way].arrived++;
    *way = frame.way;
    *length = frame.length;
    return link->bytes[frame.slot];
}
