/* SPDX-License-Identifier: MIT
 *
 * What the rig waits for, by the trace alone: a driver that hangs or sleeps need not be asked.
 */
#ifndef PROGRAM_OWED_H
#define PROGRAM_OWED_H

#include <stddef.h>

#include "base/trace.h"

/* Calls that are open, and requests that are not completed, with the events since which they are.
 */
void owed_describe(const struct trace *trace, char *text, size_t size);

#endif
