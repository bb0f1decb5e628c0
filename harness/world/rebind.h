/* SPDX-License-Identifier: MIT
 *
 * A driver's own functions are its own, whatever they are called: without this the loader gives a
 * driver with a function tcp_input or send that of a library which the rig happens to use.
 */
#ifndef WORLD_REBIND_H
#define WORLD_REBIND_H

#include <link.h>

/* Binds what a loaded object defines itself to its own definitions, as the linker's -Bsymbolic
 * does; its constructors have run. */
void rebind_own(const struct link_map *map);

#endif
