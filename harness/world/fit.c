/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "world/fit.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "ndis_types.h"
#include "world/elf.h"

static const char *machine_name(uint32_t machine)
{
    static const struct {
        uint32_t machine;
        const char *name;
    } known[] = {{EM_386, "32-bit x86"}, {EM_ARM, "32-bit Arm"}, {EM_AARCH64, "64-bit Arm"},
                 {EM_RISCV, "RISC-V"},   {EM_PPC64, "POWER"},    {EM_S390, "s390"}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].machine == machine) {
            return known[i].name;
        }
    }
    return "another processor";
}

/* Instrumentation calls a runtime, which one build of the rig has and others have not. */
static const struct runtime {
    const char *prefix, *what, *build, *use;
} runtimes[] = {
    {"__asan_", "AddressSanitizer", "asan", NULL},
    {"__ubsan_", "UndefinedBehaviorSanitizer", "asan", NULL},
    {"__tsan_", "ThreadSanitizer", "tsan", NULL},
    {"__msan_", "MemorySanitizer", NULL, "no build of the rig has its runtime"},
    {"__hwasan_", "HWAddressSanitizer", NULL, "no build of the rig has its runtime"},
    {"__afl_", "AFL++ by afl-clang-fast", NULL,
     "compile it by clang with -fsanitize-coverage=trace-pc-guard, and run it by the AFL++ engine"},
    {"__sanitizer_cov_trace_pc_guard", "AFL++", NULL,
     "run it by the AFL++ engine, or take the form without -fsanitize-coverage"},
    {"__sanitizer_cov_", "libFuzzer", NULL,
     "run it by the libFuzzer engine, or take the form without -fsanitize-coverage"},
};

static const struct runtime *runtime_of(const char *name)
{
    for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
        if (!strncmp(name, runtimes[i].prefix, strlen(runtimes[i].prefix))) {
            return &runtimes[i];
        }
    }
    return NULL;
}

static void note_runtime(void *context, const char *name)
{
    const struct runtime **wanted = context, *runtime = runtime_of(name);
    if (runtime && !dlsym(RTLD_DEFAULT, name) && (!*wanted || runtime < *wanted)) {
        *wanted = runtime;
    }
}

/* The runtimes that are libraries of their own: loading one runs its code, and ends a process in
 * which it does not come first. */
static const char *shared_runtime(const uint8_t *file, size_t size)
{
    static const char *const names[] = {"libasan.so", "libubsan.so", "libtsan.so",
                                        "libclang_rt.asan", "libclang_rt.tsan"};
    return elf_needs(file, size, names, sizeof(names) / sizeof(names[0]));
}

struct fit fit_judge(const uint8_t *file, size_t size)
{
    struct fit fit = {"", NULL};
    const struct runtime *wanted = NULL;
    uint32_t machine = elf_machine(file, size);
    uint32_t abi = elf_other_note(file, size, "Chimneysweep", CHIMNEYSWEEP_ABI);
    const char *shared = shared_runtime(file, size);
    elf_undefined(file, size, note_runtime, &wanted);
    if (machine != EM_NONE && machine != EM_X86_64) {
        snprintf(fit.problem, sizeof(fit.problem), "is for %s (expected an x86-64 shared object)",
                 machine_name(machine));
    } else if (abi != CHIMNEYSWEEP_ABI) {
        snprintf(fit.problem, sizeof(fit.problem),
                 "was compiled with version %u of the headers, this rig has %u: compile it again",
                 abi, CHIMNEYSWEEP_ABI);
    } else if (shared) {
        snprintf(fit.problem, sizeof(fit.problem),
                 "needs %s, the runtime of another compiler or a shared one: compile it by clang, "
                 "without -shared-libasan",
                 shared);
    } else if (wanted && wanted->build) {
        fit.build = wanted->build;
        snprintf(fit.problem, sizeof(fit.problem),
                 "has %s, which this program has not: run build/%s/bin/chimneysweep", wanted->what,
                 wanted->build);
    } else if (wanted) {
        snprintf(fit.problem, sizeof(fit.problem), "is instrumented for %s: %s", wanted->what,
                 wanted->use);
    }
    return fit;
}

struct missing {
    char *out;
    size_t bytes, used;
    uint32_t more;
};

static void note_missing(void *context, const char *name)
{
    struct missing *m = context;
    size_t length = strlen(name) + 2;
    if (dlsym(RTLD_DEFAULT, name)) {
        return;
    }
    if (m->more || m->used + length + 16 > m->bytes) {
        m->more++;
        return;
    }
    m->used +=
        (size_t)snprintf(m->out + m->used, m->bytes - m->used, "%s%s", m->used ? ", " : "", name);
}

void fit_missing(const uint8_t *file, size_t size, char *out, size_t bytes)
{
    struct missing m = {out, bytes, 0, 0};
    out[0] = '\0';
    elf_undefined(file, size, note_missing, &m);
    if (m.more) {
        snprintf(out + m.used, bytes - m.used, " and %u more", m.more);
    }
}
