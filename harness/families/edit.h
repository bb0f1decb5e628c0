/* SPDX-License-Identifier: MIT
 *
 * What the families share: copying a program with something added.
 */
#ifndef FAMILIES_EDIT_H
#define FAMILIES_EDIT_H

#include "program/choices.h"
#include "program/program.h"

#define NO_ROOM "it has no room for more operations"

uint32_t edit_conns(const struct program *in);
/* What a segment can carry at most (stage.c). */
uint32_t edit_mss(const struct program *in);
/* The header alone. */
void edit_header(const struct program *in, struct program *out);
/* Operations [from, to); they keep to the connections that the program had. False: no room. */
bool edit_ops(const struct program *in, uint32_t from, uint32_t to, struct program *out);
/* Header and all operations. */
const char *edit_whole(const struct program *in, struct program *out);
/* How many operations at its head only set up: what follows is the work. */
uint32_t edit_opening(const struct program *in);
/* Adds an operation, with one field (NULL: none). */
struct program_op *edit_add(struct program *out, enum op_code code, uint32_t conn,
                            const char *field, uint32_t value);
/* Offloads so many connections as the stage would have done by itself. */
void edit_offload(const struct program *in, struct program *out, uint32_t conns);
/* Whether the program says anything of this kind: `field` not zero in an operation of that code
 * (NULL: the operation itself). */
bool edit_has(const struct program *in, enum op_code code, const char *field);

#endif
