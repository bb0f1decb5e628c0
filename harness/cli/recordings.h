/* SPDX-License-Identifier: MIT
 *
 * Conversations that were replayed, as programs (program/record.h): what import and --save take.
 * The runs are those of children, so all of it lies in memory that they share.
 */
#ifndef CLI_RECORDINGS_H
#define CLI_RECORDINGS_H

#include "cli/cli.h"
#include "replay/replay.h"

struct recorded {
    bool full;         /* the program ends before the conversation does */
    uint32_t left_out; /* frames and calls that no operation says */
    char identity[CLI_IDENTITY];
};

/* Runs of this world are recorded from now on, with so many operations at most (0 = all that a
 * program can have). False after one line on stderr. */
bool recordings_open(struct world *world, uint32_t most);
/* Takes a run down: replay_options.ran. */
void recordings_ran(const struct trace *trace, const char *file, const struct flow *flow,
                    enum flow_side target, const struct replay_result *result);
/* The last run of a conversation. False: there was none. */
bool recordings_get(uint32_t stream, enum flow_side target, struct recorded *about,
                    struct program *program);
void recordings_clear(void);

#endif
