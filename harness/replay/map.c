/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay/map.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cut.h"

#define FORGET_BYTES ((uint64_t)64 << 20)
#define HEADER_BYTES 24u
#define RECORD_BYTES 16u
#define MICRO_MAGIC 0xA1B2C3D4u
#define NANO_MAGIC 0xA1B23C4Du

struct capture_map {
    uint8_t *bytes;
    uint64_t size;
    uint32_t users;
    uint64_t forgotten; /* up to there */
    int file;
    bool nano;
};

struct capture_map *map_new(int file, uint64_t size)
{
    struct capture_map *map = size >= HEADER_BYTES ? calloc(1, sizeof(*map)) : NULL;
    void *bytes = map ? mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
    if (bytes == MAP_FAILED) {
        free(map);
        return NULL;
    }
    uint32_t magic;
    uint16_t version[2];
    memcpy(&magic, bytes, sizeof(magic));
    memcpy(version, (uint8_t *)bytes + 4, sizeof(version));
    *map = (struct capture_map){.bytes = bytes,
                                .size = size,
                                .users = 1,
                                .file = fcntl(file, F_DUPFD_CLOEXEC, 0),
                                .nano = magic == NANO_MAGIC};
    cut_watch(bytes, size);
    if ((magic != MICRO_MAGIC && magic != NANO_MAGIC) || version[0] != 2 || version[1] != 4) {
        capture_map_drop(map);
        return NULL;
    }
    madvise(bytes, size, MADV_SEQUENTIAL);
    return map;
}

struct capture_map *map_use(struct capture_map *map)
{
    if (map) {
        map->users++;
    }
    return map;
}

void capture_map_drop(struct capture_map *map)
{
    if (map && --map->users == 0) {
        cut_forget(map->bytes);
        munmap(map->bytes, map->size);
        close(map->file);
        free(map);
    }
}

void capture_map_forget(struct capture_map *map)
{
    if (map) {
        madvise(map->bytes, map->size, MADV_DONTNEED);
    }
}

bool capture_map_cut(const struct capture_map *map)
{
    struct stat about;
    return map && !fstat(map->file, &about) && (uint64_t)about.st_size < map->size;
}

uint64_t map_begin(void)
{
    return HEADER_BYTES;
}

/* What is not as it should be is left to libpcap, and to its words. */
enum map_read map_next(struct capture_map *map, uint64_t *at, struct capture_packet *packet)
{
    uint32_t record[4]; /* seconds, their fraction, bytes held, bytes on the wire */
    if (*at == map->size) {
        return MAP_END;
    }
    if (map->size - *at < RECORD_BYTES) {
        return MAP_STRANGE;
    }
    memcpy(record, map->bytes + *at, sizeof(record));
    uint64_t left = map->size - *at - RECORD_BYTES;
    if (record[2] > CAPTURE_PACKET_MAX || record[2] > left) {
        return MAP_STRANGE;
    }
    uint64_t fraction =
        map->nano ? (uint64_t)(int32_t)record[1] : (uint64_t)(int32_t)record[1] * 1000u;
    packet->time_ns = (uint64_t)(int64_t)(int32_t)record[0] * 1000000000u + fraction;
    packet->bytes = map->bytes + *at + RECORD_BYTES;
    packet->captured = record[2];
    packet->length = record[3];
    *at += RECORD_BYTES + record[2];
    if (*at - map->forgotten > FORGET_BYTES) {
        madvise(map->bytes, map->size, MADV_DONTNEED);
        map->forgotten = *at;
    }
    return MAP_PACKET;
}
