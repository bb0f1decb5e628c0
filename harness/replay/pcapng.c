/* SPDX-License-Identifier: MIT */
#include "replay/pcapng.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_MAX (CAPTURE_PACKET_MAX + (1u << 20)) /* that is kept of a block */
#define INTERFACES_MAX 4096u

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET_OLD = 2,
    BLOCK_PACKET_SIMPLE = 3,
    BLOCK_PACKET = 6,
};

struct interface {
    uint32_t link_type, snap_length;
    uint64_t units; /* per second */
    int64_t offset_s;
};

struct pcapng {
    FILE *file;
    bool swapped;
    uint64_t at, next; /* places of the present block and of the one behind it in the file */
    uint8_t *block;
    uint32_t length; /* of its body, as far as it is kept */
    struct interface *interface;
    uint32_t interfaces;
};

static uint16_t get16(const struct pcapng *r, const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, 2);
    return r->swapped ? __builtin_bswap16(value) : value;
}

static uint32_t get32(const struct pcapng *r, const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return r->swapped ? __builtin_bswap32(value) : value;
}

static uint64_t get64(const struct pcapng *r, const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, 8);
    return r->swapped ? __builtin_bswap64(value) : value;
}

struct pcapng *pcapng_new(FILE *file)
{
    struct pcapng *reader = calloc(1, sizeof(*reader));
    if (reader) {
        reader->file = file;
        reader->block = malloc(BLOCK_MAX);
    }
    if (reader && !reader->block) {
        free(reader);
        return NULL;
    }
    return reader;
}

void pcapng_del(struct pcapng *reader)
{
    if (reader) {
        free(reader->block);
        free(reader->interface);
        free(reader);
    }
}

static enum capture_read damaged(const struct pcapng *r, const char *what, char *error, size_t size)
{
    snprintf(error, size, "block at byte %llu: %s", (unsigned long long)r->at, what);
    return CAPTURE_ERROR;
}

/* A section begins: byte order, and no interfaces yet. */
static bool section_start(struct pcapng *r, const uint8_t *magic)
{
    uint32_t order;
    memcpy(&order, magic, 4);
    r->interfaces = 0;
    if (order == 0x1A2B3C4D || order == 0x4D3C2B1A) {
        r->swapped = order == 0x4D3C2B1A;
        return true;
    }
    return false;
}

/* Reads what the block has beyond what is kept: of a packet that can only be options. */
static bool block_skip(struct pcapng *r, uint32_t count)
{
    uint8_t piece[4096];
    while (count) {
        uint32_t take = count < sizeof(piece) ? count : (uint32_t)sizeof(piece);
        if (fread(piece, 1, take, r->file) < take) {
            return false;
        }
        count -= take;
    }
    return true;
}

/* The body of a block of so many bytes, of which `have` are there, and its second length. */
static enum capture_read block_body(struct pcapng *r, uint32_t total, uint32_t have, char *error,
                                    size_t size)
{
    uint8_t trailer[4];
    uint32_t body = total - 12;
    r->length = body < BLOCK_MAX ? body : BLOCK_MAX;
    if (fread(r->block + have, 1, r->length - have, r->file) < r->length - have ||
        !block_skip(r, body - r->length) || fread(trailer, 1, 4, r->file) < 4) {
        return damaged(r, "the file ends inside the block", error, size);
    }
    r->next = r->at + total;
    if (get32(r, trailer) != total) {
        return damaged(r, "its two lengths differ", error, size);
    }
    return CAPTURE_PACKET;
}

/* Reads the next block's body into r->block. */
static enum capture_read block_read(struct pcapng *r, uint32_t *type, char *error, size_t size)
{
    uint8_t head[12];
    r->at = r->next;
    size_t got = fread(head, 1, 8, r->file);
    if (got == 0) {
        return CAPTURE_END;
    }
    if (got < 8) {
        return damaged(r, "the file ends inside a block header", error, size);
    }
    memcpy(type, head, 4);
    uint32_t have = 0;
    if (*type == PCAPNG_MAGIC) { /* the same in both byte orders */
        if (fread(head + 8, 1, 4, r->file) < 4 || !section_start(r, head + 8)) {
            return damaged(r, "no byte-order magic (expected 0x1A2B3C4D)", error, size);
        }
        memcpy(r->block, head + 8, 4);
        have = 4;
    }
    *type = get32(r, head);
    uint32_t total = get32(r, head + 4);
    if (total < 12 + have || total % 4) {
        return damaged(r, "impossible block length", error, size);
    }
    return block_body(r, total, have, error, size);
}

