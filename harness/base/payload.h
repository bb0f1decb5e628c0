/* SPDX-License-Identifier: MIT
 *
 * Payload is a function of connection, direction and stream offset: no bytes are stored, and any
 * misplaced byte can be named.
 */
#ifndef BASE_PAYLOAD_H
#define BASE_PAYLOAD_H

#include <stdint.h>

enum payload_direction { PAYLOAD_TO_TARGET = 0, PAYLOAD_FROM_TARGET = 1 };

/* Fills length bytes of a stream from an offset on. Variant 0 is the stream itself; another variant
 * gives different content for every byte (an overlap that disagrees). */
void payload_fill(uint8_t *out, uint32_t conn, enum payload_direction direction, uint64_t offset,
                  uint32_t length, uint8_t variant);

#endif
