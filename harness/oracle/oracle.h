/* SPDX-License-Identifier: MIT
 *
 * The oracle: small checkers that watch the tap and know nothing else. It shares no code with the
 * core, the host or the peer, and changes nothing of the world.
 */
#ifndef ORACLE_ORACLE_H
#define ORACLE_ORACLE_H

#include "base/verdict.h"
#include "ndis/tap.h"
#include "oracle/catalogue/rules.h"

struct oracle;

struct oracle_options {
    bool strict;                 /* "should" rules fail too */
    bool in_full;                /* no segment is predicted (for tests: it may change nothing) */
    struct verdict_muted *muted; /* by index into the catalogue; NULL = none */
};

/* One oracle serves many runs; nothing is allocated after oracle_new but growth of its tables,
 * which are kept from run to run. NULL when memory is short. */
struct oracle *oracle_new(void);
void oracle_del(struct oracle *oracle);

/* Starts a run: forgets the last one in time proportional to what the last one used. The verdict is
 * filled by the checks; the caller keeps it. */
void oracle_begin(struct oracle *oracle, const struct oracle_options *options,
                  struct verdict *verdict);
/* A tap_reader. */
void oracle_event(void *oracle, const struct tap_event *event);

/* How often the check of each rule was evaluated in this run, by index into the catalogue: counted
 * into `ran` (oracle_rules count entries, zeroed at oracle_begin) from now on, so that the counts
 * of a run can outlive its process. NULL = memory of the oracle's own. */
void oracle_count_into(struct oracle *oracle, uint32_t *ran);
const uint32_t *oracle_ran(const struct oracle *oracle);
/* Segments of this run that were just what was to be expected, and so never looked at in full. */
uint64_t oracle_predicted(const struct oracle *oracle);

#endif
