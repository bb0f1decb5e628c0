/* SPDX-License-Identifier: MIT
 *
 * What the host and the peer could see of runs, as rows that can be compared: frames, completions,
 * indications, events, statuses, ends of state operations, state at uploads. In memory shared with
 * the processes that run the driver.
 */
#ifndef CLI_OBSERVE_H
#define CLI_OBSERVE_H

#include "cli/cli.h"

#define OBSERVE_WORDS 26u

/* Kind of a row, its word. */
#define OBSERVE_KINDS(X)                                                                           \
    X(SEEN_FRAME, "frame")                                                                         \
    X(SEEN_COMPLETION, "completion")                                                               \
    X(SEEN_INDICATION, "indication")                                                               \
    X(SEEN_EVENT, "event")                                                                         \
    X(SEEN_STATUS, "status")                                                                       \
    X(SEEN_OPERATION, "operation")                                                                 \
    X(SEEN_STATE, "state")
enum observe_kind {
#define OBSERVE_VALUE(value, word) value,
    OBSERVE_KINDS(OBSERVE_VALUE)
#undef OBSERVE_VALUE
        OBSERVE_KINDS_COUNT,
    SEEN_END = OBSERVE_KINDS_COUNT, /* the run is over; its input stands beside */
};

struct observe_row {
    uint32_t kind, conn, event, words;
    uint64_t time_ns;
    uint32_t word[OBSERVE_WORDS];
};

struct observe_input {
    char name[600];
    char verdict[CLI_IDENTITY]; /* the identity; "pass" */
    bool cut;                   /* the run did not come to its end */
    bool lost;                  /* rows found no room */
    uint64_t first, count;      /* of the rows */
};

struct observations;

/* NULL after one line on stderr. */
struct observations *observe_new(void);
/* A tap_reader, into the last that was made. */
void observe_event(void *world, const struct tap_event *event);
/* The run of this input is over. */
void observe_end(const struct trace *trace, const char *name);
uint64_t observe_inputs(const struct observations *all);
const struct observe_input *observe_input_at(const struct observations *all, uint64_t index);
const struct observe_row *observe_rows(const struct observations *all,
                                       const struct observe_input *input);
/* Names of a kind's words, NULL behind the last; *hexadecimal: which of them are read so. */
const char *const *observe_names(enum observe_kind kind, uint32_t *hexadecimal);
const char *observe_kind_name(enum observe_kind kind);

#endif
