/* SPDX-License-Identifier: MIT
 *
 * The process that a driver runs in. It is the rig's: a driver that makes threads in it, closes its
 * descriptors, changes its folder or its signal handlers, or signals other processes, does what no
 * driver does in a kernel, and takes the ground from under the rig.
 */
#ifndef PROGRAM_PROCESS_H
#define PROGRAM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Remembers how it is, before anything of the driver runs. */
void process_begin(void);
/* What the driver changed, as "it closed descriptor 1"; false = nothing. */
bool process_changed(char *what, size_t size);
/* From here on a signal to that process, or to more than one, is SIGSYS. Where the system has no
 * filters nothing changes. */
void process_protect(pid_t rig);

#endif
