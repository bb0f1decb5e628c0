/* SPDX-License-Identifier: MIT
 *
 * The same program with other numbers on the wire, and the numbers that it names moved along.
 */
#ifndef FAMILIES_NUMBERS_H
#define FAMILIES_NUMBERS_H

#include "program/program.h"

const char *numbers_local_31(const struct program *in, struct program *out);
const char *numbers_local_32(const struct program *in, struct program *out);
const char *numbers_peer_31(const struct program *in, struct program *out);
const char *numbers_peer_32(const struct program *in, struct program *out);
const char *numbers_ipv6(const struct program *in, struct program *out);
const char *numbers_vlan(const struct program *in, struct program *out);
const char *numbers_timestamps(const struct program *in, struct program *out);

#endif
