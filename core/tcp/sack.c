/* SPDX-License-Identifier: MIT */
#include "tcp/sack.h"

#include "tcp/seq.h"
#include "wire/bytes.h"

#include <stddef.h>

/* The run with the newest change that is older than limit (modular), or NULL. */
static const struct chim_seg *newest_before(const struct chim_reasm *q, uint32_t limit)
{
    const struct chim_seg *best = NULL;
    for (const struct chim_seg *run = q->runs; run != NULL; run = run->run_next) {
        if (chim_seq_lt(run->run_stamp, limit) &&
            (best == NULL || chim_seq_gt(run->run_stamp, best->run_stamp))) {
            best = run;
        }
    }
    return best;
}

uint32_t chim_sack_write(const struct chim_reasm *q, uint32_t blocks_max, uint8_t *p)
{
    uint32_t count = 0;
    uint32_t limit = q->stamp + 1;
    while (count < blocks_max) {
        const struct chim_seg *run = newest_before(q, limit);
        if (run == NULL) {
            break;
        }
        chim_store32(p + 4 + count * 8, run->seq);
        chim_store32(p + 8 + count * 8, run->run_end);
        limit = run->run_stamp;
        count++;
    }
    if (count == 0) {
        return 0;
    }
    p[0] = 1;
    p[1] = 1;
    p[2] = 5;
    p[3] = (uint8_t)(2 + count * 8);
    return 4 + count * 8;
}
