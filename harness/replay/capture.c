/* SPDX-License-Identifier: MIT */
#include "replay/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "replay/pcapng.h"

struct capture {
    char *path;
    FILE *file; /* pcapng only; libpcap closes its own */
    pcap_t *pcap;
    struct pcapng *pcapng;
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

/* Takes the file over. */
static struct capture *open_classic(struct capture *capture, FILE *file, char *error, size_t size)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    capture->pcap =
        pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (!capture->pcap) {
        fclose(file);
        return refuse(capture, capture->path, reason, error, size);
    }
    capture->link_type = pcap_datalink(capture->pcap);
    return capture;
}

static struct capture *open_by_magic(struct capture *capture, FILE *file, char *error, size_t size)
{
    uint8_t head[4];
    uint32_t magic;
    size_t got = fread(head, 1, sizeof(head), file);
    memcpy(&magic, head, sizeof(magic));
    rewind(file);
    if (got == sizeof(head) && magic == PCAPNG_MAGIC) {
        capture->file = file;
        capture->pcapng = pcapng_new(file);
        return capture->pcapng ? capture
                               : refuse(capture, capture->path, "out of memory", error, size);
    }
    if (got == sizeof(head) && is_classic(magic)) {
        return open_classic(capture, file, error, size);
    }
    fclose(file);
    const char *what = got == 0 ? "empty file (expected a pcap or pcapng capture)"
                       : got > 1 && head[0] == 0x1F && head[1] == 0x8B
                           ? "compressed by gzip (expected a pcap or pcapng capture: gunzip it)"
                           : "not a pcap or pcapng capture (no known magic in its first 4 bytes)";
    return refuse(capture, capture->path, what, error, size);
}

struct capture *capture_open(const char *path, char *error, size_t size)
{
    struct stat about;
    if (stat(path, &about)) {
        return refuse(NULL, path, strerror(errno), error, size);
    }
    if (!S_ISREG(about.st_mode)) {
        return refuse(NULL, path,
                      S_ISDIR(about.st_mode) ? "a directory (expected a capture file)"
                                             : "not a file (expected a pcap or pcapng capture)",
                      error, size);
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        return refuse(NULL, path, strerror(errno), error, size);
    }
    struct capture *capture = calloc(1, sizeof(*capture));
    char *name = strdup(path);
    if (!capture || !name) {
        free(capture);
        free(name);
        fclose(file);
        return refuse(NULL, path, "out of memory", error, size);
    }
    capture->path = name;
    return open_by_magic(capture, file, error, size);
}

static enum capture_read next_classic(struct capture *capture, struct capture_packet *packet,
                                      char *reason, size_t size)
{
    struct pcap_pkthdr *head;
    const u_char *bytes;
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
    enum capture_read read = capture->pcapng
                                 ? pcapng_next(capture->pcapng, packet, reason, sizeof(reason))
                                 : next_classic(capture, packet, reason, sizeof(reason));
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
    pcapng_del(capture->pcapng);
    if (capture->file) {
        fclose(capture->file);
    }
    free(capture->path);
    free(capture);
}
