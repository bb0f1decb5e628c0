/* SPDX-License-Identifier: MIT
 *
 * Capture files: pcap by libpcap, pcapng by a reader of its own, because libpcap refuses files
 * whose interfaces differ in link type or resolution. Both byte orders, all resolutions; times come
 * out in nanoseconds; files may be compressed (source.h). Nothing here knows what a packet means.
 */
#ifndef REPLAY_CAPTURE_H
#define REPLAY_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_PACKET_MAX (256u << 10) /* captured bytes of one packet; more is damage */

struct capture_packet {
    uint64_t time_ns;
    const uint8_t *bytes; /* valid until the next call */
    uint32_t captured;    /* bytes held in the file */
    uint32_t length;      /* bytes on the wire */
    int link_type;        /* LINKTYPE_ or DLT_ number */
    uint32_t number;      /* from 1 */
    bool stays;           /* the bytes stay as long as the map (capture_mapped) */
};

struct capture;

/* "-" is standard input. NULL: error holds one line that names the file, what is wrong and what was
 * expected. */
struct capture *capture_open(const char *path, char *error, size_t size);

enum capture_read { CAPTURE_PACKET, CAPTURE_END, CAPTURE_ERROR };
/* CAPTURE_ERROR: the file is damaged from here on; error says where. */
enum capture_read capture_next(struct capture *capture, struct capture_packet *packet, char *error,
                               size_t size);
/* The file lies in memory, and packets stay where they are in it as long as the map does: it is one
 * user's more. NULL: packets have to be copied. */
struct capture_map;
struct capture_map *capture_mapped(struct capture *capture);
void capture_map_drop(struct capture_map *map);
/* The file has become shorter since: what was read may be zeros where packets were. */
bool capture_map_cut(const struct capture_map *map);
/* Pages that were looked at need not stay in memory. */
void capture_map_forget(struct capture_map *map);
/* How much of the file was read, of 1; below 0 = nobody knows. */
double capture_share(const struct capture *capture);
void capture_close(struct capture *capture);

#endif
