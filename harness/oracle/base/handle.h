/* SPDX-License-Identifier: MIT
 *
 * The handle of one oracle: what is looked at now, and where each piece keeps its part. A part is
 * known to the piece that owns it and to those who include its header; nobody has all of them. All
 * parts lie in the run's memory (base/memory.h), so nothing of a run is anywhere else.
 */
#ifndef ORACLE_BASE_HANDLE_H
#define ORACLE_BASE_HANDLE_H

#include <stdbool.h>
#include <stdint.h>
#include "oracle/catalogue/rule_ids.h"

#define ORC_NONE UINT32_MAX
#define ORC_NS_PER_SECOND 1000000000ull
#define ORC_MS 1000000ull
#define ORC_NEVER UINT64_MAX

struct tap_event;

struct oracle {
    const struct tap_event *event; /* the one that is looked at; NULL before the first */
    uint32_t steps;                /* rests so far: the adapter came to rest this often */
    uint32_t *ran;        /* evaluations of each rule's check in this run, ORC_RULES entries */
    bool short_of_memory; /* nothing that depends on completeness is judged any more */
    struct orc_memory *memory;
    const struct orc_rows *rows; /* who asked for which event (events.h) */

    struct orc_report *report;
    struct orc_calls *calls;
    struct orc_lists *lists;
    struct orc_connections *connections;
    struct orc_objects *objects;
    struct orc_operations *operations;
    struct orc_durations *durations;
    struct orc_flows *flows;
    struct orc_frames *frames;
    struct orc_host_frames *host_frames;
    struct orc_scratch *scratch;
    struct orc_contexts *contexts;
    struct orc_faults *faults;
    struct orc_parameters *parameters;
    struct orc_adapter *adapter;
    struct orc_requests *requests;
    struct orc_attributes *attributes;
    struct orc_ownership *ownership;
    struct orc_verifier *verifier;
    struct orc_growth *growth;
    struct orc_counts *counts;
    struct orc_replies *replies;
    struct orc_closings *closings;
    struct orc_prediction *prediction;
};

/* The check of a rule is evaluated here: it could fail. */
static inline void orc_ran(struct oracle *o, enum orc_rule rule)
{
    o->ran[rule]++;
}

static inline uint64_t orc_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t orc_most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline uint64_t orc_less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

#endif
