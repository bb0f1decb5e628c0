/* SPDX-License-Identifier: MIT
 *
 * One connection between the target and a kernel beyond a TAP device, in real time: the virtual
 * clock follows the machine's. The target's end fetches a file by HTTP, or serves one.
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include "stream/session.h"

struct live_options {
    int tun;                 /* descriptor */
    struct endpoint local;   /* address and, when serving, port */
    struct endpoint remote;  /* when fetching */
    uint8_t gateway[4];      /* who gets the frames: the remote end, or a router */
    const char *path, *host; /* fetching: what, from whom */
    int out;                 /* fetching: descriptor of the file to write, -1 = none */
    const uint8_t *file;     /* serving: its bytes */
    uint64_t file_bytes;
    uint32_t reoffload;
    uint64_t gap_ns;
    bool serve, oracle_off, strict, context_is_cell;
    uint64_t idle_ns; /* without a byte for so long: given up */
    void (*progress)(void *context, uint64_t done, uint64_t all);
    void *context;
};

struct live_result {
    bool complete;
    bool decided; /* whether it is complete says something about the target */
    char reason[160];
    unsigned status;  /* of HTTP */
    uint64_t bytes;   /* of the file, as they came or as they went */
    uint8_t hash[32]; /* SHA-256 of them */
    double seconds;   /* from the request to the last byte's end */
    struct session_counts counts;
};

void live_run(struct world *world, const struct live_options *options, struct live_result *result);
/* For a signal handler: the run ends soon. */
extern volatile bool live_stop;

#endif
