/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/evidence.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FENCE ((size_t)65536) /* closed on either side */
#define PAGE ((size_t)4096)
#define HEAD 256u /* bytes */
#define PIECES_MAX 8u

static struct {
    struct piece {
        uint8_t *begin; /* without the fence */
        size_t bytes;   /* whole pages */
        uint64_t sum;   /* of its head, when the run began */
        enum when { ALWAYS, BETWEEN_RUNS, BETWEEN_CALLS } when; /* it is written */
    } piece[PIECES_MAX];
    void (*on_doubt)(void);
} evidence;

bool evidence_watched;

static struct piece *piece_at(const void *memory)
{
    for (uint32_t i = 0; i < PIECES_MAX; i++) {
        if (evidence.piece[i].begin == memory) {
            return &evidence.piece[i];
        }
    }
    return NULL;
}

void *evidence_new(size_t bytes)
{
    size_t whole = (bytes + PAGE - 1) & ~(PAGE - 1);
    struct piece *piece = piece_at(NULL);
    uint8_t *memory = piece ? mmap(NULL, whole + 2 * FENCE, PROT_NONE,
                                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                            : MAP_FAILED;
    if (memory == MAP_FAILED || mprotect(memory + FENCE, whole, PROT_READ | PROT_WRITE)) {
        return NULL;
    }
    *piece = (struct piece){.begin = memory + FENCE, .bytes = whole};
    return piece->begin;
}

void evidence_apart(void)
{
    for (uint32_t i = 0; i < PIECES_MAX; i++) {
        evidence.piece[i] = (struct piece){0};
    }
}

void evidence_free(void *memory)
{
    struct piece *piece = memory ? piece_at(memory) : NULL;
    if (piece) {
        munmap(piece->begin - FENCE, piece->bytes + 2 * FENCE);
        *piece = (struct piece){0};
    }
}

bool evidence_contains(const void *address)
{
    for (uint32_t i = 0; i < PIECES_MAX; i++) {
        const struct piece *piece = &evidence.piece[i];
        if (piece->begin &&
            (uintptr_t)address - (uintptr_t)(piece->begin - FENCE) < piece->bytes + 2 * FENCE) {
            return true;
        }
    }
    return false;
}

void evidence_between_runs(void *memory)
{
    struct piece *piece = memory ? piece_at(memory) : NULL;
    if (piece) {
        piece->when = BETWEEN_RUNS;
    }
}

void evidence_between_calls(void *memory)
{
    struct piece *piece = memory ? piece_at(memory) : NULL;
    if (piece) {
        piece->when = BETWEEN_CALLS;
    }
}

static void set_all(enum when when, int protection)
{
    for (uint32_t i = 0; i < PIECES_MAX; i++) {
        const struct piece *piece = &evidence.piece[i];
        if (piece->begin && piece->when == when) {
            mprotect(piece->begin, piece->bytes, protection);
        }
    }
}

/* Of the beginning of a piece, where the counts and places are. */
static uint64_t head_sum(const struct piece *piece)
{
    const uint64_t *word = (const void *)piece->begin;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < HEAD / sizeof(*word); i++) {
        sum = (sum ^ word[i]) * 0x9e3779b97f4a7c15u;
    }
    return sum;
}

void evidence_run_begins(void)
{
    for (uint32_t i = 0; i < PIECES_MAX; i++) {
        struct piece *piece = &evidence.piece[i];
        if (piece->begin && piece->when == BETWEEN_RUNS) {
            piece->sum = head_sum(piece);
        }
    }
    if (evidence_watched) {
        set_all(BETWEEN_RUNS, PROT_READ);
    }
}

bool evidence_run_ends(void)
{
    bool same = true;
    if (evidence_watched) {
        set_all(BETWEEN_RUNS, PROT_READ | PROT_WRITE);
    }
    for (uint32_t i = 0; i < PIECES_MAX; i++) {
        const struct piece *piece = &evidence.piece[i];
        same &= !piece->begin || piece->when != BETWEEN_RUNS || piece->sum == head_sum(piece);
    }
    return same;
}

void evidence_watch(void)
{
    evidence_watched = true;
}

void evidence_close(void)
{
    set_all(BETWEEN_CALLS, PROT_READ);
}

void evidence_open(void)
{
    set_all(BETWEEN_CALLS, PROT_READ | PROT_WRITE);
}

void evidence_on_doubt(void (*handler)(void))
{
    evidence.on_doubt = handler;
}

void evidence_doubt(void)
{
    if (evidence.on_doubt) {
        evidence.on_doubt();
    }
    fputs("chimneysweep: the driver wrote over the rig's memory\n", stderr);
    abort();
}
