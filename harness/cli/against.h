/* SPDX-License-Identifier: MIT
 *
 * Two drivers on the same inputs: what a host or a peer could see differ.
 */
#ifndef CLI_AGAINST_H
#define CLI_AGAINST_H

#include "cli/cli.h"
#include "replay/replay.h"

struct against {
    const char *other, *waivers; /* other: NULL = not wanted; "core" = the bundled one */
};

/* Adds the options to a table that has room for them; the new count. */
unsigned against_options(struct against *against, struct cli_option *options, unsigned count);
/* False after one line on stderr: one of these, which stand for what says nothing of two drivers,
 * was given beside it, or --waivers without it. */
bool against_valid(const struct against *against, const char *command, const char *const *given,
                   unsigned count);
/* Compares and tells. Exit status. */
int against_programs(const struct against *against, const struct cli_driven *driven, char **paths,
                     uint32_t count);
int against_captures(const struct against *against, const struct cli_driven *driven,
                     struct replay_options *replay, char **paths, int count);

#endif
