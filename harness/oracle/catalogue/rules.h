/* SPDX-License-Identifier: MIT
 *
 * The rule catalogue as people read it: constant, the same for every oracle.
 */
#ifndef ORACLE_CATALOGUE_RULES_H
#define ORACLE_CATALOGUE_RULES_H

#include <stdint.h>

#include "base/verdict.h"

enum oracle_check {
    CHECK_OPEN,         /* nothing checks it yet */
    CHECK_ORACLE,       /* judged from the tap */
    CHECK_HOST,         /* binds the rig, asserted on every run */
    CHECK_PERMISSION,   /* allows something: there is nothing to check */
    CHECK_UNOBSERVABLE, /* cannot be decided from outside the target */
    CHECK_SAME,         /* judged as another rule */
};
struct oracle_rule {
    const char *id;
    const char *who; /* "T", "H" or "N" */
    enum verdict_level level;
    const char *statement; /* one line */
    enum oracle_check check;
    uint32_t same;      /* CHECK_SAME: index of the rule as which it is judged */
    const char *where;  /* the files that judge it, why none can, or the other rule */
    const char *source; /* page or RFC section */
    const char *why;    /* what goes wrong for the user of a machine when it is broken */
};
/* All rows, in the order of their numbers (enum orc_rule). */
const struct oracle_rule *oracle_rules(uint32_t *count);
const struct oracle_rule *oracle_rule_find(const char *id);
/* What a rule is about, by index into the catalogue: those of one area stand side by side. */
const char *oracle_rule_area(uint32_t index);

#endif
