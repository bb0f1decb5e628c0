/* SPDX-License-Identifier: MIT
 *
 * The driver's shared object: opened once, its writable data put back before every run.
 */
#ifndef WORLD_DRIVER_H
#define WORLD_DRIVER_H

#include "ndis/nds.h"

/* Looks at the file, and remembers it, without running any of its code. */
bool driver_name(const char *path, const char **error);
/* Loads the driver that was named, with its constructors, unless that was done. */
bool driver_load(const char **error);
nds_driver_entry driver_entry(void);
/* Puts .data and .bss of the driver back to what they were after loading. Instrumentation counters
 * live in sections of their own and stay. */
void driver_restore(void);

#endif
