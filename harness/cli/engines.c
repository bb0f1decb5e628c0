/* SPDX-License-Identifier: MIT */
#include "cli/engines.h"

#include <stdio.h>
#include <unistd.h>

/* From the folder that holds bin/ of this program: builds lie side by side, installed or not. */
static const char *const places[ENGINE_PROGRAMS] = {
    [ENGINE_LIBFUZZER_ASAN] = "../fuzz/bin/fuzz_program",
    [ENGINE_LIBFUZZER_PLAIN] = "../fuzz-plain/bin/fuzz_program",
    [ENGINE_AFL_ASAN] = "../afl/bin/fuzz_program",
    [ENGINE_AFL_PLAIN] = "../afl-plain/bin/fuzz_program",
    [ENGINE_AFL_MUTATOR] = "lib/chim_mutator.so",
};

bool engine_program_find(enum engine_program which, char *out, size_t size)
{
    char home[3072];
    ssize_t length = readlink("/proc/self/exe", home, sizeof(home) - 1);
    for (int up = 0; length > 0 && up < 2; up++) {
        while (length > 0 && home[--length] != '/') {
        }
    }
    home[length > 0 ? length : 0] = '\0';
    snprintf(out, size, "%s/%s", home, places[which]);
    return access(out, which == ENGINE_AFL_MUTATOR ? R_OK : X_OK) == 0;
}
