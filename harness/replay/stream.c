/* SPDX-License-Identifier: MIT */
#include "replay/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/payload.h"

void stream_fini(struct stream *stream)
{
    free(stream->piece);
    memset(stream, 0, sizeof(*stream));
}

uint32_t stream_find(const struct stream *stream, uint64_t at)
{
    uint32_t low = 0, high = stream->pieces;
    if (high && stream->piece[high - 1].end <= at) {
        return high;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (stream->piece[middle].end <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Makes room for so many pieces at a place. */
static bool piece_room(struct stream *stream, uint32_t at, uint32_t count)
{
    if (!stream->piece || stream->pieces + count > stream->room) {
        uint32_t room = stream->room ? 2 * stream->room : 8;
        struct stream_piece *grown =
            stream->room < UINT32_MAX / 4 ? realloc(stream->piece, room * sizeof(*grown)) : NULL;
        if (!grown) {
            stream->failed = true;
            return false;
        }
        stream->piece = grown;
        stream->room = room;
    }
    if (at < stream->pieces) {
        memmove(&stream->piece[at + count], &stream->piece[at],
                (stream->pieces - at) * sizeof(stream->piece[0]));
    }
    stream->pieces += count;
    return true;
}

static void piece_remove(struct stream *stream, uint32_t at)
{
    stream->pieces--;
    memmove(&stream->piece[at], &stream->piece[at + 1],
            (stream->pieces - at) * sizeof(stream->piece[0]));
}

static const uint8_t *moved(const uint8_t *bytes, uint64_t by)
{
    return bytes ? bytes + by : NULL;
}

/* Known bytes take the place of made-up ones: that part of them goes. Returns where the next piece
 * stands. */
static uint32_t cut_made(struct stream *stream, uint32_t at, uint64_t begin, uint64_t end)
{
    struct stream_piece made = stream->piece[at];
    if (made.begin < begin && made.end > end) {
        if (!piece_room(stream, at, 1)) {
            return at + 1;
        }
        stream->piece[at].end = begin;
        stream->piece[at + 1].begin = end;
        return at + 1;
    }
    if (made.begin < begin) {
        stream->piece[at].end = begin;
        return at + 1;
    }
    if (made.end > end) {
        stream->piece[at].begin = end;
        return at;
    }
    piece_remove(stream, at);
    return at;
}

/* Puts those parts of [begin, end) in that nobody knows yet. */
static void put_unknown(struct stream *stream, uint64_t begin, uint64_t end, const uint8_t *bytes)
{
    uint64_t at = begin;
    uint32_t i = stream_find(stream, at);
    stream->ordered = i < stream->ordered ? i : stream->ordered;
    while (at < end && !stream->failed) {
        struct stream_piece *there = i < stream->pieces ? &stream->piece[i] : NULL;
        if (there && bytes && !there->bytes && there->begin < end && there->end > at) {
            i = cut_made(stream, i, at, end);
            continue;
        }
        uint64_t to = there && there->begin < end ? there->begin : end;
        if (at < to) {
            if (!piece_room(stream, i, 1)) {
                return;
            }
            stream->piece[i++] = (struct stream_piece){at, to, moved(bytes, at - begin)};
            stream->made |= !bytes;
        }
        if (to == end) {
            return;
        }
        at = stream->piece[i].end > at ? stream->piece[i].end : at;
        i++;
    }
}

/* How far there is no hole. */
static void stream_order(struct stream *stream)
{
    uint32_t i = stream->ordered;
    uint64_t next = i ? stream->piece[i - 1].end : 0;
    while (i < stream->pieces && stream->piece[i].begin == next) {
        next = stream->piece[i++].end;
    }
    stream->ordered = i;
    stream->next = next;
}

/* Nothing counts from an offset on. */
static void stream_cut(struct stream *stream, uint64_t end)
{
    while (stream->pieces && stream->piece[stream->pieces - 1].begin >= end) {
        stream->pieces--;
    }
    if (stream->pieces && stream->piece[stream->pieces - 1].end > end) {
        stream->piece[stream->pieces - 1].end = end;
    }
    stream->ordered = stream->ordered < stream->pieces ? stream->ordered : stream->pieces;
    stream->next = stream->end = end;
}

/* A FIN counts when the bytes before it are there; what lies behind it is dropped. */
static void check_fins(struct stream *stream)
{
    for (uint32_t i = 0; i < stream->fins && !stream->has_fin; i++) {
        if (stream->fin_seen[i] <= stream->next) {
            stream->has_fin = true;
            stream->fin = stream->fin_seen[i];
        }
    }
    for (uint32_t i = 0; i < stream->fins && stream->has_fin; i++) {
        if (stream->fin_seen[i] <= stream->next && stream->fin_seen[i] < stream->fin) {
            stream->fin = stream->fin_seen[i];
        }
    }
    if (stream->has_fin) {
        stream_cut(stream, stream->fin);
    }
}

void stream_add(struct stream *stream, int64_t offset, const uint8_t *bytes, uint32_t length)
{
    int64_t end = offset + length;
    bool known = end <= (int64_t)stream->next && (!bytes || !stream->made);
    if (end <= 0 || known || (stream->has_fin && end > (int64_t)stream->fin)) {
        return;
    }
    if (end > (int64_t)STREAM_MAX) {
        stream->failed = true;
        return;
    }
    int64_t from = stream->made && bytes ? 0 : (int64_t)stream->next;
    if (offset < from) {
        bytes = moved(bytes, (uint64_t)(from - offset));
        offset = from;
    }
    put_unknown(stream, (uint64_t)offset, (uint64_t)end, bytes);
    stream_order(stream);
    if ((uint64_t)end > stream->end) {
        stream->end = (uint64_t)end;
    }
    if (!stream->has_fin) {
        check_fins(stream);
    }
}

void stream_fin(struct stream *stream, int64_t offset)
{
    if (stream->has_fin || offset < (int64_t)stream->next ||
        stream->fins == sizeof(stream->fin_seen) / sizeof(stream->fin_seen[0])) {
        return;
    }
    for (uint32_t i = 0; i < stream->fins; i++) {
        if (stream->fin_seen[i] == (uint64_t)offset) {
            return;
        }
    }
    stream->fin_seen[stream->fins++] = (uint64_t)offset;
    check_fins(stream);
}

void stream_fill(struct stream *stream, uint64_t end)
{
    while (stream->next < end && !stream->failed) {
        uint64_t length = stream_hole(stream, end);
        stream_add(stream, (int64_t)stream->next, NULL,
                   length < 1u << 30 ? (uint32_t)length : 1u << 30);
        if (stream->has_fin && stream->fin < end) {
            return;
        }
    }
}

uint64_t stream_hole(const struct stream *stream, uint64_t end)
{
    if (stream->next >= end) {
        return 0;
    }
    uint64_t to = stream_ahead(stream) ? stream->piece[stream->ordered].begin : end;
    return (to < end ? to : end) - stream->next;
}

bool stream_ahead(const struct stream *stream)
{
    return stream->ordered < stream->pieces;
}

void stream_make_up(uint64_t at, uint8_t *out, uint32_t length)
{
    payload_fill(out, 0, PAYLOAD_TO_TARGET, at, length, 0);
}

void stream_copy(const struct stream *stream, uint64_t at, uint8_t *out, uint32_t length)
{
    uint64_t end = at + length;
    for (uint32_t i = stream_find(stream, at); at < end; i++) {
        const struct stream_piece *piece = i < stream->pieces ? &stream->piece[i] : NULL;
        uint64_t known = piece && piece->begin < end ? piece->begin : end;
        if (at < known) {
            stream_make_up(at, out, (uint32_t)(known - at));
            out += known - at;
            at = known;
        }
        if (at == end) {
            return;
        }
        uint32_t take = (uint32_t)((piece->end < end ? piece->end : end) - at);
        if (piece->bytes) {
            memcpy(out, piece->bytes + (at - piece->begin), take);
        } else {
            stream_make_up(at, out, take);
        }
        out += take;
        at += take;
    }
}

bool stream_differs(const struct stream *stream, uint64_t at, const uint8_t *bytes, uint32_t length)
{
    uint64_t end = at + length;
    for (uint32_t i = stream_find(stream, at); i < stream->pieces; i++) {
        const struct stream_piece *piece = &stream->piece[i];
        uint64_t from = piece->begin > at ? piece->begin : at;
        uint64_t to = piece->end < end ? piece->end : end;
        if (from >= end) {
            return false;
        }
        if (piece->bytes &&
            memcmp(piece->bytes + (from - piece->begin), bytes + (from - at), to - from) != 0) {
            return true;
        }
    }
    return false;
}
