/* SPDX-License-Identifier: MIT
 *
 * The same program by other clocks, and again and again.
 */
#ifndef FAMILIES_TIMES_H
#define FAMILIES_TIMES_H

#include "program/program.h"

const char *times_ticks_100(const struct program *in, struct program *out);
const char *times_ticks_10(const struct program *in, struct program *out);
const char *times_uptime(const struct program *in, struct program *out);
const char *times_again(const struct program *in, struct program *out);

#endif
