/* SPDX-License-Identifier: MIT
 *
 * What a replay finds out. Plain data in memory shared with the child that runs the driver, so that
 * it survives the driver's crash.
 */
#ifndef REPLAY_RESULT_H
#define REPLAY_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/verdict.h"

#define REPLAY_REASON_MAX 420
#define REPLAY_SHA256_BYTES 32

/* One conversation with one of its ends as the target's: the stream of the other end is delivered.
 */
struct replay_result {
    bool tried;         /* false: this end was not asked for */
    bool ran;           /* the driver got the connection */
    bool no_connection; /* the capture shows that there was none */
    enum verdict_kind kind;
    char rule[24];
    char reason[REPLAY_REASON_MAX]; /* of anything but a plain pass; of a pass: what limits it */
    uint32_t event;                 /* of the oracle's verdict, or VERDICT_NO_EVENT */
    uint64_t time_ns;               /* virtual time of it */
    uint64_t bytes;                 /* that the target delivered, those of the handshake included */
    uint64_t expected;              /* that the capture holds in order */
    uint64_t compared;              /* bytes delivered that the capture holds too */
    uint64_t captured;              /* bytes of the stream that the capture holds */
    bool hashed;                    /* sha256 was asked for */
    uint8_t sha256[REPLAY_SHA256_BYTES]; /* of the bytes delivered */
    uint64_t sent;                       /* bytes handed down on the local end's behalf */
    uint64_t segments;                   /* given to the target */
    uint64_t resent;                     /* bytes that had to be offered again at the end */
    uint32_t acks_held; /* ACKs that came before the target had sent what they acknowledge */
    uint32_t warnings;
};

#endif
