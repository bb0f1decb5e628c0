/* SPDX-License-Identifier: MIT
 *
 * One frame of a connection: options, window, checksum, descriptor.
 */
#ifndef CHIM_CONN_FRAME_H
#define CHIM_CONN_FRAME_H

#include "conn/conn.h"

enum chim_sent {
    CHIM_SENT,     /* on the wire, or lost there */
    CHIM_NOT_SENT, /* no descriptor or memory: the caller's work stays due */
};

/* Builds and sends one segment with payload_bytes of the send queue from seq on. */
enum chim_sent chim_frame_send(struct chim_conn *c, uint32_t seq, uint8_t flags,
                               uint32_t payload_bytes);

/* Payload that fits beside the options of the next frame. */
uint32_t chim_frame_payload_max(const struct chim_conn *c);

#endif
