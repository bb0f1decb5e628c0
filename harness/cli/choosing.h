/* SPDX-License-Identifier: MIT
 *
 * Which conversations of captures are meant, and how their packets are read: what replay and import
 * take alike.
 */
#ifndef CLI_CHOOSING_H
#define CLI_CHOOSING_H

#include "cli/cli.h"
#include "replay/replay.h"

struct choosing {
    const char *local, *checksums, *streams, *filter;
};

/* Adds the options to a table that has room for them; the new count. */
unsigned choosing_options(struct choosing *choosing, struct cli_option *options, unsigned count);
/* What was given. False after one line on stderr. The filter belongs to the caller. */
bool choosing_read(const struct choosing *choosing, const char *command,
                   struct replay_options *out);
/* Adds what a command needs to read the packets in the same way. */
void choosing_command(const struct choosing *choosing, char *out, size_t size);

#endif
