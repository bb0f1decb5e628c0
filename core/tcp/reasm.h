/* SPDX-License-Identifier: MIT
 *
 * Segments and the order of their bytes. A segment holder lives inside whatever keeps the bytes (a
 * received frame, a copy); queues link holders and never copy or allocate.
 *
 * Out-of-order holders form runs: maximal intervals without a hole, sorted by sequence number. A
 * run's data stands in its first holder, so that an insertion walks over holes only.
 *
 * Invariant: runs neither touch nor overlap, and holders within a run are contiguous.
 * Invariant: every holder in a queue has at least one byte.
 */
#ifndef CHIM_TCP_REASM_H
#define CHIM_TCP_REASM_H

#include <stdbool.h>
#include <stdint.h>

#define CHIM_SEG_PUSH 0x01u /* the bytes came in a segment with PSH */

struct chim_seg {
    struct chim_seg *next;
    const uint8_t *data; /* the byte with number seq */
    uint32_t seq;
    uint32_t len;
    uint8_t kind; /* the owner's: what the holder is embedded in */
    uint8_t flags;
    uint32_t run_end; /* the rest only in the first holder of a run */
    uint32_t run_stamp;
    struct chim_seg *run_tail;
    struct chim_seg *run_next;
};

/* In-order holders. */
struct chim_segq {
    struct chim_seg *head;
    struct chim_seg *tail;
    uint32_t bytes;
};

struct chim_reasm {
    struct chim_seg *runs;
    struct chim_seg *last_run;
    uint32_t stamp;   /* of the newest change */
    uint32_t fin_seq; /* number of the FIN held out of order, when fin_known */
    bool fin_known;
};

/* Part of a segment that lies behind data already held and needs a holder of its own. */
struct chim_seg_rest {
    const uint8_t *data;
    uint32_t seq;
    uint32_t len; /* 0: nothing is left */
};

void chim_segq_append(struct chim_segq *q, struct chim_seg *seg);
void chim_segq_append_list(struct chim_segq *q, struct chim_seg *list);

/* Removes bytes from the front. Holders that became empty are returned as a list. */
struct chim_seg *chim_segq_consume(struct chim_segq *q, uint32_t bytes);
struct chim_seg *chim_segq_take_all(struct chim_segq *q);

/* Inserts a holder, trimmed against what is held already: the first copy wins (WIRE-OOO-1). False:
 * every byte is a duplicate and the holder stays the caller's. rest names bytes behind a run that
 * the holder spanned. */
bool chim_reasm_insert(struct chim_reasm *q, struct chim_seg *seg, struct chim_seg_rest *rest);

/* Takes the first run when it starts at rcv_nxt, else NULL. *end is its end. */
struct chim_seg *chim_reasm_take(struct chim_reasm *q, uint32_t rcv_nxt, uint32_t *end);

/* Takes everything, a held FIN included. */
struct chim_seg *chim_reasm_flush(struct chim_reasm *q);

/* Highest byte number held + 1; the queue is not empty. */
uint32_t chim_reasm_end(const struct chim_reasm *q);

#endif
