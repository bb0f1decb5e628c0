/* SPDX-License-Identifier: MIT
 *
 * A driver that is linked into the program itself, as services want it that count instrumentation
 * in one file and move that file about.
 */
#ifndef WORLD_LINKED_H
#define WORLD_LINKED_H

#include <stdbool.h>
#include <stdint.h>

/* Where its code lies; false when the program holds no driver. */
bool linked_code(const uint8_t **begin, const uint8_t **end);
/* Visits what must be put back before each run, as elf_writable does. */
void linked_writable(void (*visit)(void *base, uint64_t offset, uint64_t bytes));

#endif
