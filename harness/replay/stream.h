/* SPDX-License-Identifier: MIT
 *
 * One direction of a conversation put together from a capture: 64-bit offsets, 0 is the byte after
 * the SYN; the first copy of a byte counts. Intervals are half open.
 */
#ifndef REPLAY_STREAM_H
#define REPLAY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#define STREAM_MAX ((uint64_t)1 << 32)

struct stream_range {
    uint64_t begin, end;
};

struct stream {
    uint8_t *bytes; /* holes are zero, and take no memory: their pages are never written */
    uint64_t room;  /* of address space */
    uint64_t end;   /* of the highest byte known */
    uint64_t next;  /* end of what is known without a hole */
    struct stream_range *ahead; /* known beyond the first hole, sorted, disjoint */
    uint32_t aheads, ahead_room;
    bool has_fin;         /* reached in order */
    uint64_t fin;         /* its offset: nothing counts from there on */
    uint64_t fin_seen[8]; /* FINs that wait for the bytes before them */
    uint32_t fins;
    bool failed; /* out of memory, or beyond STREAM_MAX */
};

void stream_fini(struct stream *stream);
/* Takes bytes; parts below zero or known already are left out. */
void stream_add(struct stream *stream, int64_t offset, const uint8_t *bytes, uint32_t length);
void stream_fin(struct stream *stream, int64_t offset);
/* Makes room so that bytes up to end can be read (as zero where not known). */
bool stream_reach(struct stream *stream, uint64_t end);
/* Length of the first hole below end, 0 = none. */
uint64_t stream_hole(const struct stream *stream, uint64_t end);

#endif
