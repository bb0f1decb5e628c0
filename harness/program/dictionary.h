/* SPDX-License-Identifier: MIT
 *
 * Operations as engines may splice them in.
 */
#ifndef PROGRAM_DICTIONARY_H
#define PROGRAM_DICTIONARY_H

#include <stdio.h>

/* One line for each, as libFuzzer and AFL++ read them. */
void program_print_dictionary(FILE *out);

#endif
