/* SPDX-License-Identifier: MIT
 *
 * CORE_ASSERT states what only a bug of this library can break. What the peer or the host does is
 * never asserted. It stays on in every build.
 */
#ifndef CHIM_MINIPORT_TRAP_H
#define CHIM_MINIPORT_TRAP_H

#define CORE_ASSERT(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            __builtin_trap();                                                                      \
        }                                                                                          \
    } while (0)

#endif
