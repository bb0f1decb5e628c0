/* SPDX-License-Identifier: MIT
 *
 * Whose code runs, by the places on the stack.
 */
#ifndef BASE_STACK_H
#define BASE_STACK_H

#include "base/trace.h"

/* NDIS follows what a driver passes; the rooms beyond it only see what it has looked up. */
enum code_owner { CODE_OF_NOBODY, CODE_OF_DRIVER, CODE_OF_NDIS, CODE_OF_ROOM };

/* Notes the places in the driver's code that led here, innermost first. Whose code is the innermost
 * that has an owner: libraries and sanitizers work for whoever called them. */
enum code_owner stack_note(struct trace_end *end);
/* Loads what the other needs, which a handler of a signal must not. */
void stack_prepare(void);

#endif
