/* SPDX-License-Identifier: MIT
 *
 * What the rig reads of a driver's file, which may be anything: nothing here trusts a number in it.
 */
#ifndef WORLD_ELF_H
#define WORLD_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are all bytes there that the loader would map? It does not look itself, and dies in them. True
 * for what is no ELF file: the loader says that. */
bool elf_is_whole(const uint8_t *file, size_t size);

/* Visits .data and .bss: address below the base, bytes. False: the section headers are not
 * readable, or a section of them lies outside what is mapped for writing. */
bool elf_writable(const uint8_t *file, size_t size,
                  void (*visit)(void *context, uint64_t address, uint64_t bytes), void *context);

/* The function whose code holds this address (below the base): its first, and its name, "" if its
 * symbols do not say. */
uint64_t elf_function(const uint8_t *file, size_t size, uint64_t address, char *name, size_t room);

/* A library of one of these names that the file needs, or NULL. Loading one runs its code, and that
 * of a sanitizer ends a process in which it does not come first. */
const char *elf_needs(const uint8_t *file, size_t size, const char *const *names, unsigned count);

/* EM_X86_64 and so on; EM_NONE (0) for what is no ELF file. */
uint32_t elf_machine(const uint8_t *file, size_t size);
/* Visits the names that the loader has to find elsewhere, but for those that the file itself says
 * which library has. */
void elf_undefined(const uint8_t *file, size_t size, void (*visit)(void *context, const char *name),
                   void *context);
/* The number in a note of that owner (at most 15 letters), type 1, that is not `value`; `value`
 * when all such notes have it, and when there is none. */
uint32_t elf_other_note(const uint8_t *file, size_t size, const char *owner, uint32_t value);

#endif
