/* SPDX-License-Identifier: MIT
 *
 * How a check speaks. The first violation becomes the verdict; later ones are counted. The level of
 * the rule decides: a "should" rule warns (and fails in strict mode), a rule that binds the host is
 * a fault of the rig. Texts may come from orc_text, which keeps the last four.
 */
#ifndef ORACLE_REPORT_REPORT_H
#define ORACLE_REPORT_REPORT_H

#include "ndischimney.h"
#include "base/verdict.h"
#include "ndis/tap.h"
#include "oracle/base/handle.h"

struct orc_report {
    bool strict;                 /* "should" rules fail too */
    struct verdict *verdict;     /* filled here; the caller of oracle_begin keeps it */
    struct verdict_muted *muted; /* by rule, or NULL */
    bool passed_over;            /* a muted rule was broken: what follows may follow from it */
    char text[4][VERDICT_TEXT_MAX];
    uint32_t text_at;
};

/* A text for expected or actual; the last four stay valid. */
const char *orc_text(struct oracle *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A rule is broken; what that means follows from its level. conn: the ordinal, or ORC_NONE. */
void orc_fail(struct oracle *o, uint32_t conn, enum orc_rule rule, const char *expected,
              const char *actual);
/* Graded down by the catalogue: a warning whatever the rule's level (failure in strict mode). */
void orc_warn(struct oracle *o, uint32_t conn, enum orc_rule rule, const char *expected,
              const char *actual);
/* Graded up: a failure whatever the rule's level (misuse of a primitive). */
void orc_fail_hard(struct oracle *o, uint32_t conn, enum orc_rule rule, const char *expected,
                   const char *actual);
/* The host broke a rule: a fault of the rig whatever the rule's party. */
void orc_fail_host(struct oracle *o, uint32_t conn, enum orc_rule rule, const char *expected,
                   const char *actual);
/* Bytes as people read them: 02:00:5e:10:00:01. A text as of orc_text. */
const char *orc_bytes(struct oracle *o, const uint8_t *bytes, uint32_t count);
/* A status as people read it. A text as of orc_text, when it has no name. */
const char *orc_status_name(struct oracle *o, int32_t status);

#endif
