/* SPDX-License-Identifier: MIT */
#include "replay/capture.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/map.h"
#include "replay/pcapng.h"
#include "replay/source.h"

#define SNAPSHOT_AT 16u /* of the header's snapshot length */

struct capture {
    char *path;
    struct source *source;
    FILE *file; /* pcapng only; libpcap closes its own */
    pcap_t *pcap;
    struct pcapng *pcapng;
    struct capture_map *map; /* until something strange stands in it */
    uint64_t map_at, size;
    int link_type;
    uint32_t number;
};

static struct capture *refuse(struct capture *capture, const char *path, const char *what,
                              char *error, size_t size)
{
    snprintf(error, size, "%s: %s", path, what);
    capture_close(capture);
    return NULL;
}

static bool is_classic(uint32_t magic)
{
    static const uint32_t known[] = {0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34, 0xA1E2CB12};
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (magic == known[i] || __builtin_bswap32(magic) == known[i]) {
            return true;
        }
    }
    return false;
}

/* libpcap cuts packets at the header's snapshot length, and some writers put too small a one there.
 * As zero it is the largest. */
static struct capture *open_classic(struct capture *capture, char *error, size_t size)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    source_blank(capture->source, SNAPSHOT_AT, SNAPSHOT_AT + 4);
    FILE *file = source_stream(capture->source);
    capture->pcap =
        file ? pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason)
             : NULL;
    if (!capture->pcap) {
        const char *fault = source_fault(capture->source);
        if (file) {
            fclose(file);
        }
        snprintf(error, size, "%s: %s", capture->path, fault ? fault : reason);
        capture_close(capture);
        return NULL;
    }
    capture->link_type = pcap_datalink(capture->pcap);
    int plain = source_file(capture->source, &capture->size);
    capture->map = plain >= 0 ? map_new(plain, capture->size) : NULL;
    capture->map_at = map_begin();
    return capture;
}

static struct capture *open_blocks(struct capture *capture, char *error, size_t size)
{
    capture->file = source_stream(capture->source);
    capture->pcapng = capture->file ? pcapng_new(capture->file) : NULL;
    return capture->pcapng ? capture : refuse(capture, capture->path, "out of memory", error, size);
}

static struct capture *open_by_magic(struct capture *capture, char *error, size_t size)
{
    uint8_t head[SOURCE_HEAD];
    uint32_t magic, got = source_head(capture->source, head);
    memcpy(&magic, head, sizeof(magic));
    if (got == sizeof(head) && magic == PCAPNG_MAGIC) {
        return open_blocks(capture, error, size);
    }
    if (got == sizeof(head) && is_classic(magic)) {
        return open_classic(capture, error, size);
    }
    return refuse(capture, capture->path,
                  got == 0 ? "empty file (expected a pcap or pcapng capture)"
                           : "not a pcap or pcapng capture (no known magic in its first 4 bytes)",
                  error, size);
}

struct capture *capture_open(const char *path, char *error, size_t size)
{
    struct source *source = source_open(path, error, size);
    if (!source) {
        return NULL;
    }
    struct capture *capture = calloc(1, sizeof(*capture));
    char *name = strdup(path);
    if (!capture || !name) {
        free(capture);
        free(name);
        source_close(source);
        return refuse(NULL, path, "out of memory", error, size);
    }
    capture->path = name;
    capture->source = source;
    return open_by_magic(capture, error, size);
}

/* True: libpcap goes on behind the packets that were read already. */
static bool pass_by(struct capture *capture)
{
    struct pcap_pkthdr *head;
    const u_char *bytes;
    for (uint32_t i = 0; i < capture->number; i++) {
        if (pcap_next_ex(capture->pcap, &head, &bytes) != 1) {
            return false;
        }
    }
    return true;
}

static enum capture_read next_classic(struct capture *capture, struct capture_packet *packet,
                                      char *reason, size_t size)
{
    struct pcap_pkthdr *head;
    const u_char *bytes;
    packet->stays = capture->map != NULL;
    enum map_read read =
        capture->map ? map_next(capture->map, &capture->map_at, packet) : MAP_STRANGE;
    if (read != MAP_STRANGE) {
        packet->link_type = capture->link_type;
        return read == MAP_END ? CAPTURE_END : CAPTURE_PACKET;
    }
    if (capture->map) {
        capture_map_drop(capture->map);
        capture->map = NULL;
        packet->stays = false;
        if (!pass_by(capture)) {
            snprintf(reason, size, "it has changed while it was read");
            return CAPTURE_ERROR;
        }
    }
    int got = pcap_next_ex(capture->pcap, &head, &bytes);
    if (got == PCAP_ERROR_BREAK) {
        return CAPTURE_END;
    }
    if (got != 1) {
        snprintf(reason, size, "%s", pcap_geterr(capture->pcap));
        return CAPTURE_ERROR;
    }
    if (head->caplen > CAPTURE_PACKET_MAX) {
        snprintf(reason, size, "%u captured bytes (expected at most %u)", head->caplen,
                 CAPTURE_PACKET_MAX);
        return CAPTURE_ERROR;
    }
    packet->time_ns = (uint64_t)head->ts.tv_sec * 1000000000u + (uint64_t)head->ts.tv_usec;
    packet->bytes = bytes;
    packet->captured = head->caplen;
    packet->length = head->len;
    packet->link_type = capture->link_type;
    return CAPTURE_PACKET;
}

enum capture_read capture_next(struct capture *capture, struct capture_packet *packet, char *error,
                               size_t size)
{
    char reason[PCAP_ERRBUF_SIZE + 64] = "";
    packet->stays = false;
    enum capture_read read = capture->pcapng
                                 ? pcapng_next(capture->pcapng, packet, reason, sizeof(reason))
                                 : next_classic(capture, packet, reason, sizeof(reason));
    const char *fault = source_fault(capture->source);
    if (fault && read != CAPTURE_PACKET) {
        read = CAPTURE_ERROR;
        snprintf(reason, sizeof(reason), "%s", fault);
    }
    if (read == CAPTURE_PACKET) {
        packet->number = ++capture->number;
        if (packet->length < packet->captured) {
            packet->length = packet->captured;
        }
    } else if (read == CAPTURE_ERROR) {
        snprintf(error, size, "%s: damaged after packet %u: %s", capture->path, capture->number,
                 reason);
    }
    return read;
}

void capture_close(struct capture *capture)
{
    if (!capture) {
        return;
    }
    if (capture->pcap) {
        pcap_close(capture->pcap);
    }
    capture_map_drop(capture->map);
    pcapng_del(capture->pcapng);
    if (capture->file) {
        fclose(capture->file);
    }
    source_close(capture->source);
    free(capture->path);
    free(capture);
}

struct capture_map *capture_mapped(struct capture *capture)
{
    return map_use(capture->map);
}

double capture_share(const struct capture *capture)
{
    if (capture->map) {
        return (double)capture->map_at / (double)capture->size;
    }
    uint64_t all, read = source_progress(capture->source, &all);
    return all ? (double)read / (double)all : -1;
}
