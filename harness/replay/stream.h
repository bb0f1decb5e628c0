/* SPDX-License-Identifier: MIT
 *
 * One direction of a conversation put together from a capture: 64-bit offsets, 0 is the byte after
 * the SYN; the first copy of a byte counts. Bytes stay where the packets have them. What the
 * capture lacks can be made up; what comes later takes its place. Intervals are half open.
 */
#ifndef REPLAY_STREAM_H
#define REPLAY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#define STREAM_MAX ((uint64_t)1 << 40)

struct stream_piece {
    uint64_t begin, end;
    const uint8_t *bytes; /* NULL = made up */
};

struct stream {
    struct stream_piece *piece; /* sorted, disjoint */
    uint32_t pieces, room;
    uint32_t ordered;     /* the first so many have no hole between them */
    uint64_t end;         /* of the highest byte known, or sent as the capture tells */
    uint64_t next;        /* end of what is there without a hole */
    bool made;            /* some are made up */
    bool has_fin;         /* reached in order */
    uint64_t fin;         /* its offset: nothing counts from there on */
    uint64_t fin_seen[8]; /* FINs that wait for the bytes before them */
    uint32_t fins;
    bool failed; /* out of memory, or beyond STREAM_MAX */
};

void stream_fini(struct stream *stream);
/* Takes bytes, which stay the caller's and in their place; NULL = made up. Parts below zero or
 * known already are left out. */
void stream_add(struct stream *stream, int64_t offset, const uint8_t *bytes, uint32_t length);
void stream_fin(struct stream *stream, int64_t offset);
/* Makes up what is not there of [next, end). */
void stream_fill(struct stream *stream, uint64_t end);
/* Length of the first hole below end, 0 = none. */
uint64_t stream_hole(const struct stream *stream, uint64_t end);
/* Whether anything lies beyond the first hole. */
bool stream_ahead(const struct stream *stream);

/* Piece that holds a byte, or the first one behind it. */
uint32_t stream_find(const struct stream *stream, uint64_t at);
/* Copies bytes out; what nobody knows is the same whenever it is asked for. */
void stream_copy(const struct stream *stream, uint64_t at, uint8_t *out, uint32_t length);
/* Whether other bytes are known at this place. */
bool stream_differs(const struct stream *stream, uint64_t at, const uint8_t *bytes,
                    uint32_t length);
/* What is made up in place of a byte that nobody knows. */
void stream_make_up(uint64_t at, uint8_t *out, uint32_t length);

#endif
