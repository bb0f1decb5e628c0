/* SPDX-License-Identifier: MIT
 *
 * lwIP as the remote end: a TCP that nobody of this project wrote, by its raw API, in this process
 * and on the virtual clock (sys_now is ours). It sends a stream, takes in the other one, and closes
 * when both are done. lwIP's state is global: one peer a process, so each run is a child.
 */
#ifndef PEER_LWIP_PEER_H
#define PEER_LWIP_PEER_H

#include "peer/segment.h"

#define LWIP_PEER_NEVER UINT64_MAX

struct pbuf; /* lwIP's */

struct lwip_peer_options {
    struct endpoint local, target; /* IPv4; local = lwIP's end */
    bool connects;                 /* else it listens */
    uint64_t bytes;                /* of the stream that it sends */
    bool stays;                    /* it does not close behind them */
    void *context;
    /* A frame goes to the target. Called from inside the calls below. */
    void (*frame_out)(void *context, const uint8_t *bytes, uint32_t length);
    void (*give)(void *context, uint64_t offset, uint8_t *out, uint32_t length);
    void (*take)(void *context, const uint8_t *bytes, uint32_t length);
};

struct lwip_peer_status {
    bool established;
    bool failed; /* reset, or given up; error is lwIP's err_t */
    int error;
    bool eof;    /* the target's FIN has come, after all its bytes */
    bool closed; /* both directions are closed and everything that was sent is acknowledged */
    uint64_t given, acked, taken;
};

/* False: lwIP is out of memory. */
bool lwip_peer_open(const struct lwip_peer_options *options, uint64_t now_ns);
void lwip_peer_frame(const uint8_t *bytes, uint32_t length, uint64_t now_ns);
/* The same in two steps, so that a bench can leave the making of frames out of its measurement.
 * NULL: not a frame for lwIP. What was prepared must be delivered. */
struct pbuf *lwip_peer_prepare(const uint8_t *bytes, uint32_t length);
void lwip_peer_deliver(struct pbuf *frame, uint64_t now_ns);
/* When its next timer is due. */
uint64_t lwip_peer_next(void);
void lwip_peer_timers(uint64_t now_ns);
const struct lwip_peer_status *lwip_peer_status(void);

#endif
