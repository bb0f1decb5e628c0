/* SPDX-License-Identifier: MIT */
#include "tcp/reasm.h"

#include "tcp/seq.h"

#include <stddef.h>

void chim_segq_append(struct chim_segq *q, struct chim_seg *seg)
{
    seg->next = NULL;
    if (q->tail == NULL) {
        q->head = seg;
    } else {
        q->tail->next = seg;
    }
    q->tail = seg;
    q->bytes += seg->len;
}

void chim_segq_append_list(struct chim_segq *q, struct chim_seg *list)
{
    while (list != NULL) {
        struct chim_seg *next = list->next;
        chim_segq_append(q, list);
        list = next;
    }
}

struct chim_seg *chim_segq_consume(struct chim_segq *q, uint32_t bytes)
{
    struct chim_seg *empty = NULL;
    struct chim_seg **link = &empty;
    q->bytes -= bytes;
    /* The queue holds at least so many bytes. */
    for (struct chim_seg *seg = q->head; bytes > 0 && seg != NULL; seg = q->head) {
        if (bytes < seg->len) {
            seg->data += bytes;
            seg->seq += bytes;
            seg->len -= bytes;
            break;
        }
        bytes -= seg->len;
        q->head = seg->next;
        if (q->head == NULL) {
            q->tail = NULL;
        }
        seg->next = NULL;
        *link = seg;
        link = &seg->next;
    }
    return empty;
}

struct chim_seg *chim_segq_take_all(struct chim_segq *q)
{
    struct chim_seg *list = q->head;
    q->head = NULL;
    q->tail = NULL;
    q->bytes = 0;
    return list;
}

static void trim_front(struct chim_seg *seg, uint32_t bytes)
{
    seg->seq += bytes;
    seg->data += bytes;
    seg->len -= bytes;
}

/* Cuts the holder off where run begins; what reaches beyond the run becomes the rest. */
static void cut_at_run(struct chim_seg *seg, const struct chim_seg *run, struct chim_seg_rest *rest)
{
    uint32_t end = seg->seq + seg->len;
    if (!chim_seq_gt(end, run->seq)) {
        return;
    }
    if (chim_seq_gt(end, run->run_end)) {
        rest->len = end - run->run_end;
        rest->seq = run->run_end;
        rest->data = seg->data + (run->run_end - seg->seq);
    }
    seg->len = run->seq - seg->seq;
}

/* Joins run with its successor when the hole between them has closed. */
static void merge_next(struct chim_reasm *q, struct chim_seg *run)
{
    struct chim_seg *next = run->run_next;
    if (next == NULL || next->seq != run->run_end) {
        return;
    }
    run->run_tail->next = next;
    run->run_tail = next->run_tail;
    run->run_end = next->run_end;
    run->run_next = next->run_next;
    if (q->last_run == next) {
        q->last_run = run;
    }
}

static void append_to_run(struct chim_reasm *q, struct chim_seg *run, struct chim_seg *seg)
{
    seg->next = NULL;
    run->run_tail->next = seg;
    run->run_tail = seg;
    run->run_end = seg->seq + seg->len;
    run->run_stamp = q->stamp;
    merge_next(q, run);
}

static void new_run(struct chim_reasm *q, struct chim_seg *prev, struct chim_seg *seg)
{
    seg->next = NULL;
    seg->run_tail = seg;
    seg->run_end = seg->seq + seg->len;
    seg->run_stamp = q->stamp;
    seg->run_next = prev == NULL ? q->runs : prev->run_next;
    if (prev == NULL) {
        q->runs = seg;
    } else {
        prev->run_next = seg;
    }
    if (seg->run_next == NULL) {
        q->last_run = seg;
    }
    merge_next(q, seg);
}

bool chim_reasm_insert(struct chim_reasm *q, struct chim_seg *seg, struct chim_seg_rest *rest)
{
    struct chim_seg *prev = NULL;
    struct chim_seg *run = q->runs;
    rest->len = 0;
    q->stamp++;
    if (run != NULL && chim_seq_geq(seg->seq, q->last_run->run_end)) {
        run = q->last_run; /* data arriving in order behind a hole: no walk */
    }
    while (run != NULL && chim_seq_lt(run->run_end, seg->seq)) {
        prev = run;
        run = run->run_next;
    }
    if (run == NULL || chim_seq_lt(seg->seq, run->seq)) {
        if (run != NULL) {
            cut_at_run(seg, run, rest);
        }
        new_run(q, prev, seg);
        return true;
    }
    if (chim_seq_leq(seg->seq + seg->len, run->run_end)) {
        run->run_stamp = q->stamp;
        return false;
    }
    trim_front(seg, run->run_end - seg->seq);
    if (run->run_next != NULL) {
        cut_at_run(seg, run->run_next, rest);
    }
    append_to_run(q, run, seg);
    return true;
}

struct chim_seg *chim_reasm_take(struct chim_reasm *q, uint32_t rcv_nxt, uint32_t *end)
{
    struct chim_seg *run = q->runs;
    if (run == NULL || run->seq != rcv_nxt) {
        return NULL;
    }
    q->runs = run->run_next;
    if (q->runs == NULL) {
        q->last_run = NULL;
    }
    *end = run->run_end;
    return run;
}

struct chim_seg *chim_reasm_flush(struct chim_reasm *q)
{
    struct chim_seg *list = q->runs;
    for (struct chim_seg *run = list; run != NULL; run = run->run_next) {
        run->run_tail->next = run->run_next;
    }
    q->runs = NULL;
    q->last_run = NULL;
    q->fin_known = false;
    return list;
}

uint32_t chim_reasm_end(const struct chim_reasm *q)
{
    return q->last_run->run_end;
}
