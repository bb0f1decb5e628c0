/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ROOM_LEAST ((uint64_t)1 << 16) /* whole pages */

void stream_fini(struct stream *stream)
{
    if (stream->bytes) {
        munmap(stream->bytes, stream->room);
    }
    free(stream->ahead);
    memset(stream, 0, sizeof(*stream));
}

/* An end far away is what a number in the capture says, not what the capture holds. */
bool stream_reach(struct stream *stream, uint64_t end)
{
    if (end <= stream->room) {
        return true;
    }
    uint64_t room = stream->room ? stream->room : ROOM_LEAST;
    while (end <= STREAM_MAX && room < end) {
        room *= 2;
    }
    void *grown = MAP_FAILED;
    if (end <= STREAM_MAX) {
        grown = stream->bytes ? mremap(stream->bytes, stream->room, room, MREMAP_MAYMOVE)
                              : mmap(NULL, room, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (grown == MAP_FAILED) {
        stream->failed = true;
        return false;
    }
    stream->bytes = grown;
    stream->room = room;
    return true;
}

static bool ahead_insert(struct stream *stream, uint32_t at, struct stream_range range)
{
    if (stream->aheads == stream->ahead_room) {
        uint32_t room = stream->ahead_room ? 2 * stream->ahead_room : 16;
        struct stream_range *grown = realloc(stream->ahead, room * sizeof(*grown));
        if (!grown) {
            stream->failed = true;
            return false;
        }
        stream->ahead = grown;
        stream->ahead_room = room;
    }
    memmove(&stream->ahead[at + 1], &stream->ahead[at],
            (stream->aheads - at) * sizeof(stream->ahead[0]));
    stream->ahead[at] = range;
    stream->aheads++;
    return true;
}

static void ahead_remove(struct stream *stream, uint32_t first, uint32_t last)
{
    if (first == last) {
        return;
    }
    memmove(&stream->ahead[first], &stream->ahead[last],
            (stream->aheads - last) * sizeof(stream->ahead[0]));
    stream->aheads -= last - first;
}

/* First range that ends at or after an offset. */
static uint32_t ahead_from(const struct stream *stream, uint64_t offset)
{
    uint32_t low = 0, high = stream->aheads;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (stream->ahead[middle].end < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Copies those parts of [begin, end) that no range holds. */
static void copy_new(struct stream *stream, uint64_t begin, uint64_t end, const uint8_t *bytes)
{
    uint64_t at = begin;
    for (uint32_t i = ahead_from(stream, at); at < end; i++) {
        bool more = i < stream->aheads && stream->ahead[i].begin < end;
        uint64_t to = more ? stream->ahead[i].begin : end;
        if (at < to) {
            memcpy(stream->bytes + at, bytes + (at - begin), to - at);
        }
        if (!more) {
            return;
        }
        at = stream->ahead[i].end > at ? stream->ahead[i].end : at;
    }
}

static void replay_stream_merge(struct stream *stream, uint64_t begin, uint64_t end)
{
    uint32_t first = ahead_from(stream, begin), last = first;
    while (last < stream->aheads && stream->ahead[last].begin <= end) {
        begin = stream->ahead[last].begin < begin ? stream->ahead[last].begin : begin;
        end = stream->ahead[last].end > end ? stream->ahead[last].end : end;
        last++;
    }
    ahead_remove(stream, first, last);
    if (begin <= stream->next) {
        stream->next = end;
    } else {
        ahead_insert(stream, first, (struct stream_range){begin, end});
    }
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
        stream->next = stream->end = stream->fin;
        stream->aheads = 0;
    }
}

void stream_add(struct stream *stream, int64_t offset, const uint8_t *bytes, uint32_t length)
{
    int64_t end = offset + length;
    if (stream->has_fin || end <= (int64_t)stream->next || !stream_reach(stream, (uint64_t)end)) {
        return;
    }
    if (offset < (int64_t)stream->next) {
        bytes += (int64_t)stream->next - offset;
        offset = (int64_t)stream->next;
    }
    copy_new(stream, (uint64_t)offset, (uint64_t)end, bytes);
    replay_stream_merge(stream, (uint64_t)offset, (uint64_t)end);
    if ((uint64_t)end > stream->end) {
        stream->end = (uint64_t)end;
    }
    check_fins(stream);
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

uint64_t stream_hole(const struct stream *stream, uint64_t end)
{
    if (stream->next >= end) {
        return 0;
    }
    uint64_t to = stream->aheads ? stream->ahead[0].begin : end;
    return (to < end ? to : end) - stream->next;
}
