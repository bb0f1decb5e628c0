/* SPDX-License-Identifier: MIT
 *
 * Something in front of the program that is over when its own work begins.
 */
#ifndef FAMILIES_FRONT_H
#define FAMILIES_FRONT_H

#include "program/program.h"

const char *front_alloc(const struct program *in, struct program *out);
const char *front_pool(const struct program *in, struct program *out);
const char *front_map(const struct program *in, struct program *out);
const char *front_tx_stall(const struct program *in, struct program *out);
const char *front_link(const struct program *in, struct program *out);
const char *front_hardware(const struct program *in, struct program *out);
const char *front_pause(const struct program *in, struct program *out);
const char *front_reset(const struct program *in, struct program *out);
const char *front_power(const struct program *in, struct program *out);
const char *front_flood(const struct program *in, struct program *out);
const char *front_idle(const struct program *in, struct program *out);

#endif
