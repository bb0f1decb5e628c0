/* SPDX-License-Identifier: MIT
 *
 * The oracle: small checkers that watch the tap and know nothing else. It shares no code with the
 * core, the host or the peer, and changes nothing of the world.
 */
#ifndef ORACLE_ORACLE_H
#define ORACLE_ORACLE_H

#include "base/verdict.h"
#include "ndis/tap.h"

struct oracle;

struct oracle_options {
    bool strict; /* "should" rules fail too */
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

/* The rule catalogue. */
struct oracle_rule {
    const char *id;
    const char *who; /* "T", "H" or "N" */
    enum verdict_level level;
    const char *statement; /* one line */
    const char
        *checked_by;    /* file and function, "host assertion ...", "permission", or NULL = open */
    const char *source; /* page or RFC section */
};
const struct oracle_rule *oracle_rules(uint32_t *count);
const struct oracle_rule *oracle_rule_find(const char *id);

#endif
