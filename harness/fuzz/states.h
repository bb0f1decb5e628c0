/* SPDX-License-Identifier: MIT
 *
 * Abstract states as coverage: what the tap shows and the host keeps of a connection, never the
 * driver's memory, so that an engine has something to go by in a driver without instrumentation.
 *
 * A state is the connection's phase, what either side has closed, which queues are not empty, what
 * the host waits for, and how many timers the driver has set. Each event counts in the state that
 * it meets, and once more with the event before it.
 */
#ifndef FUZZ_STATES_H
#define FUZZ_STATES_H

#include "world/world.h"

/* Gives the counters to the engine: AFL++ has them behind those of the driver's edges, so this
 * comes before the first run. */
void states_open(void);
/* A reader of the tap, whose context is the world. */
void states_note(void *context, const struct tap_event *event);

#endif
