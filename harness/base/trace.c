/* SPDX-License-Identifier: MIT */
#include "base/trace.h"

#include <string.h>

#include "base/evidence.h"

/* Hash and count as the rig knows them, out of the shared memory. */
static struct {
    uint64_t hash;
    uint32_t count;
    bool doubt; /* once it was not what was left there */
} kept;

#define MARK 0x6b726f772072756fu

struct trace *trace_new(void)
{
    struct trace *trace = evidence_new(sizeof(*trace));
    if (trace) {
        evidence_between_calls(trace);
        trace_reset(trace);
    }
    return trace;
}

void trace_reset(struct trace *trace)
{
    trace->hash = kept.hash = 0x2545f4914f6cdd1du;
    trace->count = kept.count = 0;
    kept.doubt = false;
    trace->mark = trace->mark_between = trace->mark_behind = MARK;
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
    kept.doubt |= trace->hash != kept.hash;
    kept.hash = trace->hash = fold(kept.hash ^ sum, 0x9e3779b97f4a7c15u) + sum;
    memcpy(&trace->record[kept.count % TRACE_RECORDS], w, sizeof(struct trace_record));
    trace->count = ++kept.count;
}

bool trace_intact(const struct trace *trace)
{
    bool marked = trace->mark == MARK && trace->mark_between == MARK && trace->mark_behind == MARK;
    return marked && !kept.doubt && trace->hash == kept.hash && trace->count == kept.count;
}

uint64_t trace_sum(const struct trace *trace)
{
    const struct verdict *v = &trace->verdict;
    uint64_t sum = fold(trace->hash ^ 0xa0761d6478bd642fu, trace->count ^ 0xe7037ed1a0b428dbu);
    const uint8_t *byte = (const void *)v;
    for (size_t i = 0; i < sizeof(*v); i++) {
        sum = (sum ^ byte[i]) * 0x100000001b3u;
    }
    return sum;
}

#define END(text) (text)[sizeof(text) - 1] = '\0'

void trace_mend(struct trace *trace)
{
    struct verdict *v = &trace->verdict;
    struct trace_end *end = &trace->end;
    END(v->rule), END(v->expected), END(v->actual), END(v->warning_rule), END(v->warning_text);
    END(end->report), END(end->skipped), END(end->earlier), END(end->memory), END(end->owed);
    if ((uint32_t)v->kind >= VERDICT_KINDS) {
        v->kind = VERDICT_OVERWRITTEN;
    }
    end->frames = end->frames < TRACE_FRAMES ? end->frames : TRACE_FRAMES;
    end->signal = end->signal > 0 && end->signal < 65 ? end->signal : 0;
}

void trace_note_starved(struct trace *trace)
{
    bool closed = evidence_open_now();
    trace->end.starved = true;
    evidence_close_again(closed);
}