static uint64_t units_of(uint8_t resolution)
{
    uint64_t units = 1;
    if (resolution & 0x80) {
        return (resolution & 0x7F) < 63 ? 1ull << (resolution & 0x7F) : 1ull << 62;
    }
    for (uint32_t i = 0; i < resolution && i < 18; i++) {
        units *= 10;
    }
    return units;
}

static bool interface_add(struct pcapng *r)
{
    if (r->length < 8 || r->interfaces == INTERFACES_MAX) {
        return false;
    }
    struct interface *grown = realloc(r->interface, (r->interfaces + 1) * sizeof(r->interface[0]));
    if (!grown) {
        return false;
    }
    r->interface = grown;
    struct interface *made = &grown[r->interfaces++];
    *made = (struct interface){get16(r, r->block), get32(r, r->block + 4), 1000000, 0};
    for (uint32_t at = 8; at + 4 <= r->length;) {
        uint32_t code = get16(r, r->block + at), length = get16(r, r->block + at + 2);
        if (code == 0 || length > r->length - at - 4) {
            break;
        }
        if (code == 9 && length >= 1) {
            made->units = units_of(r->block[at + 4]);
        } else if (code == 14 && length >= 8) {
            made->offset_s = (int64_t)get64(r, r->block + at + 4);
        }
        at += 4 + ((length + 3) & ~3u);
    }
    return true;
}

static uint64_t to_ns(const struct interface *interface, uint64_t stamp)
{
    uint64_t seconds = stamp / interface->units + (uint64_t)interface->offset_s;
    __uint128_t rest = (__uint128_t)(stamp % interface->units) * 1000000000u / interface->units;
    return seconds * 1000000000u + (uint64_t)rest;
}

/* Fills in a packet from a body whose fixed part is `fixed` bytes long. NULL, or what is wrong. */
static const char *packet_from(struct pcapng *r, uint32_t interface, uint32_t captured,
                               uint32_t fixed, struct capture_packet *packet)
{
    if (interface >= r->interfaces) {
        return "a packet of an interface that no block describes";
    }
    if (captured > CAPTURE_PACKET_MAX) {
        return "a packet of more than 256 KiB (expected at most 262144 captured bytes)";
    }
    if (fixed > r->length || captured > r->length - fixed) {
        return "a packet that is longer than its block";
    }
    packet->bytes = r->block + fixed;
    packet->captured = captured;
    packet->link_type = (int)r->interface[interface].link_type;
    return NULL;
}

#define SHORT_BLOCK "a packet block that is shorter than its fixed part"

static const char *packet_enhanced(struct pcapng *r, bool old, struct capture_packet *packet)
{
    if (r->length < 20) {
        return SHORT_BLOCK;
    }
    uint32_t interface = old ? get16(r, r->block) : get32(r, r->block);
    uint64_t stamp = (uint64_t)get32(r, r->block + 4) << 32 | get32(r, r->block + 8);
    packet->length = get32(r, r->block + 16);
    const char *wrong = packet_from(r, interface, get32(r, r->block + 12), 20, packet);
    if (!wrong) {
        packet->time_ns = to_ns(&r->interface[interface], stamp);
    }
    return wrong;
}

/* A simple packet has no time of its own and belongs to the first interface. Its block may hold
 * more than the snapshot length says, beyond the bytes that fill it up to four. */
static const char *packet_simple(struct pcapng *r, struct capture_packet *packet)
{
    if (r->length < 4) {
        return SHORT_BLOCK;
    }
    packet->length = get32(r, r->block);
    uint32_t snap = r->interfaces ? r->interface[0].snap_length : 0, held = r->length - 4;
    uint32_t captured = packet->length;
    if (snap && snap < captured && (uint64_t)held < ((uint64_t)snap + 3) / 4 * 4 + 1) {
        captured = snap;
    } else if (snap && snap < captured) {
        captured = held < captured ? held : captured;
    }
    packet->time_ns = 0;
    return packet_from(r, 0, captured, 4, packet);
}

enum capture_read pcapng_next(struct pcapng *r, struct capture_packet *packet, char *error,
                              size_t size)
{
    for (;;) {
        uint32_t type;
        enum capture_read read = block_read(r, &type, error, size);
        if (read != CAPTURE_PACKET) {
            return read;
        }
        if (type == BLOCK_INTERFACE && !interface_add(r)) {
            return damaged(r, "bad interface description", error, size);
        }
        if (type == BLOCK_PACKET || type == BLOCK_PACKET_OLD || type == BLOCK_PACKET_SIMPLE) {
            const char *wrong = type == BLOCK_PACKET_SIMPLE
                                    ? packet_simple(r, packet)
                                    : packet_enhanced(r, type == BLOCK_PACKET_OLD, packet);
            return wrong ? damaged(r, wrong, error, size) : CAPTURE_PACKET;
        }
    }
}
