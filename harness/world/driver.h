/* SPDX-License-Identifier: MIT
 *
 * The driver's shared object: opened once, its writable data put back before every run.
 */
#ifndef WORLD_DRIVER_H
#define WORLD_DRIVER_H

#include "ndis/nds.h"

bool driver_open(const char *path, const char **error);
nds_driver_entry driver_entry(void);
/* Puts .data and .bss of the driver back to what they were after loading. Instrumentation counters
 * live in sections of their own and stay. */
void driver_restore(void);

#endif
