/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/unpack.h"

#define STREAM_BYTES (1u << 16)

/* Bytes that were read to see what they are, and are given first. */
struct ahead {
    uint8_t byte[SOURCE_HEAD];
    uint32_t held, at;
};

struct source {
    int file;
    uint64_t read, all;
    struct ahead packed, plain;
    struct unpack *unpack; /* NULL = not compressed */
    const char *packing;
    bool input; /* standard input: it may have been read before */
    uint64_t given, blank_begin, blank_end;
    char fault[160];
    char buffer[STREAM_BYTES];
};

static struct source *refuse(struct source *source, const char *path, const char *what, char *error,
                             size_t size)
{
    snprintf(error, size, "%s: %s", path, what);
    source_close(source);
    return NULL;
}

static ssize_t from_ahead(struct ahead *ahead, uint8_t *out, size_t room)
{
    size_t left = ahead->held - ahead->at, take = left < room ? left : room;
    memcpy(out, ahead->byte + ahead->at, take);
    ahead->at += (uint32_t)take;
    return (ssize_t)take;
}

/* As it lies there. */
static ssize_t source_raw(void *context, uint8_t *out, size_t room)
{
    struct source *source = context;
    ssize_t got = from_ahead(&source->packed, out, room);
    while (got == 0 && (got = read(source->file, out, room)) < 0 && errno == EINTR) {
        got = 0;
    }
    source->read += got > 0 ? (uint64_t)got : 0;
    return got;
}

static ssize_t source_plain(struct source *source, uint8_t *out, size_t room)
{
    const char *what = NULL;
    if (!source->unpack) {
        ssize_t got = source_raw(source, out, room);
        if (got < 0) {
            snprintf(source->fault, sizeof(source->fault), "%s", strerror(errno));
        }
        return got;
    }
    ssize_t got = unpack_read(source->unpack, out, room, &what);
    if (got < 0) {
        snprintf(source->fault, sizeof(source->fault), "the %s stream is damaged: %s",
                 source->packing, what);
        errno = EIO;
    }
    return got;
}

static ssize_t source_cookie(void *context, char *out, size_t room)
{
    struct source *source = context;
    uint8_t *bytes = (uint8_t *)out;
    ssize_t got = from_ahead(&source->plain, bytes, room);
    got = got ? got : source_plain(source, bytes, room);
    for (ssize_t i = 0; i < got && source->given < source->blank_end; i++, source->given++) {
        bytes[i] = source->given >= source->blank_begin ? 0 : bytes[i];
    }
    return got;
}

FILE *source_stream(struct source *source)
{
    FILE *stream = fopencookie(source, "rb", (cookie_io_functions_t){.read = source_cookie});
    if (stream) {
        setvbuf(stream, source->buffer, _IOFBF, sizeof(source->buffer));
    }
    return stream;
}

/* Reads ahead until it is full, or there is no more. False: what there is cannot be read. */
static bool look(struct ahead *ahead, ssize_t (*more)(void *, uint8_t *, size_t), void *context)
{
    while (ahead->held < SOURCE_HEAD) {
        ssize_t got = more(context, ahead->byte + ahead->held, SOURCE_HEAD - ahead->held);
        if (got <= 0) {
            return got == 0;
        }
        ahead->held += (uint32_t)got;
    }
    return true;
}

static ssize_t look_file(void *context, uint8_t *out, size_t room)
{
    return read(((struct source *)context)->file, out, room);
}

static ssize_t look_plain(void *context, uint8_t *out, size_t room)
{
    return source_plain(context, out, room);
}

static const char *kind_refused(const struct stat *about, bool input)
{
    if (S_ISDIR(about->st_mode)) {
        return "a directory (expected a capture file)";
    }
    if (input && S_ISCHR(about->st_mode) && isatty(STDIN_FILENO)) {
        return "standard input is a terminal (expected a pcap or pcapng capture)";
    }
    if (!input && !S_ISREG(about->st_mode)) {
        return "not a file (expected a pcap or pcapng capture; a pipe can be standard input, -)";
    }
    return NULL;
}

/* What is compressed is unpacked from here on. */
static struct source *source_begin(struct source *source, const char *path, char *error,
                                   size_t size)
{
    if (!look(&source->packed, look_file, source)) {
        return refuse(source, path, strerror(errno), error, size);
    }
    enum packing packing = packing_of(source->packed.byte, source->packed.held);
    if (packing != PACKED_NOT) {
        source->packing = packing == PACKED_GZIP ? "gzip" : "zstd";
        source->unpack = unpack_new(packing, source_raw, source);
        if (!source->unpack) {
            return refuse(source, path, "out of memory", error, size);
        }
    }
    if (!look(&source->plain, look_plain, source)) {
        return refuse(source, path, source->fault, error, size);
    }
    return source;
}

struct source *source_open(const char *path, char *error, size_t size)
{
    struct stat about;
    bool input = !strcmp(path, "-");
    if (input ? fstat(STDIN_FILENO, &about) : stat(path, &about)) {
        return refuse(NULL, path, strerror(errno), error, size);
    }
    const char *kind = kind_refused(&about, input);
    if (kind) {
        return refuse(NULL, path, kind, error, size);
    }
    int file = input ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return refuse(NULL, path, strerror(errno), error, size);
    }
    struct source *source = calloc(1, sizeof(*source));
    if (!source) {
        close(file);
        return refuse(NULL, path, "out of memory", error, size);
    }
    source->file = file;
    source->input = input;
    source->all = S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
    return source_begin(source, path, error, size);
}

void source_close(struct source *source)
{
    if (source) {
        unpack_del(source->unpack);
        close(source->file);
        free(source);
    }
}

uint32_t source_head(const struct source *source, uint8_t head[SOURCE_HEAD])
{
    memcpy(head, source->plain.byte, SOURCE_HEAD);
    return source->plain.held;
}

int source_file(const struct source *source, uint64_t *size)
{
    *size = source->all;
    return source->all && !source->unpack && !source->input ? source->file : -1;
}

void source_blank(struct source *source, uint64_t begin, uint64_t end)
{
    source->blank_begin = begin;
    source->blank_end = end;
}

const char *source_fault(const struct source *source)
{
    return source->fault[0] ? source->fault : NULL;
}

uint64_t source_progress(const struct source *source, uint64_t *all)
{
    *all = source->all;
    return source->read;
}
