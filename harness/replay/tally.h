/* SPDX-License-Identifier: MIT
 *
 * How often each rule was broken, and how often each reason stood beside a verdict. Reasons that
 * differ in their numbers alone are one.
 */
#ifndef REPLAY_TALLY_H
#define REPLAY_TALLY_H

#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "replay/result.h"

struct tally {
    struct tally_row {
        char verdict[20];
        char what[REPLAY_REASON_MAX];
        bool rule; /* else a reason */
        uint32_t times;
    } * row;
    uint32_t rows, room;
    uint32_t left_out; /* found no room */
};

void tally_add(struct tally *tally, const char *verdict, const char *rule, const char *reason);
void tally_fini(struct tally *tally);
/* The most frequent first. */
void tally_text(struct tally *tally, FILE *out);
void tally_json(struct tally *tally, struct json *json);

#endif
