/* SPDX-License-Identifier: MIT
 *
 * Internet checksum (RFC 1071). Sums are kept in the byte order of the machine, so that whole words
 * can be added; only the finished 16 bits are stored, raw.
 */
#ifndef CHIM_WIRE_CHECKSUM_H
#define CHIM_WIRE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* A running sum over pieces of any length: odd tells whether the pieces so far had odd length. */
struct chim_csum {
    uint64_t sum;
    uint32_t odd;
};

void chim_csum_add(struct chim_csum *c, const void *data, size_t length);

/* Adds while copying: each byte is read once. The areas do not overlap. */
void chim_csum_copy(struct chim_csum *c, void *to, const void *from, size_t length);

/* Adds the pseudo-header of TCP. length is that of the TCP segment. */
void chim_csum_pseudo(struct chim_csum *c, const uint8_t *source, const uint8_t *destination,
                      size_t address_bytes, uint32_t length);

/* The folded sum: 0xFFFF over data that holds its own right checksum. */
uint16_t chim_csum_fold(const struct chim_csum *c);

/* Stores the complement of the sum, as the checksum field wants it. */
void chim_csum_store(const struct chim_csum *c, uint8_t *field);

#endif
