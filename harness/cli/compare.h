/* SPDX-License-Identifier: MIT
 *
 * Rows of two runs of the same input side by side: the first difference of each kind, or what is
 * waived.
 */
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include "cli/observe.h"
#include "cli/waivers.h"

#define COMPARE_KINDS (OBSERVE_KINDS_COUNT + 1u) /* the verdict comes last */

struct comparison {
    FILE *out;
    bool json;
    const char *other; /* the driver beside */
    struct waivers waivers;
    uint64_t inputs, differing, waived, kind[COMPARE_KINDS]; /* inputs; kind: unwaived */
    bool lost;
};

/* Tells what differs. */
void compare_inputs(struct comparison *c, const struct observations *here,
                    const struct observe_input *a, const struct observations *there,
                    const struct observe_input *b);
void compare_totals(const struct comparison *c);

#endif
