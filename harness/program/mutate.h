/* SPDX-License-Identifier: MIT
 *
 * The structure-aware mutator that both engines use: decode, edit by fields, encode. Everything it
 * does follows from the seed.
 */
#ifndef PROGRAM_MUTATE_H
#define PROGRAM_MUTATE_H

#include "program/program.h"

/* Changes a program of length bytes in place; returns the new length, at most room. */
size_t program_mutate(uint8_t *bytes, size_t length, size_t room, uint64_t seed);
/* Joins two programs: the header and a head of one, a tail or a slice of the other. */
size_t program_cross(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
                     uint8_t *out, size_t room, uint64_t seed);

#endif
