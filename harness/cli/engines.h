/* SPDX-License-Identifier: MIT
 *
 * Where the engine programs lie: in the builds beside this one. An installed tree has the same
 * shape below PREFIX/libexec/chimneysweep.
 *
 *   PRESET/bin/chimneysweep  ->  {fuzz,fuzz-plain,afl,afl-plain}/bin/fuzz_program,
 *                                PRESET/lib/chim_mutator.so
 */
#ifndef CLI_ENGINES_H
#define CLI_ENGINES_H

#include <stdbool.h>
#include <stddef.h>

enum engine_program {
    ENGINE_LIBFUZZER_ASAN,
    ENGINE_LIBFUZZER_PLAIN,
    ENGINE_AFL_ASAN,
    ENGINE_AFL_PLAIN,
    ENGINE_AFL_MUTATOR, /* what AFL++ loads to change programs */
    ENGINE_PROGRAMS
};

/* False when there is none; out is then where a build has it. */
bool engine_program_find(enum engine_program which, char *out, size_t size);

#endif
