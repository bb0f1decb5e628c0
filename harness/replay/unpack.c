/* SPDX-License-Identifier: MIT */
#include "replay/unpack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_ONLY (16 + MAX_WBITS)

struct unpack {
    enum packing packing;
    unpack_more more;
    void *context;
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool between; /* a stream has ended, or none has begun */
    bool end;     /* no more packed bytes */
    size_t at, held;
    uint8_t packed[1u << 16];
};

enum packing packing_of(const uint8_t *head, size_t length)
{
    return length > 1 && head[0] == 0x1F && head[1] == 0x8B     ? PACKED_GZIP
           : length > 3 && !memcmp(head, "\x28\xB5\x2F\xFD", 4) ? PACKED_ZSTD
                                                                : PACKED_NOT;
}

struct unpack *unpack_new(enum packing packing, unpack_more more, void *context)
{
    struct unpack *made = calloc(1, sizeof(*made));
    if (!made) {
        return NULL;
    }
    made->packing = packing;
    made->more = more;
    made->context = context;
    made->between = true;
    bool good = packing == PACKED_GZIP ? inflateInit2(&made->gzip, GZIP_ONLY) == Z_OK
                                       : (made->zstd = ZSTD_createDStream()) != NULL;
    if (!good) {
        free(made);
        return NULL;
    }
    return made;
}

void unpack_del(struct unpack *u)
{
    if (u && u->packing == PACKED_GZIP) {
        inflateEnd(&u->gzip);
    } else if (u) {
        ZSTD_freeDStream(u->zstd);
    }
    free(u);
}

/* The next piece of the stream. False: damage. */
static bool step_gzip(struct unpack *u, uint8_t *out, size_t room, size_t *made, const char **what)
{
    z_stream *z = &u->gzip;
    z->next_in = u->packed + u->at;
    z->avail_in = (uInt)(u->held - u->at);
    z->next_out = out;
    z->avail_out = (uInt)room;
    int got = inflate(z, Z_NO_FLUSH);
    u->at = u->held - z->avail_in;
    *made = room - z->avail_out;
    u->between = got == Z_STREAM_END;
    if (u->between) {
        inflateReset(z);
    } else if (got != Z_OK && got != Z_BUF_ERROR) {
        *what = z->msg ? z->msg : "out of memory";
        return false;
    }
    return true;
}

static bool step_zstd(struct unpack *u, uint8_t *out, size_t room, size_t *made, const char **what)
{
    ZSTD_inBuffer in = {u->packed, u->held, u->at};
    ZSTD_outBuffer to = {out, room, 0};
    size_t got = ZSTD_decompressStream(u->zstd, &to, &in);
    u->at = in.pos;
    *made = to.pos;
    u->between = got == 0;
    if (ZSTD_isError(got)) {
        *what = ZSTD_getErrorName(got);
        return false;
    }
    return true;
}

/* Packed bytes to go on with, or the end. False: they cannot be read. */
static bool unpack_fill(struct unpack *u, const char **what)
{
    if (u->at < u->held || u->end) {
        return true;
    }
    ssize_t got = u->more(u->context, u->packed, sizeof(u->packed));
    if (got < 0) {
        *what = strerror(errno);
        return false;
    }
    u->at = 0;
    u->held = (size_t)got;
    u->end = got == 0;
    return true;
}

ssize_t unpack_read(struct unpack *u, uint8_t *out, size_t room, const char **what)
{
    size_t made = 0;
    while (!made) {
        if (!unpack_fill(u, what)) {
            return -1;
        }
        if (u->end && u->between) {
            return 0;
        }
        bool good = u->packing == PACKED_GZIP ? step_gzip(u, out, room, &made, what)
                                              : step_zstd(u, out, room, &made, what);
        if (!good) {
            return -1;
        }
        if (u->end && !made && !u->between) {
            *what = "it ends too early";
            return -1;
        }
    }
    return (ssize_t)made;
}
