/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/trace.h"

#include <string.h>
#include <sys/mman.h>

struct trace *trace_new(void)
{
    void *memory =
        mmap(NULL, sizeof(struct trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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

static uint64_t fold(uint64_t x, uint64_t y)
{
    __uint128_t product = (__uint128_t)x * y;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Three independent products a record, joined by one: a dependency of two multiplications. */
void trace_add(struct trace *trace, const uint64_t w[TRACE_WORDS])
{
    _Static_assert(TRACE_WORDS == 6, "three products");
    uint64_t sum = fold(w[0] ^ 0xa0761d6478bd642fu, w[1] ^ 0xe7037ed1a0b428dbu) +
                   fold(w[2] ^ 0x8ebc6af09c88c6e3u, w[3] ^ 0x589965cc75374cc3u) +
                   fold(w[4] ^ 0x1d8e4e27c47d124fu, w[5] ^ 0xeb44accab455d165u);
    trace->hash = fold(trace->hash ^ sum, 0x9e3779b97f4a7c15u) + sum;
    memcpy(&trace->record[trace->count % TRACE_RECORDS], w, sizeof(struct trace_record));
    trace->count++;
}
