/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/trace.h"

#include <string.h>
#include <sys/mman.h>

struct trace *trace_new(void)
{
    void *memory = mmap(NULL, sizeof(struct trace), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    trace_reset(memory);
    return memory;
}

void trace_reset(struct trace *trace)
{
    trace->hash = 0x2545f4914f6cdd1du;
    trace->count = 0;
    verdict_reset(&trace->verdict);
    trace->end = (struct trace_end){.op = UINT32_MAX};
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    __uint128_t product = (__uint128_t)(hash ^ value) * 0x9e3779b97f4a7c15u;
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ (hash << 1);
}

void trace_add(struct trace *trace, const struct trace_record *record)
{
    uint64_t hash = trace->hash;
    const uint64_t *word = (const uint64_t *)(const void *)record;
    _Static_assert(sizeof(*record) % sizeof(*word) == 0, "a record is whole words");
    for (unsigned i = 0; i < sizeof(*record) / sizeof(*word); i++) {
        hash = mix(hash, word[i]);
    }
    trace->hash = hash;
    trace->record[trace->count % TRACE_RECORDS] = *record;
    trace->count++;
}
